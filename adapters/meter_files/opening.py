"""The readers of a file: the table by its format, and one parser for each declared column."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.meter_files.amounts import LARGEST_REGISTER_WH, Amounts, Limit
from adapters.meter_files.csv_rows import open_csv
from adapters.meter_files.declaration import VARH_PER_UNIT, WH_PER_UNIT, Declaration
from adapters.meter_files.faults import MOST_BYTES_OF_A_FILE
from adapters.meter_files.local_time import LocalTime
from adapters.meter_files.parquet_rows import MAGIC, open_parquet
from adapters.meter_files.stamps import Stamps
from adapters.meter_files.table import Column, Table
from domain.budget import LARGEST_LOAD_KW
from domain.errors import BadReadings
from domain.measurement import PLAUSIBLE_OVERLOAD_PERCENT

PACKED = {b"PK\x03\x04": "a spreadsheet or a zip archive", b"\x1f\x8b": "packed with gzip"}

ReadStamp = Callable[[Any, int], int]
ReadAmount = Callable[[Any], Decimal]


def open_table(path: Path, declaration: Declaration) -> Table:
    """The file as a table; the format is told by its first bytes. Raises `BadReadings`."""
    if path.is_dir():
        raise BadReadings(f"{path}: a folder, not a file; name the file of readings in it")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begins = file.read(4)
        if size == 0:
            raise BadReadings(f"{path}: empty; export the readings again")
        if size > MOST_BYTES_OF_A_FILE:
            raise BadReadings(
                f"{path}: {size} bytes are more than {MOST_BYTES_OF_A_FILE}; split the file by meter or year"
            )
        return _open_by_content(path, begins, declaration)
    except FileNotFoundError as error:
        raise BadReadings(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise BadReadings(f"{path}: cannot be opened ({error.strerror}); check the rights to it") from error


def _open_by_content(path: Path, begins: bytes, declaration: Declaration) -> Table:
    for magic, what in PACKED.items():
        if begins.startswith(magic):
            raise BadReadings(f"{path}: {what}; unpack it, or save the readings as CSV or Parquet")
    if begins == MAGIC:
        return open_parquet(path, declaration)
    if path.suffix == ".parquet":
        raise BadReadings(f"{path}: not a Parquet file, whatever its name says; export it again, or name a CSV .csv")
    return open_csv(path, declaration)


def stamp_reader(column: Column, declaration: Declaration, local_time: LocalTime) -> ReadStamp:
    """How the cells of the time column become instants."""
    stamps = Stamps(declaration, local_time)
    return {"instant": stamps.of_instant, "wall": stamps.of_wall}.get(column.type, stamps.of_text)


def energy_reader(column: Column, declaration: Declaration) -> ReadAmount:
    """How the cells of the energy column become Wh."""
    return _amount_reader(column, declaration, declaration.unit, WH_PER_UNIT[declaration.unit])


def reactive_reader(column: Column, declaration: Declaration) -> ReadAmount:
    """How the cells of the reactive column become varh."""
    unit = declaration.reactive_unit or "varh"
    return _amount_reader(column, declaration, unit, VARH_PER_UNIT[unit])


def _amount_reader(column: Column, declaration: Declaration, unit: str, scale: int) -> ReadAmount:
    amounts = Amounts(column.name, unit, scale, declaration.decimal, _limit(declaration))
    return {"exact": amounts.of_exact, "float": amounts.of_float}.get(column.type, amounts.of_text)


def _limit(declaration: Declaration) -> Limit:
    if declaration.kind == "register":
        remedy = "a register counts up from zero; declare the register of imported energy"
        return Limit("register", LARGEST_REGISTER_WH, f"a register holds {LARGEST_REGISTER_WH:,} Wh at most", remedy)
    remedy = "declare the column of imported energy; exported energy has a column of its own"
    if declaration.rated_power_kw is None:
        most = LARGEST_LOAD_KW * 1000 * declaration.step_seconds // 3600
        reason = f"the largest load, {LARGEST_LOAD_KW:,} kW, is {most:,} Wh in {declaration.step_minutes} minutes"
        return Limit("energy", most, reason, remedy)
    watts = declaration.meter_type.rated_power_w
    possible = watts * declaration.step_seconds * PLAUSIBLE_OVERLOAD_PERCENT // 360_000
    carries = f"{PLAUSIBLE_OVERLOAD_PERCENT} % of the rated {declaration.rated_power_kw} kW"
    return Limit("energy", possible, f"{carries} is {possible:,} Wh in {declaration.step_minutes} minutes", remedy)
