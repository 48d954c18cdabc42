"""On the device: what the registers counted is stored once, whatever the disk, the power or a meter does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory import MemoryOutbox, SetBootClock, SetClock
from adapters.messages import WattledgerWire
from application.ports import StoredCycle, Unavailable
from application.store_readings import MOST_HELD, StoreReadings
from domain.measurement import Reading
from domain.upload import ClockFacts, ClockState, ReadingPair

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
WIRE = WattledgerWire()


@dataclass
class Registers:
    """Meters that count 10 Wh a minute; those that are `silent` do not answer."""

    silent: set[str] = field(default_factory=set)

    def read(self, at: datetime) -> Sequence[Reading]:
        wh = (at - NOON) // timedelta(minutes=1) * 10 + 1000
        return [Reading(meter, at, wh, 0) for meter in ("main", "oven") if meter not in self.silent]


@dataclass
class DoubtfulDisk(MemoryOutbox):
    """An outbox that fails at the next call: before or after it has stored."""

    fails_before: bool = False
    fails_after: bool = False
    unreadable: bool = False

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        if self.fails_before:
            raise Unavailable("the disk is full")
        seq = super().append(poll, body, clock)
        if self.fails_after:
            raise Unavailable("the disk did not answer")
        return seq

    def newest_first(self) -> Iterator[StoredCycle]:
        for number, cycle in enumerate(super().newest_first()):
            if self.unreadable and number:
                raise Unavailable("the disk did not answer")
            yield cycle


@pytest.fixture
def meters() -> Registers:
    return Registers()


@pytest.fixture
def disk() -> DoubtfulDisk:
    return DoubtfulDisk()


@pytest.fixture
def store(meters: Registers, disk: DoubtfulDisk) -> StoreReadings:
    return started(meters, disk)


def started(meters: Registers, disk: MemoryOutbox) -> StoreReadings:
    """A device as it is after its power came."""
    return StoreReadings(meters, disk, WIRE, ("main", "oven"))


def stored(outbox: MemoryOutbox, meter: str = "main") -> list[tuple[int | None, int]]:
    """The instants of a meter's stored pairs, in minutes after noon."""
    pairs = [pair for cycle in reversed(list(outbox.newest_first())) for pair in WIRE.readings(cycle.body)]
    return [(minutes(before), minutes(after) or 0) for before, after in pairs if after.meter == meter]


def minutes(reading: Reading | None) -> int | None:
    return None if reading is None else (reading.at - NOON) // timedelta(minutes=1)


def counted(pairs: Iterable[ReadingPair]) -> Mapping[str, int]:
    return {after.meter: after.active_wh - before.active_wh for before, after in pairs if before}


def test_each_reading_is_stored_with_the_one_before_it(store: StoreReadings, disk: DoubtfulDisk) -> None:
    assert [store(NOON + i * STEP) for i in range(3)] == [2, 2, 2]
    assert stored(disk) == [(None, 0), (0, 5), (5, 10)]


