"""A load reduced to the determinants of all its parts in a handful of passes: the way to bill without sharing.

The compiled year says where a period or a local day begins. Between two such cuts nothing changes, so a year is one sum
and one maximum for each of some 1,500 segments, and the segments of one part and period are then joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

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

    `firsts` are the first intervals of the parts, `sizes` how many they have; `order` puts segments of one (part,
    period) side by side, `joined` are the first of each group in that order, and `group_part` and `group_period` say
    what each group is. `backwards` counts blocks down, so that of equal blocks the earliest has the highest code.
    """

    firsts: Positions
    sizes: tuple[int, ...]
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
        firsts=np.array(bounds[:-1]) - first,
        sizes=tuple(b - a for a, b in pairwise(bounds)),
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
    parts = len(plan.sizes)
    energy_wh, peak_wh = ([[0] * periods for _ in range(parts)] for _ in range(2))
    peak_at: list[list[datetime | None]] = [[None] * periods for _ in range(parts)]
    energy = np.add.reduceat(segment_wh[plan.order], plan.joined)
    coded = np.maximum.reduceat(_coded(block_wh, per_block, plan, known), plan.block_cuts)
    highest = np.maximum.reduceat(coded[plan.order], plan.joined)
    start, block = year.grid.start + year.grid.step * bounds[0], year.grid.step * per_block
    last, mask = len(plan.backwards) - 1, (1 << POSITION_BITS) - 1
    groups = zip(plan.group_part, plan.group_period, energy.tolist(), highest.tolist(), strict=True)
    for part, period, wh_of_group, code in groups:
        energy_wh[part][period] = wh_of_group
        if code >= 0:
            peak_wh[part][period] = code >> POSITION_BITS
            peak_at[part][period] = start + block * (last - (code & mask))
    counted = _counted(load, span, plan, known)
    return list(map(Determinants, energy_wh, counted.varh, peak_wh, peak_at, counted.known, counted.estimated))


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


class Counted(NamedTuple):
    """Of each part its reactive energy, and how many of its intervals are known and estimated."""

    varh: Sequence[int | None]
    known: Sequence[int]
    estimated: Sequence[int]


def _counted(load: Load, span: slice, plan: Segments, known: NDArray[np.bool_] | None) -> Counted:
    counts: Sequence[int] = plan.sizes
    estimated: Sequence[int] = [0] * len(counts)
    if known is not None:
        counts = _of_parts(known, plan)
        estimated = _of_parts(load.quality[span] == Quality.ESTIMATED, plan)
    if load.reactive_varh is None:
        return Counted([None] * len(counts), counts, estimated)
    return Counted(_of_parts(load.reactive_varh[span], plan), counts, estimated)


def _of_parts(each: NDArray[np.bool_] | Int, plan: Segments) -> list[int]:
    """The sum of each part."""
    found: list[int] = np.add.reduceat(each, plan.firsts, dtype=np.int64).tolist()
    return found
