"""A file as a header and rows, whatever its format; and the judgement of the header against the declaration."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.declaring import option
from adapters.meter_files.faults import MOST_COLUMNS, nearest, quoted
from domain.errors import BadReadings

CellType = Literal["text", "exact", "float", "wall", "instant"]
"""How cells arrive: as text; as int or Decimal; as float; as local or as UTC microseconds since 1970."""

ACTIVE_UNITS = ("wh", "kwh", "mwh", "gwh")
REACTIVE_UNITS = ("varh", "kvarh", "mvarh")
POWER_UNITS = ("w", "kw", "mw", "gw", "va", "kva", "mva", "var", "kvar", "mvar")
COLUMNS_LISTED = 20


@dataclass(frozen=True, slots=True)
class Column:
    """Where a declared column stands in the cells of a row, and how its cells arrive."""

    name: str
    position: int
    type: CellType = "text"


@dataclass(frozen=True, slots=True)
class Columns:
    """The declared columns of a file."""

    time: Column
    energy: Column
    reactive: Column | None
    meter: Column | None
    export: Column | None = None
    capacitive: Column | None = None

    @property
    def declared(self) -> tuple[Column, ...]:
        """Those that the file has."""
        every = (self.time, self.energy, self.reactive, self.meter, self.export, self.capacitive)
        return tuple(column for column in every if column)


@dataclass(frozen=True, slots=True)
class Table:
    """An open file of readings.

    `rows` yields a number (called `row_word` in messages) and a raw row; `cells` splits a raw row, and raises
    `RowFault` when it cannot; `original` gives all cells of a raw row as text, for the quarantine.
    """

    header: tuple[str, ...]
    columns: Columns
    row_word: Literal["line", "row"]
    rows: Iterator[tuple[int, Any]]
    cells: Callable[[Any], Sequence[Any]]
    original: Callable[[int, Any], tuple[str, ...]]


def find_columns(where: str, header: Sequence[str], declaration: Declaration) -> Columns:
    """Positions of the declared columns. Raises `BadReadings` for what the header lacks, repeats or contradicts.

    `where` is the file, and the line of its header if it has lines.
    """
    if len(header) > MOST_COLUMNS:
        raise BadReadings(f"{where}: {len(header)} columns are more than {MOST_COLUMNS}; keep those that are needed")

    def find(key: str) -> Column | None:
        name = getattr(declaration, key)
        return None if name is None else Column(name, _position(where, header, name, key))

    time, energy = find("time_column"), find("energy_column")
    assert time is not None  # noqa: S101  (a declaration without these two does not exist)
    assert energy is not None  # noqa: S101
    others = (find(key) for key in ("reactive_column", "meter_column", "export_column", "capacitive_column"))
    columns = Columns(time, energy, *others)
    if declaration.check_header_unit:
        _judge_units(where, columns, declaration)
    return columns


def _judge_units(where: str, columns: Columns, declaration: Declaration) -> None:
    _judge_unit(where, columns.energy.name, declaration.unit, "energy_column", "unit")
    if columns.export:
        _judge_unit(where, columns.export.name, declaration.unit, "export_column", "unit")
    for column, key in ((columns.reactive, "reactive_column"), (columns.capacitive, "capacitive_column")):
        if column and declaration.reactive_unit:
            _judge_unit(where, column.name, declaration.reactive_unit, key, "reactive_unit")


def _position(where: str, header: Sequence[str], name: str, key: str) -> int:
    if header.count(name) == 1:
        return header.index(name)
    if name in header:
        raise BadReadings(f"{where}, column {name}: the header has it {header.count(name)} times; rename one of them")
    found = ", ".join(quoted(column) for column in header[:COLUMNS_LISTED]) + (", …" * (len(header) > COLUMNS_LISTED))
    raise BadReadings(
        f"{where}, column {name}: missing{nearest(name, header) or ';'} "
        f"the file has {found}; name the column with {option(key)} ({key})"
    )


def _judge_unit(where: str, name: str, declared: str, key: str, unit_key: str) -> None:
    """Refuse a column whose name says another unit: kWh read as Wh would cost a thousandth."""
    said = units_in(name)
    if not said or declared.lower() in said:
        return
    anyway = "or, if the name is wrong, declare --no-check-header-unit (check_header_unit = false)"
    if said[0] in POWER_UNITS:
        raise BadReadings(
            f"{where}, column {name}: {quoted(said[0])} is a unit of power, and a reading is energy; "
            f"name an energy column with {option(key)} ({key}), {anyway}"
        )
    raise BadReadings(
        f"{where}, column {name}: the name says {quoted(said[0])}, declared is {declared!r}; "
        f"correct {option(unit_key)} ({unit_key}) or name another column with {option(key)} ({key}), {anyway}"
    )


def units_in(name: str) -> list[str]:
    """Units a column name speaks of, in lower case, energy before power: `Usage_kWh` says `kwh`."""
    words = re.split(r"[^a-z]+", name.lower())
    glued = [unit for unit in ("kwh", "mwh", "gwh", "kvarh", "mvarh") if words[-1].endswith(unit)]  # ActiveEnergykWh
    energy = [word for word in words if word in ACTIVE_UNITS + REACTIVE_UNITS]
    return energy + glued + [word for word in words if word in POWER_UNITS]
