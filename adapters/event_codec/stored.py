"""Events as stored bytes, under names that are for ever and are never module paths.

A stored event is its name (`DayOpened.v3`) and JSON, deflated; an upload is columns (`packed`). A new shape of an event
gets a new name and an upcast from the old one. A key that this version does not know is refused: dropping it would
falsify history.
"""

import dataclasses
import json
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from adapters.event_codec.columns import UnknownEvent
from adapters.event_codec.packed import DamagedEvent, Measured, measured, packed, unpacked
from domain.events import (
    DayClosed,
    DayJoined,
    DayOpened,
    DayReopened,
    Event,
    GapDeclared,
    PeriodClosed,
    PeriodReopened,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
    ReadingsThinned,
)
from domain.site_events import (
    AgreementChanged,
    DeviceAssigned,
    DeviceKeysRegistered,
    MeterJoined,
    MeterLeft,
    MeterSwapped,
    PricesPublished,
    RatesPublished,
    SupplyPointRegistered,
)

STORED_NAMES: dict[str, type[Event]] = {
    "DayOpened.v3": DayOpened,
    "DayJoined.v1": DayJoined,
    "ReadingsPriced.v3": ReadingsPriced,
    "ReadingCorrected.v3": ReadingCorrected,
    "GapDeclared.v1": GapDeclared,
    "ReadingsThinned.v1": ReadingsThinned,
    "DayClosed.v1": DayClosed,
    "DayReopened.v1": DayReopened,
    "PeriodClosed.v4": PeriodClosed,
    "PeriodReopened.v1": PeriodReopened,
    "PeriodRerated.v1": PeriodRerated,
    "SupplyPointRegistered.v1": SupplyPointRegistered,
    "DeviceAssigned.v1": DeviceAssigned,
    "MeterJoined.v1": MeterJoined,
    "MeterLeft.v1": MeterLeft,
    "MeterSwapped.v2": MeterSwapped,
    "AgreementChanged.v1": AgreementChanged,
    "DeviceKeysRegistered.v1": DeviceKeysRegistered,
    "RatesPublished.v1": RatesPublished,
    "PricesPublished.v1": PricesPublished,
}


