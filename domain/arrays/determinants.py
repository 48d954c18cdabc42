"""A load reduced to the determinants of each of its billing months: the fast way to add what the charges multiply."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from domain.arrays.load import Int, Load, Periods
from domain.determinants import Determinants
from domain.measurement import Quality
from domain.tariff import Tariff
from domain.terms import BillingMonth


@dataclass(frozen=True, slots=True, eq=False)
class MonthOfLoad:
    """The part of a load in one billing month: views of its arrays, its demand blocks and its determinants.

    `span` is its slice of the load; `block_wh` and `block_period` are per demand block, `block_of` gives the block
    of each interval.
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


def months_of(load: Load, period: Periods, tariff: Tariff, zone: ZoneInfo) -> Iterator[MonthOfLoad]:
    """The billing months that a load touches, in order; a month's blocks are counted from its first local midnight."""
    step = timedelta(minutes=load.step_minutes)
    end = load.start + step * len(load.energy_wh)
    month = BillingMonth.of(load.start, zone)
    while month.start_utc < end:
        first = max(0, (month.start_utc - load.start) // step)
        last = min(len(load.energy_wh), (month.end_utc - load.start) // step)
        skipped = max(0, (load.start - month.start_utc) // step)
        yield _month_of(load, period, tariff, month, slice(first, last), skipped)
        month = month.next()


def _month_of(
    load: Load, period: Periods, tariff: Tariff, month: BillingMonth, span: slice, skipped: int
) -> MonthOfLoad:
    wh, periods, quality = load.energy_wh[span], period[span], load.quality[span]
    known = quality != Quality.MISSING
    per_block = tariff.demand_minutes // load.step_minutes
    block_of = (np.arange(len(wh), dtype=np.int64) + skipped) // per_block
    first_block = int(block_of[0])
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
            at = month.start_utc + timedelta(minutes=tariff.demand_minutes) * (first_block + highest)
            found.see_block(p, int(block_wh[highest]), at)
    return MonthOfLoad(month, span, wh, periods, known, block_of - first_block, block_wh, block_period, found, load)
