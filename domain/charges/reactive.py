"""Reactive energy beyond a share of active energy, by month, period or hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from domain.bill import BillLine, ByEnergy, GrossLine
from domain.charges.charge import Named
from domain.charges.power_factor import power_factor_percent
from domain.determinants import Determinants
from domain.errors import BadReadings
from domain.gauges import AnyGauge, PowerFactorExcess, ReactiveByPeriod, ReactiveExcess
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True, slots=True)
class ReactiveStep:
    """The rate that holds from a power factor (percent) on: `key` is its last part, as in `code.key`."""

    from_percent: Decimal
    key: str


@dataclass(frozen=True)
class ReactiveEnergy(Named):
    """kvarh beyond `ratio_percent` of kWh x a rate that steps with the power factor, compared by `per`:

    month   once, on the sums of the periods          period   each period alone, a line each
    hour    each hour alone, the excess added up (`steps` has then one entry)
    Steps go from the highest power factor down; the first that the power factor reaches gives the rate.
    Each part of a month is compared alone, as Spain does for each meter that a bill was measured with.
    """

    periods: tuple[tuple[int, str], ...]
    ratio_percent: Decimal
    per: Literal["month", "period", "hour"]
    steps: tuple[ReactiveStep, ...]

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods) if self.per == "period" else (self.code,)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{step.key}" for step in self.steps)

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (self._gauge(terms),)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return tuple(0 for _ in self.line_codes)  # the ratio of a month is known at its close

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        if d.reactive_varh is None:
            raise BadReadings(
                f"tariff {terms.tariff.id} charges reactive energy, but there is none in {terms.month}; "
                "name its column with --reactive-column"
            )
        state = terms.gauge(d, self._gauge(terms))
        if self.per == "hour":
            return self._lines(self.code, Decimal(state[0]) / self._below, self.steps[0], "each hour", terms)
        if self.per == "period":
            pairs = [(f"{self.code}.{name}", [p], name) for p, name in self.periods]
        else:
            pairs = [(self.code, [p for p, _ in self.periods], "the month")]
        found: list[GrossLine] = []
        for code, indexes, words in pairs:
            wh, varh = sum(d.energy_wh[p] for p in indexes), sum(state[p] for p in indexes)
            step = self._step(wh, varh)
            excess = max(Decimal(0), Decimal(varh) - Decimal(wh) * self.ratio_percent / 100)
            if step is not None:
                found += self._lines(code, excess, step, words, terms, tuple(indexes))
        return tuple(found)

    def _lines(
        self,
        code: str,
        excess_varh: Decimal,
        step: ReactiveStep,
        words: str,
        terms: "Terms",
        indexes: tuple[int, ...] = (),
    ) -> tuple[GrossLine, ...]:
        if not excess_varh:
            return ()
        kvarh, rate = excess_varh.scaleb(-3), terms.rates.values[f"{self.code}.{step.key}"]
        line = GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=self.label if code == self.code else f"{self.label}, {words}",
            quantity=kvarh,
            unit="kvarh",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kvarh",
            formula=f"{plain(kvarh)} kvarh beyond {self.ratio_percent} % of the kWh of {words} x {rate}",
            gross=EXACT.multiply(kvarh, rate),
            source=self.cited(terms),
            basis=ByEnergy(indexes or tuple(p for p, _ in self.periods)),
        )
        return (line,)

    def _step(self, wh: int, varh: int) -> ReactiveStep | None:
        factor = power_factor_percent(wh, varh) if wh or varh else Decimal(100)
        return next((step for step in self.steps if factor >= step.from_percent), None)

    @property
    def _below(self) -> int:
        return (self.ratio_percent / 100).as_integer_ratio()[1]

    def _gauge(self, terms: "Terms") -> AnyGauge:
        if self.per == "hour":
            above, below = (self.ratio_percent / 100).as_integer_ratio()
            return ReactiveExcess(60, tuple(p for p, _ in self.periods), above, below)
        return ReactiveByPeriod(len(terms.tariff.periods))


@dataclass(frozen=True)
class PowerFactorEnergy(Named):
    """Energy that a poor power factor displaces: sum over hours of E x (reference / f - 1) x a rate (Brazil, ERE)."""

    periods: tuple[tuple[int, str], ...]
    reference_percent: int
    minutes: int = 60

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (self._gauge,)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (terms.gauge(d, self._gauge)[0] * terms.micro[self.code] // 1000,)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        self.check_reactive(d, terms)
        kwh, rate = Decimal(terms.gauge(d, self._gauge)[0]).scaleb(-6), terms.rates.values[self.code]
        if not kwh:
            return ()
        line = GrossLine(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            quantity=kwh,
            unit="kWh",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kWh",
            formula=f"sum of kWh x ({self.reference_percent} % / power factor - 1) = {plain(kwh)} kWh x {rate}",
            gross=EXACT.multiply(kwh, rate),
            source=self.cited(terms),
            basis=ByEnergy(tuple(p for p, _ in self.periods)),
        )
        return (line,)

    @property
    def _gauge(self) -> PowerFactorExcess:
        return PowerFactorExcess(self.minutes, tuple(p for p, _ in self.periods), self.reference_percent)
