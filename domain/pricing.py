"""An upload priced beside its day: the day itself does not change until what was decided is written.

known      an interval that the day knows, or that the upload told before, costs nothing: the first word counts
live cost  what the bill to date grew by, line by line; only what it cannot be told from is asked of a month that
           grows by one interval after the other
owed       what a meter's bill to date lacks since its day was priced by other terms comes with its next interval
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import TYPE_CHECKING

from domain.determinants import Determinants
from domain.errors import BadReadings
from domain.events import ReadingsPriced
from domain.live_cost import Columns
from domain.measurement import NO_EXTRA, Extra, Measurement, Quality
from domain.meter_day import see_interval
from domain.poll import MeasuredInterval
from domain.terms import Terms

if TYPE_CHECKING:
    from domain.metering_day import MeteringDay

Intervals = tuple[list[int | None], list[int], list[Extra]]


@dataclass(slots=True)
class Pricing:
    """What is new of one upload, by column, a row a measurement; meters and slots are the day's numbers."""

    day: "MeteringDay"
    terms: Terms
    meters: list[int] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    wh: list[int] = field(default_factory=list)
    varh: list[int] = field(default_factory=list)
    estimated: list[int] = field(default_factory=list)
    extra: list[Extra] = field(default_factory=list)
    _slot_at: dict[datetime, int | None] = field(default_factory=dict)

    def take_interval(self, measured: MeasuredInterval) -> None:
        """One interval by column, before anything else is taken. Raises `BadReadings` as `take` does."""
        meters = [self.day.index_of(name) for name in measured.meters]
        slot = self._slot(measured.meters[0], measured.start)
        columns: Iterable[Sequence[int]] = (meters, measured.wh, measured.varh)
        new = [self.day.meters[meter].wh[slot] is None for meter in meters]
        if not all(new):
            columns = [list(compress(column, new)) for column in columns]
        self.meters[:], self.wh[:], self.varh[:] = columns
        rows = len(self.meters)
        self.slots[:], self.estimated[:], self.extra[:] = [slot] * rows, [0] * rows, [NO_EXTRA] * rows

    def take(self, measurements: Iterable[Measurement]) -> None:
        """Raises `BadReadings` for a measurement of an unknown meter or of another day."""
        taken = set(zip(self.meters, self.slots, strict=True))
        for one in measurements:
            meter, slot = self.day.index_of(one.meter), self._slot(one.meter, one.start)
            if self.day.meters[meter].wh[slot] is not None or (meter, slot) in taken:
                continue
            taken.add((meter, slot))
            self.meters.append(meter)
            self.slots.append(slot)
            self.wh.append(one.energy_wh)
            self.varh.append(one.reactive_varh)
            self.estimated.append(int(one.quality is Quality.ESTIMATED))
            self.extra.append(one.extra)

    def event(self, upload: str) -> ReadingsPriced | None:
        """What the upload brings and costs; None where it brings nothing new."""
        if not self.meters:
            return None
        rows = tuple(self.meters), tuple(self.slots), tuple(self.wh), tuple(self.varh), tuple(self.estimated)
        return ReadingsPriced(upload, *rows, self._live(), *self._registers())

    def _live(self) -> tuple[tuple[int, ...], ...]:
        """A column for each line, empty where it is zero."""
        columns: list[Sequence[int]] = [()] * len(self.day.line_codes)
        if self.day.follows(self.terms):
            cost, before = self.terms.live_cost, self._rows_before()
            after = self._months(before)
            grown = zip(self.meters, before, strict=True)
            counts = [self.day.meters[meter].month.intervals if n is None else after[n].intervals for meter, n in grown]
            periods = [self.day.grid.period_of_slot[slot] for slot in self.slots]
            for line, column in (
                *cost.of_energy(self.wh, periods),
                *cost.of_time(counts),
                *self._of_load(before, after),
            ):
                columns[line] = column
            if not self.day.accrued_by(self.terms):
                columns = self._with_owed(columns, before)
        return tuple([tuple(column) if any(column) else () for column in columns])

    def _rows_before(self) -> list[int | None]:
        """For each row the one before it of the same meter."""
        found: list[int | None] = []
        last: dict[int, int] = {}
        for row, meter in enumerate(self.meters):
            found.append(last.get(meter))
            last[meter] = row
        return found

    def _months(self, before: Sequence[int | None]) -> list[Determinants]:
        """Each row's month with its interval, and with those of the rows before it."""
        grid = self.day.grid
        found: list[Determinants] = []
        blocks: dict[tuple[int, int], int] = {}
        intervals: dict[int, Intervals] = {}
        rows = zip(self.meters, self.slots, self.wh, self.varh, self.estimated, self.extra, before, strict=True)
        for meter, slot, wh, varh, estimated, extra, earlier in rows:
            state, block = self.day.meters[meter], slot // grid.slots_per_block
            month = state.month if earlier is None else found[earlier]
            blocks[meter, block] = block_wh = blocks.get((meter, block), state.block_wh[block]) + wh
            month = month.grown(grid.period_of_slot[slot], wh, varh, estimated, block_wh, grid.block_starts[block])
            if grid.gauges:  # they look at whole blocks: at the day's intervals with those of this upload
                known = intervals.setdefault(meter, (list(state.wh), list(state.varh), list(state.extra)))
                known[0][slot], known[1][slot], known[2][slot] = wh, varh, extra
                see_interval(slot, grid.gauges, grid, month.gauges, known)
            found.append(month)
        return found

    def _of_load(self, before: Sequence[int | None], after: Sequence[Determinants]) -> Columns:
        """The lines that must be asked for their bill to date: what it is with each row, less what it was."""
        costs = [self.day.meters[meter].accrued_nano for meter in self.meters]
        for line, to_date in self.terms.live_cost.of_load(after):
            rows = zip(to_date, before, costs, strict=True)
            yield line, [now - (cost[line] if earlier is None else to_date[earlier]) for now, earlier, cost in rows]

    def _with_owed(self, columns: Sequence[Sequence[int]], before: Sequence[int | None]) -> list[Sequence[int]]:
        """Of the lines that are not asked for their bill to date, which brings it by itself."""
        found = [list(column) or [0] * len(self.meters) for column in columns]
        for row, meter in enumerate(self.meters):
            if before[row] is None:
                state = self.day.meters[meter]
                for line, to_date in enumerate(self.terms.accrued_nano(state.month)):
                    if line not in self.terms.live_cost.load_lines:
                        found[line][row] += to_date - state.accrued_nano[line]
        return list(found)

    def _registers(self) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        """Columns of the registers that not every meter has, empty where none has."""
        if self.extra.count(NO_EXTRA) == len(self.extra):
            return (), ()
        columns = tuple(one.export_wh for one in self.extra), tuple(one.capacitive_varh for one in self.extra)
        exported, capacitive = (() if column.count(None) == len(column) else column for column in columns)
        return exported, capacitive

    def _slot(self, meter: str, start: datetime) -> int:
        """One upload's measurements mostly share their interval, so its slot is worked out once."""
        if start not in self._slot_at:
            self._slot_at[start] = self.day.slot_of(start)
        slot = self._slot_at[start]
        if slot is None:
            raise BadReadings(f"meter {meter}: {start.isoformat()} is no interval of {self.day.device} {self.day.day}")
        return slot
