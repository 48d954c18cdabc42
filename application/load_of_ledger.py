"""A meter's load as the ledger knows it: for bills of whole months, reports, and checking one engine with the other."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from application.ports import MeasuredDays
from domain.arrays import Load
from domain.errors import BadReadings
from domain.measured_day import MeasuredDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


def load_of_ledger(
    days: MeasuredDays, point: SupplyPoint, meter: str, month: BillingMonth, known_at: datetime | None = None
) -> Load:
    """The measurements of a month, as known by now or at a UTC instant; what is not there is MISSING.

    Raises `BadReadings` for a meter unknown here.
    """
    return loads_of_ledger(days, point, [meter], month, known_at)[meter]


def loads_of_ledger(
    days: MeasuredDays,
    point: SupplyPoint,
    meters: Iterable[str],
    month: BillingMonth,
    known_at: datetime | None = None,
) -> dict[str, Load]:
    """As `load_of_ledger`, of several meters: each day is read once for all of them."""
    found: dict[str, list[MeasuredDay]] = {meter: [] for meter in meters}
    for meter in found:
        if meter not in point.meters:
            raise BadReadings(f"meter {meter!r} is not one of {point.id}; it has {', '.join(sorted(point.meters))}")
    for i in range(month.days):
        for meter, day in days.measured(point.device, month.first + timedelta(days=i), found.keys(), known_at).items():
            found[meter].append(day)
    return {
        meter: Load.of_days(meter, month.start_utc, month.end_utc, point.step_minutes, measured)
        for meter, measured in found.items()
    }
