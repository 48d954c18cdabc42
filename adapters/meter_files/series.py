"""One meter's accepted rows become a `Load` on a regular grid; what is missing between is told, never filled in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np

from adapters.meter_files.amounts import nearest_whole, whole
from adapters.meter_files.declaration import Declaration
from adapters.meter_files.local_time import BEFORE_ALL, EPOCH, LocalTime
from domain.arrays.load import Flags, Int, Load
from domain.measurement import NO_EXTRA, Extra, MeterType, Quality, Reading, Verdict, register_step, spread

SPREAD = "spread"
MISSING = "missing"

Row = tuple[int, Decimal, Decimal | None, Decimal | None, Decimal | None]
"""Number of the row, Wh and varh, Wh delivered and capacitive varh."""

Pair = tuple[int, int]
"""A value before and after a step."""


@dataclass(slots=True)
class Series:
    """Rows of one meter by the instant of their interval's start (register: of the reading).

    `last` is the stamp of the row taken last, in the order of the file.
    """

    meter: str
    rows: dict[int, Row] = field(default_factory=dict)
    last: int = BEFORE_ALL


@dataclass(frozen=True, slots=True)
class Hole:
    """Intervals `[start, end)` between the rows `before` and `after` that were not measured, and by which rule."""

    start: int
    end: int
    before: int
    after: int
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gridded:
    """A meter's load, its holes, and how many of its values were finer than 1 Wh or 1 varh, or wrapped."""

    load: Load
    holes: tuple[Hole, ...]
    finer: int
    rollovers: int = 0


def on_grid(series: Series, declaration: Declaration) -> Gridded:
    """The load of a meter whose rows are all on the grid of the declared step; a register needs two rows."""
    return _of_registers(series, declaration) if declaration.kind == "register" else _of_intervals(series, declaration)


def most_common_step(instants_by_meter: Iterable[Iterable[int]]) -> int | None:
    """Seconds between most neighbouring rows of the same meter; None without a majority, or with too few rows."""
    neighbours = [np.diff(np.unique(np.fromiter(instants, np.int64))) for instants in instants_by_meter]
    seconds, counts = np.unique(np.concatenate([*neighbours, np.zeros(0, np.int64)]), return_counts=True)
    if counts.sum() < 3 or counts.max() * 2 <= counts.sum():
        return None
    return int(seconds[counts.argmax()])


def undecided(series: Series, local_time: LocalTime, shift: int) -> list[int]:
    """Starts in an hour that the clock repeated, taken for its first pass although no row told the second.

    `shift` leads from a start to its stamp. Where the rows end before that hour is over, the first pass is the answer.
    """
    found: list[int] = []
    for begin, middle, end in local_time.repeated_spans():
        first, second = (
            [at - shift for at in range(*span, 60) if at - shift in series.rows]
            for span in ((begin, middle), (middle, end))
        )
        if first and not second and max(series.rows) + shift >= end:
            found += first
    return found


def _of_intervals(series: Series, declaration: Declaration) -> Gridded:
    starts = np.array(sorted(series.rows), np.int64)
    rows = [series.rows[int(start)] for start in starts]
    places = (starts - starts[0]) // declaration.step_seconds
    size = int(places[-1]) + 1
    quality = np.full(size, Quality.MISSING, np.uint8)
    quality[places] = Quality.MEASURED
    found: list[Int | None] = []
    finer = 0
    for column, is_declared in enumerate(_declared(declaration), 1):
        values, finer_here = _placed([_amount(row, column) for row in rows], places, size) if is_declared else (None, 0)
        found.append(values)
        finer += finer_here
    holes = tuple(
        Hole(int(starts[i]) + declaration.step_seconds, int(starts[i + 1]), rows[i][0], rows[i + 1][0], MISSING)
        for i in np.flatnonzero(np.diff(places) > 1)
    )
    return Gridded(_load(series, declaration, int(starts[0]), found, quality), holes, finer)


def _declared(declaration: Declaration) -> tuple[bool, ...]:
    """Which of a row's amounts the file has: Wh, varh, Wh delivered, capacitive varh."""
    others = (declaration.reactive_column, declaration.export_column, declaration.capacitive_column)
    return (True, *(name is not None for name in others))


def _amount(row: Row, column: int) -> Decimal:
    return Decimal(row[column] or 0)


def _placed(amounts: Sequence[Decimal], places: Int, size: int) -> tuple[Int, int]:
    values, finer = whole(amounts)
    placed = np.zeros(size, np.int64)
    placed[places] = values
    return placed, finer


