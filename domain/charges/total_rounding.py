"""A total that is rounded: the last line of a bill that is asked for in whole tens or hundreds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByLines
from domain.charges.charge import Ask, OfLines
from domain.charges.percentage import base_of, by_lines
from domain.determinants import Determinants
from domain.heading import Figures, Heading, Told, Worked
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class TotalRounding(OfLines):
    """What takes the sum of some lines to the nearest multiple of `to`, halves away from zero (Chile: 100 pesos).

    Negative where it is rounded down. Known only at the close, and once for the whole bill.
    """

    to: Decimal

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.to

    def prepared(self, terms: "Terms") -> Ask:
        currency = terms.tariff.currency
        heading = Heading(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            unit=currency,
            rate=self.to,
            rate_unit=f"{currency}, to the nearest",
            source=self.source,
            basis=ByLines(()),
            rounding=terms.tariff.rounding,
        )

        def lines(_: Determinants, so_far: Sequence[Worked]) -> list[Figures]:
            amount, before = base_of(self.base, so_far), tuple(so_far)
            multiples = EXACT.divide(amount, self.to).quantize(Decimal(1), ROUND_HALF_UP, context=EXACT)
            rounded = EXACT.multiply(multiples, self.to)
            if rounded == amount:
                return []
            return [Figures(heading, amount, EXACT.subtract(rounded, amount), partial(words, rounded, before))]

        def words(rounded: Decimal, before: Sequence[Worked], line: BillLine) -> Told:
            nearest = f"{plain(rounded)} - {plain(line.quantity)}"
            return {
                "formula": f"{nearest}, to the nearest {self.to:f} {currency}",
                "basis": by_lines(self.base, before),
            }

        return lines