def _bill_of_one_part(content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Bills were of one part then; they told neither the names of their periods nor what they remembered."""
    bill = dict(content["bill"])
    told = ("tariff", "tariff_version", "determinants", "coverage", "assumption")
    part = {name: bill.pop(name) for name in told if name in bill}
    part |= {"first": bill["first"], "end": bill["end"], "periods": [], "demand_minutes": 0}
    lines = [line | {"part": None} for line in bill["lines"]]
    return "PeriodClosed.v3", content | {"bill": bill | {"lines": lines, "parts": [part], "remembered": {}}}


NOT_COUNTED = {"export_wh": None, "capacitive_varh": None}

UPCASTS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "DayOpened.v1": lambda content: ("DayOpened.v2", content | {"gauges": []}),  # nothing was gauged then
    "DayOpened.v2": lambda content: (
        "DayOpened.v3",
        content | {"gauges": [_gauge(one) for one in content["gauges"]], "main_meter": ""},  # nobody told it then
    ),
    "ReadingsPriced.v1": lambda content: ("ReadingsPriced.v2", content | {"export_wh": [], "capacitive_varh": []}),
    "ReadingsPriced.v2": lambda content: ("ReadingsPriced.v3", content),  # the same columns, as JSON
    "ReadingCorrected.v1": lambda content: (
        "ReadingCorrected.v2",
        content | {"export_wh": None, "capacitive_varh": None, "was_estimated": False},
    ),
    "ReadingCorrected.v2": lambda content: (
        "ReadingCorrected.v3",
        content | {"export_wh_before": None, "capacitive_varh_before": None},  # nobody told them then
    ),
    "MeterSwapped.v1": lambda content: (
        "MeterSwapped.v2",
        content | {shown: content[shown] | {"extra": NOT_COUNTED} for shown in ("last", "first")},
    ),
    "PeriodClosed.v1": lambda content: ("PeriodClosed.v2", content),
    "PeriodClosed.v2": _bill_of_one_part,
    "PeriodClosed.v3": lambda content: ("PeriodClosed.v4", content | {"allocated": {"micro": {}, "oversubscribed": 0}}),
}
"""Old stored name -> (the name of the next shape, its content)."""

PACKED = "ReadingsPriced.v3"
STORED_SINCE = (*UPCASTS, *STORED_NAMES)
"""Every stored name that there ever was."""

COMPRESSION_LEVEL = 6
"""Events are small: level 6 takes as long as level 1 (53 against 51 microseconds) and saves 2 % more."""

_NAMES = {kind: name for name, kind in STORED_NAMES.items()}


def encode(event: Event) -> tuple[str, bytes]:
    """Stored name and bytes."""
    if isinstance(event, ReadingsPriced):
        return PACKED, packed(event)
    name = _NAMES[type(event)]
    content = _adapter(name).dump_python(event, mode="json")
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return name, zlib.compress(text.encode(), COMPRESSION_LEVEL)


def decode(name: str, state: bytes) -> Event:
    """The event, in today's shape. Raises `UnknownEvent`, `DamagedEvent`."""
    if name == PACKED:
        return unpacked(state)
    if name not in STORED_NAMES and name not in UPCASTS:
        raise UnknownEvent(f"stored event {name!r} is not known here; a newer wattledger wrote it: upgrade this one")
    try:
        content = json.loads(zlib.decompress(state))
    except (zlib.error, ValueError) as error:
        raise DamagedEvent(f"{len(state)} bytes of {name} are not what was written: {error}") from error
    while name in UPCASTS:
        name, content = UPCASTS[name](content)
    kind = STORED_NAMES[name]
    if unknown := content.keys() - _fields(name):
        raise _unknown_keys(name, unknown)
    if kind is ReadingsPriced:
        return _priced(content)
    event = _adapter(name).validate_python(content)
    if unknown := _lost(content, _adapter(name).dump_python(event, mode="json")):
        raise _unknown_keys(name, unknown)
    return event


def decode_measured(name: str, state: bytes) -> Measured | None:
    """The measurements of an upload without their costs; None for an event of any other shape than today's."""
    return measured(state) if name == PACKED else None


def _lost(stored: Any, kept: Any) -> set[str]:
    """Keys of a stored content, at any depth, that reading it would drop."""
    if isinstance(stored, dict):
        both = stored.keys() & kept.keys()
        return {*(stored.keys() - both), *(key for name in both for key in _lost(stored[name], kept[name]))}
    if isinstance(stored, list):
        return {key for pair in zip(stored, kept, strict=True) for key in _lost(*pair)}
    return set()


def _unknown_keys(name: str, keys: Iterable[str]) -> UnknownEvent:
    return UnknownEvent(f"stored event {name} has {sorted(keys)}, unknown here: upgrade this wattledger")


ADDED_TO_GAUGES: dict[str, dict[str, Any]] = {
    "indexed_energy": {"exported": False},
    "reactive_excess": {"capacitive": False},
    "power_factor_excess": {"capacitive_s": []},
}
"""What gauges of some kinds have had since DayOpened.v3: then no meter counted more than two registers."""


def _gauge(stored: dict[str, Any]) -> dict[str, Any]:
    return stored | ADDED_TO_GAUGES.get(stored["kind"], {})


def _priced(content: dict[str, Any]) -> ReadingsPriced:
    """By hand: a validating adapter would take most of the time of an old ledger."""
    return ReadingsPriced(
        upload=content["upload"],
        meters=tuple(content["meters"]),
        slots=tuple(content["slots"]),
        wh=tuple(content["wh"]),
        varh=tuple(content["varh"]),
        estimated=tuple(content["estimated"]),
        live_nano=tuple(map(tuple, content["live_nano"])),
        export_wh=tuple(content["export_wh"]),
        capacitive_varh=tuple(content["capacitive_varh"]),
    )


@cache
def _adapter(name: str) -> TypeAdapter[Event]:
    return TypeAdapter(STORED_NAMES[name])


@cache
def _fields(name: str) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(STORED_NAMES[name]))
