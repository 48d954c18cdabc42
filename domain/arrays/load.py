"""A load as arrays, before and after it is priced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.bill import Bill
from domain.charges import Charge
from domain.errors import BadReadings
from domain.measured_day import MeasuredDay
from domain.measurement import Extra, ExtraRegister, Quality
from domain.tariff import Tariff

if TYPE_CHECKING:
    from domain.arrays.determinants import MonthOfLoad
    from domain.terms import Terms

Int = NDArray[np.int64]
Flags = NDArray[np.uint8]
Periods = NDArray[np.int8]

EXTRA_REGISTERS: tuple[ExtraRegister, ...] = ("export_wh", "capacitive_varh")


@dataclass(frozen=True, slots=True)
class Grid:
    """Regular intervals: `size` of them, each `step_minutes` long, the first one from `start` (UTC) on."""

    start: datetime
    step_minutes: int
    size: int

    @property
    def step(self) -> timedelta:
        return timedelta(minutes=self.step_minutes)

    @property
    def end(self) -> datetime:
        """UTC end of the last interval."""
        return self.start + self.step * self.size


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """One meter's measurements on a regular grid, without holes in the grid itself.

    `start` is UTC and the first interval's start; interval i covers `[start + i*step, start + (i+1)*step)`.
    `energy_wh` and `reactive_varh` (inductive) are int64 >= 0 of equal length; `quality` holds `Quality` values, and a
    MISSING interval carries 0 in both arrays, which no rule may read as a measurement.
    `reactive_varh` is None when the file has no reactive energy: charges that need it then refuse. So are `export_wh`
    (delivered to the grid) and `capacitive_varh`, which must be metered in every known interval.
    """

    meter: str
    start: datetime
    step_minutes: int
    energy_wh: Int
    reactive_varh: Int | None
    quality: Flags
    export_wh: Int | None = None
    capacitive_varh: Int | None = None

    @classmethod
    def of_days(
        cls, meter: str, start: datetime, end: datetime, step_minutes: int, days: Iterable[MeasuredDay]
    ) -> "Load":
        """`[start, end)` as its days measured it; an interval that none of them knows is MISSING."""
        step = timedelta(minutes=step_minutes)
        intervals = (end - start) // step
        wh, varh = np.zeros(intervals, dtype=np.int64), np.zeros(intervals, dtype=np.int64)
        quality = np.full(intervals, Quality.MISSING, dtype=np.uint8)
        extras = dict[int, Extra]()
        for day in days:
            first = (day.start - start) // step
            its = slice(first, first + len(day.wh))
            wh[its], varh[its], quality[its] = day.wh, day.varh, day.quality
            extras.update((first + slot, extra) for slot, extra in day.extra.items())
        known = int(np.count_nonzero(quality != Quality.MISSING))
        exported, capacitive = (_extra(name, extras, known, intervals) for name in EXTRA_REGISTERS)
        return cls(meter, start, step_minutes, wh, varh, quality, exported, capacitive)

    @property
    def grid(self) -> Grid:
        """Its intervals without their energy."""
        return Grid(self.start, self.step_minutes, len(self.energy_wh))

    @property
    def end(self) -> datetime:
        """UTC end of the last interval."""
        return self.grid.end

    def between(self, start: datetime, end: datetime) -> "Load":
        """The intervals that begin in `[start, end)`. Raises `BadReadings` when there is none."""
        step = timedelta(minutes=self.step_minutes)
        first = max(0, -((self.start - start) // step))
        last = min(len(self.energy_wh), -((self.start - end) // step))
        if first >= last:
            raise BadReadings(
                f"meter {self.meter} has no readings from {start.isoformat()} to {end.isoformat()}; "
                f"it has them from {self.start.isoformat()} to {self.end.isoformat()}"
            )
        reactive, exported, capacitive = (
            None if column is None else column[first:last]
            for column in (self.reactive_varh, self.export_wh, self.capacitive_varh)
        )
        return Load(
            self.meter,
            self.start + step * first,
            self.step_minutes,
            self.energy_wh[first:last],
            reactive,
            self.quality[first:last],
            exported,
            capacitive,
        )


def _extra(name: ExtraRegister, extras: Mapping[int, Extra], known: int, intervals: int) -> Int | None:
    """Energy of a register that not every meter has; None unless all `known` intervals tell it."""
    told = {i: extra.of(name) for i, extra in extras.items() if extra.has(name)}
    if not told or len(told) < known:
        return None
    found = np.zeros(intervals, dtype=np.int64)
    found[list(told)] = list(told.values())
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Billed:
    """What one part of a bill was made from: the part of the load, and the terms it was billed by."""

    month: "MonthOfLoad"
    terms: "Terms"


@dataclass(frozen=True, slots=True, eq=False)
class PricedLoad:
    """A load with its period, local time and cost of each interval, and the bills those costs add up to.

    `tariff` is the one that holds last, `earlier` those of earlier agreements, in order. `period` indexes `periods`;
    `offset_s` is local time minus UTC in seconds. `cost_micro[charge code]` is the interval's share of that charge in
    micro-currency: over a month it adds up to the charge on the bill, exactly. `billed` has an entry for each part of
    each bill, for whoever asks which intervals made a line.
    """

    load: Load
    tariff: Tariff
    zone: ZoneInfo
    bills: tuple[Bill, ...]
    period: Periods
    offset_s: NDArray[np.int32]
    cost_micro: Mapping[str, Int]
    earlier: tuple[Tariff, ...] = ()
    billed: tuple[tuple[Billed, ...], ...] = ()

    @property
    def tariffs(self) -> tuple[Tariff, ...]:
        """In the order in which they began to hold."""
        return (*self.earlier, self.tariff)

    @property
    def periods(self) -> tuple[str, ...]:
        """Names of the periods of all tariffs."""
        return tuple(dict.fromkeys(name for tariff in self.tariffs for name in tariff.periods))

    @property
    def charges(self) -> tuple[Charge, ...]:
        """The charges of all tariffs; of those that share a code, the first."""
        found: dict[str, Charge] = {}
        for charge in (charge for tariff in self.tariffs for charge in tariff.charges):
            found.setdefault(charge.code, charge)
        return tuple(found.values())
