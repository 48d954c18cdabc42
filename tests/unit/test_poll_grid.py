"""When the meters are read: on the grid, once, and with a clock that jumps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.poll_grid import PATIENCE, TOLERANCE, due_instant, until_next

STEP = timedelta(minutes=5)
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


def after(**time: float) -> datetime:
    return NOON + timedelta(**time)


@pytest.mark.parametrize(("now", "due"), [(NOON, NOON), (after(seconds=30), NOON), (after(seconds=31), None)])
def test_a_poll_belongs_to_an_instant_of_the_grid_or_waits_for_the_next(now: datetime, due: datetime | None) -> None:
    assert due_instant(now, None, STEP) == due


def test_an_instant_is_read_once() -> None:
    assert due_instant(after(seconds=3), NOON, STEP) is None
    assert due_instant(after(minutes=5), NOON, STEP) == after(minutes=5)


def test_a_clock_that_was_set_back_a_little_is_waited_for() -> None:
    assert due_instant(after(minutes=-30), NOON, STEP) is None
    assert due_instant(after(minutes=5), NOON, STEP) == after(minutes=5)


def test_a_clock_that_was_months_ahead_is_followed_back() -> None:
    assert due_instant(after(minutes=-65), NOON, STEP) == after(minutes=-65)


@given(
    jumps=st.lists(st.integers(-7200, 7200), max_size=8),
    step=st.sampled_from([timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]),
)
def test_whatever_the_clock_does_polls_are_on_the_grid_and_near_the_clock(jumps: list[int], step: timedelta) -> None:
    now, last = NOON, None
    for jump in [*jumps, 0]:
        now += timedelta(seconds=jump)
        for _ in range(200):
            at = due_instant(now, last, step)
            if at is not None:
                assert not (at - NOON) % step
                assert timedelta(0) <= now - at <= TOLERANCE
                assert last is None or at > last or last - at > PATIENCE
                last = at
            now += min(until_next(now, step), timedelta(seconds=10))
    assert last is not None
