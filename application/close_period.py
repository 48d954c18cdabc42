"""The month ends: shut its days, bill the main meter, settle the live view, share the bill among the meters behind."""

from dataclasses import dataclass

from application.allocate_bill import allocate_bill
from application.month_of_ledger import days_of, live_of, parts_of
from application.ports import BillingPeriods, LedgerDays
from application.terms_of import TermsOf
from domain.events import PeriodClosed
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class ClosePeriod:
    """Close a supply point's billing month. Days are shut first: nothing slips in between the sum and the bill."""

    days: LedgerDays
    periods: BillingPeriods
    terms_of: TermsOf

    def __call__(self, point: SupplyPoint, month: BillingMonth) -> PeriodClosed:
        """Also of a month that was reopened, into its next bill.

        Raises `PeriodIsClosed` when it has its bill, `SomeoneElseWrote` when a day moved meanwhile: close again.
        """
        period, terms = self.periods.get(point.id, month), self.terms_of.parts(point, month)
        period.check_open()
        period.close(parts_of(self.days, point, terms), {})  # what refuses the bill refuses before anything is shut
        for day in days_of(self.days, point, month.first, month.end):
            if closed := day.close():
                self.days.append(day, [closed])
        parts, live = parts_of(self.days, point, terms), live_of(self.days, point, month)
        event = period.close(parts, live, lambda bill: allocate_bill(self.days, point, terms, bill))
        self.periods.append(period, [event])
        return event
