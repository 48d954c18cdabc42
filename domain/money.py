"""Money: exact integers inside, decimals at the borders, and the one policy that rounds.

Wh x micro-currency per kWh is nano-currency, exactly. A nano amount of a month fits 64 bits up to nine thousand million
currency units; Python's integers have no limit, arrays check theirs (`domain.arrays`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from domain.errors import InvalidTariff

NANO = 10**9
MICRO = 10**6
MILLIONTH = Decimal("0.000001")

EXACT = Context(prec=60)
"""Enough digits that a product of any rate and any month's energy is exact."""


_HALF_UP, _HALF_EVEN = Context(prec=60, rounding=ROUND_HALF_UP), Context(prec=60, rounding=ROUND_HALF_EVEN)


class RoundingMode(StrEnum):
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


@dataclass(frozen=True)
class Rounding:
    """How a bill line becomes money: `places` decimals of the currency, halves away from zero unless told otherwise."""

    places: int = 2
    mode: RoundingMode = RoundingMode.HALF_UP

    def __call__(self, gross: Decimal) -> Decimal:
        return self.rule(gross)

    @cached_property
    def rule(self) -> Callable[[Decimal], Decimal]:
        """Kept, because every line of every bill is rounded."""
        quantize = (_HALF_UP if self.mode is RoundingMode.HALF_UP else _HALF_EVEN).quantize
        unit, zero = Decimal(1).scaleb(-self.places), Decimal(0).scaleb(-self.places)
        return lambda gross: quantize(gross, unit) or zero  # no minus zero


def micro(rate: Decimal, name: str) -> int:
    """A rate as an integer of micro-currency; raises `InvalidTariff` when it is finer than that."""
    scaled = rate.scaleb(6, context=EXACT)
    whole = int(scaled)
    if whole != scaled:
        raise InvalidTariff(f"rate {name} = {rate}: more than 6 decimals cannot be priced exactly; give at most 6")
    return whole


def nano_to_decimal(amount_nano: int) -> Decimal:
    """Nano-currency as currency, exactly."""
    return Decimal(amount_nano).scaleb(-9, context=EXACT)


def decimal_to_nano(amount: Decimal) -> int:
    """Currency as nano-currency; finer parts are cut, which only unrounded percentages have."""
    return int(amount.scaleb(9, context=EXACT))


Ratio = Fraction | int
"""A fraction; whole numbers, which most of them are, may stay integers: they are exact and cost a tenth."""


def of_fraction(amount: Decimal, share: Ratio, times: Ratio = 1) -> Decimal:
    """A share of an amount, so many times, divided last; once a share of 1 is the amount."""
    if times == 1 and isinstance(share, int):
        return EXACT.multiply(amount, share)
    above, below = share.as_integer_ratio()
    if times != 1:
        above, below = above * times.numerator, below * times.denominator
    product = EXACT.multiply(amount, Decimal(above))
    return product if below == 1 else EXACT.divide(product, Decimal(below))


def fraction_to_decimal(quantity: Ratio) -> Decimal:
    """A quantity for the bill: exact where it ends within six decimals, else to the millionth."""
    if isinstance(quantity, int):
        return Decimal(quantity)
    above, below = quantity.as_integer_ratio()
    exact = EXACT.divide(Decimal(above), Decimal(below))
    return exact if exact == exact.quantize(MILLIONTH, context=EXACT) else exact.quantize(MILLIONTH)


def plain(number: Decimal) -> str:
    """A quantity as people write it: thousands apart, no trailing zeros, no exponent."""
    return f"{number.normalize():,f}"
