"""Gauges over a whole month of blocks at once, to the same integers that one measurement at a time adds up to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.arrays.determinants import MonthOfLoad
from domain.arrays.load import Int, Load, Periods
from domain.gauges import (
    AnyGauge,
    ChronologicalTiers,
    IndexedEnergy,
    PowerFactorExcess,
    ReactiveByPeriod,
    ReactiveExcess,
    RegisterByPeriod,
    RollingPeak,
    SquaredExcess,
    TopBlocks,
    Unmetered,
)
from domain.measurement import ExtraRegister

LARGEST_SAFE = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Blocks of one length with at least one known interval: Wh, varh, period, UTC start in seconds.

    `extra` has the registers that not every meter has, and only those that are metered.
    """

    wh: Int
    varh: Int
    period: Periods
    start_s: Int
    extra: Mapping[ExtraRegister, Int]

    def of(self, periods: tuple[int, ...]) -> "Blocks":
        """Those of some periods."""
        return self.where(np.isin(self.period, periods))

    def where(self, chosen: NDArray[np.bool_]) -> "Blocks":
        extra = {name: energy[chosen] for name, energy in self.extra.items()}
        return Blocks(self.wh[chosen], self.varh[chosen], self.period[chosen], self.start_s[chosen], extra)

    def of_register(self, register: ExtraRegister) -> Int:
        """Wh or varh, 0 where it is not metered."""
        return self.extra.get(register, np.zeros_like(self.wh))


def read_gauges(load: Load, month: MonthOfLoad, gauges: tuple[AnyGauge, ...]) -> None:
    """Put the states of all gauges into the month's determinants."""
    by_minutes: dict[int, Blocks] = {}
    for gauge in gauges:
        if gauge.minutes not in by_minutes:
            by_minutes[gauge.minutes] = blocks_of(load, month, gauge.minutes)
        month.determinants.gauges.append(read(gauge, by_minutes[gauge.minutes]))


def blocks_of(load: Load, month: MonthOfLoad, minutes: int) -> Blocks:
    """The month's blocks of a length (0: its intervals), counted from the first local midnight of the month."""
    number, cuts = block_numbers(load, month, minutes)
    length_s, midnight_s = max(minutes, load.step_minutes) * 60, int(month.month.start_utc.timestamp())
    varh = np.zeros_like(month.energy_wh) if load.reactive_varh is None else load.reactive_varh[month.span]
    found = Blocks(
        np.add.reduceat(month.energy_wh, cuts),
        np.add.reduceat(varh, cuts),
        month.period[cuts],
        midnight_s + number[cuts] * length_s,
        {name: np.add.reduceat(energy[month.span], cuts) for name, energy in _metered(load)},
    )
    return found.where(np.logical_or.reduceat(month.known, cuts))


def block_numbers(load: Load, month: MonthOfLoad, minutes: int) -> tuple[Int, Int]:
    """The block of each interval, counted from the first local midnight of the month; where each block begins."""
    step_s = load.step_minutes * 60
    first_s = int(load.start.timestamp()) + month.span.start * step_s
    started = first_s + np.arange(len(month.energy_wh), dtype=np.int64) * step_s
    number = (started - int(month.month.start_utc.timestamp())) // max(minutes * 60, step_s)
    return number, np.flatnonzero(np.diff(number, prepend=-1))


def _metered(load: Load) -> Iterator[tuple[ExtraRegister, Int]]:
    if load.export_wh is not None:
        yield "export_wh", load.export_wh
    if load.capacitive_varh is not None:
        yield "capacitive_varh", load.capacitive_varh


