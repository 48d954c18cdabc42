"""On the device: poll the meters and store what they say, before anything else happens to it."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from application.make_room import MakeRoom
from application.meter_serials import MeterSerials
from application.ports import BootClock, CannotUnderstand, Meters, Outbox, StoreFull, Wire
from domain.measurement import LONGEST_SPREAD, Reading
from domain.upload import ClockFacts, ClockState

MOST_HELD = 288
"""Cycles that wait in memory for a disk that refuses. After a day of that the next one spans what was not taken."""


@dataclass(frozen=True, slots=True)
class HeldCycle:
    """A cycle that is not known to be stored, under the key by which it is tried again."""

    poll: str
    body: bytes
    clock: ClockFacts | None
    readings: int


@dataclass
class StoreReadings:
    """One poll of all meters becomes one stored cycle, each reading with the one before it.

    What came before is remembered between polls and, after a restart, found in the store itself. A cycle's key is the
    boot and a number that goes on from what the store holds: never the wall clock, which may be set back. An interval
    is as sure as the less sure of its two ends: the first poll after a clock was set says what the one before did.
    """

    meters: Meters
    outbox: Outbox
    wire: Wire
    known_meters: Collection[str]
    clock: BootClock | None = None
    make_room: MakeRoom | None = None
    last: dict[str, Reading] | None = field(default=None, init=False)
    held: deque[HeldCycle] = field(default_factory=deque, init=False)
    polls: int = field(default=0, init=False)
    _state: ClockState = field(default=ClockState.NETWORK, init=False)
    _serials: MeterSerials = field(init=False)

    def __post_init__(self) -> None:
        self._serials = MeterSerials(self.outbox, self.wire)

    def __call__(self, at: datetime) -> int:
        """Poll at an instant and give how many readings were stored; none when the instant was polled before.

        Raises `Unavailable` when the disk refuses. Whether the cycle was stored is then unknown; it is held, and the
        next call stores it first, under the same key.
        """
        last = self._last()
        if len(self.held) < MOST_HELD and not any(reading.at == at for reading in last.values()):
            self._poll(at, last)
        return self._store_held()

    def _poll(self, at: datetime, last: dict[str, Reading]) -> None:
        readings = self.meters.read(at)
        if readings:
            self.polls += 1
            clock = self._facts(self.clock) if self.clock else None
            pairs = self._serials.told([(last.get(reading.meter), reading) for reading in readings])
            body = self.wire.body(pairs, clock)
            poll = f"{clock.boot if clock else ''}/{self.polls}"
            self.held.append(HeldCycle(poll, body, clock, len(readings)))
            last.update({reading.meter: reading for reading in readings})

    def _facts(self, clock: BootClock) -> ClockFacts:
        facts, before = clock.facts(), self._state
        self._state = facts.state
        return replace(facts, state=ClockState.UNSYNCED) if before is ClockState.UNSYNCED else facts

    def _store_held(self) -> int:
        """Oldest first, so that what is in the store never has a hole that is still in memory."""
        stored = 0
        while self.held:
            cycle = self.held[0]
            try:
                self.outbox.append(cycle.poll, cycle.body, cycle.clock)
            except StoreFull:
                if self.make_room is None or not self.make_room(full=True):
                    raise
                continue
            self.held.popleft()
            stored += cycle.readings
        return stored

    def _last(self) -> dict[str, Reading]:
        if self.last is None:
            found = self._found_in_store()
            self.polls, self.last = self.outbox.last_seq, found
        return self.last

    def _found_in_store(self) -> dict[str, Reading]:
        """The last reading of every meter; older than a billing month nothing would be made of it."""
        found: dict[str, Reading] = {}
        for cycle in self.outbox.newest_first():
            try:
                held = self.wire.contents(cycle.body)
            except CannotUnderstand:  # damaged on the disk: it is sent, and quarantined where people look
                continue
            if not found and held.clock:
                self._state = held.clock.state
            readings = held.readings
            for _, reading in reversed(readings):  # a thinned cycle may hold several of one meter, the latest last
                found.setdefault(reading.meter, reading)
            newest = max((reading.at for reading in found.values()), default=None)
            too_old = newest is not None and readings and newest - readings[-1][1].at > LONGEST_SPREAD
            if too_old or found.keys() >= set(self.known_meters):
                break
        return found
