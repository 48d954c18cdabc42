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
from domain.billing_period import BillingPeriod
from domain.events import PeriodRerated
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms


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
        period, event = self._decided(point, month, (by, why))
        if event is not None:
            self.periods.append(period, [event])
        return event

    def would_change(self, point: SupplyPoint, month: BillingMonth) -> bool:
        """Whether to re-rate a closed month would change an amount; nothing is stored. Raises as the call does."""
        return self._decided(point, month, ("nobody", "to see what it would change"))[1] is not None

    def _decided(
        self, point: SupplyPoint, month: BillingMonth, said: tuple[str, str]
    ) -> tuple[BillingPeriod, PeriodRerated | None]:
        period, terms = self.periods.get(point.id, month), self.terms_of.parts(point, month)
        loads = loads_of_ledger(self.days, point, sorted(point.meters), month)
        [billed] = price_month(loads[point.main_meter], terms).billed
        parts = [(part.month.determinants, part.terms) for part in billed]
        return period, period.rerate(parts, said, lambda bill: allocate_loads(loads, point, terms, bill))


@dataclass(frozen=True)
class DependentMonths:
    """Closed months that look back upon a month that changed (ratchets, banks), and would be billed otherwise by now.

    They change by a re-rate, and by nothing else: a bill that was paid does not move unasked.
    """

    rerate: RerateMonth

    def __call__(self, point: SupplyPoint, changed: BillingMonth) -> list[BillingMonth]:
        """The earliest first. Raises `NoPriceInForce` for a month that has lost its price."""
        found: list[BillingMonth] = []
        month, back = changed.next(), 1
        while self.rerate.periods.get(point.id, month).bills:
            looks = max(charge.months_back for terms in self._parts(point, month) for charge in terms.tariff.charges)
            closed = self.rerate.periods.get(point.id, month).bill is not None
            if closed and back <= looks and self.rerate.would_change(point, month):
                found.append(month)
            month, back = month.next(), back + 1
        return found

    def _parts(self, point: SupplyPoint, month: BillingMonth) -> tuple[Terms, ...]:
        return self.rerate.terms_of.parts(point, month)


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
