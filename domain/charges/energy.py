"""Charges on energy: by time-of-use period, or one rate on every kWh."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByEnergy, GrossLine
from domain.charges.charge import Accrual, Named
from domain.determinants import Determinants
from domain.heading import Heading
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

    accrues = Accrual.ENERGY

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        micro, energy_wh = terms.micro, d.energy_wh
        return tuple([energy_wh[p] * micro[key] for p, key in self._keys])

    @cached_property
    def _keys(self) -> tuple[tuple[int, str], ...]:
        return tuple((p, f"{self.code}.{name}") for p, name in self.periods)

    def headings(self, terms: "Terms") -> tuple[Heading, ...]:
        return tuple(
            self.heading(terms, "kWh", ByEnergy((p,)), f"{self.code}.{name}", f"{self.label}, {name}")
            for p, name in self.periods
        )

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        return tuple(
            [
                energy_line(d.energy_wh[p], heading)
                for heading, (p, _) in zip(terms.headings(self), self.periods, strict=True)
            ]
        )


@dataclass(frozen=True)
class EnergyFlat(Named):
    """One rate on every kWh of the month: transmission, the system operator, and other pass-throughs."""

    accrues = Accrual.ENERGY

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (sum(d.energy_wh) * terms.micro[self.code],)

    def headings(self, terms: "Terms") -> tuple[Heading, ...]:
        return (self.heading(terms, "kWh", ByEnergy(tuple(range(len(terms.tariff.periods))))),)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        [heading] = terms.headings(self)
        return (energy_line(sum(d.energy_wh), heading),)


def energy_line(wh: int, heading: Heading) -> GrossLine:
    """kWh x rate, exactly."""
    kwh = Decimal(wh).scaleb(-3)
    return heading.line(kwh, EXACT.multiply(kwh, heading.rate), partial(_formula, kwh, heading.rate))


def _formula(kwh: Decimal, rate: Decimal) -> str:
    return f"{plain(kwh)} kWh x {rate}"
