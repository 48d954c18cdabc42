"""From a profile file to a checked model, and from every fault in it to one line."""

import difflib
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.errors import InvalidProfile
from domain.nesting import NestedTooDeeply, check_toml

MODBUS = "wattledger-meter/1"
MQTT = "wattledger-mqtt-meter/1"
MOST_BYTES = 1 << 18
MOST_SHOWN = 60


class Part(BaseModel):
    """A table of a profile: nothing unknown in it, nothing converted in silence."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """A file in UTF-8 of at most 256 KiB whose schema is one of ours. Raises `InvalidProfile`."""
    try:
        data = _bytes(path)
        check_toml(data)
        content = tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise InvalidProfile(f"{path}: byte {error.start} is not UTF-8; save the file in UTF-8") from error
    except NestedTooDeeply as error:
        raise InvalidProfile(f"{path}: not valid TOML: it is {error}; three levels are enough") from error
    except (ValueError, InvalidOperation) as error:
        raise InvalidProfile(one_line(f"{path}: not valid TOML: {error}; correct that line")) from error
    if content.get("schema") not in (MODBUS, MQTT):  # a tuple: what a file says may not be hashable
        said = shown(content["schema"]) if "schema" in content else "is missing"
        raise InvalidProfile(f'{path}: schema: {said}; write schema = "{MODBUS}" or "{MQTT}" in the first line')
    return content


def parse(path: Path, content: dict[str, Any], model: type[Model]) -> Model:
    """The content as a strict model. Raises `InvalidProfile` with the first fault and how many more there are."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidProfile(one_line(f"{path}: {_sentence(faults[0], model)}{more}")) from error


def one_line(text: str) -> str:
    """A file may hold a line break or a terminal's control code; an error may not."""
    return "".join(character if character.isprintable() else " " for character in text)


def shown(value: object) -> str:
    """A value as an error quotes it, never long. A number may have more digits than can be printed."""
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of {value.bit_length()} bits"
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def near(name: str, names: list[str]) -> str:
    """What may have been meant."""
    found = [one for one in names if name and name in one] or difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(found[:3])}?" if found else f"use one of {', '.join(sorted(names))}"


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a path with a null byte is a ValueError
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidProfile(one_line(f"{path}: cannot be read: {said}; check the path")) from error
    if len(content) > MOST_BYTES:
        raise InvalidProfile(f"{path}: larger than 256 KiB; a profile holds some dozen registers: check the path")
    return content


def _sentence(fault: Any, model: type[BaseModel]) -> str:
    place, value = _place(fault["loc"]), shown(fault["input"])
    match fault["type"]:
        case "missing":
            return f"{place}: is missing; add it"
        case "extra_forbidden":
            return f"{place}: is not a field here; {near(str(fault['loc'][-1]), sorted(_field_names(model)))}"
        case "value_error":
            return f"{place}: {value}: {fault['ctx']['error']}"
        case "literal_error" | "enum":
            return f"{place}: {value}: use {fault['ctx']['expected']}"
        case _:
            return f"{place}: {value}: {fault['msg'][:1].lower()}{fault['msg'][1:]}; correct it"


def _place(location: tuple[int | str, ...]) -> str:
    """`registers[7].scale`, counted from 1 as people count."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "the file"


def _field_names(model: type[BaseModel]) -> set[str]:
    definitions = model.model_json_schema().get("$defs", {}).values()
    return {name for part in definitions for name in part.get("properties", {})} | set(model.model_fields)
