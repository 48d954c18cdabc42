"""Stream: each record is taken or not, and says so; what was taken arrives, its bytes unchanged."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest

from adapters.memory import MemoryStream, SetClock
from adapters.simulated import Faults, FaultyStream
from application.ports import Stream, StreamRecord, Unavailable

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


def faulty(road: MemoryStream, faults: Faults, seed: int = 1) -> FaultyStream:
    return FaultyStream(road, faults, SetClock(NOON), Random(seed))  # repeatable chance


ROADS: dict[str, Callable[[MemoryStream], Stream]] = {
    "memory": lambda road: road,
    "a line without faults": lambda road: faulty(road, Faults()),
}


def records(count: int, first: int = 0) -> list[StreamRecord]:
    return [StreamRecord("edge-1", f"record {i}".encode()) for i in range(first, first + count)]


def data(sent: list[StreamRecord]) -> list[bytes]:
    return [record.data for record in sent]


@pytest.fixture
def road() -> MemoryStream:
    return MemoryStream()


@pytest.fixture(params=ROADS)
def stream(request: pytest.FixtureRequest, road: MemoryStream) -> Stream:
    return ROADS[request.param](road)


def test_every_record_has_its_own_result(stream: Stream) -> None:
    assert list(stream.put(records(3))) == [True, True, True]
    assert list(stream.put([])) == []


def test_records_of_a_partition_arrive_in_the_order_they_were_taken(stream: Stream, road: MemoryStream) -> None:
    stream.put(records(2))
    stream.put(records(2, first=2))
    assert road.take(3) + road.take(3) == data(records(4))


def test_a_record_may_be_sent_again(stream: Stream, road: MemoryStream) -> None:
    stream.put(records(1))
    stream.put(records(1))
    assert road.take(9) == data(records(1)) * 2


def test_a_consumer_that_failed_gets_its_records_again(road: MemoryStream) -> None:
    road.put(records(5))
    assert road.take(4) == data(records(4))
    road.redeliver(3)
    assert road.take(9) == data(records(4, first=1))
    road.redeliver(99)
    assert road.take(9) == data(records(5))


def test_what_was_delivered_can_be_forgotten_and_the_rest_stays(road: MemoryStream) -> None:
    road.put(records(5))
    road.take(2)
    road.forget_delivered()
    road.redeliver(9)
    assert road.take(9) == data(records(3, first=2))


def test_a_line_that_is_down_takes_nothing_and_says_so(road: MemoryStream) -> None:
    down = Faults(line_down=((NOON, NOON.replace(hour=13)),))
    line = faulty(road, down)
    with pytest.raises(Unavailable, match="the line is down"):
        line.put(records(2))
    assert road.take(9) == []
    assert list(FaultyStream(road, down, SetClock(NOON.replace(hour=13)), Random(1)).put(records(2))) == [True, True]


def test_a_lost_reply_is_unavailable_though_the_records_were_taken(road: MemoryStream) -> None:
    line = faulty(road, Faults(lost_replies=10_000))
    with pytest.raises(Unavailable, match="the reply was lost"):
        line.put(records(2))
    assert road.take(9) == data(records(2))
    assert line.repeated == 2


def test_of_a_partial_success_exactly_the_records_that_were_taken_arrive(road: MemoryStream) -> None:
    results = list(faulty(road, Faults(partial_puts=10_000)).put(records(40)))
    assert set(results) == {True, False}
    assert road.take(99) == [record.data for record, taken in zip(records(40), results, strict=True) if taken]
