"""From a file to a checked model, and from every fault to one line."""

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.errors import InvalidTariff
from domain.nesting import NestedTooDeeply, check_toml

STRUCTURE = "wattledger-tariff/1"
RATES = "wattledger-rates/1"
MOST_BYTES = 1 << 20
MOST_LEVELS = 12
"""Twice what any tariff needs: deeper ones are no tariffs, and would only try our patience."""
LARGEST_INTEGER = 10**30

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file as it was read; of its content only the schema was looked at."""

    path: Path
    content: dict[str, Any]

    def must_be(self, schema: str, remedy: str) -> None:
        """Raises `InvalidTariff` when the file is one of the other kind."""
        if self.content["schema"] != schema:
            raise InvalidTariff(f"{self.path}: schema: {shown(self.content['schema'])}: {remedy}")

    @property
    def is_structure(self) -> bool:
        return bool(self.content["schema"] == STRUCTURE)

    def text(self, field: str) -> str:
        """A field of the heading. Raises `InvalidTariff` unless it is text."""
        value = self.content.get(field)
        if isinstance(value, str):
            return value
        raise InvalidTariff(f"{self.path}: {field}: {'is missing' if value is None else shown(value)}; give it as text")

    def names(self, field: str) -> tuple[str, ...]:
        """One name of the heading, or a list of them. Raises `InvalidTariff` unless all are text."""
        value = self.content.get(field)
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        return (self.text(field),)


def read_toml(path: Path) -> Document:
    """A file in UTF-8 of at most 1 MiB whose schema is one of ours. Raises `InvalidTariff`."""
    try:
        data = _bytes(path)
        check_toml(data)
        content = tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise InvalidTariff(f"{path}: byte {error.start} is not UTF-8; save the file in UTF-8") from error
    except (ValueError, InvalidOperation) as error:
        raise InvalidTariff(f"{path}: not valid TOML: {_syntax_fault(error)}") from error
    _check_bounds(path, content)
    if content.get("schema") not in (STRUCTURE, RATES):  # a tuple: what a file says may not be hashable
        said = shown(content["schema"]) if "schema" in content else "is missing"
        raise InvalidTariff(f'{path}: schema: {said}; write schema = "{STRUCTURE}" or "{RATES}" in the first line')
    return Document(path, content)


def parse(document: Document, model: type[Model]) -> Model:
    """The document as a strict model. Raises `InvalidTariff` that names the first fault and how many more there are.

    A field that is not known comes before one that is missing: it may be that one, misspelt.
    """
    try:
        return model.model_validate(document.content)
    except ValidationError as error:
        faults = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidTariff(one_line(f"{document.path}: {_sentence(faults[0], model)}{more}")) from error


def one_line(text: str) -> str:
    """A key in quotes may hold a line break or a terminal's control code; an error may not."""
    return "".join(character if character.isprintable() else " " for character in text)


def shown(value: object) -> str:
    """A value as an error quotes it: as TOML has it, and nothing long."""
    text = _as_toml(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _as_toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_as_toml, value))}]"
        case dict() if value:
            return f"{{ {', '.join(f'{key} = {_as_toml(one)}' for key, one in value.items())} }}"
        case _:
            return repr(value)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidTariff(f"{path}: cannot be read: {error.strerror}; check the path") from error
    if len(content) > MOST_BYTES:
        raise InvalidTariff(f"{path}: larger than 1 MiB; a tariff file holds rates, not readings: check the path")
    return content


def _check_bounds(path: Path, content: dict[str, Any]) -> None:
    """Nothing nests beyond reason and no number is beyond printing. Raises `InvalidTariff` with the place."""
    level: list[tuple[str, Any]] = [("", content)]
    for _ in range(MOST_LEVELS):
        level = [inside for place, value in level for inside in _inside(place, value)]
        for place, value in level:
            if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
                raise InvalidTariff(one_line(f"{path}: {place}: a number has more digits than can be read; shorten it"))
    if level:
        raise InvalidTariff(one_line(f"{path}: {level[0][0][:60]}: nested too deeply; a tariff needs five levels"))


def _inside(place: str, value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{place}.{key}".removeprefix("."), one) for key, one in value.items())
    elif isinstance(value, list):
        yield from ((f"{place}[{n}]", one) for n, one in enumerate(value, 1))


def _syntax_fault(error: Exception) -> str:
    match error:
        case tomllib.TOMLDecodeError():
            return f"{error}; correct that line"
        case NestedTooDeeply():
            return f"it is {error}; a tariff needs five levels"
        case _:
            return "a number has more digits than can be read; shorten it"


def _sentence(fault: Any, model: type[BaseModel]) -> str:
    """One fault as `place: value: what is wrong; remedy`."""
    value, context = shown(fault["input"]), fault.get("ctx", {})
    match fault["type"]:
        case "missing" | "union_tag_not_found":
            said = "is missing; add it"
        case "extra_forbidden":
            said = f"is not a field here; {_correction(str(fault['loc'][-1]), model)}"
        case "union_tag_invalid":
            said = f"{shown(context['tag'])} is no kind of charge; use one of {context['expected_tags']}"
        case "value_error":
            said = f"{value}: {context['error']}"
        case "literal_error":
            said = f"{value}: use {context['expected']}"
        case "date_type":
            said = f"{value}: write a date without quotes and without a time, like 2026-01-31"
        case _:
            said = f"{value}: {fault['msg'][:1].lower()}{fault['msg'][1:]}; correct it"
    return f"{_place(fault['loc'])}{'.kind' if 'union_tag' in fault['type'] else ''}: {said}"


def _place(location: tuple[int | str, ...]) -> str:
    """`charge[7].load_factor`, counted from 1 as people count."""
    parts = list(location)
    if parts[:1] == ["charge"]:
        del parts[2:3]  # the kind of the charge, which is no part of the place
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "the file"


def _correction(name: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(name, _field_names(model), n=1)
    return f"did you mean {near[0]!r}?" if near else "remove it, or see docs/tariff-files.md for the fields there are"


def _field_names(model: type[BaseModel]) -> set[str]:
    """Names of the fields of a model and of all models in it."""
    definitions = model.model_json_schema().get("$defs", {}).values()
    return {name for part in definitions for name in part.get("properties", {})} | set(model.model_fields)
