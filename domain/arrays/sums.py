"""A load reduced to the determinants of all its parts in a handful of passes: the way to bill without sharing.

The compiled year says where a period or a local day begins. Between two such cuts nothing changes, so a year is one sum
and one maximum for each of some 1,500 segments, and the segments of one part and period are then joined.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.arrays.calendar_year import KEPT_YEARS, CalendarYear, Positions
from domain.arrays.load import Int, Load
from domain.determinants import Determinants
from domain.measurement import Quality

POSITION_BITS = 18
"""A year has at most 105,408 blocks of 5 minutes; a block's position stands in the low bits beside its energy."""
LARGEST_WH = 2 ** (62 - POSITION_BITS)


@dataclass(frozen=True, eq=False)
class Segments:
    """What is summed for some parts of a year: cuts (in blocks), and how segments join in groups.

    `order` puts segments of one (part, period) side by side, `joined` are the first of each group in that order, and
    `group_part` and `group_period` say what each group is. `backwards` counts blocks down, so that of equal blocks the
    earliest has the highest code.
    """

    block_cuts: Positions
    order: Positions
    joined: Positions
    group_part: tuple[int, ...]
    group_period: tuple[int, ...]
    backwards: Int


@lru_cache(maxsize=KEPT_YEARS)
def segments(year: CalendarYear, per_block: int, bounds: tuple[int, ...]) -> Segments | None:
    """For parts that meet at `bounds` (intervals of the year). None where a block could lie in two segments."""
    first, end = bounds[0], bounds[-1]
    inside = year.cuts[(year.cuts > first) & (year.cuts < end)]
    if any(bound % per_block for bound in bounds) or (len(inside) and np.any(inside % per_block)):
        return None
    cuts = np.unique(np.concatenate((np.array(bounds[:-1]), inside)))
    period, part = year.period[cuts].astype(np.int64), np.searchsorted(np.array(bounds), cuts, side="right") - 1
    group = part * (int(period.max()) + 1) + period
    order = np.argsort(group, kind="stable")
    joined = np.flatnonzero(np.diff(group[order], prepend=-1))
    chosen = order[joined]
    backwards = np.arange((end - first) // per_block - 1, -1, -1, dtype=np.int64)
    return Segments(
        block_cuts=(cuts - first) // per_block,
        order=order,
        joined=joined,
        group_part=tuple(part[chosen].tolist()),
        group_period=tuple(period[chosen].tolist()),
        backwards=backwards,
    )


def determinants_of_parts(
    load: Load, year: CalendarYear, demand_minutes: int, bounds: tuple[int, ...], periods: int
) -> list[Determinants] | None:
    """Determinants of the parts of a load that meet at `bounds`, intervals of the year that it covers.

    Without gauges. None where blocks do not fit the cuts, or energies are beyond 64 bits beside a position: the caller
    then reduces month by month.
    """
    per_block = demand_minutes // load.step_minutes
    plan = segments(year, per_block, bounds)
    if plan is None:
        return None
    begin = year.index_of(load.start)
    span = slice(bounds[0] - begin, bounds[-1] - begin)
    wh, quality = load.energy_wh[span], load.quality[span]
    block_wh = _block_sums(wh, per_block)
    segment_wh = np.add.reduceat(block_wh, plan.block_cuts)
    if int(segment_wh.max()) >= LARGEST_WH or int(segment_wh.min()) < 0:
        return None
    known = None if not quality.any() else quality != Quality.MISSING
    found = _counted(load, span, bounds, known, periods)
    energy = np.add.reduceat(segment_wh[plan.order], plan.joined)
    coded = np.maximum.reduceat(_coded(block_wh, per_block, plan, known), plan.block_cuts)
    highest = np.maximum.reduceat(coded[plan.order], plan.joined)
    start, block = year.grid.start + year.grid.step * bounds[0], year.grid.step * per_block
    last, mask = len(plan.backwards) - 1, (1 << POSITION_BITS) - 1
    for part, period, energy_wh, code in zip(
        plan.group_part, plan.group_period, energy.tolist(), highest.tolist(), strict=True
    ):
        one = found[part]
        one.energy_wh[period] = energy_wh
        if code >= 0:
            one.peak_wh[period] = code >> POSITION_BITS
            one.peak_at[period] = start + block * (last - (code & mask))
    return found


def _block_sums(wh: Int, per_block: int) -> Int:
    """Energy of each block, in a new array."""
    if per_block == 1:
        return wh.astype(np.int64)
    found: Int = np.add(wh[::per_block], wh[1::per_block], dtype=np.int64)
    for nth in range(2, per_block):
        found += wh[nth::per_block]
    return found


def _coded(block_wh: Int, per_block: int, plan: Segments, known: NDArray[np.bool_] | None) -> Int:
    """Each block's energy above its position counted from the end, in place; -1 where nothing of it is known."""
    block_wh <<= POSITION_BITS
    block_wh |= plan.backwards
    if known is not None:
        block_wh[~known.reshape(-1, per_block).any(axis=1)] = -1
    return block_wh


def _counted(
    load: Load, span: slice, bounds: tuple[int, ...], known: NDArray[np.bool_] | None, periods: int
) -> list[Determinants]:
    """One for each part with its reactive energy and its numbers of intervals, and nothing else yet."""
    firsts = np.array(bounds[:-1]) - bounds[0]
    sizes = [b - a for a, b in pairwise(bounds)]
    counts, estimated = sizes, [0] * len(sizes)
    if known is not None:
        counts = np.add.reduceat(known, firsts, dtype=np.int64).tolist()
        is_estimated = load.quality[span] == Quality.ESTIMATED
        estimated = np.add.reduceat(is_estimated, firsts, dtype=np.int64).tolist()
    found = [Determinants.nothing(periods) for _ in sizes]
    reactive = [None] * len(sizes)
    if load.reactive_varh is not None:
        reactive = np.add.reduceat(load.reactive_varh[span], firsts, dtype=np.int64).tolist()
    for one, varh, count, estimates in zip(found, reactive, counts, estimated, strict=True):
        one.reactive_varh, one.intervals, one.estimated = varh, count, estimates
    return found
