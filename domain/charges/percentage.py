"""Percentages of other lines: taxes and surcharges. Nothing of them is known before their base is."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from domain.bill import NOTHING, BillLine, ByLines
from domain.charges.charge import Ask, Named, OfLines
from domain.determinants import Determinants
from domain.heading import Figures, Heading, Worked
from domain.money import EXACT

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Percentage(OfLines):
    """A percentage (its rate) of the rounded lines of some charges or groups, with an optional floor per MWh.

    `inside` names the percentages (their codes, this one's among them) that the price must contain: the line is then
    base x this / (100 - sum of them), as Brazil's taxes are.
    `credit`: it is taken off, a discount. `only_low_side`: charged only where the meter sits on the low-voltage side of
    the customer's transformer.
    """

    floor_per_mwh: Decimal | None = None
    only_low_side: bool = False
    inside: tuple[str, ...] = ()
    credit: bool = False

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.code, *self.inside)))

    def settled_by(self, terms: "Terms") -> Hashable:
        return (self.rates_of(terms), self.only_low_side and terms.contract.metered_on_low_side)

    def prepared(self, terms: "Terms") -> Ask:
        if self.only_low_side and not terms.contract.metered_on_low_side:
            return lambda _d, _so_far: ()
        percent = terms.rates.values[self.code]
        heading, left = percent_heading(self, terms, -percent if self.credit else percent), self._left(terms)
        in_words: Callable[[BillLine], str] = partial(_formula, left)
        factor = heading.rate.scaleb(-2, context=EXACT) if left is None else heading.rate

        def lines(d: Determinants, so_far: Sequence[Worked]) -> list[Figures]:
            amount, before = base_of(self.base, so_far), tuple(so_far)
            product = EXACT.multiply(amount, factor)
            gross, formula = product if left is None else EXACT.divide(product, left), in_words
            if self.floor_per_mwh is not None:
                mwh = Decimal(d.total_wh).scaleb(-6)
                floor = EXACT.multiply(self.floor_per_mwh, mwh)
                if floor > gross:
                    gross, formula = floor, partial(self._at_least, mwh)
            return [
                Figures(
                    heading,
                    amount,
                    gross,
                    lambda line: {"formula": formula(line), "basis": by_lines(self.base, before)},
                )
            ]

        return lines

    def _at_least(self, mwh: Decimal, _: BillLine) -> str:
        return f"at least {self.floor_per_mwh} per MWh x {mwh} MWh"

    def _left(self, terms: "Terms") -> Decimal | None:
        """Percent of the price that taxes inside it leave; None where this one comes on top."""
        if not self.inside:
            return None
        return 100 - sum((terms.rates.values[code] for code in self.inside), Decimal(0))


def _formula(left: Decimal | None, line: BillLine) -> str:
    if left is None:
        return f"{line.quantity:,f} x {line.rate} %"
    return f"{line.quantity:,f} x {line.rate} / {left} (the tax is inside the price)"


def base_of(names: tuple[str, ...], so_far: Sequence[Worked]) -> Decimal:
    """Sum of the lines that a percentage selects by charge code or group."""
    return sum([line.amount for line in so_far if line.group in names or line.charge in names], NOTHING)


def by_lines(names: tuple[str, ...], so_far: Sequence[Worked]) -> ByLines:
    """The lines of `base_of`."""
    return ByLines(tuple(dict.fromkeys([line.code for line in so_far if line.group in names or line.charge in names])))


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
