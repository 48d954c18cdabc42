"""An upload priced beside its day: the day itself does not change until what was decided is written.

known      an interval that the day knows, or that the upload told before, costs nothing: the first word counts
live cost  what the bill to date grew by, line by line; only what it cannot be told from is asked of a month that
           grows by one interval after the other
owed       what a meter's bill to date lacks since its day was priced by other terms comes with its next interval
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from domain.determinants import Determinants
from domain.errors import BadReadings
from domain.events import ReadingsPriced
from domain.measurement import NO_EXTRA, Extra, Measurement, Quality
from domain.meter_day import see_interval
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
    _taken: set[tuple[int, int]] = field(default_factory=set)
    _slot_at: dict[datetime, int | None] = field(default_factory=dict)

    def take(self, measurements: Iterable[Measurement]) -> None:
        """Raises `BadReadings` for a measurement of an unknown meter or of another day."""
        for one in measurements:
            meter, slot = self.day.index_of(one.meter), self._slot(one.meter, one.start)
            if self.day.meters[meter].wh[slot] is not None or (meter, slot) in self._taken:
                continue
            self._taken.add((meter, slot))
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
            cost, grid = self.terms.live_cost, self.day.grid
            for line, column in cost.of_energy(self.wh, [grid.period_of_slot[slot] for slot in self.slots]):
                columns[line] = column
            for line, column in cost.of_time(self._intervals_before()):
                columns[line] = column
            if cost.load_lines:
                for line, column in zip(cost.load_lines, zip(*self._of_load(), strict=True), strict=True):
                    columns[line] = column
            if not self.day.accrued_by(self.terms):
                columns = self._with_owed(columns)
        return tuple([tuple(column) if any(column) else () for column in columns])

    def _intervals_before(self) -> list[int]:
        """How many intervals each row's meter had before it."""
        found, next_of = list[int](), dict[int, int]()
        for meter in self.meters:
            count = next_of.get(meter)
            if count is None:
                count = self.day.meters[meter].month.intervals
            found.append(count)
            next_of[meter] = count + 1
        return found

    def _of_load(self) -> Iterator[list[int]]:
        """What each row makes the lines grow by that are asked for their bill to date."""
        grid, cost = self.day.grid, self.terms.live_cost
        months, blocks = dict[int, tuple[Determinants, list[int]]](), dict[tuple[int, int], int]()
        intervals: dict[int, Intervals] = {}
        rows = zip(self.meters, self.slots, self.wh, self.varh, self.estimated, self.extra, strict=True)
        for meter, slot, wh, varh, estimated, extra in rows:
            state, block = self.day.meters[meter], slot // grid.slots_per_block
            month, before = months.get(meter) or (state.month, [state.accrued_nano[line] for line in cost.load_lines])
            blocks[meter, block] = block_wh = blocks.get((meter, block), state.block_wh[block]) + wh
            month = month.grown(grid.period_of_slot[slot], wh, varh, estimated, block_wh, grid.block_starts[block])
            if grid.gauges:  # they look at whole blocks: at the day's intervals with those of this upload
                known = intervals.setdefault(meter, (list(state.wh), list(state.varh), list(state.extra)))
                known[0][slot], known[1][slot], known[2][slot] = wh, varh, extra
                see_interval(slot, grid.gauges, grid, month.gauges, known)
            to_date = cost.load_to_date(month)
            months[meter] = month, to_date
            yield [late - early for late, early in zip(to_date, before, strict=True)]

    def _with_owed(self, columns: Sequence[Sequence[int]]) -> list[Sequence[int]]:
        """Of the lines that are not asked for their bill to date, which brings it by itself."""
        found = [list(column) or [0] * len(self.meters) for column in columns]
        for row, meter in enumerate(self.meters):
            if self.meters.index(meter) == row:
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
