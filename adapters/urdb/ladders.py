"""Rate structures of a record: for each period a ladder of tiers, each with a price and, but for the last, a limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from adapters.urdb.fields import NET_BILLING, shown
from adapters.urdb.numbers import Faults, number, read_number

NO_LIMIT = Decimal(10**9)
"""A limit from here on is one nobody reaches; some records write 1e38."""
TIER_KEYS = frozenset({"rate", "adj", "max", "unit", "sell"})


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of one period. `prices` are rate + adj; `limits` all tiers' upper limits but the last one's.

    `sells` are the prices of energy sold to the utility, None where a tier says none.
    """

    prices: tuple[Decimal, ...]
    limits: tuple[Decimal, ...]
    unit: str
    place: str
    sells: tuple[Decimal | None, ...] = ()

    @property
    def is_priced(self) -> bool:
        return any(self.prices)


def read_ladders(fields: Mapping[str, Any], name: str, may_sell: bool, faults: Faults) -> tuple[Ladder, ...]:
    """The periods of a rate structure; none where the record has none. `may_sell`: a selling price is left out."""
    structure = fields.get(name, [])
    if not isinstance(structure, list) or not all(isinstance(period, list) for period in structure):
        faults.add(f"{name}: must be a list of periods, each a list of tiers")
        return ()
    return tuple(_ladder(period, f"{name}[{n}]", may_sell, faults) for n, period in enumerate(structure))


def _ladder(period: list[Any], place: str, may_sell: bool, faults: Faults) -> Ladder:
    tiers = [tier for tier in period if isinstance(tier, dict)]
    if not tiers or len(tiers) < len(period):
        faults.add(f"{place}: must be a list of at least one tier")
        return Ladder((Decimal(0),), (), "", place)
    prices = [_price(tier, f"{place}[{n}]", may_sell, faults) for n, tier in enumerate(tiers)]
    units = {" ".join(str(tier.get("unit") or "").split()).lower() for tier in tiers} - {""}
    if len(units) > 1:
        faults.add(f"{place}: its tiers are limited in different units, {' and '.join(sorted(units))}")
    sells = tuple(number(tier.get("sell")) for tier in tiers)
    return Ladder(tuple(prices), _limits(tiers, place, faults), min(units, default=""), place, sells)


def _price(tier: dict[str, Any], place: str, may_sell: bool, faults: Faults) -> Decimal:
    for key in sorted(tier.keys() - TIER_KEYS):
        faults.add(f"{place}.{key}: no field of a tier")
    if tier.get("rate") is None and tier.get("adj") is None:
        faults.add(f"{place}: has no rate; no price is not a price of zero")
    if not may_sell and number(tier.get("sell") or 0) != 0:
        faults.add(
            f"{place}.sell: {shown(tier['sell'])}: a price for energy sold to the utility, and dgrules does not say "
            f"{NET_BILLING!r}, the one rule by which it is credited; --leave-out sell imports the rest"
        )
    parts = (read_number(tier[key], f"{place}.{key}", faults) for key in ("rate", "adj") if tier.get(key) is not None)
    return sum(parts, Decimal(0))


def _limits(tiers: list[dict[str, Any]], place: str, faults: Faults) -> tuple[Decimal, ...]:
    found: list[Decimal] = []
    for n, tier in enumerate(tiers):
        is_last, limit = n == len(tiers) - 1, tier.get("max")
        value = NO_LIMIT if limit is None else read_number(limit, f"{place}[{n}].max", faults)
        if is_last and value < NO_LIMIT:
            faults.add(f"{place}[{n}].max: {value:f}: is the last tier, so what goes beyond it has no price")
        elif not is_last and limit is None:
            faults.add(f"{place}[{n}].max: is missing; only the last tier has no limit")
            found.append(NO_LIMIT)
        elif not is_last:
            found.append(value)
            if not 0 < value < NO_LIMIT or value != value.quantize(Decimal("0.001")):
                faults.add(f"{place}[{n}].max: {value}: a limit lies above 0 and below 10^9, with at most 3 decimals")
    for lower, upper in pairwise(found):
        if NO_LIMIT > lower >= upper:
            faults.add(f"{place}: tiers are out of order: a limit of {upper:f} comes after one of {lower:f}")
    return tuple(found)