def test_after_a_restart_the_store_itself_knows_what_came_before(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    started(meters, disk)(NOON + 4 * STEP)
    assert stored(disk) == [(None, 0), (0, 20)]


def test_what_came_before_is_found_behind_delivered_cycles_too(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    disk.acknowledge([1])
    started(meters, disk)(NOON + STEP)
    assert stored(disk) == [(None, 0), (0, 5)]


def test_a_silent_meter_is_taken_up_again_where_it_was_last_heard(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    meters.silent = {"oven"}
    assert store(NOON + STEP) == 1
    again = started(meters, disk)
    meters.silent = set()
    again(NOON + 2 * STEP)
    assert stored(disk, "oven") == [(None, 0), (0, 10)]
    assert stored(disk, "main") == [(None, 0), (0, 5), (5, 10)]


def test_when_no_meter_answers_nothing_is_stored(store: StoreReadings, meters: Registers, disk: DoubtfulDisk) -> None:
    meters.silent = {"main", "oven"}
    assert store(NOON) == 0
    assert disk.backlog() == 0


def test_a_poll_that_is_done_again_changes_nothing(store: StoreReadings, meters: Registers, disk: DoubtfulDisk) -> None:
    store(NOON)
    meters.silent = {"oven"}
    store(NOON + STEP)
    meters.silent = set()  # by the second time it answers; the first word counts
    assert store(NOON + STEP) == 0
    assert started(meters, disk)(NOON + STEP) == 0
    store(NOON + 2 * STEP)
    assert stored(disk, "oven") == [(None, 0), (0, 10)]


def test_a_full_disk_loses_no_energy_once_there_is_room(store: StoreReadings, disk: DoubtfulDisk) -> None:
    store(NOON)
    disk.fails_before = True
    with pytest.raises(Unavailable):
        store(NOON + STEP)
    disk.fails_before = False
    assert store(NOON + 2 * STEP) == 4
    assert stored(disk) == [(None, 0), (0, 5), (5, 10)]


def test_a_cycle_that_no_disk_took_is_told_by_the_registers_after_a_restart(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    disk.fails_before = True
    with pytest.raises(Unavailable):
        store(NOON + STEP)
    disk.fails_before = False
    started(meters, disk)(NOON + 2 * STEP)
    assert stored(disk) == [(None, 0), (0, 10)]


def test_a_day_of_cycles_waits_for_a_disk_and_what_comes_later_is_spanned(
    store: StoreReadings, disk: DoubtfulDisk
) -> None:
    store(NOON)
    disk.fails_before = True
    for i in range(1, MOST_HELD + 3):
        with pytest.raises(Unavailable):
            store(NOON + i * STEP)
    disk.fails_before = False
    store(NOON + (MOST_HELD + 3) * STEP)
    store(NOON + (MOST_HELD + 4) * STEP)
    assert stored(disk)[-2:] == [(5 * MOST_HELD - 5, 5 * MOST_HELD), (5 * MOST_HELD, 5 * MOST_HELD + 20)]
    assert len(stored(disk)) == MOST_HELD + 2


@pytest.mark.parametrize("boot_clock", [False, True], ids=["no boot clock", "a boot clock"])
def test_no_key_comes_from_the_wall_clock(meters: Registers, disk: DoubtfulDisk, boot_clock: bool) -> None:
    wall = SetClock(NOON)
    for at in (NOON, NOON - 12 * STEP, NOON + STEP):  # it is set back by an hour, and forward again, over two restarts
        wall.instant = at
        clock = SetBootClock(wall) if boot_clock else None
        StoreReadings(meters, disk, WIRE, ("main", "oven"), clock)(at)
    assert list(disk._by_poll) == ([f"boot-1/{i}" for i in (1, 2, 3)] if boot_clock else ["/1", "/2", "/3"])
    assert stored(disk) == [(None, 0), (0, -60), (-60, 5)]


def test_a_cycle_carries_what_the_clocks_said(meters: Registers, disk: DoubtfulDisk) -> None:
    clock = SetBootClock(SetClock(NOON), "boot-7")
    StoreReadings(meters, disk, WIRE, ("main", "oven"), clock)(NOON)
    (cycle,) = disk.newest_first()
    assert WIRE.contents(cycle.body).clock == ClockFacts("boot-7", 0, 1_767_787_200_000, ClockState.UNSYNCED)


def states(disk: DoubtfulDisk) -> list[ClockState]:
    told = [WIRE.contents(cycle.body).clock for cycle in disk.pending(99)]
    return [clock.state for clock in told if clock]


@pytest.mark.parametrize("restarted", [False, True])
def test_the_first_poll_after_a_clock_was_set_is_as_unsure_as_the_one_before(
    meters: Registers, disk: DoubtfulDisk, restarted: bool
) -> None:
    """Its registers rose since an instant that nobody vouched for."""
    clock = SetBootClock(SetClock(NOON))
    store = StoreReadings(meters, disk, WIRE, ("main", "oven"), clock)
    store(NOON)
    clock.state = ClockState.NETWORK
    if restarted:
        store = StoreReadings(meters, disk, WIRE, ("main", "oven"), clock)
    for step in (1, 2):
        store(NOON + step * STEP)
    if restarted:
        clock.state = ClockState.BATTERY
        StoreReadings(meters, disk, WIRE, ("main", "oven"), clock)(NOON + 3 * STEP)
    assert states(disk)[:3] == [ClockState.UNSYNCED, ClockState.UNSYNCED, ClockState.NETWORK]
    assert states(disk)[3:] == [ClockState.BATTERY] * restarted


def test_a_wall_clock_that_is_set_back_turns_no_time_since_boot_back() -> None:
    wall = SetClock(NOON)
    clock = SetBootClock(wall)
    told = []
    for at in (NOON, NOON + STEP, NOON - 12 * STEP, NOON - 11 * STEP):
        wall.instant = at
        told.append(clock.facts().boot_ms)
    assert told == [0, 300_000, 300_000, 600_000]


def test_seconds_since_boot_are_those_of_the_clock_that_nobody_sets() -> None:
    wall, since_boot = SetClock(NOON), iter((10.0, 310.5))
    clock = SetBootClock(wall, elapsed_s=lambda: next(since_boot))
    assert clock.facts().boot_ms == 10_000
    wall.instant = NOON - timedelta(days=400)
    assert (clock.facts().boot_ms, wall.now()) == (310_500, NOON - timedelta(days=400))


def test_a_cycle_that_was_stored_though_the_disk_said_nothing_is_not_spread_over(
    store: StoreReadings, disk: DoubtfulDisk
) -> None:
    store(NOON)
    disk.fails_after = True
    with pytest.raises(Unavailable):
        store(NOON + STEP)
    disk.fails_after = False
    store(NOON + 2 * STEP)
    assert stored(disk) == [(None, 0), (0, 5), (5, 10)]


def test_a_disk_that_breaks_off_while_it_is_searched_is_searched_again(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    meters.silent = {"oven"}
    store(NOON + STEP)
    again, disk.unreadable, meters.silent = started(meters, disk), True, set()
    with pytest.raises(Unavailable):
        again(NOON + 2 * STEP)
    disk.unreadable = False
    again(NOON + 3 * STEP)
    assert stored(disk, "oven") == [(None, 0), (0, 15)]


def test_a_cycle_that_was_damaged_on_the_disk_does_not_stop_the_device(
    store: StoreReadings, meters: Registers, disk: DoubtfulDisk
) -> None:
    store(NOON)
    disk.append("damaged", b"not what was written")
    assert started(meters, disk)(NOON + 2 * STEP) == 2
    newest = next(disk.newest_first())
    assert counted(WIRE.readings(newest.body)) == {"main": 100, "oven": 100}
