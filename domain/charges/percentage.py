"""Percentages of other lines: taxes and surcharges. Nothing of them is known before their base is."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByLines, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
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

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        if self.only_low_side and not terms.contract.metered_on_low_side:
            return ()
        percent, base = terms.rates.values[self.code], base_of(self.base, so_far)
        amount, _ = base
        gross, formula = EXACT.multiply(amount, percent).scaleb(-2), f"{amount:,f} x {percent} %"
        if self.inside:
            left = 100 - sum((terms.rates.values[code] for code in self.inside), Decimal(0))
            gross = EXACT.divide(EXACT.multiply(amount, percent), left)
            formula = f"{amount:,f} x {percent} / {left} (the tax is inside the price)"
        if self.floor_per_mwh is not None:
            floor = EXACT.multiply(self.floor_per_mwh, Decimal(d.total_wh).scaleb(-6))
            if floor > gross:
                gross, formula = floor, f"at least {self.floor_per_mwh} per MWh x {Decimal(d.total_wh).scaleb(-6)} MWh"
        return (percent_line(self, base, percent, formula, gross, terms),)


def base_of(names: tuple[str, ...], so_far: Sequence[BillLine]) -> tuple[Decimal, tuple[str, ...]]:
    """Sum and codes of the lines that a percentage selects by charge code or group."""
    chosen = [line for line in so_far if line.charge in names or line.group in names]
    return sum((line.amount for line in chosen), Decimal(0)), tuple(dict.fromkeys(line.code for line in chosen))


def percent_line(
    charge: Named,
    base: tuple[Decimal, tuple[str, ...]],
    percent: Decimal,
    formula: str,
    gross: Decimal,
    terms: "Terms",
) -> GrossLine:
    """A line that is some percent of a base: an amount of money and the codes of the lines that make it."""
    amount, codes = base
    return GrossLine(
        code=charge.code,
        charge=charge.code,
        group=charge.group,
        label=charge.label,
        quantity=amount,
        unit=terms.tariff.currency,
        rate=percent,
        rate_unit="%",
        formula=formula,
        gross=gross,
        source=charge.cited(terms),
        basis=ByLines(codes),
    )
