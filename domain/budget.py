"""What a tariff may cost at most: checked when it loads, so that no load within the largest can overflow 64 bits.

Money is shared among intervals in int64 micro-currency (`domain.arrays`), which is exact up to `LARGEST_BILL_MICRO` for
a month's lines together. Here every charge is priced at the most that the largest load can make it multiply. Each bound
is generous (all energy in the dearest period, the highest demand in each of them), none is short; they add up over the
parts of a month, because each part bears its days of what is per month.

    energy            kWh <= largest load x longest month; of several rates the dearest has all of it
    demand, excess    kW <= largest load (kVA: x sqrt 2, taken as 3/2), or what the tariff bills at least
    roots of squares  sqrt(blocks x parts) x largest load: the root of a part is not reduced by its days
    percentages       of the bounds of the lines they are taken of
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt

from domain.charges import (
    AdjustedEnergy,
    Charge,
    ContractedPower,
    EnergyByPeriod,
    EnergyCredit,
    EnergyFlat,
    ExcessPower,
    ExportCredit,
    Fixed,
    IndexedPrice,
    MaximumDemand,
    MinimumBill,
    NetMetering,
    Percentage,
    PowerFactorAdjustment,
    PowerFactorDemand,
    PowerFactorEnergy,
    PowerFactorSteps,
    ReactiveEnergy,
    TieredEnergy,
    TotalRounding,
    UnusedPower,
)
from domain.charges.excess import ExcessRule
from domain.errors import BadOption
from domain.money import EXACT, MICRO
from domain.price_series import PriceSeries

LARGEST_RATED_KW = 500_000
"""The largest meter and the largest contract: 500 MW at one supply point."""
LARGEST_LOAD_KW = LARGEST_RATED_KW * 120 // 100
"""Such a meter with the overload it may carry: the mean of any interval, active, delivered or reactive (kvar)."""
MOST_DAYS = 31
LONGEST_MONTH_H = (MOST_DAYS + 1) * 24
"""31 days, and one more for a zone that changes its clock or the side of the date line."""
LARGEST_MONTH_KWH = LARGEST_LOAD_KW * LONGEST_MONTH_H
MONTHS_BANKED = 13
"""A bank of delivered energy that ends once a year holds at most so many months."""
APPARENT = Fraction(3, 2)
"""kVA of the largest load in each kW and kvar of it: sqrt 2, and to spare."""
LARGEST_BILL_MICRO = 2**61
"""Micro-currency of all lines of a month together, whatever their sign: up to here no sum of shares leaves 64 bits."""
ROUNDING_ROOM = 1_000_000
"""Currency left for the rounding of lines: more than a month of daily parts with thousands of lines can take."""
MOST_CURRENCY = LARGEST_BILL_MICRO // MICRO - ROUNDING_ROOM

Values = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A tariff that the largest load would bring beyond 64 bits: the charge at fault, and its largest rate.

    `key` is empty where the charge has no rate in force; `amount` is the most that it comes to, in currency.
    """

    charge: Charge
    key: str
    amount: int

    def __str__(self) -> str:
        return (
            f"{self.charge.label} would come to {self.amount:,} in a month of the largest load "
            f"({LARGEST_LOAD_KW:,} kW), and {MOST_CURRENCY:,} is the most for a bill; check its unit and the figures "
            "of the charge"
        )


def over_budget(charges: Sequence[Charge], values: Values, series: Sequence[PriceSeries] = ()) -> OverBudget | None:
    """None for rates at which no month of the largest load leaves 64 bits; otherwise what is at fault.

    `values` are rates and percentages by key, those not given yet left out; `series` the price series known by now.
    """
    found = most_of(charges, values, series)
    if sum(amount for _, amount in found) <= MOST_CURRENCY:
        return None
    own = [(charge, amount) for charge, amount in found if not isinstance(charge, SETTLING)]
    blamed = own if sum(amount for _, amount in own) > MOST_CURRENCY else found
    charge, amount = max(blamed, key=lambda one: one[1])
    keys = [key for key in (*charge.rate_keys, *charge.percent_keys) if key in values]
    return OverBudget(charge, max(keys, key=lambda key: values[key], default=""), int(amount))


def most_of(
    charges: Sequence[Charge], values: Values, series: Sequence[PriceSeries] = ()
) -> list[tuple[Charge, Fraction]]:
    """What no month of a load within the largest can exceed, in currency, for each charge: all its lines together."""
    dearest: dict[str, Fraction] = {}
    for one in series:  # some were published in several pieces
        dearest[one.name] = max(dearest.get(one.name, Fraction(0)), _dearest_price(one))
    most = _Most(values, dearest, {})
    return [(charge, most.see(charge)) for charge in charges]


def check_contracted(kw: Mapping[str, Decimal], place: str) -> None:
    """Raises `BadOption` for contracted power beyond the largest load's, or finer than the watts it is compared in."""
    for period, power in kw.items():
        if power != power.quantize(Decimal("0.001"), context=EXACT):
            raise BadOption(f"{place} {period}={power:f}: finer than a watt; give at most 3 decimals of a kW")
        if power > LARGEST_RATED_KW:
            raise BadOption(
                f"{place} {period}={power:f}: more than {LARGEST_RATED_KW:,} kW, the largest supply point; "
                "give it in kW, not in W"
            )


