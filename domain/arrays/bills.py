"""The bills of a load without the cost of each interval, for one meter or for thousands: same rule, same bills.

What every meter shares (the compiled year, the terms of each month) is made once. A meter then costs a few passes over
its arrays and twelve bills. Nothing of a meter is kept, so a fleet may be streamed through.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.arrays.calendar_year import CalendarYear, periods_and_offsets, years_of
from domain.arrays.determinants import months_of
from domain.arrays.gauges import read_gauges
from domain.arrays.load import Grid, Load
from domain.arrays.pricing import NO_HISTORY, rates_for, remember
from domain.arrays.sums import determinants_of_parts
from domain.bill import Bill, make_bill
from domain.calendar import Calendar
from domain.determinants import Determinants
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, History, Terms, check_step

KEPT_LAYOUTS = 256
Remembered = dict[str, dict[date, Fraction]]


def bill_load(
    load: Load,
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> tuple[Bill, ...]:
    """The bills of `price_load`, to the last character, without what each interval cost. Raises what it raises."""
    return Billing(tariff, contract, zone, rates_of, history).bills(load)


def bill_loads(
    loads: Iterable[Load],
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> Iterator[tuple[Bill, ...]]:
    """The bills of one meter after the other; holds one load at a time. Energies may be int32."""
    billing = Billing(tariff, contract, zone, rates_of, history)
    for load in loads:
        yield billing.bills(load)


@dataclass(frozen=True, eq=False)
class Billing:
    """A tariff with a contract in a zone, ready to bill any number of loads; see `price_load` for the arguments."""

    tariff: Tariff
    contract: Contract
    zone: ZoneInfo
    rates_of: date | None = None
    history: History = field(default_factory=dict)
    _terms: dict[tuple[BillingMonth, int], Terms] = field(default_factory=dict)

    def bills(self, load: Load) -> tuple[Bill, ...]:
        """One bill a month. Raises `NoPriceInForce`, `ContractIncomplete` or `BadReadings` as `price_load` does."""
        check_step(load.step_minutes, self.tariff)
        remembered: Remembered = {code: dict(months) for code, months in self.history.items()}
        bills = list[Bill]()
        for month, determinants in self._fast(load) or self._thorough(load, remembered):
            terms = self.terms_of(month, load.step_minutes, remembered)
            bills.append(make_bill(load.meter, determinants, terms))
            remember(remembered, determinants, terms)
        return tuple(bills)

    def _fast(self, load: Load) -> list[tuple[BillingMonth, Determinants]] | None:
        """All months at once, where the load lies on the compiled years' grid and no charge needs a gauge."""
        found = list[tuple[BillingMonth, Determinants]]()
        for year, months, bounds in layout(load.grid, self.tariff.calendar, self.zone):
            if self.terms_of(months[0], load.step_minutes).gauges:
                return None
            reduced = determinants_of_parts(load, year, self.tariff.demand_minutes, bounds, len(self.tariff.periods))
            if reduced is None:
                return None
            found += zip(months, reduced, strict=True)
        return found or None

    def _thorough(self, load: Load, remembered: Remembered) -> Iterator[tuple[BillingMonth, Determinants]]:
        """Month by month, with gauges; a month's gauges may depend on what the months before left to remember."""
        period, _ = periods_and_offsets(load, self.tariff.calendar, self.zone)
        for month in months_of(load, period, self.tariff, self.zone):
            terms = self.terms_of(month.month, load.step_minutes, remembered)
            read_gauges(load, month, terms.gauges)
            yield month.month, month.determinants

    def terms_of(self, month: BillingMonth, step_minutes: int, remembered: History = NO_HISTORY) -> Terms:
        """A month's terms: shared by all meters, unless something of this meter is remembered."""
        key = (month, step_minutes)
        if remembered or key not in self._terms:
            rates = rates_for(self.tariff, month, self.rates_of)
            terms = Terms(self.tariff, rates, self.contract, month, step_minutes, remembered)
            if remembered:
                return terms
            self._terms[key] = terms
        return self._terms[key]


@lru_cache(maxsize=KEPT_LAYOUTS)
def layout(
    grid: Grid, calendar: Calendar, zone: ZoneInfo
) -> tuple[tuple[CalendarYear, tuple[BillingMonth, ...], tuple[int, ...]], ...]:
    """For each compiled year that a load touches: its months, and where they meet, in intervals of the year.

    Empty where the load does not lie on the years' grid.
    """
    months = [BillingMonth.of(grid.start, zone)]
    while months[-1].end_utc < grid.end:
        months.append(months[-1].next())
    found = list[tuple[CalendarYear, tuple[BillingMonth, ...], tuple[int, ...]]]()
    for year in years_of(grid, calendar, zone) or ():
        own = tuple(month for month in months if month.first.year == year.year)
        first, end = year.index_of(grid.start), year.index_of(grid.end)
        edges = [year.index_of(own[0].start_utc), *(year.index_of(month.end_utc) for month in own)]
        found.append((year, own, tuple(min(max(edge, first), end) for edge in edges)))
    return tuple(found)
