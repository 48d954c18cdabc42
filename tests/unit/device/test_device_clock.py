"""A device's time with a dead battery, with a clock that is set, and with one that nobody vouches for."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from adapters.device_clock import (
    RELEASED,
    DeviceClock,
    boot_id,
    device_clock,
    elapsed_s,
    raise_system_clock,
    synchronised,
    wall,
)
from domain.upload import ClockState

NEWEST = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Hands:
    """A wall clock and the seconds since boot."""

    def __init__(self, wall: datetime, synchronised: bool = False) -> None:
        self.wall, self.elapsed, self.synchronised = wall, 100.0, synchronised

    def clock(self, floor: datetime = NEWEST, has_battery: bool = False) -> DeviceClock:
        return DeviceClock(
            floor, "boot", lambda: self.wall, lambda: self.elapsed, lambda: self.synchronised, has_battery
        )


def test_a_clock_in_1970_is_not_believed_and_time_runs_on_from_the_newest_reading() -> None:
    hands = Hands(datetime(1970, 1, 1, tzinfo=UTC))
    clock = hands.clock()
    assert clock.now() == NEWEST
    hands.elapsed += 300
    hands.wall += timedelta(seconds=300)
    assert clock.now() == NEWEST + timedelta(minutes=5)
    assert clock.state() is ClockState.UNSYNCED


def test_an_empty_store_knows_at_least_when_the_software_was_made() -> None:
    assert Hands(datetime(1970, 1, 1, tzinfo=UTC)).clock(floor=datetime(1971, 1, 1, tzinfo=UTC)).now() == RELEASED


def test_once_the_network_sets_the_clock_it_is_believed() -> None:
    hands = Hands(datetime(1970, 1, 1, tzinfo=UTC))
    clock = hands.clock()
    hands.wall, hands.synchronised = NEWEST + timedelta(days=9), True
    assert clock.now() == hands.wall
    assert clock.state() is ClockState.NETWORK


def test_where_nobody_keeps_the_clock_the_server_tells_the_time_and_vouches_for_it() -> None:
    hands = Hands(NEWEST + timedelta(hours=3))
    clock = hands.clock(has_battery=True)
    assert (clock.now(), clock.state()) == (hands.wall, ClockState.BATTERY)
    servers = NEWEST + timedelta(days=2)
    clock.told = lambda: servers
    assert (clock.now(), clock.state()) == (servers, ClockState.NETWORK)
    assert clock.own() == hands.wall, "how far this machine is off is still known"
    hands.synchronised = True
    assert clock.now() == hands.wall, "a clock that is kept right needs no server"


@pytest.mark.parametrize("who", ["the network", "the server"])
def test_a_clock_that_was_ahead_is_believed_again_once_somebody_vouches_for_the_time(who: str) -> None:
    """Its readings, a month ahead, are in the store: a floor that must not hold the device there for a month."""
    hands = Hands(NEWEST)
    clock = hands.clock(floor=NEWEST + timedelta(days=30))
    assert clock.now() == NEWEST + timedelta(days=30)
    if who == "the network":
        hands.synchronised = True
    else:
        clock.told = lambda: NEWEST
    assert (clock.now(), clock.state()) == (NEWEST, ClockState.NETWORK)


def test_nobody_vouches_for_a_time_before_this_software_was_made() -> None:
    hands = Hands(datetime(1970, 1, 1, tzinfo=UTC), synchronised=True)
    clock = hands.clock()
    clock.told = lambda: datetime(1999, 1, 1, tzinfo=UTC)
    assert (clock.now(), clock.state()) == (NEWEST, ClockState.UNSYNCED)


@pytest.mark.parametrize(("battery", "state"), [(True, ClockState.BATTERY), (False, ClockState.UNSYNCED)])
def test_a_clock_that_nobody_disciplines_says_so(battery: bool, state: ClockState) -> None:
    assert Hands(NEWEST + timedelta(days=1)).clock(has_battery=battery).state() is state


def test_a_battery_does_not_vouch_for_a_time_that_cannot_be() -> None:
    assert Hands(NEWEST - timedelta(days=1)).clock(has_battery=True).state() is ClockState.UNSYNCED


def test_the_facts_tell_boot_and_both_clocks() -> None:
    facts = Hands(NEWEST).clock().facts()
    assert (facts.boot, facts.boot_ms, facts.wall_ms) == ("boot", 100_000, int(NEWEST.timestamp() * 1000))


def test_a_clock_that_somebody_sets_back_turns_no_time_since_boot_back() -> None:
    hands = Hands(NEWEST)
    clock = hands.clock()
    before = clock.facts()
    hands.wall, hands.elapsed = NEWEST - timedelta(days=4000), hands.elapsed + 300
    after = clock.facts()
    assert after.boot_ms - before.boot_ms == 300_000
    assert after.wall_ms is not None
    assert after.wall_ms < (before.wall_ms or 0), "the wall clock is told as it is"


def test_this_machine_has_such_clocks() -> None:
    assert isinstance(synchronised(), bool)
    assert elapsed_s() <= elapsed_s()
    assert len(boot_id()) == 36
    assert abs(device_clock(RELEASED).now() - wall()) < timedelta(minutes=1)


def test_setting_the_clock_without_the_right_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr("time.clock_settime", forbidden)
    assert raise_system_clock(NEWEST) is False


def test_setting_the_clock_with_the_right_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []
    monkeypatch.setattr("time.clock_settime", lambda _clock, seconds: said.append(seconds))
    assert raise_system_clock(NEWEST) is True
    assert said == [NEWEST.timestamp()]
