"""Every port in memory: for tests, for the simulation, and for a first try. Each passes its port's contract tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import StoredCycle, StreamRecord
from domain.cost_event import CostEvent
from domain.errors import BadReadings, InvalidTariff
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff


@dataclass
class MemoryOutbox:
    """Outbox. It lives as long as the object: hand the same one to the restarted device."""

    store: str = "memory"
    _cycles: list[StoredCycle] = field(default_factory=list)
    _by_poll: dict[str, int] = field(default_factory=dict)
    _pending: dict[int, StoredCycle] = field(default_factory=dict)
    _aside: dict[int, str] = field(default_factory=dict)

    def append(self, poll: str, body: bytes) -> int:
        if poll not in self._by_poll:
            cycle = StoredCycle(len(self._cycles) + 1, body)
            self._cycles.append(cycle)
            self._by_poll[poll] = cycle.seq
            self._pending[cycle.seq] = cycle
        return self._by_poll[poll]

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        return [cycle for cycle, _ in zip(self._pending.values(), range(limit), strict=False)]

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        return [cycle for cycle, _ in zip(reversed(self._pending.values()), range(limit), strict=False)]

    def set_aside(self, seq: int, reason: str) -> None:
        if self._pending.pop(seq, None) is not None:
            self._aside[seq] = reason

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        return [(self._cycles[seq - 1], reason) for seq, reason in sorted(self._aside.items())]

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
class MemoryQuarantine:
    """Quarantine. With `most`, the oldest are forgotten: for what is safe in another place."""

    most: int | None = None
    _kept: dict[bytes, str] = field(default_factory=dict)

    def keep(self, data: bytes, reason: str) -> None:
        self._kept.setdefault(data, reason)
        if self.most is not None and len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]

    def kept(self) -> Sequence[tuple[bytes, str]]:
        return list(self._kept.items())


@dataclass(frozen=True)
class MemorySupplyPoints:
    """SupplyPoints, by device."""

    points: Mapping[str, SupplyPoint]

    def of_device(self, device: str) -> SupplyPoint:
        if device not in self.points:
            raise BadReadings(
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


@dataclass
class SetClock:
    """Clock that stands until someone sets it."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant
