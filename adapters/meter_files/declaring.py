"""A declaration is put together: the options of the command win over the TOML file beside the readings."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from adapters.meter_files.declaration import Declaration, undeclared
from adapters.meter_files.faults import nearest, quoted
from domain.errors import BadReadings
from domain.nesting import NestedTooDeeply, check_toml


def load_declaration(readings: Path, overrides: Mapping[str, object], toml: Path | None = None) -> Declaration:
    """What is declared about `readings`: `plant.toml` beside `plant.csv` (or `toml`), overruled by `overrides`.

    An override that is None or an empty list was not given. Raises `BadReadings`, one line that names what is missing
    or wrong, as an option and as a key.
    """
    beside = toml or readings.with_suffix(".toml")
    given = {key: value for key, value in overrides.items() if value is not None and value not in ((), [])}
    facts = {**_facts_in(beside, required=toml is not None), **given}
    for key in facts.keys() - Declaration.model_fields.keys():
        raise BadReadings(
            f"{beside}: {quoted(key)} is no key of a declaration{nearest(key, Declaration.model_fields) or ';'} "
            f"the keys are {', '.join(Declaration.model_fields)}"
        )
    lacking = undeclared(facts)
    if lacking:
        raise BadReadings(
            f"{readings}: still to be declared: {', '.join(f'{option(key)} ({key})' for key in lacking)}; "
            f"give the options, or write the keys into {beside}"
        )
    try:
        return Declaration.model_validate(facts)
    except ValidationError as error:
        raise BadReadings(_first_fault(error, given, readings, beside)) from error


MOST_BYTES_OF_A_DECLARATION = 1 << 18


def option(key: str) -> str:
    """The command's option for a key: `step_minutes` is `--step-minutes`."""
    return "--" + key.replace("_", "-")


def _facts_in(toml: Path, required: bool) -> dict[str, object]:
    if not required and not toml.exists():
        return {}
    try:
        with toml.open("rb") as file:
            content = file.read(MOST_BYTES_OF_A_DECLARATION + 1)
        if len(content) > MOST_BYTES_OF_A_DECLARATION:
            raise BadReadings(f"{toml}: too large for a declaration; it has one fact a line")
        check_toml(content)
        # TOML numbers become Decimal, so that 12.1 kW stays 12.1
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError) as error:
        raise BadReadings(f"{toml}: the declaration cannot be read ({error}); write it as UTF-8 text") from error
    except (ValueError, ArithmeticError) as error:  # a ValueError is also a number of any size
        said = error if isinstance(error, tomllib.TOMLDecodeError | NestedTooDeeply) else type(error).__name__
        raise BadReadings(f'{toml}: not TOML: {said}; write one fact a line, as in unit = "kWh"') from error


def _first_fault(error: ValidationError, given: Mapping[str, object], readings: Path, beside: Path) -> str:
    fault = error.errors(include_url=False)[0]
    said = fault["msg"].removeprefix("Value error, ").replace("\n", " ")
    if not fault["loc"]:
        return f"{readings}: the declaration contradicts itself: {said}"
    key = str(fault["loc"][0])
    where = f"{readings}: option {option(key)}" if key in given else f"{beside}: key {key}"
    return f"{where}: {quoted(fault['input'])}: {said}; correct {option(key)} ({key})"
