"""The calendar compiled once for a whole local year and shared by every meter and month: periods and their changes.

A compiled year is a pure memo of frozen values: it is found by what the calendar says, not by which object says it, and
its arrays are read-only. The memo keeps the last `KEPT_YEARS` (0.6 MB each at 5 minutes).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.arrays.load import Grid, Load, Periods
from domain.arrays.periods import epoch_seconds, local_offsets, periods_of
from domain.calendar import Calendar
from domain.terms import midnight_utc

DAY_S = 86_400
KEPT_YEARS = 64
Offsets = NDArray[np.int32]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class CalendarYear:
    """One local year on a grid of intervals. Arrays are per interval, except those about cuts.

    `period` indexes the calendar's periods; `offset_s` is local time minus UTC in seconds; `cuts` are the first
    intervals of each run of one period within one local day, `cut_period` the period of each.
    """

    year: int
    grid: Grid
    period: Periods
    offset_s: Offsets
    cuts: Positions
    cut_period: Periods

    def index_of(self, instant: datetime) -> int:
        """The interval that holds a UTC instant; may lie outside the year."""
        return (instant - self.grid.start) // self.grid.step


@lru_cache(maxsize=KEPT_YEARS)
def compiled(calendar: Calendar, zone: ZoneInfo, step_minutes: int, year: int) -> CalendarYear:
    """A local year from its first midnight to the next one's. Raises `BadReadings` for a step in two periods."""
    start, end = midnight_utc(date(year, 1, 1), zone), midnight_utc(date(year + 1, 1, 1), zone)
    grid = Grid(start, step_minutes, (end - start) // timedelta(minutes=step_minutes))
    offset_s = local_offsets(zone, grid)
    period = periods_of(calendar, grid, offset_s)
    day = (epoch_seconds(grid) + offset_s) // DAY_S
    begins = np.ones(grid.size, dtype=np.bool_)
    begins[1:] = (period[1:] != period[:-1]) | (day[1:] != day[:-1])
    cuts = np.flatnonzero(begins)
    for array in (period, offset_s, cuts):
        array.setflags(write=False)
    return CalendarYear(year, grid, period, offset_s, cuts, period[cuts])


def years_of(grid: Grid, calendar: Calendar, zone: ZoneInfo) -> tuple[CalendarYear, ...] | None:
    """The compiled years that a load touches; None where its intervals do not begin where theirs do."""
    first, last = (instant.astimezone(zone).year for instant in (grid.start, grid.end - grid.step))
    years = tuple(compiled(calendar, zone, grid.step_minutes, year) for year in range(first, last + 1))
    fits = all((grid.start - year.grid.start) % grid.step == timedelta(0) for year in years)
    return years if fits and grid.end <= years[-1].grid.end else None


def periods_and_offsets(load: Load, calendar: Calendar, zone: ZoneInfo) -> tuple[Periods, Offsets]:
    """Period and local offset of each interval of a load, from compiled years where it lies on their grid."""
    years = years_of(load.grid, calendar, zone)
    if years is None:
        offset_s = local_offsets(zone, load.grid)
        return periods_of(calendar, load.grid, offset_s), offset_s
    spans = [(year, slice(max(0, year.index_of(load.start)), max(0, year.index_of(load.end)))) for year in years]
    if len(spans) == 1:
        [(year, span)] = spans
        return year.period[span], year.offset_s[span]
    return (
        np.concatenate([year.period[span] for year, span in spans]),
        np.concatenate([year.offset_s[span] for year, span in spans]),
    )
