"""The month ends: shut its days, bill the main meter, settle the live view."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from application.ports import BillingPeriods, MeteringDays
from application.terms_of import TermsOf
from domain.determinants import Determinants
from domain.events import PeriodClosed
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms


@dataclass(frozen=True)
class ClosePeriod:
    """Close a supply point's billing month. Days are shut first: nothing slips in between the sum and the bill."""

    days: MeteringDays
    periods: BillingPeriods
    terms_of: TermsOf

    def __call__(self, point: SupplyPoint, month: BillingMonth) -> PeriodClosed:
        """Raises `PeriodIsClosed` when it has its bill, `SomeoneElseWrote` when a day moved meanwhile: close again."""
        period, terms = self.periods.get(point.id, month), self.terms_of.parts(point, month)
        period.check_open()
        period.close(self._parts(point, terms), {})  # what refuses the bill refuses it before anything is shut
        for day in self._days(point, month.first, month.end):
            if closed := day.close():
                self.days.append(day, [closed])
        event = period.close(self._parts(point, terms), self._live(point, month))
        self.periods.append(period, [event])
        return event

    def _parts(self, point: SupplyPoint, terms: Sequence[Terms]) -> list[tuple[Determinants, Terms]]:
        """The main meter's determinants in each part of the month."""
        return [(self._determinants(point, part), part) for part in terms]

    def _determinants(self, point: SupplyPoint, part: Terms) -> Determinants:
        total = Determinants.nothing(len(part.tariff.periods), part.gauges)
        for day in self._days(point, part.first, part.end):
            if point.main_meter in day.index:  # else the day is missing on the bill: no reading, or registered later
                day.add_to(total, point, part)
        return total

    def _live(self, point: SupplyPoint, month: BillingMonth) -> dict[str, int]:
        """The main meter's live cost by line code, in nano-currency; each day has the codes that it was opened with."""
        live = Counter[str]()
        for day in self._days(point, month.first, month.end):
            if day.opened is not None and point.main_meter in day.index:
                costs = day.meters[day.index[point.main_meter]].live_nano
                for code, nano in zip(day.opened.line_codes, costs, strict=True):
                    live[code] += nano
        return dict(live)

    def _days(self, point: SupplyPoint, first: date, end: date) -> Iterator[MeteringDay]:
        for i in range((end - first).days):
            yield self.days.get(point.device, first + timedelta(days=i))
