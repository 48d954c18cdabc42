"""Charges that do not depend on the load: a fixed amount, and contracted power. They accrue evenly over the month."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from domain.bill import BillLine, Evenly, GrossLine
from domain.charges.charge import Named
from domain.charges.percentage import base_of
from domain.determinants import Determinants
from domain.money import EXACT, decimal_to_nano, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Fixed(Named):
    """A fixed amount per month or per local day. A part of a month bears its days of the monthly amount."""

    per: Literal["month", "day"] = "month"

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        whole = 1 if self.per == "day" else terms.month.days
        return (terms.micro[self.code] * 1000 * terms.days * d.intervals // (whole * terms.intervals),)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        rate, quantity = terms.rates.values[self.code], self._quantity(terms)
        words = "1 month" if self.per == "month" else f"{quantity} day{'s' if quantity > 1 else ''}"
        part = terms.of_the_month if self.per == "month" else ""
        return (
            GrossLine(
                code=self.code,
                charge=self.code,
                group=self.group,
                label=self.label,
                quantity=fraction_to_decimal(quantity),
                unit=self.per,
                rate=rate,
                rate_unit=f"{terms.tariff.currency}/{self.per}",
                formula=f"{words} x {rate}{part}",
                gross=of_fraction(rate, quantity),
                source=self.cited(terms),
                basis=Evenly(),
            ),
        )

    def _quantity(self, terms: "Terms") -> Fraction:
        return Fraction(terms.days) if self.per == "day" else terms.share


@dataclass(frozen=True)
class ContractedPower(Named):
    """Contracted kW of each period x a rate; one line a period.

    `per` year: a yearly rate x days billed / days of the year. `per` day: a daily rate x days billed.
    """

    periods: tuple[tuple[int, str], ...]
    per: Literal["year", "day"] = "year"

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        whole = (decimal_to_nano(self._gross(name, terms)) for _, name in self.periods)
        return tuple(amount * d.intervals // terms.intervals for amount in whole)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        return tuple(self._line(name, terms) for _, name in self.periods)

    def _line(self, name: str, terms: "Terms") -> GrossLine:
        code, kw = f"{self.code}.{name}", terms.contract.kw(name, self.label)
        rate, month = terms.rates.values[code], terms.month
        days = f"{terms.days}/{month.days_in_year}" if self.per == "year" else f"{terms.days}"
        return GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=f"{self.label}, {name}",
            quantity=kw,
            unit="kW",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kW and {self.per}",
            formula=f"{plain(kw)} kW x {rate} x {days} days",
            gross=self._gross(name, terms),
            source=self.cited(terms),
            basis=Evenly(),
        )

    def _gross(self, name: str, terms: "Terms") -> Decimal:
        kw, rate = terms.contract.kw(name, self.label), terms.rates.values[f"{self.code}.{name}"]
        daily = EXACT.multiply(EXACT.multiply(kw, rate), Decimal(terms.days))
        return EXACT.divide(daily, Decimal(terms.month.days_in_year)) if self.per == "year" else daily


@dataclass(frozen=True)
class MinimumBill(Named):
    """A top-up to a minimum amount a month: max(0, minimum - sum of some lines). Known only at the close.

    It settles the whole month; where it does not stand once (its rate changes), a part bears its days of the minimum.
    """

    base: tuple[str, ...]

    @property
    def of(self) -> tuple[str, ...]:
        return self.base

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.rates_of(terms)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        rate, (amount, _) = terms.rates.values[self.code], base_of(self.base, so_far)
        minimum = of_fraction(rate, terms.share)
        if amount >= minimum:
            return ()
        line = GrossLine(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            quantity=fraction_to_decimal(terms.share),
            unit="month",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/month",
            formula=f"minimum {rate}{terms.of_the_month} - {amount:,f}",
            gross=EXACT.subtract(minimum, amount),
            source=self.cited(terms),
            basis=Evenly(),
        )
        return (line,)