def read(gauge: AnyGauge, blocks: Blocks) -> list[int]:  # noqa: PLR0911  # one answer for each kind of gauge
    """The state of a gauge after all blocks."""
    match gauge:
        case TopBlocks():
            return _top_blocks(gauge, blocks)
        case RollingPeak():
            return _rolling(gauge, blocks)
        case SquaredExcess():
            of = blocks.of((gauge.period,))
            excess = np.maximum(of.wh * (60 // gauge.minutes) - gauge.limit_w, 0)
            return [exact_sum_of_products(excess, excess)]
        case ReactiveExcess():
            of = blocks.of(gauge.periods)
            varh = of.of_register("capacitive_varh") if gauge.capacitive else of.varh
            return [_excess(gauge, of.wh, varh)]
        case PowerFactorExcess():
            return _power_factor(gauge, blocks.of(gauge.periods))
        case ReactiveByPeriod():
            return [int(blocks.varh[blocks.period == p].sum()) for p in range(gauge.count)]
        case RegisterByPeriod():
            energy = blocks.of_register(gauge.register)
            return [int(energy[blocks.period == p].sum()) for p in range(gauge.count)]
        case Unmetered():
            return [0 if gauge.register in blocks.extra else len(blocks.wh)]
        case ChronologicalTiers():
            return _tiers(gauge, blocks.of(gauge.counted))
        case IndexedEnergy():
            return _indexed(gauge, blocks)


def exact_sum_of_products(a: Int, b: Int) -> int:
    """Sum of a[i] x b[i], exactly: in 64 bits where they suffice, in Python's integers where not."""
    if len(a) == 0 or int(np.abs(a).max()) * int(np.abs(b).max()) * len(a) < LARGEST_SAFE:
        return int((a * b).sum())
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def _top_blocks(gauge: TopBlocks, blocks: Blocks) -> list[int]:
    chosen = blocks.of(gauge.periods)
    if gauge.only is not None:
        chosen = chosen.where(np.isin(chosen.start_s, gauge.only))
    if gauge.apparent:
        values: NDArray[Any] = _squares(chosen.wh, chosen.varh)
    else:
        values = chosen.wh
    order = sorted(range(len(values)), key=lambda i: (-values[i], chosen.start_s[i]))[: gauge.n] if len(values) else []
    return [number for i in order for number in (int(values[i]), int(chosen.start_s[i]))]


def _rolling(gauge: RollingPeak, blocks: Blocks) -> list[int]:
    """A window ends with each known interval; running totals give its sum, and its first known interval its start."""
    if len(blocks.wh) == 0:
        return []
    window_s = gauge.window_minutes * 60
    first = np.searchsorted(blocks.start_s, blocks.start_s - window_s, side="right")
    wh, varh = (np.cumsum(of) - np.concatenate([[0], np.cumsum(of)])[first] for of in (blocks.wh, blocks.varh))
    ends = np.flatnonzero(np.isin(blocks.period, gauge.periods))
    state = [-1, 0]
    if len(ends):
        values = wh[ends] if not gauge.apparent else _squares(wh[ends], varh[ends])
        highest = int(np.argmax(values))
        state = [int(values[highest]), int(blocks.start_s[first[ends[highest]]])]
    ring = slice(int(first[-1]), None)
    rows = (blocks.start_s[ring], blocks.period[ring], blocks.wh[ring], blocks.varh[ring])
    return state + [int(number) for row in zip(*(of.tolist() for of in rows), strict=True) for number in row]


def _squares(wh: Int, varh: Int) -> NDArray[np.object_]:
    """Wh² + varh² in Python's integers: a square may exceed 64 bits."""
    return np.array([w * w + q * q for w, q in zip(wh.tolist(), varh.tolist(), strict=True)], dtype=object)


def _excess(gauge: ReactiveExcess, wh: Int, varh: Int) -> int:
    """In 64 bits where they suffice, in Python's integers where not."""
    largest = max(int(varh.max(initial=0)) * gauge.below, int(wh.max(initial=0)) * gauge.above)
    if largest * len(wh) < LARGEST_SAFE:
        return int(np.maximum(varh * gauge.below - wh * gauge.above, 0).sum())
    return sum(gauge.excess(w, q) for w, q in zip(wh.tolist(), varh.tolist(), strict=True))


def _power_factor(gauge: PowerFactorExcess, of: Blocks) -> list[int]:
    capacitive = np.searchsorted(np.array(gauge.capacitive_s, dtype=np.int64), of.start_s, side="right") % 2 == 1
    varh = np.where(capacitive, of.of_register("capacitive_varh"), of.varh)
    asked = [gauge.asked_mwh(w, q) for w, q in zip(of.wh.tolist(), varh.tolist(), strict=True)]
    if not gauge.peak:
        return [sum(max(0, a - w * 1000) for a, w in zip(asked, of.wh.tolist(), strict=True))]
    if not asked:
        return []
    best, at = min(zip((-a for a in asked), of.start_s.tolist(), strict=True))
    return [-best, at]


def _tiers(gauge: ChronologicalTiers, blocks: Blocks) -> list[int]:
    """Each interval's energy is cut at the limits that the running total crosses inside it."""
    after = np.cumsum(blocks.wh)
    before = after - blocks.wh
    state: list[int] = []
    lower = 0
    for upper in (*gauge.limits_wh, LARGEST_SAFE):
        part = np.clip(after, lower, upper) - np.clip(before, lower, upper)
        state += [int(part[blocks.period == p].sum()) for p in range(gauge.periods)]
        lower = upper
    return state


def _indexed(gauge: IndexedEnergy, blocks: Blocks) -> list[int]:
    index = (blocks.start_s - gauge.start_s) // (gauge.minutes * 60)
    inside = (index >= 0) & (index < len(gauge.prices_micro))
    prices = np.array([0 if price is None else price for price in gauge.prices_micro], dtype=np.int64)
    published = np.array([price is not None for price in gauge.prices_micro])
    priced = inside.copy()
    priced[inside] = published[index[inside]]
    wh = blocks.of_register("export_wh") if gauge.exported else blocks.wh
    without = ~priced & (wh > 0)
    first = int(blocks.start_s[without].min()) if without.any() else 0
    return [exact_sum_of_products(wh[priced], prices[index[priced]]), int(wh[without].sum()), first]
