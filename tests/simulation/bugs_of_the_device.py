"""Mistakes that a device's software could make, each planted as one broken part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from adapters.device_clock import DeviceClock
from application.make_room import MakeRoom
from application.ports import Merge, StoredCycle, StoreFull, StreamRecord, Unavailable
from application.store_readings import StoreReadings
from application.upload_outbox import CYCLES_PER_CALL, Outcome, Round, UploadOutbox
from application.upload_stores import UploadStores
from domain.measurement import Reading
from domain.upload import ClockFacts, Contents
from tests.simulation.parts import SOUND
from tests.simulation.planted import Planted
from tests.simulation.violation import Broken


class SimpleUpload(UploadOutbox):
    """Sends the oldest cycles in one call; what follows breaks one thing each."""

    def round(self, backlog_bytes: int | None = None) -> Round:
        cycles = self.outbox.pending(CYCLES_PER_CALL)
        if not cycles:
            return Round(0, 0, 0, Outcome.DONE)
        try:
            return Round(self.sent(cycles), 0, 0, Outcome.DONE)
        except Unavailable:
            return Round(0, 0, 0, Outcome.LEFT_ALONE)

    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        raise NotImplementedError

    def put(self, cycles: Sequence[StoredCycle]) -> Sequence[bool]:
        store, sign = self.outbox.store, self.signer
        records = [self.wire.record(self.device, store, one.seq, one.body, sign) for one in cycles]
        return self.stream.put([StreamRecord(self.device, record) for record in records])


class MarksBeforeSending(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        return sum(self.put(cycles))


class MarksAllOfAPartialSuccess(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        self.put(cycles)
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        return len(cycles)


class MarksUpToTheLastSuccess(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        taken = [cycle.seq for cycle, ok in zip(cycles, self.put(cycles), strict=True) if ok]
        self.outbox.acknowledge([cycle.seq for cycle in cycles if cycle.seq <= max(taken, default=0)])
        return len(taken)


class MarksByCountingSuccesses(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        taken = sum(self.put(cycles))
        self.outbox.acknowledge([cycle.seq for cycle in self.outbox.pending(taken)])
        return taken


class SendsTheStoreInUseOnly(UploadStores):
    def round(self, backlog_bytes: int | None = None) -> Round:
        return self.upload.round(backlog_bytes)


class SendsUnsigned(UploadOutbox):
    """As if the device had no key, though the cloud knows one."""

    def round(self, backlog_bytes: int | None = None) -> Round:
        return UploadOutbox(self.device, self.outbox, self.stream, self.wire).round(backlog_bytes)


class GivesNewNumbersToWhatItSends(SimpleUpload):
    """A cycle that is sent again has another number, as from a counter in memory."""

    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        store, numbers, sign = self.outbox.store, count(self.outbox.last_seq), self.signer
        records = [self.wire.record(self.device, store, next(numbers), cycle.body, sign) for cycle in cycles]
        taken = self.stream.put([StreamRecord(self.device, data) for data in records])
        self.outbox.acknowledge([cycle.seq for cycle, ok in zip(cycles, taken, strict=True) if ok])
        return sum(taken)


class ForgetsAtRestart(StoreReadings):
    def _found_in_store(self) -> dict[str, Reading]:
        return {}


class BelievesADoubtfulDisk(StoreReadings):
    def _store_held(self) -> int:
        try:
            return super()._store_held()
        except Unavailable:
            self.held.clear()
            raise


class DropsOnAFullDisk(StoreReadings):
    def _store_held(self) -> int:
        try:
            return super()._store_held()
        except StoreFull:
            self.held.clear()
            return 0


class KeysByTheWallClock(StoreReadings):
    def _poll(self, at: datetime, last: dict[str, Reading]) -> None:
        before = len(self.held)
        super()._poll(at, last)
        if len(self.held) > before:
            self.held[-1] = replace(self.held[-1], poll=at.isoformat())


class SendsBeforeItStores(StoreReadings):
    """It remembers the poll as stored and stores it with the next one."""

    def _store_held(self) -> int:
        waiting = self.held.pop() if self.held else None
        stored = super()._store_held()
        if waiting is not None:
            self.held.append(waiting)
        return stored


class ThinsWithoutTelling(MakeRoom):
    def _merge(self, seqs: list[int], held: dict[int, Contents], minutes: int) -> Merge:
        merge = super()._merge(seqs, held, minutes)
        contents = self.wire.contents(merge.body)
        return replace(merge, body=self.wire.body(contents.readings, contents.clock))


class ThinsToTheLastReading(MakeRoom):
    def _merge(self, seqs: list[int], held: dict[int, Contents], minutes: int) -> Merge:
        merge = super()._merge(seqs, held, minutes)
        last = held[seqs[-1]]
        return replace(merge, body=self.wire.body(last.readings, last.clock, self.wire.contents(merge.body).thinned))


class ForgetsByTheWallClock(MakeRoom):
    """What is older than a week, as the clock says, need not be sent any more."""

    def __call__(self, full: bool = False) -> int:
        cycles = [(cycle, self.wire.contents(cycle.body).clock) for cycle in self.outbox.newest_first()]
        stamps = [(cycle.seq, clock.wall_ms) for cycle, clock in cycles if clock and clock.wall_ms is not None]
        newest = max((ms for _, ms in stamps), default=0)
        self.outbox.acknowledge([seq for seq, ms in stamps if newest - ms > WEEK_MS])
        return super().__call__(full)


def facts_by_the_wall_clock(clock: DeviceClock) -> ClockFacts:
    """Milliseconds since a boot as a difference of two times of day."""
    facts = DEVICE_FACTS(clock)
    wall_ms = facts.wall_ms or 0
    first_ms = BOOTED.setdefault(id(clock), wall_ms)
    return replace(facts, boot_ms=max(0, wall_ms - first_ms))


DEVICE_FACTS = DeviceClock.facts
BOOTED: dict[int, int] = {}
LINE_ONLY = ("a_call_fails", "the_line_goes", "the_line_is_up")
CLOCK_ONLY = ("the_clock_is_set", "the_clock_is_right")
WEEK_MS = 7 * 86_400_000


BUGS: Mapping[str, Planted] = {
    "cycles are marked before they are sent": Planted(
        replace(SOUND, upload_outbox=MarksBeforeSending), {Broken.MARKED}
    ),
    "of a partial success all is marked": Planted(
        replace(SOUND, upload_outbox=MarksAllOfAPartialSuccess), {Broken.MARKED}
    ),
    "everything up to the last success is marked": Planted(
        replace(SOUND, upload_outbox=MarksUpToTheLastSuccess), {Broken.MARKED}, LINE_ONLY
    ),
    "successes are counted, and the oldest are marked": Planted(
        replace(SOUND, upload_outbox=MarksByCountingSuccesses), {Broken.MARKED}, LINE_ONLY
    ),
    "what was saved of a broken store is never sent": Planted(
        replace(SOUND, upload_stores=SendsTheStoreInUseOnly), {Broken.STUCK}
    ),
    "what is sent has a number of its own": Planted(
        replace(SOUND, upload_outbox=GivesNewNumbersToWhatItSends), {Broken.MARKED}
    ),
    "what is sent has no signature": Planted(replace(SOUND, upload_outbox=SendsUnsigned), {Broken.QUARANTINE}),
    "a restarted device does not look into its store": Planted(
        replace(SOUND, store_readings=ForgetsAtRestart), {Broken.LOST}
    ),
    "a disk that failed is believed to have stored": Planted(
        replace(SOUND, store_readings=BelievesADoubtfulDisk), {Broken.LOST}
    ),
    "what a full disk refuses is dropped": Planted(
        replace(SOUND, store_readings=DropsOnAFullDisk), {Broken.NOT_STORED}
    ),
    "polls are told apart by the wall clock": Planted(
        replace(SOUND, store_readings=KeysByTheWallClock), {Broken.NOT_STORED}, CLOCK_ONLY
    ),
    "a poll is called stored while it is in memory": Planted(
        replace(SOUND, store_readings=SendsBeforeItStores), {Broken.NOT_STORED}
    ),
    "cycles are thinned and nobody is told": Planted(replace(SOUND, make_room=ThinsWithoutTelling), {Broken.UNTOLD}),
    "thinning keeps the last reading only": Planted(replace(SOUND, make_room=ThinsToTheLastReading), {Broken.LOST}),
    "the age of a cycle is told by the wall clock": Planted(
        replace(SOUND, make_room=ForgetsByTheWallClock), {Broken.MARKED}
    ),
    "the time since a boot is told by the wall clock": Planted(
        replace(SOUND, instead={(DeviceClock, "facts"): facts_by_the_wall_clock}), {Broken.CLOCK}, CLOCK_ONLY
    ),
}
