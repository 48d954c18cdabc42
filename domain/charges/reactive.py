"""Reactive energy beyond a share of active energy, by month, period or hour: inductive, or capacitive."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from domain.bill import ByEnergy, GrossLine
from domain.charges.charge import Accrual, Named
from domain.determinants import Determinants
from domain.errors import BadReadings
from domain.gauges import AnyGauge, ReactiveByPeriod, ReactiveExcess, RegisterByPeriod, Unmetered
from domain.money import EXACT, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms

CAPACITIVE = Unmetered("capacitive_varh")


@dataclass(frozen=True, slots=True)
class ReactiveStep:
    """The rate that holds from a power factor (percent) on: `key` is its last part, as in `code.key`."""

    from_percent: Decimal
    key: str


def _reaches(scaled_wh2: int, square: int, percent: Decimal) -> bool:
    above, below = percent.as_integer_ratio()
    return scaled_wh2 * below * below >= square * above * above


@dataclass(frozen=True)
class ReactiveEnergy(Named):
    """kvarh beyond `ratio_percent` of kWh x a rate that steps with the power factor, compared by `per`:

    month   once, on the sums of the periods          period   each period alone, a line each
    hour    each hour alone, the excess added up (`steps` has then one entry)
    Steps go from the highest power factor down; the first that the power factor reaches gives the rate.
    Each part of a month is compared alone, as Spain does for each meter that a bill was measured with.
    `capacitive` counts capacitive kvarh instead of inductive (Spain, period 6).
    """

    periods: tuple[tuple[int, str], ...]
    ratio_percent: Decimal
    per: Literal["month", "period", "hour"]
    steps: tuple[ReactiveStep, ...]
    capacitive: bool = False

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods) if self.per == "period" else (self.code,)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{step.key}" for step in self.steps)

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        own = self._gauge(terms)
        return (own, CAPACITIVE) if self.capacitive else (own,)

    accrues = Accrual.NOTHING

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return tuple(0 for _ in self.line_codes)  # the ratio of a month is known at its close

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        if self.capacitive:
            self.check_register(d, terms, "capacitive_varh")
        elif d.reactive_varh is None:
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
        kind = "capacitive kvarh" if self.capacitive else "kvarh"
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
            formula=f"{plain(kvarh)} {kind} beyond {self.ratio_percent} % of the kWh of {words} x {rate}",
            gross=EXACT.multiply(kvarh, rate),
            source=self.cited(terms),
            basis=ByEnergy(indexes or tuple(p for p, _ in self.periods)),
        )
        return (line,)

    def _step(self, wh: int, varh: int) -> ReactiveStep | None:
        """The step that the power factor reaches; compared by squares, because a factor of 0.79999 is not 0.80."""
        square = wh * wh + varh * varh
        return next((step for step in self.steps if _reaches(10_000 * wh * wh, square, step.from_percent)), None)

    @property
    def _below(self) -> int:
        return (self.ratio_percent / 100).as_integer_ratio()[1]

    def _gauge(self, terms: "Terms") -> AnyGauge:
        if self.per == "hour":
            above, below = (self.ratio_percent / 100).as_integer_ratio()
            return ReactiveExcess(60, tuple(p for p, _ in self.periods), above, below, self.capacitive)
        if self.capacitive:
            return RegisterByPeriod("capacitive_varh", len(terms.tariff.periods))
        return ReactiveByPeriod(len(terms.tariff.periods))
