"""Charges on energy: by time-of-use period, or one rate on every kWh."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByEnergy, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class EnergyByPeriod(Named):
    """Time-of-use energy: kWh of each period x its rate. One line a period, coded `code.period`.

    `periods` are (index, name) of the calendar.
    """

    periods: tuple[tuple[int, str], ...]

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        micro, energy_wh = terms.micro, d.energy_wh
        return tuple([energy_wh[p] * micro[key] for p, key in self._keys])

    @cached_property
    def _keys(self) -> tuple[tuple[int, str], ...]:
        return tuple((p, f"{self.code}.{name}") for p, name in self.periods)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        return tuple(
            energy_line(self, f"{self.code}.{name}", f"{self.label}, {name}", d.energy_wh[p], (p,), terms)
            for p, name in self.periods
        )


@dataclass(frozen=True)
class EnergyFlat(Named):
    """One rate on every kWh of the month: transmission, the system operator, and other pass-throughs."""

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (sum(d.energy_wh) * terms.micro[self.code],)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        every = tuple(range(len(d.energy_wh)))
        return (energy_line(self, self.code, self.label, d.total_wh, every, terms),)


def energy_line(charge: Named, code: str, label: str, wh: int, periods: tuple[int, ...], terms: "Terms") -> GrossLine:
    """kWh x rate, exactly."""
    kwh, rate = Decimal(wh).scaleb(-3), terms.rates.values[code]
    return GrossLine(
        code=code,
        charge=charge.code,
        group=charge.group,
        label=label,
        quantity=kwh,
        unit="kWh",
        rate=rate,
        rate_unit=f"{terms.tariff.currency}/kWh",
        formula=f"{plain(kwh)} kWh x {rate}",
        gross=EXACT.multiply(kwh, rate),
        source=charge.cited(terms),
        basis=ByEnergy(periods),
    )
