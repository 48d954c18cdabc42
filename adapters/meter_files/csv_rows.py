"""CSV, one row a line: a quote that is never closed costs its own line and not the rest of the file."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.faults import MOST_CHARACTERS_OF_A_CELL, MOST_COLUMNS, RowFault, quoted
from adapters.meter_files.table import Table, find_columns
from domain.errors import BadReadings

BLOCK = 1 << 20
LONGEST_LINE = MOST_COLUMNS * MOST_CHARACTERS_OF_A_CELL
OTHER_DELIMITERS = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}


def open_csv(path: Path, declaration: Declaration) -> Table:
    """The file as a `Table`. Raises `BadReadings` for a file that is not text, or whose header is not as declared."""
    _scan(path)
    delimiter = declaration.delimiter
    with path.open(encoding="utf-8-sig") as file:
        first_line = file.readline().rstrip("\n")
    try:
        header = tuple(name.strip() for name in split_line(first_line, delimiter))
    except csv.Error as error:
        raise BadReadings(f"{path} line 1: the header has a quote that is not closed ({error}); close it") from error
    _refuse_another_delimiter(path, header, delimiter)
    columns = find_columns(f"{path} line 1", header, declaration)
    width = len(header)

    def cells(line: str) -> Sequence[str]:
        found = line.split(delimiter) if '"' not in line else _quoted_cells(line)
        if len(found) != width:
            raise _wrong_width(found, header)
        return found

    def _quoted_cells(line: str) -> list[str]:
        try:
            return split_line(line, delimiter)
        except csv.Error as error:
            raise RowFault(columns.time.name, line, f"has a quote out of place ({error})", "mend the quotes") from error

    def original(_number: int, line: str) -> tuple[str, ...]:
        try:
            return tuple(split_line(line, delimiter))
        except csv.Error:
            return (line,)

    return Table(header, columns, "line", _lines(path, delimiter), cells, original)


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line. Raises csv.Error for a quote out of place."""
    return next(csv.reader((line,), delimiter=delimiter, strict=True), [])


def _lines(path: Path, delimiter: str) -> Iterator[tuple[int, str]]:
    """Numbered lines after the header; an empty line holds no reading and is passed over."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if len(line) > MOST_CHARACTERS_OF_A_CELL:
                _refuse_long_cell(path, number, line, delimiter)
            if number > 1 and not line.isspace():
                yield number, line.rstrip("\n")


def _scan(path: Path) -> None:
    """Look through the bytes once, so that no later step meets a byte that is not text, or a line without end."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    line, bytes_of_line = 1, 0
    with path.open("rb") as file:
        for block in chain(iter(partial(file.read, BLOCK), b""), (b"",)):
            if b"\0" in block:
                line += _breaks(block[: block.index(b"\0")])
                raise BadReadings(f"{path} line {line}: a NUL byte, which text never has; export the file as UTF-8 CSV")
            try:
                decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise BadReadings(_not_utf8(path, line, error)) from error
            breaks = _breaks(block)
            line, bytes_of_line = line + breaks, len(block) if breaks else bytes_of_line + len(block)
            if bytes_of_line > LONGEST_LINE:
                raise BadReadings(f"{path} line {line}: more than {LONGEST_LINE} bytes; a CSV has one reading a line")


def _not_utf8(path: Path, line: int, error: UnicodeDecodeError) -> str:
    line += _breaks(error.object[: error.start])  # which may begin with an unfinished character of the block before
    return (
        f"{path} line {line}: byte 0x{error.object[error.start]:02X} is not UTF-8; "
        "save the file as UTF-8 (a spreadsheet calls it 'CSV UTF-8')"
    )


def _breaks(block: bytes) -> int:
    return block.count(b"\n") or block.count(b"\r")  # files of old computers end their lines with \r alone


def _refuse_another_delimiter(path: Path, header: tuple[str, ...], delimiter: str) -> None:
    for other, name in OTHER_DELIMITERS.items():
        if len(header) == 1 and other != delimiter and other in header[0]:
            raise BadReadings(
                f"{path} line 1: one column only, {quoted(header[0])}, when divided by {quoted(delimiter)}; "
                f"its columns seem to be divided by {name}: declare --delimiter (delimiter)"
            )


def _refuse_long_cell(path: Path, number: int, line: str, delimiter: str) -> None:
    """A line may be long by its many cells; a cell may not."""
    try:
        cells = split_line(line, delimiter)
    except csv.Error:
        cells = [line]
    if max(map(len, cells), default=0) > MOST_CHARACTERS_OF_A_CELL:
        raise BadReadings(
            f"{path} line {number}: {quoted(max(cells, key=len))} is a cell of more than {MOST_CHARACTERS_OF_A_CELL} "
            "characters; this is no file of readings, or a quote is missing"
        )


def _wrong_width(found: Sequence[str], header: Sequence[str]) -> RowFault:
    problem = f"stands in a row of {len(found)} cells under a header of {len(header)}"
    if len(found) < len(header):
        return RowFault(header[len(found)], None, problem, "complete the row")
    return RowFault(
        str(len(header) + 1), found[len(header)], problem, "put quotes around a cell that holds the delimiter"
    )
