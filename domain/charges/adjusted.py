"""Energy of whose price a part follows an index: a fuel or price adjustment."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import ByEnergy, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms


@dataclass(frozen=True)
class AdjustedEnergy(Named):
    """kWh of each period x ((P - a) + a x K), a line each: of the price P the part a follows the factor K.

    Rates: P is `code.period`, a is `code.adjusted`, per kWh; K is the percentage `code.factor` (Cuba: fuel price / 95,
    a = 0.0356). The price that results is not rounded. With a = P in every period it is energy x K.
    """

    periods: tuple[tuple[int, str], ...]

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return (*self.line_codes, self._adjusted)

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return (self._factor,)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        pairs = zip(self.periods, self.line_codes, strict=True)
        return tuple(int(EXACT.multiply(d.energy_wh[p], self._price(code, terms).scaleb(6))) for (p, _), code in pairs)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        return tuple(self._line(p, name, d, terms) for p, name in self.periods)

    def _line(self, p: int, name: str, d: Determinants, terms: "Terms") -> GrossLine:
        code, kwh, values = f"{self.code}.{name}", Decimal(d.energy_wh[p]).scaleb(-3), terms.rates.values
        price, part = self._price(code, terms), values[self._adjusted]
        return GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=f"{self.label}, {name}",
            quantity=kwh,
            unit="kWh",
            rate=price,
            rate_unit=f"{terms.tariff.currency}/kWh",
            formula=f"{plain(kwh)} kWh x (({values[code]} - {part}) + {part} x {values[self._factor]} %)",
            gross=EXACT.multiply(kwh, price),
            source=self.cited(terms),
            basis=ByEnergy((p,)),
        )

    def _price(self, code: str, terms: "Terms") -> Decimal:
        values = terms.rates.values
        part = values[self._adjusted]
        return EXACT.add(values[code] - part, EXACT.multiply(part, values[self._factor]).scaleb(-2))

    @cached_property
    def _adjusted(self) -> str:
        return f"{self.code}.adjusted"

    @cached_property
    def _factor(self) -> str:
        return f"{self.code}.factor"
