"""A load reduced to the determinants of each part of its billing months: the fast way to add what charges multiply."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from domain.arrays.load import Int, Load, Periods
from domain.determinants import Determinants
from domain.measurement import Quality
from domain.tariff import Tariff
from domain.terms import BillingMonth, Part


@dataclass(frozen=True, slots=True, eq=False)
class MonthOfLoad:
    """What a load has of a billing month or of a part of it: views of its arrays, its demand blocks, its determinants.

    `span` is its slice of the load, which may be empty; `block_wh` and `block_period` are per demand block, `block_of`
    gives the block of each interval. Blocks are counted from the month's first local midnight.
    """

    month: BillingMonth
    span: slice
    energy_wh: Int
    period: Periods
    known: np.ndarray[tuple[int], np.dtype[np.bool_]]
    block_of: Int
    block_wh: Int
    block_period: Periods
    determinants: Determinants
    load: Load


def billing_months(load: Load, zone: ZoneInfo) -> Iterator[BillingMonth]:
    """The billing months that a load touches, in order."""
    month = BillingMonth.of(load.start, zone)
    while month.start_utc < load.end:
        yield month
        month = month.next()


def months_of(load: Load, period: Periods, tariff: Tariff, zone: ZoneInfo) -> Iterator[MonthOfLoad]:
    """The billing months that a load touches, each whole, in order."""
    for month in billing_months(load, zone):
        yield part_of_load(load, period, tariff, Part.whole(month))


def part_of_load(load: Load, period: Periods, tariff: Tariff, part: Part) -> MonthOfLoad:
    """The intervals of a load that begin within a part of a month, reduced."""
    step, start = timedelta(minutes=load.step_minutes), part.month.start_utc
    first = min(len(load.energy_wh), max(0, (part.start_utc - load.start) // step))
    last = max(first, min(len(load.energy_wh), (part.end_utc - load.start) // step))
    skipped = (load.start + step * first - start) // step
    span = slice(first, last)
    wh, periods, quality = load.energy_wh[span], period[span], load.quality[span]
    known = quality != Quality.MISSING
    per_block = tariff.demand_minutes // load.step_minutes
    block_of = (np.arange(len(wh), dtype=np.int64) + skipped) // per_block
    first_block = int(block_of[0]) if len(wh) else 0
    starts = np.flatnonzero(np.diff(block_of, prepend=-1))
    block_wh, block_period = np.add.reduceat(wh, starts), periods[starts]
    block_known = np.logical_or.reduceat(known, starts)
    found = Determinants.nothing(len(tariff.periods))
    found.reactive_varh = None if load.reactive_varh is None else int(load.reactive_varh[span].sum())
    found.intervals = int(known.sum())
    found.estimated = int((quality == Quality.ESTIMATED).sum())
    for p in range(len(tariff.periods)):
        found.energy_wh[p] = int(wh[periods == p].sum())
        blocks = np.flatnonzero((block_period == p) & block_known)
        if len(blocks):
            highest = int(blocks[np.argmax(block_wh[blocks])])
            at = start + timedelta(minutes=tariff.demand_minutes) * (first_block + highest)
            found.see_block(p, int(block_wh[highest]), at)
    return MonthOfLoad(
        part.month, span, wh, periods, known, block_of - first_block, block_wh, block_period, found, load
    )
