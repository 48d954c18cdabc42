"""Every port in memory: for tests, for the simulation, and for a first try. Each passes its port's contract tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from application.ports import Clock, Kept, Reason, StoredCycle, StreamRecord
from domain.cost_event import CostEvent
from domain.errors import InvalidTariff, UnknownDevice
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff


@dataclass
class MemoryOutbox:
    """Outbox. It lives as long as the object: hand the same one to the restarted device."""

    store: str = "memory"
    _cycles: list[StoredCycle] = field(default_factory=list)
    _by_poll: dict[str, int] = field(default_factory=dict)
    _pending: dict[int, StoredCycle] = field(default_factory=dict)

    def append(self, poll: str, body: bytes) -> int:
        if poll not in self._by_poll:
            cycle = StoredCycle(len(self._cycles) + 1, body)
            self._cycles.append(cycle)
            self._by_poll[poll] = cycle.seq
            self._pending[cycle.seq] = cycle
        return self._by_poll[poll]

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        return [cycle for cycle, _ in zip(self._pending.values(), range(limit), strict=False)]

    def acknowledge(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            self._pending.pop(seq, None)

    def newest_first(self) -> Iterator[StoredCycle]:
        yield from reversed(self._cycles)

    def backlog(self) -> int:
        return len(self._pending)


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
    """Quarantine."""

    clock: Clock = field(default_factory=lambda: SetClock(datetime(1970, 1, 1, tzinfo=UTC)))
    _kept: dict[str, Kept] = field(default_factory=dict)
    _released: dict[str, tuple[Kept, datetime]] = field(default_factory=dict)

    def keep(self, data: bytes, reason: Reason, text: str) -> None:
        name = sha256(data).hexdigest()
        if name not in self._kept:
            self._kept[name] = Kept(name, data, reason, text, self.clock.now())
            self._released.pop(name, None)

    def kept(self) -> Sequence[Kept]:
        return list(self._kept.values())

    def release(self, kept: str) -> None:
        found = self._kept.pop(kept, None)
        if found is not None:
            self._released[kept] = (found, self.clock.now())

    def released(self) -> Sequence[tuple[Kept, datetime]]:
        return list(self._released.values())


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
class MemoryTariffs:
    """Tariffs, by id."""

    tariffs: Mapping[str, Tariff]

    def get(self, tariff: str) -> Tariff:
        if tariff not in self.tariffs:
            raise InvalidTariff(f"there is no tariff {tariff!r}; known here: {', '.join(sorted(self.tariffs))}")
        return self.tariffs[tariff]
