"""When to send: every wait is drawn by lot, live cycles do not wait for the backlog, a broken line is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from adapters.memory import MemoryOutbox, MemoryStream, SetClock
from adapters.messages import WattledgerWire
from adapters.simulated import Faults, FaultyStream
from application.upload_outbox import Outcome, Round, UploadOutbox
from application.upload_pace import BURST_S, LONGEST_RETRY_S, NEVER, PROBE_S, UploadPace

QUIET = Round(1, 0, 0, Outcome.DONE)
FAILED = Round(0, 0, 0, Outcome.LEFT_ALONE, "down")
RATE = 64_000


def pace(chance: float = 0.5, started_s: float = 1000.0) -> UploadPace:
    return UploadPace(lambda: chance, RATE, started_s)


@pytest.mark.parametrize(("chance", "live", "backlog"), [(0.0, 1000, 1000), (0.5, 1030, 2800), (0.75, 1045, 3700)])
def test_a_start_draws_up_to_a_minute_for_live_cycles_and_an_hour_for_the_backlog(
    chance: float, live: float, backlog: float
) -> None:
    one = pace(chance)
    assert (one.due_s, one.backlog_from_s) == (live, backlog)
    assert one.allowance(backlog) == 0
    assert one.allowance(backlog + 1) == RATE


def test_a_stored_cycle_is_due_within_a_minute() -> None:
    one = pace()
    one.after(QUIET, 1030)
    assert one.due_s == NEVER
    one.stored(1300)
    assert one.due_s == 1330


def test_a_stored_cycle_does_not_shorten_the_wait_after_a_failure() -> None:
    one = pace(0.9)
    for _ in range(6):
        one.after(FAILED, 1100)
    due = one.due_s
    one.stored(1101)
    assert one.due_s == due


def test_the_limit_of_a_wait_doubles_to_a_quarter_of_an_hour_and_starts_again_after_a_success() -> None:
    one, waits = pace(0.999999), []
    for _ in range(12):
        one.after(FAILED, 2000)
        waits.append(round(one.due_s - 2000))
    assert waits == [10, 20, 40, 80, 160, 320, 640, *[LONGEST_RETRY_S] * 5]
    one.after(replace(FAILED, delivered=3), 2000)
    assert round(one.due_s - 2000) == 10
    one.after(QUIET, 2000)
    assert one.failures == 0


def test_the_wait_is_drawn_from_nothing_to_its_limit() -> None:
    chance = Random(1)
    one, waits = UploadPace(chance.random, RATE, 0), []
    for _ in range(400):
        one.failures = 20
        one.after(FAILED, 0)
        waits.append(one.due_s)
    assert min(waits) < 20
    assert max(waits) > LONGEST_RETRY_S - 20


def test_where_we_are_not_allowed_we_ask_every_quarter_of_an_hour() -> None:
    one = pace()
    one.after(Round(0, 0, 0, Outcome.NOT_ALLOWED, "denied"), 5000)
    assert one.due_s == 5000 + PROBE_S


def test_the_backlog_keeps_to_its_rate_over_any_length_of_time() -> None:
    one, now, sent = pace(0.0, 0.0), 0.0, 0
    for _ in range(50):
        allowance = one.allowance(now)
        sent += allowance
        one.after(Round(0, 0, allowance, Outcome.MORE), now)
        assert one.due_s > now
        now = one.due_s
        assert sent <= RATE * (now + BURST_S)
    assert sent > RATE * (now - BURST_S) * 0.9


def test_what_is_overdrawn_by_one_large_cycle_is_paid_back() -> None:
    one = pace(0.0, 0.0)
    one.after(Round(1, 0, 50 * RATE, Outcome.MORE), 10.0)
    assert one.allowance(30.0) == 0
    assert one.allowance(61.0) > 0


@pytest.mark.parametrize("seed", range(12))
def test_a_week_with_a_bad_line_delivers_everything_and_live_cycles_soon(seed: int) -> None:
    """The very uploader and pace of the device, on simulated time: a day offline, lost replies, partial success."""
    chance, start = Random(seed), datetime(2026, 1, 5, tzinfo=UTC)
    clock, road, outbox, wire = SetClock(start), MemoryStream(), MemoryOutbox(), WattledgerWire()
    down = ((start + timedelta(days=1), start + timedelta(days=2)),)
    line = FaultyStream(road, Faults(line_down=down, lost_replies=500, partial_puts=500), clock, chance)
    upload, one = UploadOutbox("edge-1", outbox, line, wire), UploadPace(chance.random, 50, 0.0)
    arrived: dict[int, float] = {}
    for second in range(0, 4 * 86_400, 30):
        clock.instant = start + timedelta(seconds=second)
        if second % 300 == 0:
            outbox.append(f"poll {second}", wire.body([]))
            one.stored(second)
        if second >= one.due_s:
            one.after(upload.round(one.allowance(second)), second)
        for data in road.take(10_000):
            arrived.setdefault(wire.upload(data).seq, second)
    assert outbox.backlog() <= 2
    assert set(arrived) >= set(range(1, 4 * 288 - 2))
    waits = [at - (seq - 1) * 300 for seq, at in arrived.items() if not 288 <= seq <= 2 * 288 + 6 and seq > 12]
    assert sorted(waits)[len(waits) * 9 // 10] <= 90
