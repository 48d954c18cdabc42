"""The port of quarantine: what could not be accepted waits there with its reason, until it can be or is pointless."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Reason(StrEnum):
    """Why something waits in quarantine."""

    UNREADABLE = "unreadable"
    UNKNOWN_DEVICE = "unknown device"
    NOT_SIGNED = "not signed by its device"
    UNKNOWN_METER = "unknown meter"
    BEFORE_COMMISSIONING = "before commissioning"
    FUTURE = "future"
    JUMP = "impossible jump"
    REPLACED = "replaced meter"
    ENERGY_DISAGREES = "energy disagrees"
    CLOSED_PERIOD = "closed period"
    NO_PRICE = "no price"
    NOTHING_TO_CORRECT = "nothing to correct"
    BAD_READING = "bad reading"


@dataclass(frozen=True, slots=True)
class Kept:
    """What waits in quarantine: `id` is derived from the bytes, `text` says it all, `at` is the UTC instant it came."""

    id: str
    data: bytes
    reason: Reason
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """What somebody said to be pointless: who, why, and the UTC instant."""

    kept: Kept
    by: str
    why: str
    at: datetime


class Quarantine(Protocol):
    """What could not be understood or accepted, kept with its reason; it never blocks its neighbours."""

    def keep(self, data: bytes, reason: Reason, text: str) -> None:
        """Idempotent by the bytes: the first reason stays. What was released and is refused again waits anew; what was
        set aside stays aside.

        Raises `Unavailable`.
        """
        ...

    def kept(self) -> Sequence[Kept]:
        """Everything that waits, oldest first."""
        ...

    def release(self, kept: str) -> None:
        """What has this id was replayed with success and waits no longer. Unknown ids change nothing."""
        ...

    def released(self) -> Sequence[tuple[Kept, datetime]]:
        """Everything that was released and does not wait again, and when, in the order of release."""
        ...

    def set_aside(self, kept: str, by: str, why: str) -> None:
        """What has this id is pointless: it waits no longer, whatever comes, and stays to be seen.

        Of what waits no longer, and of unknown ids, nothing changes: the first word stays. Raises `Unavailable`.
        """
        ...

    def aside(self) -> Sequence[SetAside]:
        """Everything that was set aside, in that order."""
        ...
