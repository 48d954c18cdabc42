"""The device's disk: an outbox in memory that fails when it is told to, and forgets in a power cut what it may."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from adapters.memory import MemoryOutbox
from application.ports import Merge, StoredCycle, Unavailable
from domain.upload import ClockFacts

BEFORE, AFTER = "fails before the commit", "fails after the commit"


@dataclass
class Disk(MemoryOutbox):
    """`fails` says how its next commit does. Marks are durable from the next commit on, as the port says.

    `committed` has every cycle that was ever stored, `merged` which cycles became which.
    """

    store: str = "store-1"
    fails: str = ""
    committed: dict[int, bytes] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    _marked: set[int] = field(default_factory=set)

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        self._commit(BEFORE)
        known = self.last_seq
        seq = super().append(poll, body, clock)
        if seq > known:
            self.committed[seq] = body
        self._marked.clear()
        self._commit(AFTER)
        return seq

    def acknowledge(self, seqs: Iterable[int]) -> None:
        marks = set(seqs) & self._pending
        self._marked |= marks
        super().acknowledge(marks)

    def flush(self) -> None:
        self._commit(BEFORE)
        self._marked.clear()
        self._commit(AFTER)

    def forget(self, keep: int) -> int:
        self.flush()
        return super().forget(keep)

    def replace(self, merges: Sequence[Merge]) -> None:
        self._commit(BEFORE)
        for merge in merges:
            before = self.last_seq
            super().replace([merge])
            if self.last_seq > before:
                self.merged.update(dict.fromkeys(merge.seqs, self.last_seq))
        self._marked.clear()

    def power_cut(self) -> None:
        """What was marked since the last commit is pending again."""
        self._pending |= self._marked & self._cycles.keys()
        self._marked.clear()

    def holds(self, seq: int) -> bool:
        return seq in self._cycles

    def unmarked(self) -> set[int]:
        """What the store would send again, were the power cut now."""
        return self._pending | (self._marked & self._cycles.keys())

    def all_cycles(self) -> list[StoredCycle]:
        return [self._cycles[seq] for seq in sorted(self._cycles)]

    def _commit(self, when: str) -> None:
        if self.fails != when:
            return
        self.fails = ""
        raise Unavailable(f"the disk {when}")

    def is_full(self) -> bool:
        return len(self._cycles) >= self.most_cycles
