"""One supply point's month as its days have it: what a bill is made from, and what it cost live."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from application.ports import MeteringDays
from domain.determinants import Determinants
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms


def days_of(
    days: MeteringDays, point: SupplyPoint, first: date, end: date, known_at: datetime | None = None
) -> Iterator[MeteringDay]:
    """The local days `[first, end)`, opened or not; `known_at` gives them as they were known then."""
    for i in range((end - first).days):
        yield days.get(point.device, first + timedelta(days=i), known_at)


def parts_of(
    days: MeteringDays, point: SupplyPoint, terms: Sequence[Terms], known_at: datetime | None = None
) -> list[tuple[Determinants, Terms]]:
    """The main meter's determinants in each part of a month."""
    found: list[tuple[Determinants, Terms]] = []
    for part in terms:
        total = Determinants.nothing(len(part.tariff.periods), part.gauges)
        for day in days_of(days, point, part.first, part.end, known_at):
            if point.main_meter in day.index:  # else the day is missing on the bill: no reading, or registered later
                day.add_to(total, point, part)
        found.append((total, part))
    return found


def live_of(days: MeteringDays, point: SupplyPoint, month: BillingMonth) -> dict[str, int]:
    """The main meter's live cost by line code, in nano-currency; each day has the codes that it was opened with."""
    live = Counter[str]()
    for day in days_of(days, point, month.first, month.end):
        if day.opened is not None and point.main_meter in day.index:
            costs = day.meters[day.index[point.main_meter]].live_nano
            for code, nano in zip(day.opened.line_codes, costs, strict=True):
                live[code] += nano
    return dict(live)
