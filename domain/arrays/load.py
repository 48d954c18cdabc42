"""A load as arrays, before and after it is priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from domain.bill import Bill
from domain.charges import Charge
from domain.errors import BadReadings
from domain.measurement import Quality
from domain.tariff import Tariff

if TYPE_CHECKING:
    from domain.arrays.determinants import MonthOfLoad
    from domain.terms import Terms

Int = NDArray[np.int64]
Flags = NDArray[np.uint8]
Periods = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """One meter's measurements on a regular grid, without holes in the grid itself.

    `start` is UTC and the first interval's start; interval i covers `[start + i*step, start + (i+1)*step)`.
    `energy_wh` and `reactive_varh` (inductive) are int64 >= 0 of equal length; `quality` holds `Quality` values, and a
    MISSING interval carries 0 in both arrays, which no rule may read as a measurement.
    `reactive_varh` is None when the file has no reactive energy: charges that need it then refuse.
    """

    meter: str
    start: datetime
    step_minutes: int
    energy_wh: Int
    reactive_varh: Int | None
    quality: Flags

    @classmethod
    def empty(cls, meter: str, start: datetime, end: datetime, step_minutes: int) -> "Load":
        """`[start, end)` of which nothing is known yet: every interval is MISSING, until `fill`."""
        intervals = (end - start) // timedelta(minutes=step_minutes)
        wh, varh = np.zeros(intervals, dtype=np.int64), np.zeros(intervals, dtype=np.int64)
        return cls(meter, start, step_minutes, wh, varh, np.full(intervals, Quality.MISSING, dtype=np.uint8))

    def fill(
        self, first: int, slots: Sequence[int], wh: Sequence[int], varh: Sequence[int], estimated: Sequence[int]
    ) -> None:
        """Measurements of the intervals `first + slot`, in any order; of two of one interval the later counts."""
        at = np.array(slots, dtype=np.int64) + first
        self.energy_wh[at], self.quality[at] = wh, estimated
        if self.reactive_varh is not None:
            self.reactive_varh[at] = varh

    @property
    def end(self) -> datetime:
        """UTC end of the last interval."""
        return self.start + timedelta(minutes=self.step_minutes) * len(self.energy_wh)

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
        reactive = None if self.reactive_varh is None else self.reactive_varh[first:last]
        return Load(
            self.meter,
            self.start + step * first,
            self.step_minutes,
            self.energy_wh[first:last],
            reactive,
            self.quality[first:last],
        )


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
