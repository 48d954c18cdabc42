"""Charges that do not depend on the load: a fixed amount, and contracted power. They accrue evenly over the month."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from domain.bill import BillLine, Evenly, GrossLine
from domain.charges.charge import Named
from domain.charges.percentage import base_of
from domain.determinants import Determinants
from domain.money import EXACT, decimal_to_nano, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Fixed(Named):
    """A fixed amount per month or per local day of the month."""

    per: Literal["month", "day"] = "month"

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (terms.micro[self.code] * 1000 * self._quantity(terms) * d.intervals // terms.intervals,)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        rate, quantity = terms.rates.values[self.code], self._quantity(terms)
        return (
            GrossLine(
                code=self.code,
                charge=self.code,
                group=self.group,
                label=self.label,
                quantity=Decimal(quantity),
                unit=self.per,
                rate=rate,
                rate_unit=f"{terms.tariff.currency}/{self.per}",
                formula=f"{quantity} {self.per}{'s' if quantity > 1 else ''} x {rate}",
                gross=EXACT.multiply(rate, Decimal(quantity)),
                source=self.cited(terms),
                basis=Evenly(),
            ),
        )

    def _quantity(self, terms: "Terms") -> int:
        return terms.month.days if self.per == "day" else 1


@dataclass(frozen=True)
class ContractedPower(Named):
    """Contracted kW of each period x a rate; one line a period.

    `per` year: a yearly rate x days of the month / days of the year. `per` day: a daily rate x days of the month.
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
        days = f"{month.days}/{month.days_in_year}" if self.per == "year" else f"{month.days}"
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
        daily = EXACT.multiply(EXACT.multiply(kw, rate), Decimal(terms.month.days))
        return EXACT.divide(daily, Decimal(terms.month.days_in_year)) if self.per == "year" else daily


@dataclass(frozen=True)
class MinimumBill(Named):
    """A top-up to a minimum amount a month: max(0, minimum - sum of some lines). Known only at the close."""

    base: tuple[str, ...]

    @property
    def of(self) -> tuple[str, ...]:
        return self.base

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        minimum, (amount, _) = terms.rates.values[self.code], base_of(self.base, so_far)
        if amount >= minimum:
            return ()
        line = GrossLine(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            quantity=Decimal(1),
            unit="month",
            rate=minimum,
            rate_unit=f"{terms.tariff.currency}/month",
            formula=f"minimum {minimum} - {amount:,f}",
            gross=minimum - amount,
            source=self.cited(terms),
            basis=Evenly(),
        )
        return (line,)
