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
from domain.measurement import MeterType, Quality, Verdict, register_step, spread

SPREAD = "spread"
MISSING = "missing"

Row = tuple[int, Decimal, Decimal | None]
"""Number of the row, Wh and varh."""

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
    energy, finer = _placed([wh for _, wh, _ in rows], places, size)
    reactive, finer_reactive = None, 0
    if declaration.reactive_column:
        reactive, finer_reactive = _placed([varh or Decimal() for _, _, varh in rows], places, size)
    holes = tuple(
        Hole(int(starts[i]) + declaration.step_seconds, int(starts[i + 1]), rows[i][0], rows[i + 1][0], MISSING)
        for i in np.flatnonzero(np.diff(places) > 1)
    )
    return Gridded(_load(series, declaration, int(starts[0]), energy, reactive, quality), holes, finer + finer_reactive)


def _placed(amounts: Sequence[Decimal], places: Int, size: int) -> tuple[Int, int]:
    values, finer = whole(amounts)
    placed = np.zeros(size, np.int64)
    placed[places] = values
    return placed, finer


def _of_registers(series: Series, declaration: Declaration) -> Gridded:
    instants = sorted(series.rows)
    rows = [series.rows[instant] for instant in instants]
    active, finer = nearest_whole([wh for _, wh, _ in rows])
    reactive, finer_reactive = nearest_whole([varh or Decimal() for _, _, varh in rows])
    step = _RegisterSteps(declaration.meter_type, declaration.step_seconds)
    for i, (before, after) in enumerate(pairwise(instants)):
        step.take(
            (before, after), (active[i], active[i + 1]), (reactive[i], reactive[i + 1]), (rows[i][0], rows[i + 1][0])
        )
    load = _load(
        series, declaration, instants[0],
        np.array(step.energy_wh, np.int64),
        np.array(step.reactive_varh, np.int64) if declaration.reactive_column else None,
        np.array(step.quality, np.uint8),
    )  # fmt: skip
    return Gridded(load, tuple(step.holes), finer + finer_reactive, step.rollovers)


class _RegisterSteps:
    """Steps between two register states, each judged by the domain's rules (`domain.measurement`)."""

    def __init__(self, meter_type: MeterType, step_seconds: int) -> None:
        self.meter_type = meter_type
        self.step_seconds = step_seconds
        self.step = timedelta(seconds=step_seconds)
        self.energy_wh: list[int] = []
        self.reactive_varh: list[int] = []
        self.quality: list[int] = []
        self.holes: list[Hole] = []
        self.rollovers = 0

    def take(self, instants: Pair, active: Pair, reactive: Pair, numbers: Pair) -> None:
        steps = (instants[1] - instants[0]) // self.step_seconds
        elapsed = self.step * steps
        wh, rule = register_step(*active, self.meter_type, elapsed)
        varh, reactive_rule = register_step(*reactive, self.meter_type, elapsed)
        if wh is None or varh is None:
            thing, states, why = ("active", active, rule) if wh is None else ("reactive", reactive, reactive_rule)
            change = f"the {thing} register went from {states[0]} to {states[1]}"
            self._leave_out(Hole(*instants, *numbers, why, change), steps)
            return
        self.rollovers += rule is Verdict.ROLLOVER or reactive_rule is Verdict.ROLLOVER
        self.energy_wh += spread(wh, steps) if steps > 1 else (wh,)
        self.reactive_varh += spread(varh, steps) if steps > 1 else (varh,)
        self.quality += [Quality.MEASURED if steps == 1 else Quality.ESTIMATED] * steps
        if steps > 1:
            self.holes.append(Hole(*instants, *numbers, SPREAD, f"{wh} Wh"))

    def _leave_out(self, hole: Hole, steps: int) -> None:
        self.energy_wh += [0] * steps
        self.reactive_varh += [0] * steps
        self.quality += [Quality.MISSING] * steps
        self.holes.append(hole)


def _load(
    series: Series, declaration: Declaration, start: int, energy: Int, reactive: Int | None, quality: Flags
) -> Load:
    at = EPOCH + timedelta(seconds=start)
    return Load(series.meter, at, declaration.step_minutes, energy, reactive, quality)
