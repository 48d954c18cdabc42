"""The same load billed under several tariffs: what each costs, and where the difference comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from domain.bill import Bill
from domain.charges import (
    AdjustedEnergy,
    Charge,
    ContractedPower,
    EnergyByPeriod,
    EnergyFlat,
    ExcessPower,
    ExportCredit,
    Fixed,
    IndexedPrice,
    MaximumDemand,
    NetMetering,
    Percentage,
    TieredEnergy,
    UnusedPower,
)
from domain.money import EXACT
from domain.tariff import Tariff

NOTHING = Decimal(0)


class Heading(StrEnum):
    """What a line is paid for. Tariffs group their charges each in its own way; these are the same for all."""

    ENERGY = "energy"
    POWER = "power"
    FIXED = "fixed"
    ADJUSTMENTS = "adjustments"
    TAXES = "taxes"


LineKey = tuple[Heading, str, str]
"""Heading, code and label: two tariffs have a line in common where all three are equal."""


@dataclass(frozen=True)
class Offer:
    """The bills of the load under a tariff, or under tariffs agreed one after the other (`tariffs`, in that order).

    `worth` is one unit of its currency in the first offer's; None is not known.
    """

    name: str
    tariffs: tuple[Tariff, ...]
    bills: tuple[Bill, ...]
    worth: Decimal | None

    @property
    def tariff(self) -> Tariff:
        """The one that holds last."""
        return self.tariffs[-1]

    @cached_property
    def _headings(self) -> Mapping[str, Heading]:
        """By charge; of a code that two tariffs use, what it is in the first."""
        return {charge.code: heading_of(charge) for tariff in reversed(self.tariffs) for charge in tariff.charges}

    @property
    def total(self) -> Decimal:
        """In the tariff's own currency."""
        return sum((bill.total for bill in self.bills), NOTHING)

    @cached_property
    def amounts(self) -> Mapping[LineKey, Decimal]:
        """What each line comes to over all bills, in the tariff's own currency."""
        headings = self._headings
        found: dict[LineKey, Decimal] = {}
        for line in (line for bill in self.bills for line in bill.lines):
            key = (headings[line.charge], line.code, line.label)
            found[key] = found.get(key, NOTHING) + line.amount
        return found

    @cached_property
    def by_month(self) -> tuple[Mapping[Heading, Decimal], ...]:
        """What each heading comes to on each bill, in the tariff's own currency."""
        headings = self._headings
        months = []
        for bill in self.bills:
            found = dict.fromkeys(Heading, NOTHING)
            for line in bill.lines:
                found[headings[line.charge]] += line.amount
            months.append(found)
        return tuple(months)

    @cached_property
    def by_heading(self) -> Mapping[Heading, Decimal]:
        """What each heading comes to, in the tariff's own currency; all of them add up to `total`."""
        found = dict.fromkeys(Heading, NOTHING)
        for (heading, _, _), amount in self.amounts.items():
            found[heading] += amount
        return found


@dataclass(frozen=True)
class Row:
    """A line of any of the bills with its amount on each of them, in their currencies; None where a bill has none."""

    heading: Heading
    code: str
    label: str
    amounts: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Difference:
    """What an offer costs beyond the first, in the first one's currency, by heading with the largest first."""

    total: Decimal
    by_heading: tuple[tuple[Heading, Decimal], ...]


@dataclass(frozen=True)
class Comparison:
    """At least two offers for one load; all are compared with the first."""

    offers: tuple[Offer, ...]

    @property
    def first(self) -> Offer:
        return self.offers[0]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every line of every bill once, by heading and then in bill order."""
        keys = dict.fromkeys(key for offer in self.offers for key in offer.amounts)
        order = list(Heading)
        return tuple(
            Row(*key, tuple(offer.amounts.get(key) for offer in self.offers))
            for key in sorted(keys, key=lambda key: order.index(key[0]))
        )

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Those that some bill has a line under."""
        return tuple(dict.fromkeys(row.heading for row in self.rows))

    def amounts(self, heading: Heading) -> tuple[Decimal | None, ...]:
        """What a heading comes to on each bill, in their currencies; None where a bill has no line under it."""
        return tuple(
            offer.by_heading[heading] if any(key[0] is heading for key in offer.amounts) else None
            for offer in self.offers
        )

    @property
    def comparable(self) -> bool:
        """Whether all offers can be said in the first one's currency."""
        return all(offer.worth is not None for offer in self.offers)

    def difference_by_month(self, offer: Offer) -> tuple[Mapping[Heading, Decimal], ...] | None:
        """What `offer` costs beyond the first on each bill, by heading; None where its currency has no known worth."""
        if offer.worth is None:
            return None
        worth = offer.worth
        return tuple(
            {heading: subtract(own[heading], worth, first[heading]) for heading in self.headings}
            for own, first in zip(offer.by_month, self.first.by_month, strict=True)
        )

    def difference(self, offer: Offer) -> Difference | None:
        """What `offer` costs beyond the first; None where nobody said what its currency is worth."""
        if offer.worth is None:
            return None
        by_heading = [
            (heading, subtract(offer.by_heading[heading], offer.worth, self.first.by_heading[heading]))
            for heading in self.headings
        ]
        total = subtract(offer.total, offer.worth, self.first.total)
        return Difference(total, tuple(sorted(by_heading, key=lambda one: -abs(one[1]))))


def subtract(amount: Decimal, worth: Decimal, first: Decimal) -> Decimal:
    """An amount in the currency of another, less that other; exact."""
    return EXACT.subtract(EXACT.multiply(amount, worth), first)


def heading_of(charge: Charge) -> Heading:
    """By what the charge multiplies. A percentage is a tax where its tariff says so, else an adjustment."""
    match charge:
        case EnergyByPeriod() | EnergyFlat() | TieredEnergy() | IndexedPrice() | AdjustedEnergy():
            return Heading.ENERGY
        case NetMetering() | ExportCredit():
            return Heading.ENERGY
        case MaximumDemand() | ContractedPower() | ExcessPower() | UnusedPower():
            return Heading.POWER
        case Fixed():
            return Heading.FIXED
        case Percentage() if charge.group.startswith("tax"):
            return Heading.TAXES
        case _:
            return Heading.ADJUSTMENTS


def offers_of(
    priced: Sequence[tuple[str, tuple[Tariff, ...], tuple[Bill, ...]]], worth: Mapping[str, Decimal]
) -> Comparison:
    """Name, tariffs and bills of each offer, the first to compare with; `worth` of other currencies in the first's."""
    known = {**worth, priced[0][1][-1].currency: Decimal(1)}
    return Comparison(
        tuple(Offer(name, tariffs, bills, known.get(tariffs[-1].currency)) for name, tariffs, bills in priced)
    )
