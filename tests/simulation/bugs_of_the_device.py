"""Mistakes that a device's software could make, each planted as one broken part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from application.ports import StoredCycle, StreamRecord, Unavailable
from application.store_readings import StoreReadings
from application.upload_outbox import CYCLES_PER_CALL, Outcome, Round, UploadOutbox
from domain.measurement import Reading
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
        store = self.outbox.store
        return self.stream.put(
            [StreamRecord(self.device, self.wire.record(self.device, store, one.seq, one.body)) for one in cycles]
        )


class MarksBeforeSending(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        return sum(self.put(cycles))


class MarksAllOfAPartialSuccess(SimpleUpload):
    def sent(self, cycles: Sequence[StoredCycle]) -> int:
        self.put(cycles)
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        return len(cycles)


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


BUGS: Mapping[str, Planted] = {
    "cycles are marked before they are sent": Planted(
        replace(SOUND, upload_outbox=MarksBeforeSending), {Broken.MARKED}
    ),
    "of a partial success all is marked": Planted(
        replace(SOUND, upload_outbox=MarksAllOfAPartialSuccess), {Broken.MARKED}
    ),
    "a restarted device does not look into its store": Planted(
        replace(SOUND, store_readings=ForgetsAtRestart), {Broken.LOST}
    ),
    "a disk that failed is believed to have stored": Planted(
        replace(SOUND, store_readings=BelievesADoubtfulDisk), {Broken.LOST}
    ),
}
