"""A total that is rounded: the last line of a bill that is asked for in whole tens or hundreds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from domain.bill import BillLine, GrossLine
from domain.charges.charge import Named
from domain.charges.percentage import base_of, by_lines
from domain.determinants import Determinants
from domain.heading import Heading
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class TotalRounding(Named):
    """What takes the sum of some lines to the nearest multiple of `to`, halves away from zero (Chile: 100 pesos).

    Negative where it is rounded down. Known only at the close, and once for the whole bill.
    """

    base: tuple[str, ...]
    to: Decimal

    @property
    def of(self) -> tuple[str, ...]:
        return self.base

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return ()

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.to

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def headings(self, terms: "Terms") -> tuple[Heading, ...]:
        currency = terms.tariff.currency
        return (
            Heading(
                code=self.code,
                charge=self.code,
                group=self.group,
                label=self.label,
                unit=currency,
                rate=self.to,
                rate_unit=f"{currency}, to the nearest",
                source=self.source,
                basis=by_lines(())(),
                rounding=terms.tariff.rounding,
            ),
        )

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        [heading], (amount, chosen) = terms.headings(self), base_of(self.base, so_far)
        multiples = EXACT.divide(amount, self.to).quantize(Decimal(1), ROUND_HALF_UP, context=EXACT)
        rounded = EXACT.multiply(multiples, self.to)
        difference = EXACT.subtract(rounded, amount)
        if not difference:
            return ()
        nearest = f"{plain(rounded)} - {plain(amount)}"
        formula = f"{nearest}, to the nearest {self.to:f} {terms.tariff.currency}"
        return (heading.line(amount, difference, lambda: formula, basis=by_lines(chosen)),)
