"""The loop and its threads: the poll waits for nobody, a fault is told once, a stop finishes what was begun."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from adapters.memory import MemoryOutbox, MemoryStream, SetClock
from adapters.messages import WattledgerWire
from application.ports import NotAllowed, StreamRecord, Unavailable
from application.store_readings import StoreReadings
from application.upload_outbox import UploadOutbox
from application.upload_pace import UploadPace
from application.upload_stores import UploadStores
from domain.measurement import Reading
from domain.upload import ClockFacts
from edge.loop import PollLoop
from edge.systemd import Systemd
from edge.workers import UploadWorker, Worker

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
WIRE = WattledgerWire()


class Meters:
    def read(self, at: datetime) -> Sequence[Reading]:
        return [Reading("main", at, int(at.timestamp()), 0)]


class FullDisk(MemoryOutbox):
    """Refuses while it is told to."""

    full = False

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        if self.full:
            raise Unavailable("the disk is full")
        return super().append(poll, body, clock)


def loop(outbox: MemoryOutbox, clock: SetClock, workers: Sequence[Worker] = ()) -> PollLoop:
    return PollLoop(StoreReadings(Meters(), outbox, WIRE, ["main"]), workers, clock, STEP, Systemd({}))


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread; the test's own time limit is the only one."""
    while not true():
        time.sleep(0.002)


def test_the_loop_polls_on_the_grid_until_it_is_stopped() -> None:
    outbox, clock = MemoryOutbox(), SetClock(NOON - timedelta(seconds=17))
    one = loop(outbox, clock)

    def wait(stop: Event, seconds: float) -> bool:
        clock.instant += timedelta(seconds=seconds)
        if clock.instant > NOON + 3 * STEP + timedelta(seconds=1):
            stop.set()
        return stop.is_set()

    one.wait = wait
    one.run()
    polls = [WIRE.readings(cycle.body)[0][1].at for cycle in outbox.pending(9)]
    assert polls == [NOON, NOON + STEP, NOON + 2 * STEP, NOON + 3 * STEP]


def test_a_disk_that_refuses_is_asked_again_while_the_poll_is_fresh_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox, clock = FullDisk(), SetClock(NOON)
    one = loop(outbox, clock)
    outbox.full = True
    for second in (0, 10, 20):
        clock.instant = NOON + timedelta(seconds=second)
        one.tick()
    assert one.fault == "the disk is full"
    assert caplog.text.count("not stored: the disk is full") == 1
    outbox.full = False
    one.tick()
    assert (one.fault, outbox.backlog(), one.last) == ("", 1, NOON)


class StuckLine:
    """A call that does not come back until it is let go."""

    def __init__(self) -> None:
        self.called, self.let_go = Event(), Event()

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        self.called.set()
        self.let_go.wait()
        return [True] * len(records)


def uploader(outbox: MemoryOutbox, line: StuckLine | MemoryStream, clock: SetClock) -> UploadWorker:
    return UploadWorker(
        UploadStores(UploadOutbox("edge-1", outbox, line, WIRE)),
        UploadPace(lambda: 0.0, 64_000, 0.0),
        time.monotonic,
        clock,
    )


def test_a_line_that_hangs_delays_no_poll() -> None:
    outbox, clock, line = MemoryOutbox(), SetClock(NOON), StuckLine()
    worker = uploader(outbox, line, clock)
    one = loop(outbox, clock, [worker])
    one.tick()
    line.called.wait()
    for step in range(1, 20):
        clock.instant = NOON + step * STEP
        one.tick()
    assert outbox.backlog() == 20
    line.let_go.set()
    until(lambda: outbox.backlog() == 0)
    worker.stop(5)
    assert not worker.alive
    assert worker.state.last_delivery == clock.instant


def test_what_is_stored_is_sent_without_being_asked_for() -> None:
    outbox, clock, road = MemoryOutbox(), SetClock(NOON), MemoryStream()
    worker = uploader(outbox, road, clock)
    one = loop(outbox, clock, [worker])
    for step in range(3):
        clock.instant = NOON + step * STEP
        one.tick()
        until(lambda expected=step + 1: len(road.records) == expected)  # type: ignore[misc]
    worker.stop(5)
    assert worker.state.delivered == 3


class Broken(MemoryStream):
    """A fault of ours, once; then a refusal."""

    calls = 0

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        self.calls += 1
        if self.calls == 1:
            raise KeyError("a fault of ours")
        if self.calls == 2:
            raise NotAllowed("AccessDeniedException")
        return super().put(records)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_by_a_fault_is_told_and_started_anew_at_the_next_poll(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox, clock, road = MemoryOutbox(), SetClock(NOON), Broken()
    worker = uploader(outbox, road, clock)
    assert worker.told().outcome == "not tried yet"
    one = loop(outbox, clock, [worker])
    one.tick()
    until(lambda: road.calls == 1 and not worker.alive)
    assert (worker.told().outcome, outbox.backlog()) == ("stopped", 1)
    clock.instant += STEP
    one.tick()
    until(lambda: "not delivered: AccessDeniedException" in caplog.text)
    assert worker.told().outcome == "not allowed"
    assert outbox.backlog() == 2
    worker.stop(5)
