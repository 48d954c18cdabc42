"""A meter's load as the ledger knows it, for reports and for checking one engine with the other."""

from datetime import timedelta

from application.ports import MeteringDays
from domain.arrays import Load
from domain.errors import BadReadings
from domain.measurement import Measurement, Quality
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


def load_of_ledger(days: MeteringDays, point: SupplyPoint, meter: str, month: BillingMonth) -> Load:
    """The measurements of a month; what is not there is MISSING. Raises `BadReadings` for a meter unknown here."""
    if meter not in point.meters:
        raise BadReadings(f"meter {meter!r} is not one of {point.id}; it has {', '.join(sorted(point.meters))}")
    step, found = timedelta(minutes=point.step_minutes), list[Measurement]()
    for i in range(month.days):
        day = days.get(point.device, month.first + timedelta(days=i))
        if day.opened is None or meter not in day.index:  # a meter may be registered after the day began
            continue
        state = day.meters[day.index[meter]]
        for slot, wh in enumerate(state.wh):
            if wh is not None:
                quality = Quality.ESTIMATED if slot in state.estimated else Quality.MEASURED
                found.append(Measurement(meter, day.opened.start + step * slot, wh, state.varh[slot], quality))
    return Load.of_measurements(meter, month.start_utc, month.end_utc, point.step_minutes, found)
