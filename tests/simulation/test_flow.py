"""Nothing is lost and nothing is priced twice, whatever happens, in any order; and a bug that did it would be found."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from application.ports import LedgerDays, SomeoneElseWrote, StreamRecord, Unavailable
from application.store_readings import StoreReadings
from application.upload_outbox import CYCLES_PER_CALL, Outcome, Round, UploadOutbox
from domain.events import DayEvent
from domain.measured_day import MeasuredDay
from domain.measurement import Reading
from domain.metering_day import MeteringDay
from tests.simulation.flow import Flow, Parts

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def test_the_flow_holds() -> None:
    run_state_machine_as_test(
        Flow, settings=settings(max_examples=60, stateful_step_count=40, suppress_health_check=SLOW)
    )


class MarksBeforeSending(UploadOutbox):
    def round(self, backlog_bytes: int | None = None) -> Round:
        cycles = self.outbox.pending(CYCLES_PER_CALL)
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        try:
            self.stream.put([self.sealed(cycle.seq, cycle.body) for cycle in cycles])
        except Unavailable:
            return Round(0, 0, 0, Outcome.LEFT_ALONE)
        return Round(len(cycles), 0, 0, Outcome.DONE)

    def sealed(self, seq: int, body: bytes) -> StreamRecord:
        return StreamRecord(self.device, self.wire.record(self.device, self.outbox.store, seq, body))


class MarksAllOfAPartialSuccess(MarksBeforeSending):
    def round(self, backlog_bytes: int | None = None) -> Round:
        cycles = self.outbox.pending(CYCLES_PER_CALL)
        try:
            self.stream.put([self.sealed(cycle.seq, cycle.body) for cycle in cycles])
        except Unavailable:
            return Round(0, 0, 0, Outcome.LEFT_ALONE)
        self.outbox.acknowledge([cycle.seq for cycle in cycles])
        return Round(len(cycles), 0, 0, Outcome.DONE)


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


@dataclass
class Through:
    """LedgerDays over others; what follows breaks one thing each."""

    days: LedgerDays

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        return self.days.get(device, day, known_at)

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        return self.days.measured(device, day, meters, known_at)

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        self.days.append(day, events)


class ForgetsWhatIsPriced(Through):
    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        found = deepcopy(super().get(device, day, known_at))
        for meter in found.meters:
            meter.wh = [None] * len(meter.wh)
        return found


class IgnoresOtherWriters(Through):
    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        try:
            super().append(day, events)
        except SomeoneElseWrote:
            return


HEALTHY = Parts()
BUGS = {
    "cycles are marked before they are sent": replace(HEALTHY, upload_outbox=MarksBeforeSending),
    "of a partial success all is marked": replace(HEALTHY, upload_outbox=MarksAllOfAPartialSuccess),
    "a restarted device does not look into its store": replace(HEALTHY, store_readings=ForgetsAtRestart),
    "a disk that failed is believed to have stored": replace(HEALTHY, store_readings=BelievesADoubtfulDisk),
    "what is priced already is priced again": replace(HEALTHY, days=ForgetsWhatIsPriced),
    "a collision of two writers is ignored": replace(HEALTHY, days=IgnoresOtherWriters),
    "a consumer that died does not get its records again": replace(HEALTHY, delivers_again=False),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    class Broken(Flow):
        parts = BUGS[bug]

    searching = settings(
        max_examples=300,
        stateful_step_count=40,
        phases=[Phase.generate],
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=SLOW,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=searching)
