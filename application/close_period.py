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
from domain.terms import BillingMonth


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
        total, live = Determinants.nothing(len(terms.tariff.periods)), [0] * len(terms.tariff.line_codes)
        for day in self._days(point, month):
            if closed := day.close():
                self.days.append(day, [closed])
            main = day.meters[day.index[point.main_meter]]
            total.add(main.today)
            live = [sum(pair) for pair in zip(live, main.live_nano, strict=True)]
        event = period.close(total, live, terms)
        self.periods.append(period, [event])
        return event

    def _days(self, point: SupplyPoint, month: BillingMonth) -> Iterator[MeteringDay]:
        for i in range(month.days):
            day = self.days.get(point.device, month.first + timedelta(days=i))
            if day.opened is not None:
                yield day
