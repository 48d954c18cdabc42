"""The bills of a load without the cost of each interval, for one meter or for thousands: same rule, same bills.

What every meter shares (the compiled year, the terms of each month) is made once. A meter then costs a few passes over
its arrays and twelve bills. Nothing of a meter is kept, so a fleet may be streamed through.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
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
MonthTerms = tuple[Terms, ...]
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
    _terms: dict[tuple[BillingMonth, int], MonthTerms] = field(default_factory=dict)
    _settling: dict[tuple[BillingMonth, int], Settling] = field(default_factory=dict)
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
        for parts in self._fast(load) or self._thorough(load, remembered):
            bill = bill_of_parts(load.meter, *self._after(parts, remembered))
            check_budget(bill)
            if bill.remembered:
                remembered.update(joined(remembered, bill.remembered))
            bills.append(bill)
        return tuple(bills)

    def _after(self, parts: MonthParts, remembered: Remembered) -> tuple[MonthParts, Settling]:
        """A month's parts with what this meter's earlier months left to remember, and how they are billed."""
        if remembered:
            parts = [(d, terms.after(remembered)) for d, terms in parts]
            return parts, Settling.of([terms for _, terms in parts])
        terms = parts[0][1]
        key = (terms.month, terms.step_minutes)
        if key not in self._settling:
            self._settling[key] = Settling.of([terms for _, terms in parts])
        return parts, self._settling[key]

    def _fast(self, load: Load) -> list[MonthParts] | None:
        """All months at once, where the load lies on the compiled years' grid and no charge needs a gauge."""
        if load.grid not in self._plans:
            if len(self._plans) >= KEPT_PLANS:
                self._plans.clear()
            self._plans[load.grid] = self._plan(load.grid)
        found = list[MonthParts]()
        for plan in self._plans[load.grid]:
            tariff = plan.months[0][0].tariff
            reduced = determinants_of_parts(load, plan.year, tariff.demand_minutes, plan.bounds, len(tariff.periods))
            if reduced is None:
                return None
            each = iter(reduced)
            found += [[(next(each), terms) for terms in month] for month in plan.months]
        return found or None

    def _plan(self, grid: Grid) -> "tuple[_YearPlan, ...]":
        """Where the parts of all months meet, in intervals of each compiled year; empty where that cannot be said."""
        if len(self.agreements.tariffs) > 1:
            return ()
        found = list[_YearPlan]()
        for year, months in layout(grid, self.agreements.tariffs[0].calendar, self.zone):
            terms = tuple(self.terms_of(month, grid.step_minutes) for month in months)
            every = [part for month in terms for part in month]
            first, end = year.index_of(grid.start), year.index_of(grid.end)
            edges = [year.index_of(every[0].start_utc), *(year.index_of(part.end_utc) for part in every)]
            bounds = tuple(min(max(edge, first), end) for edge in edges)
            if any(part.gauges for part in every) or any(after <= before for before, after in pairwise(bounds)):
                return ()
            found.append(_YearPlan(year, terms, bounds))
        return tuple(found)

    def _thorough(self, load: Load, remembered: Remembered) -> Iterator[MonthParts]:
        """Part by part, with gauges; a part's gauges may depend on what the months before left to remember."""
        calendars = Calendars(self.agreements.tariffs, load, self.zone)
        for month in billing_months(load, self.zone):
            parts: MonthParts = []
            for known in self.terms_of(month, load.step_minutes):
                terms = known.after(remembered)
                part = part_of_load(load, calendars.of(terms.tariff), terms.tariff, terms.span)
                read_gauges(load, part, terms.gauges)
                parts.append((part.determinants, known))
            yield parts

    def terms_of(self, month: BillingMonth, step_minutes: int) -> MonthTerms:
        """The terms of a month's parts, shared by all meters; without what a meter's earlier months remember."""
        key = (month, step_minutes)
        if key not in self._terms:
            self._terms[key] = self.agreements.terms_of(month, step_minutes, self.history, self.rates_of)
        return self._terms[key]


@dataclass(frozen=True, eq=False)
class _YearPlan:
    """A compiled year, the terms of the parts of its months, and where these parts meet, in its intervals."""

    year: CalendarYear
    months: tuple[MonthTerms, ...]
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
