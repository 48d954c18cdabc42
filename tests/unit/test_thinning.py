"""Fewer cycles tell the same energy, to the last Wh: a full disk costs times, never energy, and never in silence."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory import MemoryOutbox, MemoryStream
from adapters.messages import WattledgerWire
from adapters.sqlite_outbox import SqliteOutbox
from application.make_room import MakeRoom
from application.ports import Outbox, StoreFull
from application.store_readings import StoreReadings
from application.tend_outbox import TendOutbox
from application.upload_outbox import UploadOutbox
from application.upload_stores import UploadStores
from domain.measurement import Extra, Reading
from domain.thinning import blocks, joined
from domain.upload import ReadingPair
from edge.runtime import EdgeRuntime

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
WIRE = WattledgerWire()


def reading(step: int, wh: int, meter: str = "main") -> Reading:
    return Reading(meter, NOON + step * STEP, wh, wh // 2)


def chain(registers: Sequence[int], meter: str = "main") -> list[list[ReadingPair]]:
    """Cycles of one meter, each reading with the one before it."""
    readings = [reading(i, wh, meter) for i, wh in enumerate(registers)]
    return [[(before, after)] for before, after in itertools.pairwise(readings)]


def test_three_polls_become_one_pair_of_the_first_and_the_last_reading() -> None:
    assert joined(chain([100, 110, 150, 175])) == ((reading(0, 100), reading(3, 175)),)


def test_a_stores_first_reading_says_no_more_than_the_pair_after_it() -> None:
    first: list[ReadingPair] = [(None, reading(0, 100))]
    assert joined([first, *chain([100, 110])]) == ((reading(0, 100), reading(1, 110)),)
    assert joined([first]) == ((None, reading(0, 100)),)


def test_nothing_is_joined_across_a_register_that_fell() -> None:
    assert joined(chain([100, 130, 5, 20, 40])) == (
        (reading(0, 100), reading(1, 130)),
        (reading(1, 130), reading(2, 5)),
        (reading(2, 5), reading(4, 40)),
    )


@pytest.mark.parametrize("name", ["export_wh", "capacitive_varh"])
@pytest.mark.parametrize(("registers", "pairs"), [((5, 7, 9), 1), ((5, 7, 6), 2), ((None, 7, 9), 2), ((5, 7, None), 2)])
def test_nothing_is_joined_across_a_register_of_few_meters_that_fell_came_or_went(
    name: str, registers: tuple[int | None, ...], pairs: int
) -> None:
    one, two, three = (replace(reading(i, 100), extra=Extra(**{name: told})) for i, told in enumerate(registers))
    assert len(joined([[(one, two)], [(two, three)]])) == pairs


def test_nothing_is_joined_across_a_cycle_that_is_missing() -> None:
    first, _, third = chain([100, 110, 120, 130])
    assert joined([first, third]) == (first[0], third[0])


def test_each_meter_is_joined_by_itself() -> None:
    both = [a + b for a, b in zip(chain([0, 1, 2], "main"), chain([5, 5, 9], "oven"), strict=True)]
    assert joined(both) == (
        (reading(0, 0), reading(2, 2)),
        (reading(0, 5, "oven"), reading(2, 9, "oven")),
    )


@given(growth=st.lists(st.integers(-50, 200), min_size=1, max_size=30))
def test_what_the_steady_steps_add_up_to_is_kept(growth: list[int]) -> None:
    registers = [1000]
    for grown in growth:
        registers.append(max(0, registers[-1] + grown))
    cycles = chain(registers)

    def risen(pairs: Sequence[ReadingPair]) -> int:
        return sum(max(0, after.active_wh - before.active_wh) for before, after in pairs if before)

    kept = joined(cycles)
    assert risen(kept) == risen([pair for cycle in cycles for pair in cycle])
    assert (kept[0][0], kept[-1][1]) == (cycles[0][0][0], cycles[-1][0][1])


def test_a_poll_at_the_end_of_a_quarter_hour_belongs_to_it() -> None:
    polls = [(i, NOON + i * STEP) for i in range(1, 8)]
    assert blocks(polls, 15) == [[1, 2, 3], [4, 5, 6], [7]]
    assert blocks([*polls, (8, NOON)], 15) == [[1, 2, 3], [4, 5, 6], [7], [8]], "a clock that was set back"


class Registers:
    """A meter that counts 7 Wh a minute."""

    def read(self, at: datetime) -> Sequence[Reading]:
        return [reading((at - NOON) // STEP, 1000 + (at - NOON) // timedelta(minutes=1) * 7)]


class NoLine(MemoryStream):
    def put(self, records: object) -> Sequence[bool]:
        return [False] * len(list(records))  # type: ignore[call-overload]


def device(outbox: Outbox, kept: int = 20) -> EdgeRuntime:
    room = MakeRoom(outbox, WIRE, newest_kept=kept)
    upload = UploadStores(UploadOutbox("edge-1", outbox, NoLine(), WIRE))
    return EdgeRuntime(StoreReadings(Registers(), outbox, WIRE, ["main"], make_room=room), upload, TendOutbox(room))


def pairs(outbox: Outbox) -> list[ReadingPair]:
    return [pair for cycle in reversed(list(outbox.newest_first())) for pair in WIRE.readings(cycle.body)]


@pytest.fixture(params=["memory", "sqlite"])
def small(request: pytest.FixtureRequest) -> Outbox:
    """Room for about a hundred cycles."""
    return (
        MemoryOutbox(most_cycles=100) if request.param == "memory" else SqliteOutbox(":memory:", most_bytes=24 * 4096)
    )


def test_a_line_that_is_down_for_long_costs_times_and_no_energy(small: Outbox) -> None:
    runtime, polls = device(small), 900
    for i in range(polls):
        assert runtime.turn(NOON + i * STEP) == 1
    first, *told = pairs(small)
    assert (first, told[-1][1].at) == ((None, reading(0, 1000)), NOON + (polls - 1) * STEP)
    assert all(after == again for (_, after), (again, _) in itertools.pairwise(told)), "one chain, no hole"
    assert len(told) < polls * 0.6


def test_the_oldest_backlog_is_thinned_first_and_the_newest_day_never(small: Outbox) -> None:
    runtime = device(small)
    for i in range(900):
        runtime.turn(NOON + i * STEP)
    lengths = [(after.at - before.at) // STEP for before, after in pairs(small) if before]
    hours, quarters, polls = lengths.count(12), lengths.count(3), lengths.count(1)
    assert lengths[-20:] == [1] * 20
    assert max(lengths[0], lengths[1]) in {3, 12}
    assert hours * 12 + quarters * 3 + polls >= 900 - 24, "nearly all blocks are whole"
    known = [length for length in lengths if length in {1, 3, 12}]
    assert known == [12] * hours + [3] * quarters + [1] * polls


def test_what_was_thinned_says_so_and_names_what_it_replaced(small: Outbox) -> None:
    runtime = device(small)
    for i in range(250):
        runtime.turn(NOON + i * STEP)
    told = [WIRE.upload(WIRE.record("edge-1", small.store, one.seq, one.body)) for one in small.pending(999)]
    here = {upload.seq for upload in told}
    gone = [seq for upload in told if upload.thinned for seq in upload.thinned.seqs]
    assert here.isdisjoint(gone)
    assert here | set(gone) == set(range(1, small.last_seq + 1)), "a number is there, or somebody says where it went"
    assert {upload.thinned.minutes for upload in told if upload.thinned} <= {15, 60}


def test_a_store_of_nothing_but_the_newest_takes_no_more_and_says_so(small: Outbox) -> None:
    runtime = device(small, kept=10_000)
    with pytest.raises(StoreFull):
        sum(runtime.turn(NOON + i * STEP) for i in range(800))
    assert small.backlog() > 10


def test_below_eighty_percent_nothing_is_touched() -> None:
    outbox = MemoryOutbox(most_cycles=100)
    for i in range(79):
        outbox.append(f"/{i}", WIRE.body([(None, reading(i, i))]))
    outbox.acknowledge([1, 2, 3])
    assert MakeRoom(outbox, WIRE, newest_kept=1)() == 0
    outbox.append("/79", WIRE.body([(None, reading(79, 79))]))
    assert MakeRoom(outbox, WIRE, newest_kept=1)() == 3
    assert outbox.backlog() == 77


def test_a_body_that_nobody_understands_is_left_as_it_is() -> None:
    outbox = MemoryOutbox(most_cycles=10)
    outbox.append("/1", b"not ours")
    for i, cycle in enumerate(chain([1, 2, 3, 4, 5, 6, 7, 8, 9])):
        outbox.append(f"/{i + 2}", WIRE.body(cycle))
    assert MakeRoom(outbox, WIRE, newest_kept=1)() > 0
    assert outbox.pending(1)[0].body == b"not ours"
