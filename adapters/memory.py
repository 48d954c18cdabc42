"""Every port in memory: for tests, for the simulation, and for a first try. Each passes its port's contract tests."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from application.ports import Clock, Kept, Merge, Reason, SetAside, StoredCycle, StoreFull, StreamRecord
from domain.cost_event import CostEvent
from domain.errors import InvalidTariff, UnknownDevice
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.upload import ClockFacts, ClockState


@dataclass
class MemoryOutbox:
    """Outbox. It lives as long as the object: hand the same one to the restarted device. `most_cycles` is its room."""

    store: str = "memory"
    most_cycles: int = 1_000_000
    last_seq: int = 0
    _cycles: dict[int, StoredCycle] = field(default_factory=dict)
    _by_poll: dict[str, int] = field(default_factory=dict)
    _pending: set[int] = field(default_factory=set)
    _places: dict[int, int] = field(default_factory=dict)
    _minutes: dict[int, int] = field(default_factory=dict)
    _aside: dict[int, str] = field(default_factory=dict)

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        if poll not in self._by_poll:
            if len(self._cycles) >= self.most_cycles:
                raise StoreFull(f"poll {poll} is not stored: there are {self.most_cycles} cycles already")
            self._by_poll[poll] = self._put(body)
        return self._by_poll[poll]

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        return [self._cycles[seq] for seq in sorted(self._pending)[:limit]]

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        return [self._cycles[seq] for seq in sorted(self._pending, key=self._place, reverse=True)[:limit]]

    def set_aside(self, seq: int, reason: str) -> None:
        if seq in self._pending:
            self._pending.remove(seq)
            self._aside[seq] = reason

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        return [(self._cycles[seq], reason) for seq, reason in sorted(self._aside.items())]

    def acknowledge(self, seqs: Iterable[int]) -> None:
        self._pending.difference_update(seqs)

    def flush(self) -> None:
        return

    def newest_first(self) -> Iterator[StoredCycle]:
        yield from [self._cycles[seq] for seq in sorted(self._cycles, key=self._place, reverse=True)]

    def backlog(self) -> int:
        return len(self._pending)

    def fullness(self) -> int:
        return min(100, 100 * len(self._cycles) // self.most_cycles)

    def forget(self, keep: int) -> int:
        known = self._cycles.keys() - self._pending - self._aside.keys() - {max(self._cycles, default=0)}
        gone = {seq for seq in known if seq <= self.last_seq - max(keep, 1)}
        self._drop(gone)
        return len(gone)

    def as_polled(self, thinned_to: int, limit: int) -> Sequence[StoredCycle]:
        found = [seq for seq in self._pending if self._minutes.get(seq, 0) == thinned_to]
        return [self._cycles[seq] for seq in sorted(found, key=self._place)[:limit]]

    def replace(self, merges: Sequence[Merge]) -> None:
        for merge in [one for one in merges if one.seqs[-1] in self._cycles]:
            place = self._place(merge.seqs[-1])
            poll = next(poll for poll, seq in self._by_poll.items() if seq == merge.seqs[-1])
            self._drop(set(merge.seqs))
            seq = self._by_poll[poll] = self._put(merge.body)
            self._places[seq], self._minutes[seq] = place, merge.minutes

    def _put(self, body: bytes) -> int:
        self.last_seq += 1
        self._cycles[self.last_seq] = StoredCycle(self.last_seq, body)
        self._pending.add(self.last_seq)
        return self.last_seq

    def _drop(self, seqs: set[int]) -> None:
        self._pending -= seqs
        self._cycles = {seq: cycle for seq, cycle in self._cycles.items() if seq not in seqs}
        self._by_poll = {poll: seq for poll, seq in self._by_poll.items() if seq not in seqs}

    def _place(self, seq: int) -> int:
        return self._places.get(seq, seq)


@dataclass
class MemoryStream:
    """Stream, and the consumer's end of it."""

    records: list[StreamRecord] = field(default_factory=list)
    _read: int = 0

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        self.records += records
        return [True] * len(records)

    def take(self, limit: int) -> list[bytes]:
        """The next records for the consumer; `redeliver` gives them again."""
        taken = [record.data for record in self.records[self._read : self._read + limit]]
        self._read += len(taken)
        return taken

    def redeliver(self, count: int) -> None:
        """The consumer failed: its last `count` records come again."""
        self._read = max(0, self._read - count)

    def forget_delivered(self) -> None:
        """Free what was consumed, as a stream does after its retention."""
        del self.records[: self._read]
        self._read = 0


