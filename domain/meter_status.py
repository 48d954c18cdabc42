"""What became of every meter in a poll: read, or left out and why. A meter is never left out in silence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.measurement import NO_EXTRA, Extra, Reading
from domain.quantity import whole

COUNTERS = ("active_energy_import", "reactive_energy_import", "active_energy_export", "reactive_energy_export")
"""What makes a reading: Wh drawn, inductive varh, Wh delivered, capacitive varh."""


class MeterState(StrEnum):
    """`READ` gave a reading; every other state gave none."""

    READ = "read"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    REFUSING = "refusing"
    WRONG_DEVICE = "wrong device"
    IMPLAUSIBLE = "implausible"
    NO_VALUE = "no value"
    STALE = "stale"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class MeterStatus:
    """One meter at one poll: its state, the reason on one line, what a person should know, and its values.

    Values are in base units (Wh, varh, V, A, W); None is what the meter itself marks as no value.
    """

    meter: str
    at: datetime
    state: MeterState
    said: str = ""
    notes: tuple[str, ...] = ()
    values: Mapping[str, Decimal | None] = field(default_factory=dict)


def reading_of(meter: str, at: datetime, values: Mapping[str, Decimal | None]) -> Reading | str:
    """The reading that a meter's values are, or the name of the counter without which they are none.

    A meter that has no reactive register at all reads 0 varh there; its status says so at every poll. What it delivers
    and its capacitive varh are told where it has registers for them. Without a value
    at the moment none of them is just left out of a reading: what it counted until it has one again would be lost.
    """
    missing = next((name for name in COUNTERS if name in values and values[name] is None), None)
    if missing or "active_energy_import" not in values:
        return missing or "active_energy_import"
    active, reactive, export, capacitive = (_whole(values.get(name)) for name in COUNTERS)
    extra = NO_EXTRA if export is None and capacitive is None else Extra(export, capacitive)
    return Reading(meter, at, active or 0, reactive or 0, extra)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else whole(value)
