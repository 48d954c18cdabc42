"""A poll by column says and measures what its pairs do, one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.messages import WattledgerWire
from domain.measurement import Extra, Measurement, MeterType, Reading, Registers, Swap, measure
from domain.poll import MeasuredInterval, Poll, steady
from domain.supply_point import SupplyPoint
from domain.terms import Contract
from domain.upload import ReadingPair

NOON, STEP = datetime(2026, 1, 7, 12, tzinfo=UTC), timedelta(minutes=5)
TYPES = {"main": MeterType(120_000), "oven": MeterType(12_000, modulus=100_000), "press": MeterType(60_000)}
PLANT = SupplyPoint("mill", "edge-1", ZoneInfo("UTC"), "flat", Contract(), "main", TYPES)
"""In five minutes they count 12,000, 1,200 and 6,000 Wh at most, overload included."""

POLL = Poll(NOON, NOON + STEP, ["main", "oven", "press"], [500, 10, 7], [50, 1, 7], [600, 30, 7], [70, 4, 7])


def measured(interval: MeasuredInterval) -> list[Measurement]:
    rows = zip(interval.meters, interval.wh, interval.varh, strict=True)
    return [Measurement(meter, interval.start, wh, varh) for meter, wh, varh in rows]


REGISTERS = st.sampled_from([0, 1, 1199, 1200, 1201, 6000, 6001, 12_000, 12_001, 99_990, 100_001])


@given(rows=st.lists(st.tuples(REGISTERS, REGISTERS, REGISTERS, REGISTERS), min_size=3, max_size=3))
def test_what_is_measured_by_column_is_what_each_pair_tells_and_the_rest_is_named(
    rows: list[tuple[int, int, int, int]],
) -> None:
    poll = Poll(NOON, NOON + STEP, list(TYPES), *map(list, zip(*rows, strict=True)))
    interval, doubtful = steady(poll, PLANT)
    of_meter = {one.meter: one for one in measured(interval)}
    assert of_meter.keys() | {poll.meters[row] for row in doubtful} == TYPES.keys()
    assert len(of_meter) + len(doubtful) == 3
    for before, after in poll:
        assert before is not None
        found, gap = measure(before, after, TYPES[after.meter], STEP)
        if after.meter in of_meter:
            assert (found, gap) == ((of_meter[after.meter],), None)
        else:  # nothing steady is left to the slow way
            wrapped = after.active_wh < before.active_wh or after.reactive_varh < before.reactive_varh
            assert gap is not None or wrapped


def test_a_poll_is_its_pairs() -> None:
    pairs = tuple(POLL)
    assert pairs[1] == (Reading("oven", NOON, 10, 1), Reading("oven", NOON + STEP, 30, 4))
    assert (len(POLL), POLL[1], POLL[1:], POLL[-1]) == (3, pairs[1], pairs[1:], pairs[2])
    told: Sequence[ReadingPair] = POLL
    assert (told == pairs, told == pairs[:2], told == list(pairs)) == (True, False, False)
    assert hash(POLL) == hash(pairs)


@pytest.mark.parametrize(
    ("before", "at"),
    [
        (NOON, NOON + 2 * STEP),
        (NOON, NOON - STEP),
        (NOON, NOON),
        (NOON + timedelta(seconds=1), NOON + STEP + timedelta(seconds=1)),
    ],
    ids=["two-steps", "backwards", "no-time", "off-the-grid"],
)
def test_readings_that_are_not_one_step_apart_are_left_to_the_pairs(before: datetime, at: datetime) -> None:
    interval, doubtful = steady(replace(POLL, before=before, at=at), PLANT)
    assert (list(interval.meters), list(doubtful)) == ([], [0, 1, 2])


OLD = Swap(NOON - STEP, Registers(1, 1), TYPES["oven"], Registers(0, 0), TYPES["oven"])


@pytest.mark.parametrize(
    "point",
    [
        replace(PLANT, meters={name: kind for name, kind in TYPES.items() if name != "oven"}),
        replace(PLANT, since={"main": NOON, "oven": NOON + STEP}),
        replace(PLANT, until={"main": NOON + STEP, "oven": NOON}),
        replace(PLANT, away={"oven": ((NOON - STEP, NOON),)}),
        replace(PLANT, swaps={"oven": (OLD,)}),
    ],
    ids=["unknown", "came-later", "left", "was-away", "swapped"],
)
def test_a_meter_of_which_more_must_be_known_is_looked_at_alone(point: SupplyPoint) -> None:
    interval, doubtful = steady(POLL, point)
    assert (list(interval.meters), list(doubtful)) == (["main", "press"], [1])
    assert (list(interval.wh), list(interval.varh)) == ([100, 0], [20, 0])


def test_a_meter_that_tells_another_serial_number_is_looked_at_alone() -> None:
    same = replace(POLL, serials_before=["A", "B", ""], serials=["A", "B", ""])
    assert steady(same, PLANT)[1] == ()
    assert list(steady(replace(same, serials=["A", "C", "D"]), PLANT)[1]) == [1, 2]


def sent(*pairs: ReadingPair) -> object:
    wire = WattledgerWire()
    found = wire.upload(wire.record("edge-1", "store-1", 1, wire.body(pairs))).readings
    assert found == pairs
    return found


def test_the_wire_tells_a_poll_by_column_and_anything_else_by_pairs() -> None:
    first, second = POLL[0], POLL[1]
    assert isinstance(sent(*POLL), Poll)
    assert isinstance(sent(*((before and replace(before, serial="A"), after) for before, after in POLL)), Poll)
    later, earlier = replace(second[1], at=NOON + 2 * STEP), replace(first[1], at=NOON - STEP)
    exporting = replace(second[1], extra=Extra(5))
    chain = pairwise([replace(first[1], at=NOON + n * STEP) for n in range(3)])
    for pairs in (
        [],
        [first, first],
        [first, (None, second[1])],
        [first, (second[0], later)],
        [(earlier, first[1]), second],
        [first, (second[0], exporting)],
        chain,
    ):
        assert isinstance(sent(*pairs), tuple)
