"""What a device sends: the readings of one poll of all its meters, each with the reading before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from domain.measurement import Reading

ReadingPair = tuple[Reading | None, Reading]
"""A reading and the one before it; None before a store's first reading of a meter, which prices nothing."""


class ClockState(IntEnum):
    """Who vouches for the wall clock; stored as small integers, so the values are for ever."""

    UNSYNCED = 0
    BATTERY = 1
    NETWORK = 2


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What the device's clocks said at a poll: which boot, ms since it (suspended or not), and the wall clock (UTC ms).

    The wall clock may be wrong and may be set back; `boot` and `boot_ms` order the polls of one boot whatever it does.
    """

    boot: str
    boot_ms: int
    wall_ms: int | None
    state: ClockState


@dataclass(frozen=True, slots=True)
class Thinned:
    """One cycle that stands for several, because the disk was full: their numbers, and the minutes it now covers.

    Its readings are the first of what went and the last, so their energy is exact; the times in between are not known.
    """

    seqs: tuple[int, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a body holds. `clock` is None in a body of the first version, or where the device has no such clock."""

    readings: tuple[ReadingPair, ...]
    clock: ClockFacts | None = None
    thinned: Thinned | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """One poll cycle. `(device, store, seq)` is its identity for ever, whatever the clock says.

    Each reading travels with its predecessor, so an upload can be priced alone, whatever arrived before it: live first
    and weeks of backlog later, out of order, or twice.
    """

    device: str
    store: str
    seq: int
    readings: Sequence[ReadingPair]
    clock: ClockFacts | None = None
    thinned: Thinned | None = None

    @property
    def key(self) -> str:
        """Identity within the device."""
        return f"{self.store}/{self.seq}"