@dataclass
class MemoryHotStore:
    """CostSink that answers questions: costs by (meter, start, kind, serial)."""

    name: str = "hot"
    costs: dict[tuple[str, datetime, str, int], CostEvent] = field(default_factory=dict)

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        for cost in costs:
            self.costs[cost.meter, cost.start, cost.kind, cost.serial] = cost


@dataclass
class SetClock:
    """Clock that stands until someone sets it."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass
class MemoryQuarantine:
    """Quarantine. With `most`, the oldest are forgotten: for what is safe in another place."""

    clock: Clock = field(default_factory=lambda: SetClock(datetime(1970, 1, 1, tzinfo=UTC)))
    most: int | None = None
    _kept: dict[str, Kept] = field(default_factory=dict)
    _released: dict[str, tuple[Kept, datetime]] = field(default_factory=dict)
    _aside: dict[str, SetAside] = field(default_factory=dict)

    def keep(self, data: bytes, reason: Reason, text: str) -> None:
        name = sha256(data).hexdigest()
        if name not in self._kept and name not in self._aside:
            self._kept[name] = Kept(name, data, reason, text, self.clock.now())
            self._released.pop(name, None)
        if self.most is not None and len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]

    def kept(self) -> Sequence[Kept]:
        return list(self._kept.values())

    def release(self, kept: str) -> None:
        found = self._kept.pop(kept, None)
        if found is not None:
            self._released[kept] = (found, self.clock.now())

    def released(self) -> Sequence[tuple[Kept, datetime]]:
        return list(self._released.values())

    def set_aside(self, kept: str, by: str, why: str) -> None:
        found = self._kept.pop(kept, None)
        if found is not None:
            self._aside[kept] = SetAside(found, by, why, self.clock.now())

    def aside(self) -> Sequence[SetAside]:
        return list(self._aside.values())


@dataclass(frozen=True)
class MemorySupplyPoints:
    """SupplyPoints, by device."""

    points: Mapping[str, SupplyPoint]

    def of_device(self, device: str) -> SupplyPoint:
        if device not in self.points:
            raise UnknownDevice(
                f"device {device!r} is not registered; register its supply point, then replay its uploads"
            )
        return self.points[device]


@dataclass(frozen=True)
class MemoryKey:
    """Signer, without any secret: whoever knows the key's name can sign. A registry has its name for a public key."""

    public: str

    def sign(self, content: bytes) -> bytes:
        return hmac.digest(self.public.encode(), content, "sha256")


class MemorySignatures:
    """Signatures, by the names of `MemoryKey`."""

    def is_by_one_of(self, keys: Sequence[str], content: bytes, signature: bytes) -> bool:
        return any(hmac.compare_digest(MemoryKey(key).sign(content), signature) for key in keys)


@dataclass(frozen=True)
class MemoryTariffs:
    """Tariffs, by id."""

    tariffs: Mapping[str, Tariff]

    def get(self, tariff: str) -> Tariff:
        if tariff not in self.tariffs:
            raise InvalidTariff(f"there is no tariff {tariff!r}; known here: {', '.join(sorted(self.tariffs))}")
        return self.tariffs[tariff]


@dataclass
class SetBootClock:
    """BootClock of a device that booted when it was made, by a wall clock that is set and that nobody vouches for.

    Seconds since boot are those of `elapsed_s`, which nobody sets; without one, the wall clock's steps forward.
    """

    clock: SetClock
    boot: str = "boot-1"
    state: ClockState = ClockState.UNSYNCED
    elapsed_s: Callable[[], float] | None = None
    _seen: datetime | None = field(default=None, init=False)
    _forward_s: float = field(default=0.0, init=False)

    def facts(self) -> ClockFacts:
        now = self.clock.now()
        self._forward_s += max(0.0, (now - (self._seen or now)).total_seconds())
        self._seen = now
        elapsed_s = self.elapsed_s() if self.elapsed_s else self._forward_s
        return ClockFacts(self.boot, int(elapsed_s * 1000), int(now.timestamp() * 1000), self.state)
