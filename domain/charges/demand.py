"""Charges on the highest demand of the month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByEnergy, ByPeak, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class MaximumDemand(Named):
    """Highest block mean of some periods x a rate per kW; whole kW and a load-factor cap where the rule has them.

    cap kW = ceil(kWh of the month / (24 h x days x load factor)); billed kW = min(maximum, cap). While it binds, the
    charge is in effect a price on every kWh of the month, and shaving the peak saves nothing: the line says so.
    """

    periods: tuple[tuple[int, str], ...]
    round_up_kw: bool
    load_factor: Decimal | None = None

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        highest_w, _ = self.highest(d, terms)
        if self.load_factor is not None:
            highest_w = min(highest_w, self.cap_kw(d, terms) * 1000)
        return (highest_w * terms.micro[self.code],)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        highest_w, peak_at = self.highest(d, terms)
        measured, rate = Decimal(highest_w).scaleb(-3), terms.rates.values[self.code]
        cap = None if self.load_factor is None else self.cap_kw(d, terms)
        kw = measured if cap is None else min(measured, Decimal(cap))
        capped, names = kw < measured, ", ".join(name for _, name in self.periods)
        return (
            GrossLine(
                code=self.code,
                charge=self.code,
                group=self.group,
                label=self.label,
                quantity=kw,
                unit="kW",
                rate=rate,
                rate_unit=f"{terms.tariff.currency}/kW",
                formula=f"{self._formula(measured, cap, names, d, terms)} x {rate}",
                gross=EXACT.multiply(kw, rate),
                source=self.cited(terms),
                basis=ByEnergy(tuple(range(len(d.energy_wh)))) if capped else ByPeak(self._indexes),
                peak_at=peak_at,
                note=self._cap_note(rate, terms) if capped else "",
            ),
        )

    def highest(self, d: Determinants, terms: "Terms") -> tuple[int, datetime | None]:
        """Highest demand in W, rounded up to whole kW where the tariff does, and when its block began."""
        wh, at = d.peak(self._indexes)
        watts = wh * 60 // terms.tariff.demand_minutes
        return (-(-watts // 1000) * 1000 if self.round_up_kw else watts), at

    def cap_kw(self, d: Determinants, terms: "Terms") -> int:
        """The load-factor cap in whole kW; exact, because the load factor is a fraction and not a float."""
        above, below = self._load_factor_ratio
        return -(-sum(d.energy_wh) * below // (24_000 * terms.month.days * above))

    @cached_property
    def _indexes(self) -> tuple[int, ...]:
        return tuple(p for p, _ in self.periods)

    @cached_property
    def _load_factor_ratio(self) -> tuple[int, int]:
        return (self.load_factor or Decimal(1)).as_integer_ratio()

    def _formula(self, measured: Decimal, cap: int | None, names: str, d: Determinants, terms: "Terms") -> str:
        if cap is None:
            return f"maximum of {terms.tariff.demand_minutes} min in {names}: {plain(measured)} kW"
        hours = f"24 x {terms.month.days} x {self.load_factor}"
        cap_text = f"cap ceil({plain(Decimal(d.total_wh).scaleb(-3))} kWh / ({hours})) = {cap:,}"
        return f"min(maximum in {names} {plain(measured)}, {cap_text}) kW"

    def _cap_note(self, rate: Decimal, terms: "Terms") -> str:
        per_kwh = rate / (24 * terms.month.days * (self.load_factor or Decimal(1)))
        return (
            f"The cap binds: this month the charge acts as {per_kwh:.4f} {terms.tariff.currency} on every kWh, "
            "base hours included, and a lower peak alone would save nothing."
        )
