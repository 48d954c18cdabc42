"""Events as stored bytes, under names that are for ever and are never module paths.

A stored event is its name (`ReadingsPriced.v1`) and JSON, deflated. A new shape of an event gets a new name and an upcast
from the old one. A key that this version does not know is refused: dropping it would falsify history.
"""

import dataclasses
import json
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from domain.events import (
    DayClosed,
    DayOpened,
    Event,
    GapDeclared,
    PeriodClosed,
    ReadingCorrected,
    ReadingsPriced,
)

STORED_NAMES: dict[str, type[Event]] = {
    "DayOpened.v1": DayOpened,
    "ReadingsPriced.v1": ReadingsPriced,
    "ReadingCorrected.v1": ReadingCorrected,
    "GapDeclared.v1": GapDeclared,
    "DayClosed.v1": DayClosed,
    "PeriodClosed.v1": PeriodClosed,
}
UPCASTS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {}
"""Old stored name -> (the name of the next shape, its content). Empty until a shape changes."""

COMPRESSION_LEVEL = 1
"""Events are small and many: level 1 keeps nearly all of the gain at a third of the time of level 6."""

_NAMES = {kind: name for name, kind in STORED_NAMES.items()}


class UnknownEvent(Exception):
    """A stored event that this version cannot read without losing something: a newer version wrote it."""


def encode(event: Event) -> tuple[str, bytes]:
    """Stored name and bytes."""
    content = (
        _columns(event) if isinstance(event, ReadingsPriced) else _adapter(type(event)).dump_python(event, mode="json")
    )
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return _NAMES[type(event)], zlib.compress(text.encode(), COMPRESSION_LEVEL)


def decode(name: str, state: bytes) -> Event:
    """The event, in today's shape. Raises `UnknownEvent`."""
    content = json.loads(zlib.decompress(state))
    while name in UPCASTS:
        name, content = UPCASTS[name](content)
    kind = STORED_NAMES.get(name)
    if kind is None:
        raise UnknownEvent(f"stored event {name!r} is not known here; a newer wattledger wrote it: upgrade this one")
    if unknown := content.keys() - _fields(kind):
        raise UnknownEvent(f"stored event {name} has {sorted(unknown)}, unknown here: upgrade this wattledger")
    if kind is ReadingsPriced:
        return _priced(content)
    return _adapter(kind).validate_python(content)


def _columns(event: ReadingsPriced) -> dict[str, Any]:
    """By hand: this is nine events in ten, and a validating adapter would take most of the time of an upload."""
    return {name: getattr(event, name) for name in event.__slots__}


def _priced(content: dict[str, Any]) -> ReadingsPriced:
    return ReadingsPriced(
        upload=content["upload"],
        meters=tuple(content["meters"]),
        slots=tuple(content["slots"]),
        wh=tuple(content["wh"]),
        varh=tuple(content["varh"]),
        estimated=tuple(content["estimated"]),
        live_nano=tuple(map(tuple, content["live_nano"])),
    )


@cache
def _adapter(kind: Any) -> TypeAdapter[Event]:
    return TypeAdapter(kind)


@cache
def _fields(kind: Any) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))
