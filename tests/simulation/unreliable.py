"""What fails when it is told to: a disk, a line, a consumer's store, a sink. All else about them is in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from adapters.memory import MemoryHotStore, MemoryOutbox, MemoryStream
from application.ports import LedgerDays, StreamRecord, Unavailable
from domain.cost_event import CostEvent
from domain.events import DayEvent
from domain.measured_day import MeasuredDay
from domain.measurement import Reading
from domain.metering_day import MeteringDay
from domain.upload import ClockFacts

MODULUS = 10_000_000


@dataclass
class Registers:
    """Meters that count what they are told; `total` never wraps, what they show does."""

    at: datetime
    total: dict[str, tuple[int, int]]
    silent: frozenset[str] = frozenset()

    def count(self, step: timedelta, wh: dict[str, int]) -> None:
        self.at += step
        for meter, grown in wh.items():
            active, reactive = self.total[meter]
            self.total[meter] = (active + grown, reactive + grown // 3)

    def read(self, at: datetime) -> Sequence[Reading]:
        shown = {meter: (wh % MODULUS, varh % MODULUS) for meter, (wh, varh) in self.total.items()}
        return [Reading(meter, at, *shown[meter]) for meter in shown if meter not in self.silent]


@dataclass
class DoubtfulOutbox(MemoryOutbox):
    """At its next call the disk fails, before or after it has stored."""

    fails: str = ""

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        fails, self.fails = self.fails, ""
        if fails == "before":
            raise Unavailable("the disk is full")
        seq = super().append(poll, body, clock)
        if fails == "after":
            raise Unavailable("the disk did not answer")
        return seq


@dataclass
class Road(MemoryStream):
    """A stream whose waiting records may change places."""

    def shuffle(self, chance: Random) -> None:
        waiting = self.records[self._read :]
        chance.shuffle(waiting)
        self.records[self._read :] = waiting

    @property
    def waiting(self) -> int:
        return len(self.records) - self._read


@dataclass
class Line:
    """Stream: down, or up; the next reply may get lost, or the next call take every other record only."""

    road: Road
    up: bool = True
    next_call: str = ""

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        if not self.up:
            raise Unavailable("the line is down")
        what, self.next_call = self.next_call, ""
        results = [what != "partial" or number % 2 == 1 for number in range(len(records))]
        self.road.put([record for record, taken in zip(records, results, strict=True) if taken])
        if what == "lost reply":
            raise Unavailable("the reply was lost")
        return results


@dataclass
class MortalDays:
    """LedgerDays of a consumer that dies at one of its writes, or to whom something happens before its next one."""

    days: LedgerDays
    writes_left: int | None = None
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        return self.days.get(device, day, known_at)

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        return self.days.measured(device, day, meters, known_at)

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        if self.writes_left is not None:
            if not self.writes_left:
                raise Unavailable("the consumer lost its power")
            self.writes_left -= 1
        while self.meanwhile:
            self.meanwhile.pop()()
        self.days.append(day, events)


@dataclass
class DoubtfulSink(MemoryHotStore):
    """CostSink that has written, and then does not say so, at its next call."""

    fails: bool = False

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        super().write(costs, first, last)
        fails, self.fails = self.fails, False
        if fails:
            raise Unavailable("the sink did not answer")
