"""What is left of a load when it is drawn: steps of a curve, days of cost, hours of a heat map. Local time throughout.

Floats begin here, for pixels only; money stays an integer until a figure writes it.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from domain.arrays import PricedLoad
from domain.measurement import Quality

DAY_S = 86_400
EPOCH = date(1970, 1, 1)
STEP_MINUTES = (60, 240, 1440)
"""Lengths to which a load with too many intervals is reduced; the first one that fits is taken."""

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A load as it is drawn: steps `[start_s, end_s)` of local time (seconds), each within one tariff period.

    `mean_kw` is NaN where nothing is known; `highest_kw` is the highest interval of the step. `minutes` is the length
    of a whole step; a change of period or of the clock cuts one short.
    """

    start_s: Int
    end_s: Int
    mean_kw: Float
    highest_kw: Float
    period: NDArray[np.int8]
    estimated: Flags
    missing: Flags
    minutes: int


def curve_of(priced: PricedLoad, most_points: int) -> Curve:
    """The load curve in about `most_points` steps or fewer, as long as a day is not too short for that."""
    load, local_s = priced.load, local_seconds(priced)
    minutes = _step_minutes(load.step_minutes, len(local_s), most_points)
    starts = _starts(local_s // (minutes * 60), priced.period, priced.offset_s)
    known = np.add.reduceat((load.quality != Quality.MISSING).astype(np.int64), starts)
    count = np.diff(starts, append=len(local_s))
    kw_of_wh = 60 / load.step_minutes / 1000
    with np.errstate(invalid="ignore"):  # 0 Wh over 0 known intervals is NaN: nothing to draw
        mean = np.add.reduceat(load.energy_wh, starts) / known * kw_of_wh
    return Curve(
        start_s=local_s[starts],
        end_s=local_s[starts] + count * (load.step_minutes * 60),
        mean_kw=mean,
        highest_kw=np.where(known > 0, np.maximum.reduceat(load.energy_wh, starts) * kw_of_wh, np.nan),
        period=priced.period[starts],
        estimated=np.logical_or.reduceat(load.quality == Quality.ESTIMATED, starts),
        missing=known < count,
        minutes=minutes,
    )


def outline(curve: Curve, chosen: Flags, height: Float, closed: bool = False) -> tuple[Float, Float]:
    """Corners (local ms, height) of the chosen steps; NaN lifts the pen between steps that do not meet.

    `closed` begins and ends each run of steps on the ground, so that it can be filled.
    """
    start, end, y = curve.start_s[chosen], curve.end_s[chosen], height[chosen]
    meets = start[1:] == end[:-1]
    first, last = np.insert(~meets, 0, True)[: len(start)], np.append(~meets, True)[: len(start)]
    before, after = first & closed, last * (3 if closed else 2)
    points = before + 1 + after
    at = np.cumsum(points) - points
    x_s, drawn = np.repeat(start, points), np.repeat(y, points)
    drawn[at[before]] = 0
    for extra in range(int(after.max(initial=0))):
        x_s[at[last] + before[last] + 1 + extra] = end[last]
    if closed:
        drawn[at[last] + before[last] + 2] = 0
    drawn[at[last] + points[last] - 1] = np.nan
    return x_s.astype(np.float64) * 1000, drawn


def local_seconds(priced: PricedLoad) -> Int:
    """Local start of each interval, in seconds since 1970 as the local clock counts them."""
    first = int(priced.load.start.timestamp())
    step_s = priced.load.step_minutes * 60
    return first + np.arange(len(priced.load.energy_wh), dtype=np.int64) * step_s + priced.offset_s


def days_of(priced: PricedLoad) -> tuple[list[date], Int]:
    """The local days a load touches, and for each interval the index of its day."""
    number = local_seconds(priced) // DAY_S
    first = int(number[0])
    return [EPOCH + timedelta(days=n) for n in range(first, int(number[-1]) + 1)], number - first


def cost_by_day(priced: PricedLoad) -> tuple[list[date], dict[str, Int]]:
    """Micro-currency of each local day, by charge; a charge's days add up to the charge on the bills."""
    days, day = days_of(priced)
    found = {code: np.zeros(len(days), dtype=np.int64) for code in priced.cost_micro}
    for code, cost in priced.cost_micro.items():
        np.add.at(found[code], day, cost)
    return days, found


def mean_kw_by_hour(priced: PricedLoad) -> tuple[list[date], Float]:
    """Mean kW by hour (24 rows) and local day; NaN where nothing is known, both hours where the clock repeats one."""
    days, day = days_of(priced)
    hour = local_seconds(priced) % DAY_S // 3600
    cell, known = hour * len(days) + day, priced.load.quality != Quality.MISSING
    wh = np.bincount(cell[known], priced.load.energy_wh[known], 24 * len(days))
    hours = np.bincount(cell[known], minlength=24 * len(days)) * (priced.load.step_minutes / 60)
    with np.errstate(invalid="ignore"):
        return days, (wh / hours / 1000).reshape(24, len(days))


def _step_minutes(step_minutes: int, intervals: int, most_points: int) -> int:
    fitting = (m for m in STEP_MINUTES if m >= step_minutes and intervals * step_minutes <= most_points * m)
    return step_minutes if intervals <= most_points else next(fitting, STEP_MINUTES[-1])


def _starts(*kinds: NDArray[np.int64] | NDArray[np.int32] | NDArray[np.int8]) -> Int:
    """Indices at which any of the arrays changes; the first one is 0."""
    changes = np.zeros(len(kinds[0]), dtype=np.bool_)
    changes[0] = True
    for kind in kinds:
        changes[1:] |= kind[1:] != kind[:-1]
    return np.flatnonzero(changes).astype(np.int64)
