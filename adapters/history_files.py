"""Demand of months before the readings, from a CSV or a TOML: what ratchets and look-backs remember."""

import csv
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from domain.budget import LARGEST_LOAD_KW
from domain.errors import BadHistory
from domain.nesting import check_toml

MOST_BYTES = 16 * 1024**2
MOST_KW = Decimal(LARGEST_LOAD_KW * 3 // 2)
"""The largest load with as much reactive power, in kVA."""
MONTH = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])").fullmatch
NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?").fullmatch
COLUMNS = ("charge", "month", "kW")
OF_A_METER = (*COLUMNS, "meter")

Remembered = dict[str, dict[str, dict[date, Fraction]]]
"""kW (kVA where a charge counts it) by meter, charge code and first day of the month; meter "" is whichever it is."""


def read_history(path: Path) -> Remembered:
    """What a file says. CSV: columns charge, month, kW and perhaps meter. TOML: `[charge]`, then `2025-12 = 640.5`.

    Raises `BadHistory`, which names file, row, column and value.
    """
    text = _text(path)
    entries = _of_toml(path, text) if path.suffix == ".toml" else _of_csv(path, text)
    found: Remembered = {}
    for place, meter, charge, month, kw in entries:
        months = found.setdefault(meter, {}).setdefault(charge, {})
        first = date.fromisoformat(f"{month}-01")
        if first in months:
            raise BadHistory(f"{place}: {charge} in {month} is there twice; remove one")
        months[first] = kw
    if not found:
        raise BadHistory(f"{path}: says nothing; a row is a charge, a month and its kW")
    return found


Entry = tuple[str, str, str, str, Fraction]


def _of_csv(path: Path, text: str) -> Iterator[Entry]:
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        if sorted(header) not in (sorted(COLUMNS), sorted(OF_A_METER)):
            raise BadHistory(
                f"{path} line 1: the columns are {', '.join(header)[:200]!r}; they must be {', '.join(COLUMNS)}, and "
                "meter where the readings are of several"
            )
        for cells in rows:
            place = f"{path} line {rows.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadHistory(f"{place}: {len(cells)} cells under a header of {len(header)}; complete the row")
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            yield _entry(place, row.get("meter", ""), row["charge"], row["month"], row["kW"])
    except csv.Error as error:
        raise BadHistory(f"{path} line {rows.line_num}: a quote is out of place ({error}); mend it") from error


def _of_toml(path: Path, text: str) -> Iterator[Entry]:
    try:
        check_toml(text.encode())
        tables = tomllib.loads(text, parse_float=str)
    except ValueError as error:
        raise BadHistory(f"{path}: not TOML: {error}; write [charge], and below it 2025-12 = 640.5") from error
    for charge, months in tables.items():
        if not isinstance(months, dict):
            raise BadHistory(f"{path} {charge}: {str(months)[:60]!r} is no table of months; write [charge] above them")
        for month, kw in months.items():
            written = str(kw) if isinstance(kw, int | str) and not isinstance(kw, bool) else repr(kw)
            yield _entry(f"{path} [{charge}] {month}", "", charge, month, written)


def _entry(place: str, meter: str, charge: str, month: str, kw: str) -> Entry:
    if not charge:
        raise BadHistory(f"{place}, column charge: '' is no charge; write the code of a demand charge")
    if not MONTH(month):
        raise BadHistory(f"{place}, column month: {month[:60]!r} is no month; write it as 2025-12")
    if not NUMBER(kw) or Decimal(kw) > MOST_KW:
        raise BadHistory(f"{place}, column kW: {kw[:60]!r} is no kW between 0 and {MOST_KW:,}; write plain digits")
    return place, meter, charge, month, Fraction(kw)


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadHistory(f"{path}: {size:,} bytes; demand of earlier months has {MOST_BYTES:,} at most")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadHistory(f"{path}: there is no such file; check the path") from None
    except UnicodeDecodeError as error:
        raise BadHistory(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
