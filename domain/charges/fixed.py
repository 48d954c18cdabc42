"""Charges that do not depend on the load: a fixed amount, and contracted power. They accrue evenly over the month."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from domain.bill import BillLine, Evenly
from domain.charges.charge import Accrual, Ask, OfLines, Prepared
from domain.charges.percentage import base_of
from domain.determinants import Determinants
from domain.errors import ContractIncomplete
from domain.heading import Figures, Told, Worked
from domain.money import EXACT, Ratio, decimal_to_nano, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Fixed(Prepared):
    """A fixed amount per month or per local day. A part of a month bears its days of the monthly amount."""

    per: Literal["month", "day"] = "month"

    accrues = Accrual.INTERVALS

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        times, whole = (terms.days, 1) if self.per == "day" else terms.share.as_integer_ratio()
        return (terms.micro[self.code] * 1000 * times * d.intervals // (whole * terms.intervals),)

    def prepared(self, terms: "Terms") -> Ask:
        """One line, the same for every meter."""
        heading, quantity = self.heading(terms, self.per, Evenly()), self._quantity(terms)
        gross = of_fraction(heading.rate, quantity)
        line = Figures(heading, fraction_to_decimal(quantity), gross, partial(self._words, terms))
        return lambda _d, _so_far: [line]

    def _words(self, terms: "Terms", line: BillLine) -> Told:
        if self.per == "month":
            return {"formula": f"1 month x {line.rate}{terms.of_the_month}"}
        return {"formula": f"{terms.days} day{'s' if terms.days > 1 else ''} x {line.rate}"}

    def _quantity(self, terms: "Terms") -> Ratio:
        return terms.days if self.per == "day" else terms.share


@dataclass(frozen=True)
class ContractedPower(Prepared):
    """Contracted kW of each period x a rate; one line a period.

    `per` year: a yearly rate x days billed / days of the year. `per` day: a daily rate x days billed.
    `ascending`: a contract in which a period has less than the one before it is refused (Spain, P1 <= ... <= P6).
    """

    periods: tuple[tuple[int, str], ...]
    per: Literal["year", "day"] = "year"
    ascending: bool = False

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    accrues = Accrual.INTERVALS

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        whole = (decimal_to_nano(self._gross(name, terms)) for _, name in self.periods)
        return tuple(amount * d.intervals // terms.intervals for amount in whole)

    def prepared(self, terms: "Terms") -> Ask:
        """Lines that are the same for every meter."""
        if self.ascending:
            self._check_order(terms)
        found = [self._line(name, terms) for _, name in self.periods]
        return lambda _d, _so_far: found

    def _check_order(self, terms: "Terms") -> None:
        """Raises `ContractIncomplete`."""
        agreed = [(name, terms.contract.kw(name, self.label)) for _, name in self.periods]
        for (before, most), (name, kw) in pairwise(agreed):
            if kw < most:
                raise ContractIncomplete(
                    f"{self.label}: {plain(kw)} kW are contracted in {name} and {plain(most)} in {before}; no period "
                    f"may have less than the one before it: correct --contracted-kw {name}=KW"
                )

    def _line(self, name: str, terms: "Terms") -> Figures:
        heading = self.heading(
            terms, "kW", Evenly(), f"{self.code}.{name}", f"{self.label}, {name}", f"kW and {self.per}"
        )
        days = f"{terms.days}/{terms.month.days_in_year}" if self.per == "year" else f"{terms.days}"
        return Figures(
            heading,
            terms.contract.kw(name, self.label),
            self._gross(name, terms),
            lambda line: {"formula": f"{plain(line.quantity)} kW x {line.rate} x {days} days"},
        )

    def _gross(self, name: str, terms: "Terms") -> Decimal:
        kw, rate = terms.contract.kw(name, self.label), terms.rates.values[f"{self.code}.{name}"]
        daily = EXACT.multiply(EXACT.multiply(kw, rate), Decimal(terms.days))
        return EXACT.divide(daily, Decimal(terms.month.days_in_year)) if self.per == "year" else daily


@dataclass(frozen=True)
class MinimumBill(OfLines):
    """A top-up to a minimum amount a month: max(0, minimum - sum of some lines). Known only at the close.

    It settles the whole month; where it does not stand once (its rate changes), a part bears its days of the minimum.
    `per` day: the minimum is so much for each day that is billed.
    """

    per: Literal["month", "day"] = "month"

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return (self.code,)

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.rates_of(terms)

    def prepared(self, terms: "Terms") -> Ask:
        heading, times = self.heading(terms, self.per, Evenly()), terms.times(self.per)
        quantity, minimum = fraction_to_decimal(times), of_fraction(heading.rate, times)

        def lines(_: Determinants, so_far: Sequence[Worked]) -> list[Figures]:
            amount = base_of(self.base, so_far)
            if amount >= minimum:
                return []
            return [Figures(heading, quantity, EXACT.subtract(minimum, amount), partial(words, amount))]

        def words(amount: Decimal, line: BillLine) -> Told:
            return {"formula": f"minimum {line.rate}{terms.times_in_words(self.per)} - {amount:,f}"}

        return lines
