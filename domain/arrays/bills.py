"""The bills of a load without the cost of each interval, for one meter or for thousands: same rule, same bills.

What every meter shares (the compiled year, the terms of each month) is made once. A meter then costs a few passes over
its arrays and twelve bills. Nothing of a meter is kept, so a fleet may be streamed through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.agreements import NO_HISTORY, Agreements
from domain.arrays.calendar_year import CalendarYear, years_of
from domain.arrays.determinants import billing_months, part_of_load
from domain.arrays.gauges import read_gauges
from domain.arrays.load import Grid, Load
from domain.arrays.pricing import Calendars, check_agreed
from domain.arrays.shares import check_budget
from domain.arrays.sums import determinants_of_parts
from domain.bill import Bill, bill_of_parts
from domain.calendar import Calendar
from domain.determinants import Determinants
from domain.settling import Settling
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, History, Terms, joined

KEPT_PLANS = 256
Remembered = dict[str, dict[date, Fraction]]
MonthParts = list[tuple[Determinants, Terms]]


def bill_load(
    load: Load,
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> tuple[Bill, ...]:
    """The bills of `price_load`, to the last character, without what each interval cost. Raises what it raises."""
    return Billing.of(tariff, contract, zone, rates_of, history).bills(load)


def bill_loads(
    loads: Iterable[Load],
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> Iterator[tuple[Bill, ...]]:
    """The bills of one meter after the other; holds one load at a time. Energies may be int32."""
    billing = Billing.of(tariff, contract, zone, rates_of, history)
    for load in loads:
        yield billing.bills(load)


@dataclass(frozen=True, eq=False)
class Billing:
    """What was agreed in a zone, ready to bill any number of loads; see `price_agreed` for the arguments."""

    agreements: Agreements
    zone: ZoneInfo
    rates_of: date | None = None
    history: History = field(default_factory=dict)
    _months: "dict[tuple[BillingMonth, int], _Month]" = field(default_factory=dict)
    _plans: dict[Grid, "tuple[_YearPlan, ...]"] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tariff: Tariff,
        contract: Contract,
        zone: ZoneInfo,
        rates_of: date | None = None,
        history: History = NO_HISTORY,
    ) -> "Billing":
        """One tariff and one contract, always."""
        return cls(Agreements.of(tariff, contract), zone, rates_of, history)

    @property
    def tariff(self) -> Tariff:
        """The tariff that holds last."""
        return self.agreements.agreed[-1].tariff

    def bills(self, load: Load) -> tuple[Bill, ...]:
        """One bill a month. Raises what `price_agreed` raises."""
        check_agreed(load, self.agreements, self.zone)
        remembered: Remembered = {}
        bills = list[Bill]()
        for reduced, month in self._fast(load) or self._thorough(load, remembered):
            bill = bill_of_parts(load.meter, *month.billed_by(reduced, remembered))
            check_budget(bill)
            if bill.remembered:
                remembered.update(joined(remembered, bill.remembered))
            bills.append(bill)
        return tuple(bills)

    def _fast(self, load: Load) -> "list[Reduced] | None":
        """All months at once, where the load lies on the compiled years' grid and no charge needs a gauge."""
        if load.grid not in self._plans:
            if len(self._plans) >= KEPT_PLANS:
                self._plans.clear()
            self._plans[load.grid] = self._plan(load.grid)
        found, tariff = list[Reduced](), self.agreements.tariffs[0]
        for plan in self._plans[load.grid]:
            reduced = determinants_of_parts(load, plan.year, tariff.demand_minutes, plan.bounds, len(tariff.periods))
            if reduced is None:
                return None
            each = iter(reduced)
            found += [([next(each) for _ in month.terms], month) for month in plan.months]
        return found or None

    def _plan(self, grid: Grid) -> "tuple[_YearPlan, ...]":
        """Where the parts of all months meet, in intervals of each compiled year; empty where that cannot be said."""
        if len(self.agreements.tariffs) > 1:
            return ()
        found = list[_YearPlan]()
        for year, months in layout(grid, self.agreements.tariffs[0].calendar, self.zone):
            kept = tuple(self._month(month, grid.step_minutes) for month in months)
            every = [part for month in kept for part in month.terms]
            first, end = year.index_of(grid.start), year.index_of(grid.end)
            edges = [year.index_of(every[0].start_utc), *(year.index_of(part.end_utc) for part in every)]
            bounds = tuple(min(max(edge, first), end) for edge in edges)
            if any(part.gauges for part in every) or any(after <= before for before, after in pairwise(bounds)):
                return ()
            found.append(_YearPlan(year, kept, bounds))
        return tuple(found)

    def _thorough(self, load: Load, remembered: Remembered) -> "Iterator[Reduced]":
        """Part by part, with gauges; a part's gauges may depend on what the months before left to remember."""
        calendars = Calendars(self.agreements.tariffs, load, self.zone)
        for month in billing_months(load, self.zone):
            kept, reduced = self._month(month, load.step_minutes), list[Determinants]()
            for terms in (known.after(remembered) for known in kept.terms):
                part = part_of_load(load, calendars.of(terms.tariff), terms.tariff, terms.span)
                read_gauges(load, part, terms.gauges)
                reduced.append(part.determinants)
            yield reduced, kept

    def terms_of(self, month: BillingMonth, step_minutes: int) -> tuple[Terms, ...]:
        """The terms of a month's parts, shared by all meters; without what a meter's earlier months remember."""
        return self._month(month, step_minutes).terms

    def _month(self, month: BillingMonth, step_minutes: int) -> "_Month":
        key = (month, step_minutes)
        if key not in self._months:
            terms = self.agreements.terms_of(month, step_minutes, self.history, self.rates_of)
            self._months[key] = _Month(terms)
        return self._months[key]


@dataclass(frozen=True, eq=False)
class _Month:
    """A month as all meters have it: the terms of its parts, and how they are billed, prepared once."""

    terms: tuple[Terms, ...]

    @cached_property
    def settling(self) -> Settling:
        return Settling.of(self.terms)

    def billed_by(self, reduced: Sequence[Determinants], remembered: Remembered) -> tuple[MonthParts, Settling]:
        """The parts of one meter and how they are billed, with what its earlier months left to remember."""
        if not remembered:
            return [*zip(reduced, self.terms, strict=True)], self.settling
        terms = [known.after(remembered) for known in self.terms]
        return list(zip(reduced, terms, strict=True)), Settling.of(terms)


Reduced = tuple[list[Determinants], _Month]
"""What the parts of a month come to, and the month."""


@dataclass(frozen=True, eq=False)
class _YearPlan:
    """A compiled year, its months, and where their parts meet, in its intervals."""

    year: CalendarYear
    months: tuple[_Month, ...]
    bounds: tuple[int, ...]


@lru_cache(maxsize=KEPT_PLANS)
def layout(grid: Grid, calendar: Calendar, zone: ZoneInfo) -> tuple[tuple[CalendarYear, tuple[BillingMonth, ...]], ...]:
    """For each compiled year that a load touches, its months. Empty where the load does not lie on the years' grid."""
    months = [BillingMonth.of(grid.start, zone)]
    while months[-1].end_utc < grid.end:
        months.append(months[-1].next())
    return tuple(
        (year, tuple(month for month in months if month.first.year == year.year))
        for year in years_of(grid, calendar, zone) or ()
    )
