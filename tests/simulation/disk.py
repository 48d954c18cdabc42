"""The device's disk: a store that fails when it is told to, breaks, and forgets in a power cut what it may.

The store itself is the house's own, in memory or in a SQLite file; a disk is a witness of what was committed to it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from adapters.memory import MemoryOutbox
from adapters.sqlite_outbox import SqliteOutbox
from application.ports import Merge, Outbox, StoredCycle, Unavailable
from domain.upload import ClockFacts

BEFORE, AFTER = "fails before the commit", "fails after the commit"
ENOUGH = 1_000_000


@dataclass
class Disk:
    """Outbox in memory. `fails` says how its next commit does. Marks are durable from the next commit on.

    `committed` has every cycle that was ever stored, `merged` which cycles became which.
    """

    name: str = "store-1"
    fails: str = ""
    committed: dict[int, bytes] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    _marked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.inner: Outbox = self.opened()

    def opened(self) -> Outbox:
        self.memory = MemoryOutbox(self.name)
        return self.memory

    @property
    def store(self) -> str:
        return self.inner.store

    @property
    def last_seq(self) -> int:
        return self.inner.last_seq

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        self._commit(BEFORE)
        known = self.last_seq
        seq = self.inner.append(poll, body, clock)
        if self.last_seq > known:
            self.committed[seq] = body
        self._marked.clear()
        self._commit(AFTER)
        return seq

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        return self.inner.pending(limit)

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        return self.inner.newest_pending(limit)

    def set_aside(self, seq: int, reason: str) -> None:
        self.inner.set_aside(seq, reason)

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        return self.inner.set_aside_cycles()

    def acknowledge(self, seqs: Iterable[int]) -> None:
        marks = set(seqs) & self.waiting()
        self._marked |= marks
        self.inner.acknowledge(marks)

    def flush(self) -> None:
        self._commit(BEFORE)
        self.inner.flush()
        self._marked.clear()
        self._commit(AFTER)

    def newest_first(self) -> Iterator[StoredCycle]:
        return self.inner.newest_first()

    def backlog(self) -> int:
        return self.inner.backlog()

    def fullness(self) -> int:
        return self.inner.fullness()

    def forget(self, keep: int) -> int:
        self.flush()
        return self.inner.forget(keep)

    def as_polled(self, thinned_to: int, limit: int) -> Sequence[StoredCycle]:
        return self.inner.as_polled(thinned_to, limit)

    def replace(self, merges: Sequence[Merge]) -> None:
        self._commit(BEFORE)
        for merge in merges:
            before = self.last_seq
            self.inner.replace([merge])
            if self.last_seq > before:
                self.merged.update(dict.fromkeys(merge.seqs, self.last_seq))
        self._marked.clear()
        self._commit(AFTER)

    # What the simulation does to it, and knows of it

    def power_cut(self) -> None:
        """What was marked since the last commit is pending again."""
        self.memory._pending |= self._marked & self.memory._cycles.keys()
        self._marked.clear()

    def close(self) -> None:
        """Nothing to close in memory."""

    def has_room_for(self, cycles: int) -> None:
        """More than there are, and for no fewer than make sense."""
        self.memory.most_cycles = max(8, len(self.memory._cycles) + cycles)

    def has_room(self) -> None:
        self.memory.most_cycles = ENOUGH

    def begin_after(self, seq: int) -> None:
        """Numbers of a store that broke are not given again."""
        self.memory.last_seq = seq

    def waiting(self) -> set[int]:
        return self.memory._pending

    def unmarked(self) -> set[int]:
        """What the store would send again, were the power cut now."""
        return self.waiting() | self._marked

    def _commit(self, when: str) -> None:
        if self.fails != when:
            return
        self.fails = ""
        raise Unavailable(f"the disk {when}")


@dataclass
class SqliteDisk(Disk):
    """The same over a file in a folder, which a subclass names; it has room for everything."""

    folder: ClassVar[Path]

    def opened(self) -> Outbox:
        self.sqlite = SqliteOutbox(self.folder / f"{self.name}.sqlite", self.name)
        return self.sqlite

    def close(self) -> None:
        self.sqlite.close()

    def power_cut(self) -> None:
        self.sqlite.abandon()
        self.inner = self.opened()
        self._marked.clear()

    def has_room_for(self, cycles: int) -> None:
        return

    def has_room(self) -> None:
        return

    def begin_after(self, seq: int) -> None:
        self.sqlite.continue_after(seq)

    def waiting(self) -> set[int]:
        return {cycle.seq for cycle in self.inner.pending(ENOUGH)}


@dataclass
class Shelf:
    """OutboxCare: the disk in use, and those that broke. `breaks`: at its next poll a fresh one takes its place."""

    kind: type[Disk]
    breaks: bool = False
    disks: list[Disk] = field(default_factory=list)
    to_be_sent: list[Disk] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.disks.append(self.kind())

    @property
    def disk(self) -> Disk:
        return self.disks[-1]

    def break_if_it_must(self) -> None:
        """All that was committed can be read of the broken one; marks that were not are lost with it."""
        if not self.breaks:
            return
        self.breaks, broken = False, self.disk
        broken.power_cut()
        self.to_be_sent.append(broken)
        fresh = self.kind(f"store-{len(self.disks) + 1}")
        fresh.begin_after(broken.last_seq)
        self.disks.append(fresh)

    def tend(self) -> None:
        return

    def salvaged(self) -> Sequence[Outbox]:
        return list(self.to_be_sent)

    def delivered(self, outbox: Outbox) -> None:
        self.to_be_sent = [disk for disk in self.to_be_sent if disk is not outbox]


class ShelfOutbox:
    """Outbox over whatever disk is in use."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        self._shelf.break_if_it_must()
        return self._shelf.disk.append(poll, body, clock)

    def newest_first(self) -> Iterator[StoredCycle]:
        """Also those of the disks that broke, as `OutboxFolder` has it."""
        for disk in reversed(self._shelf.disks):
            yield from disk.newest_first()

    def __getattr__(self, name: str) -> object:
        return getattr(self._shelf.disk, name)
