"""One row after another is judged and taken to its meter's series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.faults import OffGrid, RowFault, nearest, quoted
from adapters.meter_files.local_time import LocalTime
from adapters.meter_files.opening import energy_reader, reactive_reader, stamp_reader
from adapters.meter_files.series import Series
from adapters.meter_files.stamps import written
from adapters.meter_files.table import Table

LONGEST_NAME = 200
METERS_LISTED = 20


class Wanted(Protocol):
    """Which intervals are asked for, by the UTC second at which they start."""

    def outside(self, start_s: int) -> bool:
        """Not asked for: passed over, and no fault."""
        ...

    def unpriced(self, start_s: int) -> str:
        """Why no tariff prices it; empty when one does."""
        ...


class Taking:
    """The rows of one table on their way into `series`, which has one entry a meter."""

    def __init__(
        self,
        path: Path,
        declaration: Declaration,
        table: Table,
        local_time: LocalTime,
        wanted: Wanted | None = None,
    ) -> None:
        self.series: dict[str, Series] = {}
        self.passed_over = 0
        self._wanted = wanted
        self._declaration = declaration
        self._table = table
        self._local_time = local_time
        self._only_meter = declaration.meter_name or path.stem
        self._step = declaration.step_seconds
        self.shift = self._step if declaration.stamp == "end" else 0
        self._anchor: int | None = None
        columns = table.columns
        self._time, self._instant = columns.time.position, stamp_reader(columns.time, declaration, local_time)
        self._energy, self._wh = columns.energy.position, energy_reader(columns.energy, declaration)
        self._meter = columns.meter.position if columns.meter else None
        self._reactive = columns.reactive.position if columns.reactive else None
        self._varh = reactive_reader(columns.reactive, declaration) if columns.reactive else None
        self._extra = [
            (column.position, reader(column, declaration)) if column else None
            for column, reader in ((columns.export, energy_reader), (columns.capacitive, reactive_reader))
        ]

    def take(self, number: int, raw: Any) -> None:
        """Take a row. Raises `RowFault`, and then the row's values are not in the series."""
        cells = self._table.cells(raw)
        series = self.series_of(cells)
        start = self.start_of(cells, series)
        if self._wanted is not None and not self._is_wanted(start, cells, self._wanted):
            series.last = start
            self.passed_over += 1
            return
        if self._anchor is None or (start - self._anchor) % self._step:
            self._judge_grid(start, cells, series)
        series.last = start  # a row with a bad value still tells the order of time
        wh = self._wh(cells[self._energy])
        varh = None if self._varh is None or self._reactive is None else self._varh(cells[self._reactive])
        out, capacitive = (None if one is None else one[1](cells[one[0]]) for one in self._extra)
        if start in series.rows:
            same = series.rows[start][1:] == (wh, varh, out, capacitive)
            raise self._repeated(start, cells, series, same=same)
        series.rows[start] = (number, wh, varh, out, capacitive)

    def _is_wanted(self, start: int, cells: Sequence[Any], wanted: Wanted) -> bool:
        """Raises `RowFault` for an interval without a price. A register is wanted at both ends of an interval."""
        starts = (start,) if self._declaration.kind == "interval" else (start, start - self._step)
        if all(wanted.outside(each) for each in starts):
            return False
        problems = [wanted.unpriced(each) for each in starts]
        if all(problems):
            remedy = "choose the days with --from and --to, or price them at known rates with --rates-of YYYY-MM"
            raise RowFault(self._name_of_time(), self.stamp_of(cells), problems[0], remedy)
        return True

    def start_of(self, cells: Sequence[Any], series: Series) -> int:
        """The instant where the row's interval starts, or at which its register was read."""
        return self._instant(cells[self._time], series.last + self.shift) - self.shift

    def stamp_of(self, cells: Sequence[Any]) -> object:
        """The row's stamp for a message."""
        return written(cells[self._time], self._table.columns.time.type)

    def series_of(self, cells: Sequence[Any]) -> Series:
        """The series of the row's meter."""
        cell = self._only_meter if self._meter is None else cells[self._meter]
        series = self.series.get(cell)
        if series is None:
            meter = self._known_meter("" if cell is None else str(cell).strip())
            series = self.series.setdefault(meter, Series(meter))
        return series

    def _known_meter(self, meter: str) -> str:
        column = self._declaration.meter_column or "meter"
        if not meter or len(meter) > LONGEST_NAME:
            problem = f"is longer than {LONGEST_NAME} characters" if meter else "is empty"
            raise RowFault(column, meter, problem, "write the name of the meter")
        known = self._declaration.meters
        if known is not None and meter not in known:
            problem = f"is an unknown meter{nearest(meter, known).rstrip('?')}"
            listed = ", ".join(map(quoted, known[:METERS_LISTED]))
            raise RowFault(
                column, meter, problem, f"declared are {listed}: correct the row, or add it to --meters (meters)"
            )
        return meter

    def _judge_grid(self, start: int, cells: Sequence[Any], series: Series) -> None:
        """The first row whose local time is a multiple of the step anchors the grid of the file."""
        if self._anchor is None and self._local_time.wall(start) % self._step == 0:
            self._anchor = start
            return
        minutes = self._declaration.step_minutes
        problem = f"is not on the {minutes}-minute grid of {self._declaration.timezone or 'UTC'}"
        before = start - (start - (self._anchor or 0)) % self._step
        for neighbour in (before, before + self._step):
            if neighbour in series.rows and self._declaration.kind == "interval":
                overlapped = f"{self._table.row_word} {series.rows[neighbour][0]}"
                problem = f"makes an interval of {minutes} minutes that overlaps the one of {overlapped}"
        raise OffGrid(
            self._name_of_time(), self.stamp_of(cells), problem, "correct the stamp, or --step-minutes (step_minutes)"
        )

    def _repeated(self, start: int, cells: Sequence[Any], series: Series, *, same: bool) -> RowFault:
        thing = "interval" if self._declaration.kind == "interval" else "instant"
        first = f"{self._table.row_word} {series.rows[start][0]}, which has {'the same' if same else 'another'} value"
        problem = f"repeats the {thing} {self._local_time.words(start)} of meter {series.meter}, first in {first}"
        remedy = "leave out one of the two rows (in quarantine mode the first one counts)"
        if self._meter is None:
            remedy += ", or declare --meter-column (meter_column) if the file holds several meters"
        return RowFault(self._name_of_time(), self.stamp_of(cells), problem, remedy)

    def _name_of_time(self) -> str:
        return self._table.columns.time.name
