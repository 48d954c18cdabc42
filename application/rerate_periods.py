"""Prices became known after the close, or were changed: bill closed months again, from the measurements they have.

By arrays: a year of a factory has a hundred thousand uploads, of which a bill needs the energy alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from application.allocate_bill import allocate_loads
from application.load_of_ledger import loads_of_ledger
from application.ports import BillingPeriods, MeasuredDays
from application.terms_of import TermsOf
from domain.arrays import price_month
from domain.events import PeriodRerated
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class RerateMonth:
    """Re-rate a closed month by what is in force for it now. Live costs were right as known: only the true-up moves."""

    days: MeasuredDays
    periods: BillingPeriods
    terms_of: TermsOf

    def __call__(self, point: SupplyPoint, month: BillingMonth, by: str, why: str) -> PeriodRerated | None:
        """None, and nothing stored, where no amount would change: to re-rate again costs nothing.

        Raises `PeriodIsOpen` where there is no bill in force, `NoPriceInForce`, `SomeoneElseWrote`: try again.
        """
        period, terms = self.periods.get(point.id, month), self.terms_of.parts(point, month)
        loads = loads_of_ledger(self.days, point, sorted(point.meters), month)
        [billed] = price_month(loads[point.main_meter], terms).billed
        parts = [(part.month.determinants, part.terms) for part in billed]
        event = period.rerate(parts, (by, why), lambda bill: allocate_loads(loads, point, terms, bill))
        if event is not None:
            self.periods.append(period, [event])
        return event


@dataclass(frozen=True)
class ReratePeriods:
    """Re-rate the closed ones of some months, the earliest first: a bill may look back upon those before it."""

    rerate: RerateMonth

    def __call__(self, point: SupplyPoint, months: Iterable[BillingMonth], by: str, why: str) -> list[PeriodRerated]:
        """What changed. Open and reopened months are passed over: their close bills by what is in force then."""
        found: list[PeriodRerated] = []
        for month in sorted(months, key=lambda month: month.first):
            if self.rerate.periods.get(point.id, month).bill is not None:
                event = self.rerate(point, month, by, why)
                found += [event] if event is not None else []
        return found
