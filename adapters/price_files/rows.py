"""Opens a file of prices: Parquet by its first bytes, everything else as CSV."""

import csv
from collections.abc import Iterator
from pathlib import Path

from adapters.price_files.parquet_rows import open_parquet
from adapters.price_files.table import Row, Table
from domain.errors import BadPriceSeries

LONGEST_LINE = 10_000
PARQUET = b"PAR1"


def open_table(path: Path, delimiter: str) -> Table:
    """The file as a `Table`. Raises `BadPriceSeries`."""
    with path.open("rb") as file:
        if file.read(4) == PARQUET:
            return open_parquet(path)
    lines = _lines(path)
    header = tuple(name.strip() for name in _cells(path, 1, next(lines, ""), delimiter))

    def rows(time: int, price: int) -> Iterator[Row]:
        for number, line in enumerate(lines, 2):
            if not line.strip():
                continue
            cells = _cells(path, number, line, delimiter)
            if len(cells) != len(header):
                raise BadPriceSeries(
                    f"{path} line {number}: {len(cells)} cells under a header of {len(header)}; complete the row, or "
                    "declare the delimiter in a TOML of the same name"
                )
            yield number, cells[time], cells[price]

    return Table(f"{path} line 1", "line", header, rows)


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPriceSeries(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 (a spreadsheet calls it 'CSV UTF-8')"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE or "\0" in line:
            raise BadPriceSeries(f"{path} line {number}: too long for a price, or no text; export the file as CSV")
        yield line


def _cells(path: Path, number: int, line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise BadPriceSeries(f"{path} line {number}: a quote is out of place ({error}); mend it") from error
