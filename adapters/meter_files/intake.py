"""The way of a file: open it, take row by row, put each meter on the grid, and tell what is missing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import localcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal

from adapters.meter_files import gaps
from adapters.meter_files.amounts import EXACT
from adapters.meter_files.declaration import Declaration
from adapters.meter_files.faults import OffGrid, RowFault
from adapters.meter_files.local_time import LocalTime
from adapters.meter_files.opening import open_table
from adapters.meter_files.quarantine import RejectedRow
from adapters.meter_files.series import Gridded, Hole, Series, most_common_step, on_grid, registers_of, undecided
from adapters.meter_files.taking import Taking, Wanted
from domain.arrays import Load
from domain.errors import BadReadings
from domain.measurement import Reading

OnBadRow = Literal["stop", "quarantine"]


@dataclass(frozen=True, slots=True)
class MeterFile:
    """What a file of readings holds: one load a meter (by name), and everything that was not taken, with its reason.

    `rows` counts those taken; together with the `rejected` that have cells they are all rows of the file. `notes` are
    sentences about what was done to good rows.
    """

    loads: tuple[Load, ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]
    rows: int
    header: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """What a file of registers holds, as it was read: the readings of each meter (by name) in the order of time.

    What their steps mean (spread, rollover, swap, jump) is for whoever takes them. `rejected` and `notes` as above.
    """

    readings: tuple[tuple[Reading, ...], ...]
    rejected: tuple[RejectedRow, ...]
    notes: tuple[str, ...]


def read_registers(path: Path, declaration: Declaration, on_bad_row: OnBadRow = "stop") -> RegisterFile:
    """Read a file of registers as declared. A bad row raises `BadReadings` or is rejected, as `read_meter_file` does;
    readings that are missing in between are no fault of the file.
    """
    with localcontext(EXACT):
        intake = _Intake(path, declaration, on_bad_row, None)
        intake.take_all()
        return intake.register_file()


def read_meter_file(
    path: Path, declaration: Declaration, on_bad_row: OnBadRow = "stop", wanted: Wanted | None = None
) -> MeterFile:
    """Read a CSV or Parquet file of readings as declared; of `wanted`, only the intervals it asks for.

    With `stop` the first bad row, and then the first gap, raises `BadReadings`; with `quarantine` each goes to
    `rejected` and the reading goes on. What concerns the whole file raises `BadReadings` either way.
    """
    with localcontext(EXACT):
        intake = _Intake(path, declaration, on_bad_row, wanted)
        intake.take_all()
        return intake.meter_file()


class _Intake:
    """One file on its way in: what was taken, and what was not."""

    def __init__(self, path: Path, declaration: Declaration, on_bad_row: OnBadRow, wanted: Wanted | None) -> None:
        self._path = path
        self._declaration = declaration
        self._stops = on_bad_row == "stop"
        self._local_time = LocalTime(declaration)
        self._table = open_table(path, declaration)
        self._taking = Taking(path, declaration, self._table, self._local_time, wanted)
        self._rejected: list[RejectedRow] = []
        self._steps_were_counted = False

    def take_all(self) -> None:
        """Take every row, or put it where bad rows go."""
        for number, raw in self._table.rows:
            try:
                self._taking.take(number, raw)
            except RowFault as fault:
                if isinstance(fault, OffGrid) and not self._steps_were_counted:
                    self._refuse_another_step(most_common_step(self._all_starts()))
                self._put_aside(number, raw, fault)

    def _put_aside(self, number: int, raw: Any, fault: RowFault) -> None:
        if self._stops:
            raise BadReadings(f"{self._path} {self._table.row_word} {number}, {fault}") from fault
        self._rejected.append(RejectedRow(number, str(fault), self._table.original(number, raw)))

    def meter_file(self) -> MeterFile:
        """All meters on the grid, and what lies between their rows."""
        series = self._of_good_rows()
        gridded = [self._gridded(each) for each in series]
        return MeterFile(
            loads=tuple(each.load for each in gridded),
            rejected=self._in_order(),
            notes=(*gaps.notes(gridded), *self._absent(series)),
            rows=sum(len(each.rows) for each in series),
            header=self._table.header,
        )

    def register_file(self) -> RegisterFile:
        """All meters as they were read."""
        series = self._of_good_rows()
        read = [registers_of(each, self._declaration) for each in series]
        finer = {each.meter: count for each, (_, count) in zip(series, read, strict=True) if count}
        return RegisterFile(
            readings=tuple(readings for readings, _ in read),
            rejected=self._in_order(),
            notes=(*gaps.finer_registers(finer), *self._absent(series)),
        )

    def _of_good_rows(self) -> list[Series]:
        """The meters with rows that can be taken. Raises `BadReadings` where there is none, and for a wrong year."""
        series = [each for _, each in sorted(self._taking.series.items()) if each.rows]
        self._refuse_another_step(most_common_step(each.rows for each in series))
        for each in series:
            self._withdraw_undecided(each)
            self._withdraw_alone(each)
        found = [each for each in series if each.rows]
        for each in found:
            if too_long := gaps.too_long(each, self._local_time, self._table.row_word):
                raise BadReadings(f"{self._path} {too_long}")
        if not found:
            self._refuse_emptiness()
        return found

    def _in_order(self) -> tuple[RejectedRow, ...]:
        return tuple(sorted(self._rejected, key=lambda row: row.line))

    def _absent(self, series: list[Series]) -> Iterator[str]:
        for meter in sorted(set(self._declaration.meters or ()) - {each.meter for each in series}):
            yield f"meter {meter}: declared, and not one of its rows was taken"

    def _gridded(self, series: Series) -> Gridded:
        gridded = on_grid(series, self._declaration)
        for hole in gridded.holes:
            self._tell(hole, series.meter)
        return gridded

    def _tell(self, hole: Hole, meter: str) -> None:
        said = gaps.words(hole, meter, self._declaration, self._local_time, self._table.row_word)
        if self._stops:
            remedy = f"complete the file, or go on with --on-bad-row quarantine, which {gaps.REMEDY[hole.rule]}"
            where = f"{self._path} {self._table.row_word} {hole.after}, column {self._declaration.time_column}"
            raise BadReadings(f"{where}: {said}; {remedy}")
        self._rejected.append(RejectedRow(hole.after, f"gap: {said}; this {gaps.REMEDY[hole.rule]}", ()))

    def _withdraw_undecided(self, series: Series) -> None:
        """Rows of the repeated hour, where the file has it once: no order of rows tells which of the two it is."""
        problem = f"is of an hour that {self._declaration.timezone} has twice and the file has once"
        fault = partial(self._stamp_fault, problem=problem, remedy="write the stamps of that day with their offset")
        self._withdraw(series, undecided(series, self._local_time, self._taking.shift), fault)

    def _withdraw_alone(self, series: Series) -> None:
        """A register that was read only once tells no energy."""
        if self._declaration.kind == "register" and len(series.rows) == 1:
            problem = f"is the only reading of meter {series.meter}, and energy is the difference of two"
            fault = partial(self._stamp_fault, problem=problem, remedy="add the reading before or after it")
            self._withdraw(series, list(series.rows), fault)

    def _withdraw(self, series: Series, starts: list[int], fault_of: Callable[[Sequence[Any]], RowFault]) -> None:
        """Take back rows that turn out to be bad when all others are known."""
        numbers = {series.rows.pop(start)[0] for start in starts}
        if not numbers:
            return
        again = open_table(self._path, self._declaration)
        for number, raw in again.rows:
            if number in numbers:
                self._put_aside(number, raw, fault_of(again.cells(raw)))

    def _stamp_fault(self, cells: Sequence[Any], problem: str, remedy: str) -> RowFault:
        return RowFault(self._declaration.time_column, self._taking.stamp_of(cells), problem, remedy)

    def _refuse_emptiness(self) -> None:
        if self._taking.passed_over and not self._rejected:
            raise BadReadings(f"{self._path}: no row lies in the days asked for; choose others with --from and --to")
        if not self._rejected:
            raise BadReadings(f"{self._path}: a header and no rows; export the readings again")
        first = min(self._rejected, key=lambda row: row.line)
        raise BadReadings(
            f"{self._path}: none of its {len(self._rejected)} rows can be taken; "
            f"the first is {self._table.row_word} {first.line}, {first.reason}"
        )

    def _refuse_another_step(self, seconds: int | None) -> None:
        self._steps_were_counted = True
        if seconds is None or seconds == self._declaration.step_seconds:
            return
        found = f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"
        raise BadReadings(
            f"{self._path} column {self._declaration.time_column}: declared {self._declaration.step_minutes} minutes, "
            f"the file's rows are {found} apart; correct --step-minutes (step_minutes)"
        )

    def _all_starts(self) -> Iterator[list[int]]:
        """Starts of all rows, meter by meter, on the grid or not."""
        again = open_table(self._path, self._declaration)
        taking = Taking(self._path, self._declaration, again, self._local_time)
        starts: dict[str, list[int]] = {}
        for _, raw in again.rows:
            try:
                cells = again.cells(raw)
                series = taking.series_of(cells)
                starts.setdefault(series.meter, []).append(taking.start_of(cells, series))
            except RowFault:
                continue  # what is wrong with it is told when its turn comes
        yield from starts.values()
