"""Bill one load under several tariffs, to compare what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from application.wanted_readings import WantedReadings, wanted_by
from domain.agreements import Agreements
from domain.arrays import Load
from domain.arrays.pricing import price_agreed
from domain.comparison import Comparison, offers_of
from domain.errors import BadOption, NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, History

MOST = 12


@dataclass(frozen=True)
class Candidate:
    """What one would be billed by: tariffs and contracts by date, a name for them, and the demand remembered."""

    name: str
    agreements: Agreements
    history: History = field(default_factory=dict)

    @classmethod
    def of(cls, tariff: Tariff, contract: Contract) -> "Candidate":
        """One tariff with the contract one would have under it, always."""
        return cls(tariff.id, Agreements.of(tariff, contract))

    @property
    def tariff(self) -> Tariff:
        """The one that holds last."""
        return self.agreements.agreed[-1].tariff


@dataclass(frozen=True)
class WantedByAll:
    """Which readings of a file can be compared: those that every tariff prices, at its own rates or at assumed ones."""

    answers: tuple[tuple[WantedReadings, ...], ...]

    def outside(self, start_s: int) -> bool:
        """Not asked for; the days are the same for all tariffs."""
        return self.answers[0][0].outside(start_s)

    def unpriced(self, start_s: int) -> str:
        """Why some tariff has no price for the interval; empty when all have one."""
        for ways in self.answers:
            reasons = [way.unpriced(start_s) for way in ways]
            if all(reasons):
                return reasons[0]
        return ""


def wanted_by_all(
    candidates: Sequence[Candidate], zone: ZoneInfo, first: date | None, end: date | None, rates_of: date | None
) -> WantedByAll:
    """Readings of the local days `[first, end)`; None is without limit."""
    ways = (None,) if rates_of is None else (None, rates_of)
    return WantedByAll(tuple(tuple(wanted_by(c.agreements, zone, first, end, w) for w in ways) for c in candidates))


def compare_bills(
    load: Load,
    candidates: Sequence[Candidate],
    zone: ZoneInfo,
    rates_of: date | None = None,
    worth: Mapping[str, Decimal] | None = None,
) -> Comparison:
    """Bills of one load under each candidate, in the civil time of `zone` for all, compared with the first.

    A tariff that has no rates of its own for all months is billed at those of `rates_of`, and its bills say so.
    `worth`: one unit of another currency in the first candidate's. Raises what `price_load` raises, and `BadOption`.
    """
    _check(candidates, worth or {})
    priced = []
    for one in candidates:
        assumed = None if covers(one.agreements, load, zone) else rates_of
        bills = price_agreed(load, one.agreements, zone, assumed, one.history).bills
        priced.append((one.name, one.agreements.tariffs, bills))
    return offers_of(priced, worth or {})


def covers(agreements: Agreements, load: Load, zone: ZoneInfo) -> bool:
    """Whether there are rates in force for every day of the months of a load."""
    month, last = BillingMonth.of(load.start, zone), BillingMonth.of(load.end - timedelta(seconds=1), zone)
    try:
        while month.first <= last.first:
            for _ in agreements.parts_of(month):
                pass
            month = month.next()
    except NoPriceInForce:
        return False
    return True


def _check(candidates: Sequence[Candidate], worth: Mapping[str, Decimal]) -> None:
    if len(candidates) < 2:
        raise BadOption(
            "one tariff alone cannot be compared; name at least two, as --tariff A,B or --tariff A --tariff B"
        )
    if len(candidates) > MOST:
        raise BadOption(f"{len(candidates)} tariffs are too many to look at side by side; name {MOST} at most")
    names = [one.name for one in candidates]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadOption(
            f"two of the tariffs are called {twice[0]!r}; name each once, and give a tariff file of your own another id"
        )
    first = candidates[0].tariff.currency
    others = {one.tariff.currency for one in candidates} - {first}
    for currency in sorted(set(worth) - others):
        raise BadOption(
            f"--rate-of-exchange {currency} is of no use: the tariffs are in {', '.join(sorted({first, *others}))}, "
            f"and all are compared in {first}, the first one's"
        )
    for currency, value in worth.items():
        if not value:
            raise BadOption(
                f"--rate-of-exchange {currency}=0 makes that tariff free; say what 1 {currency} is in {first}"
            )
