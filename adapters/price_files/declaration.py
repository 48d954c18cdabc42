"""What is declared about a file of prices: by a small TOML beside it, or by the names of its columns."""

import re
import tomllib
from collections.abc import Sequence
from datetime import timedelta, timezone, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.errors import BadPriceSeries
from domain.nesting import NestedTooDeeply, check_toml

KWH_PER_UNIT = {"kWh": 1, "MWh": 1_000, "GWh": 1_000_000}
UNIT_OF_KWH = {kwh: unit for unit, kwh in KWH_PER_UNIT.items()}
UNIT = re.compile(r"(?<![A-Za-z])([A-Z]{3})/(kWh|MWh|GWh)(?![A-Za-z])")
MOST_BYTES_OF_A_DECLARATION = 65_536

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Declaration(BaseModel):
    """One file's conventions.

    `unit` is currency per energy, `EUR/MWh`; without it the name of the price column must say it. Without
    `step_minutes` the rows tell it. `timezone` is for times without an offset. `stamp` tells which end of its hour a
    time marks. Without column names the first column holds times and the second prices.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    unit: Annotated[str, Field(pattern=r"^[A-Z]{3}/(kWh|MWh|GWh)$")] | None = None
    step_minutes: Literal[15, 60] | None = None
    time_column: Name | None = None
    price_column: Name | None = None
    timezone: str | None = None
    stamp: Literal["start", "end"] = "start"
    decimal: Literal[".", ","] = "."
    delimiter: Literal[",", ";", "\t", "|"] = ","
    source: Annotated[str, Field(max_length=500)] = ""

    @cached_property
    def zone(self) -> tzinfo | None:
        return None if self.timezone is None else _zone(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str | None) -> str | None:
        if name is not None:
            _zone(name)
        return name


def declaration_of(prices: Path) -> Declaration:
    """What `spot.toml` beside `spot.csv` declares; nothing where there is none. Raises `BadPriceSeries`."""
    beside = prices.with_suffix(".toml")
    if not beside.is_file():
        return Declaration()
    try:
        if beside.stat().st_size > MOST_BYTES_OF_A_DECLARATION:
            raise BadPriceSeries(f"{beside}: too large for a declaration; it has one fact a line")
        content = beside.read_bytes()
        check_toml(content)
        return Declaration.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise BadPriceSeries(f"{beside}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except ValidationError as error:
        raise BadPriceSeries(_first_fault(beside, error)) from error
    except ValueError as error:  # also a number of any size
        said = error if isinstance(error, tomllib.TOMLDecodeError | NestedTooDeeply) else type(error).__name__
        raise BadPriceSeries(f'{beside}: not TOML: {said}; write one fact a line, as in unit = "EUR/MWh"') from error


def columns_of(place: str, header: Sequence[str], declared: Declaration) -> tuple[int, int]:
    """Places of the columns of times and of prices. Raises `BadPriceSeries`."""
    if declared.time_column is None and declared.price_column is None and len(header) != 2:
        raise BadPriceSeries(
            f"{place}: {len(header)} columns ({', '.join(header)[:120]!r}), and nothing says which are times and which "
            "prices; declare time_column and price_column in a TOML of the same name beside the file"
        )
    return _place(place, header, declared.time_column, 0), _place(place, header, declared.price_column, 1)


def unit_of(place: str, column: str, declared: Declaration) -> tuple[str, int]:
    """Currency, and the kWh of the unit that a price is for. Raises `BadPriceSeries`."""
    found = UNIT.search(declared.unit or column)
    if found is None:
        raise BadPriceSeries(
            f"{place}, column {column[:60]!r}: nothing says in which currency and for how much energy a price is; call "
            'the column EUR/MWh, or declare unit = "EUR/MWh" in a TOML of the same name beside the file'
        )
    told = UNIT.search(column)
    if told is not None and told[0] != found[0]:
        raise BadPriceSeries(f"{place}, column {column[:60]!r}: is declared as {found[0]!r}; correct one of the two")
    return found[1], KWH_PER_UNIT[found[2]]


def _place(place: str, header: Sequence[str], name: str | None, otherwise: int) -> int:
    if name is None:
        if otherwise < len(header):
            return otherwise
        raise BadPriceSeries(f"{place}: {len(header)} columns; a file of prices has times and prices")
    if header.count(name) != 1:
        there = "is there twice" if name in header else "is not there"
        raise BadPriceSeries(f"{place}: column {name!r} {there}; the columns are {', '.join(header)[:200]}")
    return list(header).index(name)


def _zone(name: str) -> tzinfo:
    offset = re.fullmatch(r"([+-])([01][0-9]):([0-5][0-9])", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes), name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the time zone data is an OSError
        raise ValueError("no time zone of that name; write one such as Europe/Madrid, or +01:00") from error


def _first_fault(beside: Path, error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    key, said = ".".join(map(str, fault["loc"])) or "the file", fault["msg"].removeprefix("Value error, ")
    return (
        f"{beside}: key {key}: {str(fault['input'])[:60]!r}: {said}; the keys are {', '.join(Declaration.model_fields)}"
    )
