"""Charges on energy: by time-of-use period, or one rate on every kWh."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByEnergy
from domain.charges.charge import Accrual, Ask, Prepared
from domain.determinants import Determinants
from domain.heading import Figures, Heading, Told, Words
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms

multiply, KWH = EXACT.multiply, Decimal("0.001")


@dataclass(frozen=True)
class EnergyByPeriod(Prepared):
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

    def prepared(self, terms: "Terms") -> Ask:
        headings = [
            (p, self.heading(terms, "kWh", ByEnergy((p,)), f"{self.code}.{name}", f"{self.label}, {name}"))
            for p, name in self.periods
        ]

        return lambda d, _: [energy_line(d.energy_wh[p], heading) for p, heading in headings]


@dataclass(frozen=True)
class EnergyFlat(Prepared):
    """One rate on every kWh of the month: transmission, the system operator, and other pass-throughs."""

    accrues = Accrual.ENERGY

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (sum(d.energy_wh) * terms.micro[self.code],)

    def prepared(self, terms: "Terms") -> Ask:
        heading = self.heading(terms, "kWh", ByEnergy(tuple(range(len(terms.tariff.periods)))))
        return lambda d, _: [energy_line(sum(d.energy_wh), heading)]


def _words(line: BillLine) -> Told:
    return {"formula": f"{plain(line.quantity)} kWh x {line.rate}"}


def energy_line(wh: int, heading: Heading, words: Words = _words) -> Figures:
    """kWh x rate, exactly."""
    kwh = multiply(wh, KWH)
    return Figures(heading, kwh, multiply(kwh, heading.rate), words)
