"""On the device: only a record's own result marks it as delivered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from adapters.memory import MemoryOutbox, MemoryStream
from adapters.messages import WattledgerWire
from application.ports import StreamRecord, Unavailable
from application.upload_outbox import CYCLES_PER_CALL, UploadOutbox

WIRE = WattledgerWire()


@dataclass
class Line:
    """A line that answers as told, call by call; then it takes everything."""

    answers: list[Sequence[bool] | Unavailable] = field(default_factory=list)
    road: MemoryStream = field(default_factory=MemoryStream)

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        answer = self.answers.pop(0) if self.answers else [True] * len(records)
        if isinstance(answer, Unavailable):
            raise answer
        self.road.put([record for record, taken in zip(records, answer, strict=True) if taken])
        return answer

    def arrived(self) -> list[int]:
        return [WIRE.upload(record.data).seq for record in self.road.records]


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def fill(outbox: MemoryOutbox, count: int) -> None:
    for i in range(count):
        outbox.append(f"poll {i}", WIRE.body([]))


def upload(outbox: MemoryOutbox, line: Line) -> int:
    return UploadOutbox("edge-1", outbox, line, WIRE)()


def test_everything_is_sent_oldest_first_in_calls_of_a_hundred(outbox: MemoryOutbox) -> None:
    line, count = Line(), 2 * CYCLES_PER_CALL + 5
    fill(outbox, count)
    assert upload(outbox, line) == count
    assert line.arrived() == list(range(1, count + 1))
    assert outbox.backlog() == 0


def test_a_record_says_whose_it_is(outbox: MemoryOutbox) -> None:
    line = Line()
    fill(outbox, 1)
    upload(outbox, line)
    (record,) = line.road.records
    sent = WIRE.upload(record.data)
    assert (record.partition, sent.device, sent.store, sent.seq) == ("edge-1", "edge-1", outbox.store, 1)


def test_a_line_that_is_down_is_no_error_and_keeps_everything(outbox: MemoryOutbox) -> None:
    fill(outbox, 3)
    assert upload(outbox, Line([Unavailable("down")])) == 0
    assert outbox.backlog() == 3


def test_of_a_partial_success_only_what_was_taken_is_marked(outbox: MemoryOutbox) -> None:
    line = Line([[True, False, True]])
    fill(outbox, 3)
    assert upload(outbox, line) == 2
    assert [cycle.seq for cycle in outbox.pending(9)] == [2]
    assert upload(outbox, line) == 1
    assert line.arrived() == [1, 3, 2]


def test_after_a_call_that_was_not_taken_whole_the_line_is_left_alone(outbox: MemoryOutbox) -> None:
    line = Line([[True] * CYCLES_PER_CALL, [False] * CYCLES_PER_CALL, Unavailable("never asked")])
    fill(outbox, 3 * CYCLES_PER_CALL)
    assert upload(outbox, line) == CYCLES_PER_CALL
    assert len(line.answers) == 1