SETTLING = (MinimumBill, Percentage, PowerFactorAdjustment, PowerFactorSteps)
"""Charges that look at what others come to: what is wrong with a base is not theirs to bear."""


@dataclass(frozen=True, slots=True)
class _Most:
    """The most that each charge comes to; `so_far` by charge code and group, for percentages of them."""

    values: Values
    prices: Mapping[str, Fraction]
    so_far: dict[str, Fraction]

    def see(self, charge: Charge) -> Fraction:
        found = next(
            (most for of in (self._energy, self._power, self._settled) if (most := of(charge)) is not None), None
        )
        if found is None:
            raise AssertionError(f"{type(charge).__name__} has no budget")
        for name in {charge.code, charge.group}:
            self.so_far[name] = self.so_far.get(name, Fraction(0)) + found
        return found

    def _energy(self, charge: Charge) -> Fraction | None:
        match charge:
            case TieredEnergy() if charge.per_mwh:
                price = self._dearest(charge.rate_keys) / 1000
            case EnergyByPeriod() | EnergyCredit() | EnergyFlat() | TieredEnergy() | ReactiveEnergy():
                price = self._dearest(charge.rate_keys)
            case PowerFactorEnergy():
                price = self._dearest(charge.rate_keys) * APPARENT
            case AdjustedEnergy():
                part, factor = self._of(f"{charge.code}.adjusted"), self._of(f"{charge.code}.factor") / 100
                price = max(self._dearest(charge.line_codes), part) + part * factor
            case NetMetering():
                price = self._dearest(charge.rate_keys) * (MONTHS_BANKED + 1 if charge.buy_out else 1)
            case ExportCredit() if not charge.series:
                price = self._dearest(charge.rate_keys)
            case IndexedPrice() | ExportCredit():
                factor = self._of(f"{charge.code}.factor") / 100 * (1 + self._of(f"{charge.code}.losses") / 100)
                price = factor * self.prices.get(charge.series, Fraction(0)) + self._of(f"{charge.code}.adder")
            case _:
                return None
        return price * LARGEST_MONTH_KWH

    def _power(self, charge: Charge) -> Fraction | None:
        """Charges on kW, and on nothing: the sum of their rates x the most that one of them multiplies."""
        quantity: Fraction | int
        match charge:
            case MaximumDemand():
                kw = max(LARGEST_LOAD_KW * APPARENT + 1, Fraction(charge.at_least_kw or 0))
                if charge.cap_alone and charge.load_factor:  # on a day of 25 hours, divided by 24
                    kw = max(kw, LARGEST_LOAD_KW * Fraction(25, 24) / Fraction(charge.load_factor) + 1)
                quantity = kw * (MOST_DAYS if charge.per == "day" else 1)
            case ContractedPower():
                quantity = LARGEST_RATED_KW * MOST_DAYS
            case UnusedPower():
                quantity = LARGEST_RATED_KW * (MOST_DAYS if charge.per == "day" else 1)
            case PowerFactorDemand():
                quantity = LARGEST_LOAD_KW * APPARENT
            case ExcessPower():
                quantity = _weighted_kw(charge) * (MOST_DAYS if charge.per_day else 1)
            case Fixed():
                quantity = MOST_DAYS if charge.per == "day" else 1
            case _:
                return None
        return sum(map(self._of, charge.rate_keys), Fraction(0)) * quantity

    def _settled(self, charge: Charge) -> Fraction | None:
        base = sum((self.so_far.get(name, Fraction(0)) for name in charge.of), Fraction(0))
        match charge:
            case Percentage():
                left = 100 - sum(self._of(key) for key in charge.inside) if charge.inside else Fraction(100)
                floor = Fraction(charge.floor_per_mwh or 0) * LARGEST_MONTH_KWH / 1000
                return max(base * self._of(charge.code) / left, floor)
            case PowerFactorAdjustment():
                return base * Fraction(max(charge.slopes.penalty_at_most, charge.slopes.bonus_at_most)) / 100
            case MinimumBill():  # credits may leave less than nothing, and are topped up, too
                return base + self._of(charge.code) * (MOST_DAYS if charge.per == "day" else 1)
            case PowerFactorSteps():
                return base * 100 * self._of(charge.code) / 100
            case TotalRounding():
                return Fraction(charge.to)
        return None

    def _of(self, key: str) -> Fraction:
        return Fraction(self.values.get(key, 0))

    def _dearest(self, keys: Iterable[str]) -> Fraction:
        return max(map(self._of, keys), default=Fraction(0))


def _weighted_kw(charge: ExcessPower) -> Fraction:
    if charge.rule is ExcessRule.QUADRATIC:
        blocks = LONGEST_MONTH_H * 60 // charge.minutes
        return Fraction(LARGEST_LOAD_KW * (isqrt(blocks * MOST_DAYS) + 1))
    return LARGEST_LOAD_KW * max(Fraction(band.times) for band in charge.bands)


def _dearest_price(series: PriceSeries) -> Fraction:
    highest = max((abs(price) for price in series.prices_micro if price is not None), default=0)
    return Fraction(highest, MICRO) * Fraction(series.worth)
