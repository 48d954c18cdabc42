"""A meter's load as the ledger knows it: for bills of whole months, reports, and checking one engine with the other."""

from datetime import timedelta

from application.ports import MeasuredDays
from domain.arrays import Load
from domain.errors import BadReadings
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


def load_of_ledger(days: MeasuredDays, point: SupplyPoint, meter: str, month: BillingMonth) -> Load:
    """The measurements of a month; what is not there is MISSING. Raises `BadReadings` for a meter unknown here."""
    if meter not in point.meters:
        raise BadReadings(f"meter {meter!r} is not one of {point.id}; it has {', '.join(sorted(point.meters))}")
    load, step = (
        Load.empty(meter, month.start_utc, month.end_utc, point.step_minutes),
        timedelta(minutes=point.step_minutes),
    )
    for i in range(month.days):
        day = days.measured(point.device, month.first + timedelta(days=i), meter)
        if day is not None:  # a meter may be registered after the day began
            load.fill((day.start - month.start_utc) // step, day.slots, day.wh, day.varh, day.estimated)
    return load
