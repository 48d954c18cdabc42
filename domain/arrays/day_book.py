"""A metering day kept as arrays: the same sums as `domain.metering_day`, for whoever checks a whole ledger.

It takes in the events of a day and never prices: what the measurements were, and what the events say they cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import add

import numpy as np

from domain.arrays.load import Flags, Int
from domain.determinants import Determinants
from domain.events import DayClosed, DayEvent, DayJoined, DayOpened, DayReopened, ReadingCorrected, ReadingsPriced
from domain.measured_day import MeasuredDay
from domain.measurement import NO_EXTRA, Extra, Quality
from domain.meter_day import Grid, MeterDay


@dataclass(slots=True)
class DayBook:
    """`wh`, `varh` (int64) and `quality` (`Quality`) are (meters, slots) in the order of `opened.meters`.

    `extra` has, by meter and slot, what it counts beside imported active and inductive reactive energy; mostly nothing.
    """

    opened: DayOpened
    grid: Grid = field(init=False)
    wh: Int = field(init=False)
    varh: Int = field(init=False)
    quality: Flags = field(init=False)
    extra: list[dict[int, Extra]] = field(init=False)
    closed: bool = False
    _live: list[list[int]] = field(init=False)  # by line code, then by meter: an upload tells a line of all meters

    def __post_init__(self) -> None:
        shape = (len(self.opened.meters), self.opened.slots)
        self.grid = Grid.of(self.opened)
        self.wh, self.varh = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        self.quality = np.full(shape, Quality.MISSING, dtype=np.uint8)
        self.extra = [{} for _ in self.opened.meters]
        self._live = [[0] * len(self.opened.meters) for _ in self.opened.line_codes]

    @property
    def live_nano(self) -> list[list[int]]:
        """By meter, what the events say its measurements cost, by line code; whole Python integers."""
        return [[line[meter] for line in self._live] for meter in range(len(self.opened.meters))]

    def see(self, event: DayEvent) -> None:
        """Take in an event of the day, in the order of its stream."""
        match event:
            case ReadingsPriced():
                self._priced(event)
            case ReadingCorrected():
                place = event.meter, event.slot
                self.wh[place], self.varh[place], self.quality[place] = event.wh, event.varh, Quality.MEASURED
                self._see_extra(event.meter, event.slot, Extra(event.export_wh, event.capacitive_varh))
                for line, back, new in zip(self._live, event.reversed_nano, event.live_nano, strict=True):
                    line[event.meter] += back + new
            case DayJoined():
                self._joined(event)
            case DayClosed() | DayReopened():
                self.closed = isinstance(event, DayClosed)
            case _:
                return  # a gap is no energy

    def months(self) -> list[Determinants]:
        """The part of the billing month at the end of this day, meter by meter: the next day's opening."""
        return [self._month(meter, before) for meter, before in enumerate(self.opened.opening)]

    def measured(self, meter: str) -> MeasuredDay:
        """What one of the day's meters measured, a slot once."""
        row = self.opened.meters.index(meter)
        wh, varh, quality = (column[row].tolist() for column in (self.wh, self.varh, self.quality))
        return MeasuredDay(self.opened.start, self.opened.step_minutes, wh, varh, quality, self.extra[row])

    def _see_extra(self, meter: int, slot: int, extra: Extra) -> None:
        """The later word counts, also where it tells of no such register."""
        if extra == NO_EXTRA:
            self.extra[meter].pop(slot, None)
        else:
            self.extra[meter][slot] = extra

    def _priced(self, event: ReadingsPriced) -> None:
        places = np.array(event.meters), np.array(event.slots)
        self.wh[places], self.varh[places], self.quality[places] = event.wh, event.varh, event.estimated
        if event.export_wh or event.capacitive_varh:
            for meter, slot, extra in zip(event.meters, event.slots, event.extras(), strict=True):
                self._see_extra(meter, slot, extra)
        whole = event.meters == tuple(range(len(self.opened.meters)))
        for number, column in enumerate(event.live_nano):
            line = self._live[number]
            if whole and column:
                self._live[number] = list(map(add, line, column))
            else:
                for meter, nano in zip(event.meters, column, strict=False):  # a column of zeros is stored empty
                    line[meter] += nano

    def _joined(self, event: DayJoined) -> None:
        self.opened = self.opened.joined_by(event)
        self.extra.append({})
        for line in self._live:
            line.append(0)
        nothing = np.zeros((1, self.opened.slots), dtype=np.int64)
        self.wh, self.varh = np.vstack([self.wh, nothing]), np.vstack([self.varh, nothing])
        missing = np.full((1, self.opened.slots), Quality.MISSING, dtype=np.uint8)
        self.quality = np.vstack([self.quality, missing])

    def _month(self, meter: int, before: Determinants) -> Determinants:
        month, known = before.copy(), self.quality[meter] != Quality.MISSING
        if not known.any():
            return month
        period = np.array(self.grid.period_of_slot)
        for p in range(len(month.energy_wh)):
            month.energy_wh[p] += int(self.wh[meter][period == p].sum())
        month.reactive_varh = (month.reactive_varh or 0) + int(self.varh[meter].sum())
        month.intervals += int(known.sum())
        month.estimated += int((self.quality[meter] == Quality.ESTIMATED).sum())
        self._see_blocks(meter, known, month)
        if self.opened.gauges:
            self._see_gauges(meter, month)
        return month

    def _see_blocks(self, meter: int, known: np.ndarray, month: Determinants) -> None:
        first = np.arange(0, self.opened.slots, self.grid.slots_per_block)
        block_wh = np.add.reduceat(self.wh[meter], first)
        seen = np.logical_or.reduceat(known, first)
        period = np.array(self.grid.period_of_slot)[first]
        for p in range(len(month.energy_wh)):
            blocks = np.flatnonzero(seen & (period == p))
            if len(blocks):
                highest = int(blocks[np.argmax(block_wh[blocks])])  # the earliest of equals
                month.see_block(p, int(block_wh[highest]), self.grid.block_starts[highest])

    def _see_gauges(self, meter: int, month: Determinants) -> None:
        """Gauges follow the order of time, one interval after the other, as on the day itself."""
        day = MeterDay.opening(self.grid, month, ())
        day.wh = _or_none(self.wh[meter], self.quality[meter])
        day.varh = self.varh[meter].tolist()
        for slot, extra in self.extra[meter].items():
            day.extra[slot] = extra
        day.see_intervals(self.opened.gauges, self.grid, month.gauges)


def _or_none(amounts: Int, quality: Flags) -> list[int | None]:
    known: Sequence[bool] = (quality != Quality.MISSING).tolist()
    return [amount if there else None for amount, there in zip(amounts.tolist(), known, strict=True)]
