"""What a supply point is billed by as time goes on, and the parts into which that cuts a billing month.

A part is a run of local days within which nothing changes that prices them: tariff, rates in force, dated rules of its
charges (a power-factor threshold), contract, meter and, where the tariff says so, season. A change to the same again is
no change and cuts nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from domain.errors import InvalidTariff, NoPriceInForce
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract, History, Part, Terms

ALWAYS = date.min
NO_HISTORY: History = {}


@dataclass(frozen=True, slots=True)
class Agreed:
    """A tariff, and the contract under it, from a local day on."""

    since: date
    tariff: Tariff
    contract: Contract


@dataclass(frozen=True)
class Agreements:
    """What was agreed, the earliest first, each until the next; and the local days on which a new meter took over.

    Raises `InvalidTariff` for no agreement, two of one day or out of order, or two currencies.
    """

    agreed: tuple[Agreed, ...]
    meter_changed: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not self.agreed:
            raise InvalidTariff("there is no agreement; give at least one, with the day since when it holds")
        for before, after in pairwise(self.agreed):
            if after.since <= before.since:
                raise InvalidTariff(
                    f"the agreement since {after.since} follows that since {before.since}; "
                    "give them by date, the earliest first, and one a day"
                )
            if after.tariff.currency != before.tariff.currency:
                raise InvalidTariff(
                    f"tariff {before.tariff.id} is in {before.tariff.currency} and {after.tariff.id} in "
                    f"{after.tariff.currency}; a bill has one currency: price their months apart"
                )

    @classmethod
    def of(cls, tariff: Tariff, contract: Contract) -> "Agreements":
        """One tariff and one contract, always."""
        return cls((Agreed(ALWAYS, tariff, contract),))

    @property
    def tariffs(self) -> tuple[Tariff, ...]:
        """Each once, in the order in which they begin to hold."""
        found: list[Tariff] = []
        for one in self.agreed:
            if not any(one.tariff is tariff for tariff in found):
                found.append(one.tariff)
        return tuple(found)

    def of_day(self, day: date) -> Agreed:
        """What holds on a local day. Raises `NoPriceInForce` before the first agreement."""
        found = [one for one in self.agreed if one.since <= day]
        if not found:
            raise NoPriceInForce(
                f"nothing was agreed for {day}: the first agreement is since {self.agreed[0].since}; "
                "add the one before it, or price from that day on"
            )
        return found[-1]

    def terms_of(
        self,
        month: BillingMonth,
        step_minutes: int,
        history: History = NO_HISTORY,
        rates_of: date | None = None,
    ) -> tuple[Terms, ...]:
        """The terms of each part of a month, in order; a supply that begins within the month has no earlier part.

        Raises `NoPriceInForce`, also for a month before the first agreement, and what `Terms` raises.
        """
        found: list[Terms] = []
        for part, agreed, rates in self.parts_of(month, rates_of):
            days = part if part.share < 1 else None
            found.append(Terms(agreed.tariff, rates, agreed.contract, month, step_minutes, history, days))
        return tuple(found)

    def parts_of(self, month: BillingMonth, rates_of: date | None = None) -> Iterator[tuple[Part, Agreed, Rates]]:
        """Runs of days with the same prices and rules; something may change on the days between which they are tried.

        Raises `NoPriceInForce`.
        """
        first = self.agreed[0].since
        first = first if month.first <= first < month.end else month.first
        runs: list[tuple[date, Agreed, Rates]] = []
        for day, end in pairwise(_inside((one.since for one in self.agreed), first, month.end)):
            agreed = self.of_day(day)
            rates = rates_over(agreed.tariff, day, end, rates_of)
            days = {*self._days_of_change(agreed.tariff, first.year), *(one.valid_from for one in rates[1:])}
            for begins in _inside(days, day, end)[:-1]:
                in_force = [one for one in rates[1:] if one.valid_from <= begins]
                run = (begins, agreed, in_force[-1] if in_force else rates[0])
                if not runs or self._differs(runs[-1], run):
                    runs.append(run)
        ends = [*(begins for begins, _, _ in runs[1:]), month.end]
        for (begins, agreed, priced), end in zip(runs, ends, strict=True):
            yield Part(month, begins, end), agreed, priced

    def _days_of_change(self, tariff: Tariff, year: int) -> set[date]:
        """Days on which a meter changed or, where it matters, a season begins."""
        seasons = tariff.calendar.seasons_of_year(year) if tariff.splits_at_seasons else ()
        return {*self.meter_changed, *(day for day, _ in seasons)}

    def _differs(self, run: tuple[date, Agreed, Rates], other: tuple[date, Agreed, Rates]) -> bool:
        """Whether something that prices the days changes from one run to the next."""
        (day, agreed, rates), (other_day, other_agreed, other_rates) = run, other
        tariff, season_of = agreed.tariff, agreed.tariff.calendar.season_of
        return (
            not same_rules(tariff, other_agreed.tariff)
            or agreed.contract != other_agreed.contract
            or (rates.values, rates.assumption) != (other_rates.values, other_rates.assumption)
            or any(day < changed <= other_day for changed in self.meter_changed)
            or (tariff.splits_at_seasons and season_of(day) != season_of(other_day))
        )


def _inside(days: Iterable[date], first: date, end: date) -> list[date]:
    """`first`, the days strictly inside, in order, and `end`."""
    return [first, *sorted({day for day in days if first < day < end}), end]


def same_rules(one: Tariff, other: Tariff) -> bool:
    """Whether two tariffs charge alike, but for their rates."""
    return one is other or one == replace(other, rate_table=one.rate_table, version=one.version)


def rates_over(tariff: Tariff, first: date, end: date, rates_of: date | None) -> tuple[Rates, ...]:
    """Rates in force on the days `[first, end)`, or those of the month `rates_of` as a stated assumption.

    Raises `NoPriceInForce` where a day has none.
    """
    if rates_of is None:
        return tariff.rate_table.over(first, end)
    assumed = rates_of.replace(day=1)
    rates = tariff.rate_table.in_force(assumed, (assumed + timedelta(days=31)).replace(day=1))
    said = f"What if: priced at the rates of {assumed:%Y-%m}, not at those of its own month."
    return (replace(rates, assumption=said),)


def part_of_day(parts: Sequence[Terms], day: date) -> Terms:
    """The terms of a local day. Raises `NoPriceInForce` for a day of none of the parts."""
    for terms in parts:
        if terms.first <= day < terms.end:
            return terms
    raise NoPriceInForce(f"nothing was agreed for {day}; add an agreement that holds on it")
