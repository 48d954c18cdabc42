"""Contracted power that was not used: billed on a line of its own, so that a tax may leave it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.bill import Evenly, GrossLine
from domain.charges.charge import Accrual, Named
from domain.charges.reactive_excess import quantity_of
from domain.determinants import Determinants
from domain.money import EXACT, of_fraction, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Per, Terms


@dataclass(frozen=True)
class UnusedPower(Named):
    """max(0, a percentage of the contracted kW - billed kW) x a rate per kW; known at the close.

    `kw_of` names the demand charges before this one whose quantities are the billed kW; contracted is the highest of
    the periods' contracts. With it a demand charge bills at least the contract, and the two parts stay apart: Brazil's
    ICMS does not fall on demand that was contracted and not used. A part of a month bears its days of the rate.
    With `percent` 85 it makes the bill at least 85 % of the contract (Spain's 3.0A until May 2021). `per`: the rate is
    for a month, or for each day billed, or for a year.
    """

    periods: tuple[tuple[int, str], ...]
    kw_of: tuple[str, ...]
    percent: Decimal = Decimal(100)
    per: "Per" = "month"

    @property
    def of(self) -> tuple[str, ...]:
        return self.kw_of

    accrues = Accrual.NOTHING

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        whole = max(terms.contract.kw(name, self.label) for _, name in self.periods)
        contracted = EXACT.multiply(whole, self.percent).scaleb(-2)
        used, rate = quantity_of(self.kw_of, so_far), terms.rates.values[self.code]
        unused = max(Decimal(0), contracted - used)
        if not unused:
            return ()
        least = "contracted" if self.percent == 100 else f"at least, {self.percent} % of {plain(whole)} contracted,"
        line = GrossLine(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            quantity=unused,
            unit="kW",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kW{'' if self.per == 'month' else f' and {self.per}'}",
            formula=f"({plain(contracted)} {least} - {plain(used)} billed) kW x {rate}{terms.times_in_words(self.per)}",
            gross=of_fraction(EXACT.multiply(unused, rate), terms.times(self.per)),
            source=self.cited(terms),
            basis=Evenly(),
        )
        return (line,)
