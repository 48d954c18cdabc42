"""The ports of the device: its meters, its store, its clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.measurement import Reading
from domain.upload import ClockFacts


class Meters(Protocol):
    """The meters of one device."""

    def read(self, at: datetime) -> Sequence[Reading]:
        """Registers of every meter that answered, stamped with the poll instant `at`; a silent meter is left out."""
        ...


@dataclass(frozen=True, slots=True)
class StoredCycle:
    """One poll cycle in the outbox: its place in the store, and the exact bytes that will be sent."""

    seq: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Merge:
    """Cycles that become one: their numbers in the order of polls, the body of the one, and the minutes it covers."""

    seqs: tuple[int, ...]
    body: bytes
    minutes: int


class Outbox(Protocol):
    """Poll cycles on the device, stored before anything else happens to them. One caller at a time."""

    @property
    def store(self) -> str:
        """Random identity of this store, fixed when it is created: a replaced or restored disk is another store."""
        ...

    @property
    def last_seq(self) -> int:
        """The highest number given so far, also to cycles that are gone; 0 at first."""
        ...

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        """Store one cycle durably and give its `seq`, which only grows and is never used twice.

        Idempotent by `poll`: storing the same poll again changes nothing and gives the first `seq`.
        Raises `StoreFull` when there is no room, `Unavailable` when the disk fails; whether it was stored is then
        unknown: store it again under the same `poll`.
        """
        ...

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        """The oldest cycles that were not acknowledged, in order of `seq`."""
        ...

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        """The cycles of the newest polls that were not acknowledged, newest first."""
        ...

    def set_aside(self, seq: int, reason: str) -> None:
        """A cycle that the line will never take is no longer pending; its bytes are kept, not thinned, not forgotten.

        Idempotent; the first reason stays. One that is not pending is left as it is.
        """
        ...

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        """What was set aside and why, oldest first."""
        ...

    def acknowledge(self, seqs: Iterable[int]) -> None:
        """Mark as delivered. Idempotent; unknown numbers change nothing.

        The mark holds at once, and is durable from the next `append`, `flush` or shutdown on: after a power cut before
        that the cycles are pending again, and are sent twice, which changes nothing in the cloud.
        """
        ...

    def flush(self) -> None:
        """Make all marks durable now."""
        ...

    def newest_first(self) -> Iterator[StoredCycle]:
        """Cycles from the newest poll back, delivered or not: where the next poll continues."""
        ...

    def backlog(self) -> int:
        """How many cycles are not acknowledged."""
        ...

    def fullness(self) -> int:
        """Percent of the room that is taken, 0 to 100."""
        ...

    def forget(self, keep: int) -> int:
        """Free the room of acknowledged cycles older than the newest `keep` (at least 1); how many went."""
        ...

    def as_polled(self, thinned_to: int, limit: int) -> Sequence[StoredCycle]:
        """The oldest pending cycles that were thinned to so many minutes (0: never), in the order of their polls."""
        ...

    def replace(self, merges: Sequence[Merge]) -> None:
        """Put one new cycle in the place of several, for each merge, all or none.

        The new cycle is pending, has a `seq` of its own (some of the old may have arrived without our knowing) and
        stands in the order of polls where the last of the old stood; so the key of that poll still finds it. Where the
        old are gone already, nothing changes.
        Raises `Unavailable` and has then done nothing.
        """
        ...


class OutboxCare(Protocol):
    """What a store needs besides its use: a look at its health, and its predecessors that broke."""

    def tend(self) -> None:
        """A little work on the store, now that there is time. Never raises for a fault of the disk."""
        ...

    def salvaged(self) -> Sequence[Outbox]:
        """Stores that broke and what could be saved of them, each under its old name; to be sent like any other."""
        ...

    def delivered(self, outbox: Outbox) -> None:
        """All of a salvaged store has arrived; it can go."""
        ...


class BootClock(Protocol):
    """The clocks of a device, and which boot this is."""

    def facts(self) -> ClockFacts:
        """What they say now."""
        ...
