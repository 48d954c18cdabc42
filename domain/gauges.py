"""What some charges need beside energy by period and its highest block: small running states, read from blocks.

A gauge looks at blocks of its own length. One measurement makes one block grow, and the gauge takes the growth
(`see`); a whole month of blocks is reduced at once in `domain.arrays.gauges`, to the same state. A state is a list of
integers, so that it can be stored, carried from day to day, and compared.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isqrt
from typing import Literal, Self

from domain.growth import Gauge, Growth
from domain.register_gauges import RegisterByPeriod, Unmetered
from domain.rolling import RollingPeak

__all__ = [
    "AnyGauge",
    "ChronologicalTiers",
    "Gauge",
    "Growth",
    "IndexedEnergy",
    "PowerFactorExcess",
    "ReactiveByPeriod",
    "ReactiveExcess",
    "RegisterByPeriod",
    "RollingPeak",
    "SquaredExcess",
    "TopBlocks",
    "Unmetered",
    "are_alike",
    "of_a_day",
]


@dataclass(frozen=True, slots=True)
class TopBlocks:
    """The `n` highest blocks of some periods, as (value, UTC start) pairs, highest and then earliest first.

    The value is Wh, or for apparent power the exact square Wh² + varh². `only` limits it to blocks that start at some
    instants (system peaks given as data, UTC seconds).
    """

    minutes: int
    periods: tuple[int, ...]
    n: int = 1
    apparent: bool = False
    only: tuple[int, ...] | None = None
    kind: Literal["top_blocks"] = "top_blocks"

    def empty(self) -> list[int]:
        return []

    def see(self, state: list[int], growth: Growth) -> None:
        if growth.period not in self.periods or (self.only is not None and growth.start_s not in self.only):
            return
        value = self.value(growth.wh, growth.varh)
        pairs = [(-v, at) for v, at in zip(state[::2], state[1::2], strict=True) if at != growth.start_s]
        pairs = sorted([*pairs, (-value, growth.start_s)])[: self.n]
        state[:] = [number for negative, at in pairs for number in (-negative, at)]

    def value(self, wh: int, varh: int) -> int:
        return wh * wh + varh * varh if self.apparent else wh

    def pairs(self, state: list[int]) -> list[int]:
        """The highest blocks: value and UTC start by turns."""
        return state


@dataclass(frozen=True, slots=True)
class SquaredExcess:
    """Sum over the blocks of one period of (mean W - limit)², where it is above the limit; W², exactly."""

    minutes: int
    period: int
    limit_w: int
    kind: Literal["squared_excess"] = "squared_excess"

    def empty(self) -> list[int]:
        return [0]

    def see(self, state: list[int], growth: Growth) -> None:
        if growth.period == self.period:
            state[0] += self.square(growth.wh) - (self.square(growth.wh_before) if growth.known_before else 0)

    def square(self, wh: int) -> int:
        excess = wh * (60 // self.minutes) - self.limit_w
        return excess * excess if excess > 0 else 0


@dataclass(frozen=True, slots=True)
class ReactiveExcess:
    """Sum by period of varh beyond a share (`above`/`below`) of Wh, block by block; in 1/`below` varh.

    Inductive varh, or `capacitive`.
    """

    minutes: int
    periods: tuple[int, ...]
    above: int
    below: int
    capacitive: bool = False
    kind: Literal["reactive_excess"] = "reactive_excess"

    def empty(self) -> list[int]:
        return [0]

    def see(self, state: list[int], growth: Growth) -> None:
        if growth.period in self.periods:
            varh_before, varh = growth.varh_before, growth.varh
            if self.capacitive:
                varh_before, varh = (of.of("capacitive_varh") for of in (growth.extra_before, growth.extra))
            before = self.excess(growth.wh_before, varh_before) if growth.known_before else 0
            state[0] += self.excess(growth.wh, varh) - before

    def excess(self, wh: int, varh: int) -> int:
        return max(0, varh * self.below - wh * self.above)


@dataclass(frozen=True, slots=True)
class PowerFactorExcess:
    """Sum over blocks of E x (reference / f - 1), where the block's power factor f is under the reference; in mWh.

    With f = E / sqrt(E² + Q²) that is reference x sqrt(E² + Q²) - E. Each block is cut to a whole mWh.
    `peak` keeps instead the highest block of the same figure, D x reference / f, with its UTC start.
    Blocks that start in `capacitive_s`, pairs of UTC seconds `[from, to)` in order, count capacitive varh, and not
    inductive as the others do.
    """

    minutes: int
    periods: tuple[int, ...]
    reference_percent: int
    peak: bool = False
    capacitive_s: tuple[int, ...] = ()
    kind: Literal["power_factor_excess"] = "power_factor_excess"

    def empty(self) -> list[int]:
        return [] if self.peak else [0]

    def see(self, state: list[int], growth: Growth) -> None:
        if growth.period not in self.periods:
            return
        varh_before, varh = growth.varh_before, growth.varh
        if self.is_capacitive(growth.start_s):
            varh_before, varh = (of.of("capacitive_varh") for of in (growth.extra_before, growth.extra))
        if not self.peak:
            before = self.excess_mwh(growth.wh_before, varh_before) if growth.known_before else 0
            state[0] += self.excess_mwh(growth.wh, varh) - before
            return
        value = self.asked_mwh(growth.wh, varh)
        rivals = [(-value, growth.start_s)]
        if state and state[1] != growth.start_s:
            rivals.append((-state[0], state[1]))
        best = min(rivals)
        state[:] = [-best[0], best[1]]

    def is_capacitive(self, start_s: int) -> bool:
        return bisect_right(self.capacitive_s, start_s) % 2 == 1

    def asked_mwh(self, wh: int, varh: int) -> int:
        """E x reference / f in mWh: the energy that the apparent energy would carry at the reference."""
        return isqrt((wh * wh + varh * varh) * (self.reference_percent * 10) ** 2)

    def excess_mwh(self, wh: int, varh: int) -> int:
        return max(0, self.asked_mwh(wh, varh) - wh * 1000)


@dataclass(frozen=True, slots=True)
class ReactiveByPeriod:
    """Reactive energy of each period, varh."""

    count: int
    minutes: int = 0
    kind: Literal["reactive_by_period"] = "reactive_by_period"

    def empty(self) -> list[int]:
        return [0] * self.count

    def see(self, state: list[int], growth: Growth) -> None:
        state[growth.period] += growth.varh - growth.varh_before


@dataclass(frozen=True, slots=True)
class ChronologicalTiers:
    """Energy by tier and period, where the energy of the month so far decides the tier; Wh, tier after tier.

    Only `counted` periods climb; a measurement that crosses a limit is split there. `limits_wh` are the upper limits of
    all tiers but the last. The order of arrival matters: the close adds up in the order of time.
    """

    periods: int
    counted: tuple[int, ...]
    limits_wh: tuple[int, ...]
    minutes: int = 0
    kind: Literal["chronological_tiers"] = "chronological_tiers"

    def empty(self) -> list[int]:
        return [0] * (self.periods * (len(self.limits_wh) + 1))

    def see(self, state: list[int], growth: Growth) -> None:
        if growth.period not in self.counted:
            return
        used, left = sum(state), growth.wh - growth.wh_before
        for tier, limit in enumerate((*self.limits_wh, None)):
            part = left if limit is None else min(left, max(0, limit - used))
            state[tier * self.periods + growth.period] += part
            used, left = used + part, left - part


@dataclass(frozen=True, slots=True)
class IndexedEnergy:
    """Energy at a price of its own in each block: [nano-currency, Wh without a price, their first UTC start].

    Energy drawn, or `exported`. `prices_micro` holds the micro-currency per kWh of consecutive blocks from `start_s`
    on, None where no price is published. They are no part of its hash: terms look their gauges up for every
    measurement.
    """

    minutes: int
    start_s: int
    prices_micro: tuple[int | None, ...] = field(hash=False)
    exported: bool = False
    kind: Literal["indexed_energy"] = "indexed_energy"

    def empty(self) -> list[int]:
        return [0, 0, 0]

    def see(self, state: list[int], growth: Growth) -> None:
        grown = growth.grown("export_wh") if self.exported else growth.wh - growth.wh_before
        price = self.price_at(growth.start_s)
        if price is not None:
            state[0] += grown * price
        elif grown:
            state[1] += grown
            state[2] = growth.start_s if not state[2] else min(state[2], growth.start_s)

    def price_at(self, start_s: int) -> int | None:
        index = (start_s - self.start_s) // (self.minutes * 60)
        return self.prices_micro[index] if 0 <= index < len(self.prices_micro) else None

    def between(self, start_s: int, end_s: int) -> Self:
        """The same with the prices of the blocks of `[start_s, end_s)` alone."""
        step_s = self.minutes * 60
        first = max(0, (start_s - self.start_s) // step_s)
        end = max(first, -((self.start_s - end_s) // step_s))
        return replace(self, start_s=self.start_s + first * step_s, prices_micro=self.prices_micro[first:end])


AnyGauge = (
    TopBlocks
    | RollingPeak
    | SquaredExcess
    | ReactiveExcess
    | PowerFactorExcess
    | ReactiveByPeriod
    | RegisterByPeriod
    | Unmetered
    | ChronologicalTiers
    | IndexedEnergy
)


def of_a_day(gauges: Sequence[AnyGauge], start_s: int, end_s: int) -> tuple[AnyGauge, ...]:
    """The gauges as a day `[start_s, end_s)` keeps them: with its own prices, not with those of a month."""
    return tuple(one.between(start_s, end_s) if isinstance(one, IndexedEnergy) else one for one in gauges)


def are_alike(gauges: Sequence[AnyGauge], others: Sequence[AnyGauge]) -> bool:
    """Whether their states mean the same: all is equal but the prices, which become known day by day."""
    return len(gauges) == len(others) and all(map(_is_alike, gauges, others))


def _is_alike(one: AnyGauge, other: AnyGauge) -> bool:
    if isinstance(one, IndexedEnergy) and isinstance(other, IndexedEnergy):
        return (one.minutes, one.exported) == (other.minutes, other.exported)
    return one == other
