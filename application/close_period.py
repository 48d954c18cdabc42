"""The month ends: shut its days, bill the main meter, settle the live view."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

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
        period, terms = self.periods.get(point.id, month), self.terms_of(point, month)
        period.check_open()
        period.close(*self._sums(point, terms), terms)  # what refuses the bill refuses it before anything is shut
        for day in self._days(point, month):
            if closed := day.close():
                self.days.append(day, [closed])
        event = period.close(*self._sums(point, terms), terms)
        self.periods.append(period, [event])
        return event

    def _sums(self, point: SupplyPoint, terms: Terms) -> tuple[Determinants, list[int]]:
        """The main meter's determinants and live cost by line over the days of the month."""
        total = Determinants.nothing(len(terms.tariff.periods), terms.gauges)
        live = [0] * len(terms.tariff.line_codes)
        for day in self._days(point, terms.month):
            if (
                point.main_meter in day.index
            ):  # else the bill shows this day as missing: no reading, or registered later
                main = day.meters[day.index[point.main_meter]]
                total.add(main.today)
                main.see_intervals(terms.gauges, day.grid, total.gauges)
                live = [sum(pair) for pair in zip(live, main.live_nano, strict=True)]
        return total, live

    def _days(self, point: SupplyPoint, month: BillingMonth) -> Iterator[MeteringDay]:
        for i in range(month.days):
            yield self.days.get(point.device, month.first + timedelta(days=i))
