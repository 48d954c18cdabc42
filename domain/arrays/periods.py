"""The calendar compiled for an array: which period holds in each interval, by local civil time."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.arrays.load import Grid, Periods
from domain.calendar import MINUTES_PER_DAY, Calendar, Window, clock
from domain.errors import BadReadings

DAY_S = 86_400
EPOCH = date(1970, 1, 1)


def periods_of(calendar: Calendar, grid: Grid, offset_s: NDArray[np.int32]) -> Periods:
    """Index of the period of each interval. A day's windows are laid out once per kind of day, then looked up."""
    local_s = epoch_seconds(grid) + offset_s
    day, minute = np.divmod(local_s, DAY_S)
    kinds: dict[tuple[Window, ...], int] = {}
    kind_of_day = [
        kinds.setdefault(calendar.windows_of(EPOCH + timedelta(days=int(number))), len(kinds))
        for number in range(int(day[0]), int(day[-1]) + 1)
    ]
    table = np.empty((len(kinds), MINUTES_PER_DAY), dtype=np.int8)
    for windows, row in kinds.items():
        for window in windows:
            _check_edge(window, grid.step_minutes)
            table[row, window.from_minute : window.to_minute] = calendar.periods.index(window.period)
    found: Periods = table[np.array(kind_of_day)[day - day[0]], minute // 60]
    return found


def local_offsets(zone: ZoneInfo, grid: Grid) -> NDArray[np.int32]:
    """Local time minus UTC for each interval, in seconds; each change is found to the minute by bisection."""
    offsets = np.empty(grid.size, dtype=np.int32)
    step, end = timedelta(minutes=grid.step_minutes), grid.end
    since = grid.start
    while since < end:
        until = min(_next_change(zone, since, end), end)
        span = slice(-((grid.start - since) // step), -((grid.start - until) // step))  # what starts in [since, until)
        offsets[span] = _offset_s(zone, since)
        since = until
    return offsets


def epoch_seconds(grid: Grid) -> NDArray[np.int64]:
    """UTC start of each interval in seconds since 1970."""
    first = int(grid.start.timestamp())
    return first + np.arange(grid.size, dtype=np.int64) * (grid.step_minutes * 60)


def _next_change(zone: ZoneInfo, since: datetime, end: datetime) -> datetime:
    offset, day = _offset_s(zone, since), timedelta(days=1)
    low = since
    while low < end and _offset_s(zone, low + day) == offset:
        low += day
    high = low + day
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset_s(zone, middle) == offset else (low, middle)
    return high.replace(second=0, microsecond=0)


def _offset_s(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    return int((offset or timedelta(0)).total_seconds())


def _check_edge(window: Window, step_minutes: int) -> None:
    if window.to_minute % step_minutes:
        raise BadReadings(
            f"a reading of {step_minutes} minutes lies in two tariff periods: {window.period} ends at "
            f"{clock(window.to_minute)}; use readings that divide the hour at this minute"
        )
