"""Parquet files of prices as rows of text, so that they are read by the same rules as CSV."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.price_files.table import Row, Table
from domain.errors import BadPriceSeries

if TYPE_CHECKING:
    import pyarrow


def open_parquet(path: Path) -> Table:
    """The file as a `Table`, rows counted from 1. Raises `BadPriceSeries` for a broken file."""
    import pyarrow  # noqa: PLC0415  # most files are CSV, and pyarrow is slow to import
    from pyarrow import parquet  # noqa: PLC0415

    try:
        table = parquet.read_table(path)
        table.validate(full=True)
        header = tuple(table.column_names)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).replace("\n", " ")
        raise BadPriceSeries(f"{path}: not a readable Parquet file ({said:.150}); export it again") from error

    def rows(time: int, price: int) -> Iterator[Row]:
        times, prices = _cells(path, table, time), _cells(path, table, price)
        for number, (at, amount) in enumerate(zip(times, prices, strict=True), 1):
            yield number, at, amount

    return Table(str(path), "row", header, rows)


def _cells(path: Path, table: "pyarrow.Table", place: int) -> Iterator[str]:
    import pyarrow  # noqa: PLC0415

    column = table.column(place)
    written = _writer(path, table.column_names[place], column.type)
    for row, scalar in enumerate(column, 1):
        try:
            yield written(scalar.as_py())
        except (ValueError, OverflowError, pyarrow.ArrowException) as error:
            raise BadPriceSeries(
                f"{path} row {row}, column {table.column_names[place]}: cannot be read ({error}); export it again"
            ) from error


def _writer(path: Path, name: str, kind: "pyarrow.DataType") -> Callable[[Any], str]:
    from pyarrow import types  # noqa: PLC0415

    if types.is_timestamp(kind):
        return lambda value: "" if value is None else _stamp(value)
    if types.is_floating(kind):
        return lambda value: "" if value is None else f"{Decimal(repr(float(value))):f}"  # the shortest that names it
    if types.is_integer(kind) or types.is_decimal(kind):
        return lambda value: "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
    if types.is_string(kind) or types.is_large_string(kind):
        return lambda value: value or ""
    raise BadPriceSeries(f"{path} column {name}: its type is {kind}; times are timestamps or text, prices numbers")


def _stamp(value: datetime) -> str:
    if value.microsecond:
        raise ValueError(f"{value.isoformat()} is no whole second")
    return value.isoformat()
