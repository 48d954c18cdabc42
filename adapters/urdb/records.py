"""The file of records: one record, a list of them, or `{"items": [...]}` as the service answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.urdb.fields import shown
from domain.errors import InvalidTariff
from domain.nesting import check_json

MOST_BYTES = 1 << 28
MOST_SHOWN = 12
MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its fields by their name in small letters (`lookbackMonths` is the one name that has others)."""

    file: str
    fields: dict[str, Any]

    @property
    def label(self) -> str:
        return str(self.fields.get("label") or "without label")

    @property
    def place(self) -> str:
        return f"{self.file}: record {shown(self.label)}"


def read_records(path: Path) -> tuple[Record, ...]:
    """All records of a file. Raises `InvalidTariff` for a file that holds none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidTariff(f"{path}: larger than 256 MiB; cut the records you need out of it")
        data = path.read_bytes()
        check_json(data)
        content = json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except OSError as error:
        raise InvalidTariff(f"{path}: cannot be read: {error.strerror}; check the path") from error
    except ValueError as error:
        raise InvalidTariff(f"{path}: not valid JSON: {error}; ask the service with format=json") from error
    found = content.get("items", content) if isinstance(content, dict) else content
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(one, dict) and _looks_like_a_record(one) for one in listed):
        raise InvalidTariff(
            f"{path}: holds no URDB records; save what the service answers with detail=full: one record, "
            'a list of records, or {"items": [...]}'
        )
    return tuple(_record(str(path), one) for one in listed)


def choose(records: Sequence[Record], label: str | None) -> Record:
    """The record with a label, or the only one. Raises `InvalidTariff` that lists what there is."""
    if label is None and len(records) == 1:
        return records[0]
    found = [record for record in records if record.label == label]
    if len(found) == 1:
        return found[0]
    names = (
        f"{shown(record.label)} ({shown(record.fields.get('name', 'no name'))})" for record in records[:MOST_SHOWN]
    )
    more = f" and {len(records) - MOST_SHOWN} more" if len(records) > MOST_SHOWN else ""
    fault = f"there are {len(found) or 'no'} records {label!r}" if label else f"there are {len(records)} records"
    raise InvalidTariff(f"{records[0].file}: {fault}; name one with --label: {'; '.join(names)}{more}")


def _looks_like_a_record(one: dict[str, Any]) -> bool:
    return any(str(key).lower() in {"label", "name", "energyratestructure", "utility"} for key in one)


def _record(file: str, content: dict[str, Any]) -> Record:
    place, fields = f"{file}: record {shown(content.get('label'))}", dict[str, Any]()
    _check_depth(content, place)
    for key, value in content.items():
        if key.lower() in fields:
            raise InvalidTariff(f"{place}: field {key!r} is there twice; remove one")
        if not is_empty(value):
            fields[key.lower()] = value
    return Record(file, fields)


def _check_depth(content: dict[str, Any], place: str) -> None:
    """No field of a record nests deeper than tiers in periods. Raises `InvalidTariff`."""
    level: list[Any] = [content]
    for _ in range(MOST_LEVELS):
        inside = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [value for values in inside for value in values]
    if level:
        raise InvalidTariff(f"{place}: nests more than {MOST_LEVELS} levels deep; no URDB record does")


def is_empty(value: object) -> bool:
    """Says nothing: null, an empty text, an empty list or table."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
