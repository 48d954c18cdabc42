"""Power-factor adjustment: a bonus for a good power factor, a penalty for a poor one, by a dated threshold.

FP % = 100 x kWh / sqrt(kWh² + kVArh²), 2 decimals. Under the threshold F the bill grows by slope x (F/FP - 1), from F
on it shrinks by slope x (1 - F/FP), each up to a cap, in percent rounded before it meets the money. Mexico, CFE: 3/5
and at most 120 %; 1/4 and at most 2.5 %; one decimal.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from math import isqrt
from typing import TYPE_CHECKING

from domain.bill import BillLine
from domain.charges.charge import Ask, OfLines
from domain.charges.percentage import base_of, by_lines, percent_heading
from domain.determinants import Determinants
from domain.errors import BadReadings, NoPriceInForce
from domain.heading import Figures, FiguresAtRate, Told, Worked
from domain.money import EXACT, Rounding

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class Slopes:
    """How steep penalty and bonus are, and their caps, in percent; decimals of the percent that results."""

    penalty_percent: Decimal = Decimal(60)
    penalty_at_most: Decimal = Decimal(120)
    bonus_percent: Decimal = Decimal(25)
    bonus_at_most: Decimal = Decimal("2.5")
    percent_places: int = 1

    @cached_property
    def rounded(self) -> Callable[[Decimal], Decimal]:
        """The percent that results, halves away from zero."""
        return Rounding(self.percent_places).rule


CFE, ONE = Slopes(), Decimal(1)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Power factor (percent) asked from a date on, where the contracted demand is at least so many kW."""

    valid_from: date
    percent: Decimal
    contracted_kw_at_least: Decimal
    source: str


@dataclass(frozen=True)
class PowerFactorAdjustment(OfLines):
    """The adjustment as one line: positive for a penalty, negative for a bonus, on the lines of `base`.

    The threshold is one of `thresholds`, or where there are none the percentage `code.threshold` of the rates.
    """

    thresholds: tuple[Threshold, ...] = ()
    slopes: Slopes = CFE

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.threshold(terms).percent

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return () if self.thresholds else (f"{self.code}.threshold",)

    def prepared(self, terms: "Terms") -> Ask:
        heading, asked = percent_heading(self, terms, Decimal(0)), cache(lambda: self.threshold(terms).percent)

        def lines(d: Determinants, so_far: Sequence[Worked]) -> list[Figures]:
            if d.reactive_varh is None:
                raise BadReadings(
                    f"tariff {terms.tariff.id} adjusts by power factor, but there is no reactive energy in "
                    f"{terms.month}; name its column with --reactive-column"
                )
            wh = sum(d.energy_wh)
            if wh == 0:
                return []
            threshold, factor, amount = asked(), power_factor_percent(wh, d.reactive_varh), base_of(self.base, so_far)
            percent = bonus_or_penalty_percent(factor, threshold, self.slopes)
            gross = EXACT.multiply(amount, percent).scaleb(-2)

            def words(_: BillLine) -> Told:
                formula = f"power factor {factor} %, threshold {threshold} %: {amount:,f} x {percent} %"
                return {"formula": formula, "basis": by_lines(self.base, before)}

            before = tuple(so_far)
            return [FiguresAtRate(heading, (amount, percent, gross), words)]

        return lines

    def threshold(self, terms: "Terms") -> Threshold:
        """The strictest in force on the first day of the month for this contract. Raises `NoPriceInForce`.

        The month has one power factor, so a threshold that changes within it counts from the next one on.
        """
        if not self.thresholds:
            rates = terms.rates
            return Threshold(rates.valid_from, rates.values[f"{self.code}.threshold"], Decimal(0), rates.source)
        dated = [t for t in self.thresholds if t.valid_from <= terms.month.first]
        sized = [t for t in dated if not t.contracted_kw_at_least or self._is_at_least(t, terms)]
        if not sized:
            raise NoPriceInForce(f"tariff {terms.tariff.id}: no power-factor threshold is in force in {terms.month}")
        return max(sized, key=lambda threshold: threshold.percent)

    def _is_at_least(self, threshold: Threshold, terms: "Terms") -> bool:
        return terms.contract.kw("all", self.label) >= threshold.contracted_kw_at_least


