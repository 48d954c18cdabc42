"""Percentages of other lines: taxes and surcharges. Nothing of them is known before their base is."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByLines, GrossLine
from domain.charges.charge import Accrual, Named
from domain.determinants import Determinants
from domain.heading import Heading
from domain.money import EXACT

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Percentage(Named):
    """A percentage (its rate) of the rounded lines of some charges or groups, with an optional floor per MWh.

    `inside` names the percentages (their codes, this one's among them) that the price must contain: the line is then
    base x this / (100 - sum of them), as Brazil's taxes are.
    `only_low_side`: charged only where the meter sits on the low-voltage side of the customer's transformer.
    """

    base: tuple[str, ...]
    floor_per_mwh: Decimal | None = None
    only_low_side: bool = False
    inside: tuple[str, ...] = ()

    @property
    def of(self) -> tuple[str, ...]:
        return self.base

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return ()

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.code, *self.inside)))

    def settled_by(self, terms: "Terms") -> Hashable:
        return (self.rates_of(terms), self.only_low_side and terms.contract.metered_on_low_side)

    accrues = Accrual.NOTHING

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def headings(self, terms: "Terms") -> tuple[Heading, ...]:
        return (percent_heading(self, terms, terms.rates.values[self.code]),)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        if self.only_low_side and not terms.contract.metered_on_low_side:
            return ()
        [heading], (amount, chosen) = terms.headings(self), base_of(self.base, so_far)
        percent, left = heading.rate, self._left(terms)
        product = EXACT.multiply(amount, percent)
        gross = product.scaleb(-2) if left is None else EXACT.divide(product, left)
        floor, mwh = self._floor(d)
        if floor is not None and floor > gross:
            return (heading.line(amount, floor, lambda: self._least(mwh), basis=by_lines(chosen)),)
        return (heading.line(amount, gross, lambda: _formula(amount, percent, left), basis=by_lines(chosen)),)

    def _left(self, terms: "Terms") -> Decimal | None:
        """Percent of the price that taxes inside it leave; None where this one comes on top."""
        if not self.inside:
            return None
        return 100 - sum((terms.rates.values[code] for code in self.inside), Decimal(0))

    def _floor(self, d: Determinants) -> tuple[Decimal | None, Decimal]:
        if self.floor_per_mwh is None:
            return None, Decimal(0)
        mwh = Decimal(d.total_wh).scaleb(-6)
        return EXACT.multiply(self.floor_per_mwh, mwh), mwh

    def _least(self, mwh: Decimal) -> str:
        return f"at least {self.floor_per_mwh} per MWh x {mwh} MWh"


def _formula(amount: Decimal, percent: Decimal, left: Decimal | None) -> str:
    if left is None:
        return f"{amount:,f} x {percent} %"
    return f"{amount:,f} x {percent} / {left} (the tax is inside the price)"


def base_of(names: tuple[str, ...], so_far: Sequence[BillLine]) -> tuple[Decimal, list[BillLine]]:
    """Sum of the lines that a percentage selects by charge code or group, and those lines."""
    chosen = [line for line in so_far if line.charge in names or line.group in names]
    return sum([line.amount for line in chosen], Decimal(0)), chosen


def by_lines(chosen: Sequence[BillLine]) -> Callable[[], ByLines]:
    return lambda: ByLines(tuple(dict.fromkeys(line.code for line in chosen)))


def percent_heading(charge: Named, terms: "Terms", percent: Decimal) -> Heading:
    """Of a line that is some percent of an amount of money."""
    return Heading(
        code=charge.code,
        charge=charge.code,
        group=charge.group,
        label=charge.label,
        unit=terms.tariff.currency,
        rate=percent,
        rate_unit="%",
        source=charge.cited(terms),
        basis=ByLines(()),
        rounding=terms.tariff.rounding,
    )
