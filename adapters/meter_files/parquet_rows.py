"""Parquet: typed columns as they are, text columns read like CSV."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.table import CellType, Column, Columns, Table, find_columns
from domain.errors import BadReadings

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"PAR1"


def open_parquet(path: Path, declaration: Declaration) -> Table:
    """The file as a `Table`, rows counted from 1. Raises `BadReadings` for a broken file or an odd column."""
    # pyarrow costs ten times the rest of this adapter at import, and most files are CSV
    import pyarrow  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    try:
        arrow = parquet.read_table(path)
        arrow.validate(full=True)  # lengths, and that text is text
        header = tuple(arrow.column_names)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).replace("\n", " ")
        raise BadReadings(f"{path}: not a readable Parquet file ({said:.150}); export it again") from error
    found = find_columns(str(path), header, declaration)
    typed = [_typed(path, arrow, column, place, column is found.time) for place, column in enumerate(found.declared)]
    by_name = {column.name: column for column, _ in typed}
    others = (found.reactive, found.meter, found.export, found.capacitive)
    columns = Columns(
        by_name[found.time.name],
        by_name[found.energy.name],
        *(by_name[column.name] if column else None for column in others),
    )
    rows = _rows([values for _, values in typed])
    return Table(header, columns, "row", rows, lambda cells: cells, _original(arrow))


def _rows(values: Sequence["pyarrow.ChunkedArray"]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    yield from enumerate(zip(*map(_as_list, values), strict=True), 1)


def _as_list(column: "pyarrow.ChunkedArray") -> list[Any]:
    from pyarrow import types  # noqa: PLC0415

    plain = (types.is_integer(column.type) or types.is_floating(column.type)) and column.null_count == 0
    return list(column.to_numpy().tolist() if plain else column.to_pylist())  # the first is several times faster


def _original(arrow: "pyarrow.Table") -> Callable[[int, Any], tuple[str, ...]]:
    def original(number: int, _cells: Any) -> tuple[str, ...]:
        return tuple(_text_of(column[number - 1]) for column in arrow.columns)

    return original


def _text_of(scalar: "pyarrow.Scalar") -> str:
    try:
        value = scalar.as_py()
    except (OverflowError, ValueError):
        value = scalar.value  # a time that Python cannot hold: the number behind it
    return "" if value is None else str(value)


def _typed(
    path: Path, arrow: "pyarrow.Table", column: Column, place: int, is_time: bool
) -> tuple[Column, "pyarrow.ChunkedArray"]:
    """A column in one of the few types that cells arrive in."""
    import pyarrow  # noqa: PLC0415
    from pyarrow import types  # noqa: PLC0415

    values = arrow.column(column.position)
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    cell_type: CellType
    if types.is_string(kind) or types.is_large_string(kind):
        cell_type = "text"
        values = values.fill_null("")
    elif is_time and types.is_timestamp(kind):
        cell_type = "instant" if kind.tz else "wall"
        values = values.cast(pyarrow.timestamp("us", kind.tz), safe=False).cast(pyarrow.int64())
    elif not is_time and (types.is_integer(kind) or types.is_decimal(kind)):
        cell_type = "exact"
    elif not is_time and types.is_floating(kind):
        cell_type = "float"
    else:
        wanted = "a timestamp or text" if is_time else "a number or text"
        raise BadReadings(
            f"{path} column {column.name}: its type is {kind}, a reading needs {wanted}; convert the column"
        )
    return Column(column.name, place, cell_type), values
