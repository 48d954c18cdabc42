"""What became of every meter in a poll: read, or left out and why. A meter is never left out in silence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.measurement import Reading
from domain.quantity import whole


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

    A meter that has no reactive register at all reads 0 varh there; its status says so at every poll.
    """
    active = values.get("active_energy_import")
    if active is None:
        return "active_energy_import"
    reactive = values.get("reactive_energy_import", Decimal(0))
    if reactive is None:
        return "reactive_energy_import"
    return Reading(meter, at, whole(active), whole(reactive))