def _of_registers(series: Series, declaration: Declaration) -> Gridded:
    instants = sorted(series.rows)
    rows = [series.rows[instant] for instant in instants]
    declared = _declared(declaration)
    wanted = [column for column, is_declared in enumerate(declared, 1) if is_declared]
    rounded = [nearest_whole([_amount(row, column) for row in rows]) for column in wanted]
    step = _RegisterSteps(declaration.meter_type, declaration.step_seconds, [REGISTERS[n - 1] for n in wanted])
    for i, (before, after) in enumerate(pairwise(instants)):
        states = [(values[i], values[i + 1]) for values, _ in rounded]
        step.take((before, after), states, (rows[i][0], rows[i + 1][0]))
    energy = dict(zip(wanted, step.energy, strict=True))
    found = [np.array(energy[n], np.int64) if n in energy else None for n in range(1, len(declared) + 1)]
    load = _load(series, declaration, instants[0], found, np.array(step.quality, np.uint8))
    return Gridded(load, tuple(step.holes), sum(finer for _, finer in rounded), step.rollovers)


def registers_of(series: Series, declaration: Declaration) -> tuple[tuple[Reading, ...], int]:
    """A meter's readings in the order of time, in whole Wh and varh, and how many of their values were finer."""
    instants = sorted(series.rows)
    columns: list[Sequence[int | None]] = []
    finer = 0
    for column, is_declared in enumerate(_declared(declaration), 1):
        if not is_declared:
            columns.append([None] * len(instants))
            continue
        values, finer_here = nearest_whole([_amount(series.rows[instant], column) for instant in instants])
        columns.append(values)
        finer += finer_here
    readings = tuple(
        Reading(series.meter, EPOCH + timedelta(seconds=instant), wh or 0, varh or 0, _extra(exported, capacitive))
        for instant, wh, varh, exported, capacitive in zip(instants, *columns, strict=True)
    )
    return readings, finer


def _extra(exported: int | None, capacitive: int | None) -> Extra:
    return NO_EXTRA if exported is None and capacitive is None else Extra(exported, capacitive)


REGISTERS = ("active", "reactive", "export", "capacitive")


class _RegisterSteps:
    """Steps between two register states, each judged by the domain's rules (`domain.measurement`)."""

    def __init__(self, meter_type: MeterType, step_seconds: int, registers: Sequence[str]) -> None:
        self.registers = registers
        self.meter_type = meter_type
        self.step_seconds = step_seconds
        self.step = timedelta(seconds=step_seconds)
        self.energy: list[list[int]] = [[] for _ in registers]
        self.quality: list[int] = []
        self.holes: list[Hole] = []
        self.rollovers = 0

    def take(self, instants: Pair, states: Sequence[Pair], numbers: Pair) -> None:
        """`states` are the registers before and after, in the order of `registers`."""
        steps = (instants[1] - instants[0]) // self.step_seconds
        judged = [register_step(*pair, self.meter_type, self.step * steps) for pair in states]
        amounts: list[int] = []
        for thing, pair, (amount, why) in zip(self.registers, states, judged, strict=True):
            if amount is None:
                change = f"the {thing} register went from {pair[0]} to {pair[1]}"
                self._leave_out(Hole(*instants, *numbers, why, change), steps)
                return
            amounts.append(amount)
        self.rollovers += any(rule is Verdict.ROLLOVER for _, rule in judged)
        for column, amount in zip(self.energy, amounts, strict=True):
            column.extend(spread(amount, steps) if steps > 1 else (amount,))
        self.quality += [Quality.MEASURED if steps == 1 else Quality.ESTIMATED] * steps
        if steps > 1:
            self.holes.append(Hole(*instants, *numbers, SPREAD, f"{amounts[0]} Wh"))

    def _leave_out(self, hole: Hole, steps: int) -> None:
        for column in self.energy:
            column.extend([0] * steps)
        self.quality += [Quality.MISSING] * steps
        self.holes.append(hole)


def _load(series: Series, declaration: Declaration, start: int, columns: Sequence[Int | None], quality: Flags) -> Load:
    at = EPOCH + timedelta(seconds=start)
    energy, reactive, exported, capacitive = columns
    assert energy is not None  # noqa: S101  (every file has a column of energy)
    return Load(series.meter, at, declaration.step_minutes, energy, reactive, quality, exported, capacitive)