@dataclass(frozen=True)
class PowerFactorSteps(OfLines):
    """A percentage of other lines for each 0.01, or fraction of it, of power factor under a threshold (Chile).

    Percent: `code` for each step; `threshold_percent` is the power factor that costs nothing.
    With `bonus_up_to_percent` the power factor is rounded to whole percent, halves up, and each of them over the
    threshold, up to that one, takes off what each under it adds (Taiwan: 0.1 % around 80 %, up to 95 %).
    """

    threshold_percent: Decimal
    bonus_up_to_percent: Decimal | None = None

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return (self.code,)

    def settled_by(self, terms: "Terms") -> Hashable:
        return self.rates_of(terms)

    def prepared(self, terms: "Terms") -> Ask:
        heading, asked = percent_heading(self, terms, terms.rates.values[self.code]), self.threshold_percent

        def lines(d: Determinants, so_far: Sequence[Worked]) -> list[Figures]:
            if d.reactive_varh is None:
                raise BadReadings(
                    f"tariff {terms.tariff.id} charges a poor power factor, but {terms.month} has no reactive energy; "
                    "name its column with --reactive-column"
                )
            wh, varh = d.total_wh, d.reactive_varh
            steps = self._steps(wh, varh) if wh else 0
            if not steps:
                return []
            amount, percent = base_of(self.base, so_far), steps * heading.rate
            gross = EXACT.multiply(amount, percent).scaleb(-2)

            def words(_: BillLine) -> Told:
                factor = power_factor_percent(wh, varh)
                where = f"{steps} steps under" if steps > 0 else f"{-steps} steps over"
                formula = f"power factor {factor} %, {where} {asked} %: {amount:,f} x {percent} %"
                return {"formula": formula, "basis": by_lines(self.base, before)}

            before = tuple(so_far)
            return [FiguresAtRate(heading, (amount, percent, gross), words)]

        return lines

    def _steps(self, active_wh: int, reactive_varh: int) -> Decimal | int:
        """Under the threshold; over it less than nothing."""
        if self.bonus_up_to_percent is None:
            return _steps_under(self.threshold_percent, active_wh, reactive_varh)
        return self.threshold_percent - min(power_factor_percent(active_wh, reactive_varh, 0), self.bonus_up_to_percent)


def _steps_under(threshold_percent: Decimal, active_wh: int, reactive_varh: int) -> int:
    """Whole percent points under the threshold, a fraction counting as one; the power factor is not rounded first."""
    apparent = EXACT.sqrt(Decimal(active_wh * active_wh + reactive_varh * reactive_varh))
    missing = threshold_percent - EXACT.divide(Decimal(100 * active_wh), apparent)
    return max(0, int(missing.to_integral_value("ROUND_CEILING")))


def power_factor_percent(active_wh: int, reactive_varh: int, places: int = 2) -> Decimal:
    """100 x kWh / sqrt(kWh² + kVArh²), rounded half up to some decimals."""
    apparent_squared = active_wh * active_wh + reactive_varh * reactive_varh
    doubled = isqrt((200 * 10**places * active_wh) ** 2 // apparent_squared)
    return Decimal((doubled + 1) // 2).scaleb(-places)  # half up in integers: exact, and no root of sixty digits


def bonus_or_penalty_percent(factor: Decimal, threshold: Decimal, slopes: Slopes = CFE) -> Decimal:
    """Percent of the bill to add (penalty, > 0) or take off (bonus, < 0), rounded half up."""
    if not factor:
        return slopes.penalty_at_most if threshold else Decimal(0)
    if factor < threshold:
        percent = min(slopes.penalty_percent * (threshold / factor - ONE), slopes.penalty_at_most)
    else:
        percent = -min(slopes.bonus_percent * (ONE - threshold / factor), slopes.bonus_at_most)
    return slopes.rounded(percent)
