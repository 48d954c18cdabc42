"""On the device: only a record's own result marks it as delivered, and what the line says decides what happens next."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from adapters.memory import MemoryKey, MemoryOutbox, MemorySignatures, MemoryStream
from adapters.messages import PREFIX, WattledgerWire
from application.ports import NotAllowed, RecordsRefused, StreamRecord, Unavailable
from application.upload_outbox import BYTES_PER_CALL, CYCLES_PER_CALL, LIVE_CYCLES, Outcome, Round, UploadOutbox

WIRE = WattledgerWire()
Poison = Callable[[int], bool]


@dataclass
class Line:
    """A line that answers as told, call by call; then it takes everything. It refuses a call that holds a poison."""

    answers: list[Sequence[bool] | Unavailable] = field(default_factory=list)
    road: MemoryStream = field(default_factory=MemoryStream)
    poison: Poison = lambda _seq: False
    calls: list[list[int]] = field(default_factory=list)

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        seqs = [seq_of(record) for record in records]
        self.calls.append(seqs)
        if any(self.poison(seq) for seq in seqs):
            raise RecordsRefused("1 validation error detected")
        answer = self.answers.pop(0) if self.answers else [True] * len(records)
        if isinstance(answer, Unavailable):
            raise answer
        self.road.put([record for record, taken in zip(records, answer, strict=True) if taken])
        return answer

    def arrived(self) -> list[int]:
        return [seq_of(record) for record in self.road.records]


def seq_of(record: StreamRecord) -> int:
    """From the header alone, whatever the body holds."""
    _, _, length = PREFIX.unpack_from(record.data)
    return int(json.loads(record.data[PREFIX.size : PREFIX.size + length])["seq"])


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def fill(outbox: MemoryOutbox, count: int) -> None:
    for i in range(count):
        outbox.append(f"poll {i}", WIRE.body([]))


def a_round(outbox: MemoryOutbox, line: Line, allowance: int | None = None) -> Round:
    return UploadOutbox("edge-1", outbox, line, WIRE).round(allowance)


def test_the_newest_go_first_then_everything_oldest_first_in_calls_of_a_hundred(outbox: MemoryOutbox) -> None:
    line, count = Line(), 2 * CYCLES_PER_CALL + 5
    fill(outbox, count)
    assert UploadOutbox("edge-1", outbox, line, WIRE)() == count
    assert line.arrived() == [count, count - 1, *range(1, count - 1)]
    assert [len(call) for call in line.calls] == [LIVE_CYCLES, CYCLES_PER_CALL, CYCLES_PER_CALL, 3]
    assert outbox.backlog() == 0


def test_a_record_says_whose_it_is(outbox: MemoryOutbox) -> None:
    line = Line()
    fill(outbox, 1)
    assert a_round(outbox, line) == Round(1, 0, 0, Outcome.DONE)
    (record,) = line.road.records
    sent = WIRE.upload(record.data)
    assert (record.partition, sent.device, sent.store, sent.seq) == ("edge-1", "edge-1", outbox.store, 1)


def test_the_bytes_are_the_same_live_and_late(outbox: MemoryOutbox) -> None:
    live, late = Line(), Line()
    fill(outbox, 1)
    a_round(outbox, live)
    again = MemoryOutbox()
    fill(again, 40)
    a_round(again, late)
    assert live.road.records[0] == next(one for one in late.road.records if WIRE.upload(one.data).seq == 1)


def test_a_line_that_is_down_is_no_error_and_keeps_everything(outbox: MemoryOutbox) -> None:
    fill(outbox, 3)
    assert a_round(outbox, Line([Unavailable("down")])) == Round(0, 0, 0, Outcome.LEFT_ALONE, "down")
    assert outbox.backlog() == 3


def test_of_a_partial_success_only_what_was_taken_is_marked(outbox: MemoryOutbox) -> None:
    line = Line([[True, True], [True, False, True]])
    fill(outbox, 5)
    done = a_round(outbox, line)
    assert (done.delivered, done.outcome) == (4, Outcome.LEFT_ALONE)
    assert [cycle.seq for cycle in outbox.pending(9)] == [2]
    assert a_round(outbox, line).delivered == 1
    assert line.arrived() == [5, 4, 1, 3, 2]


def test_after_a_call_that_was_not_taken_whole_the_line_is_left_alone(outbox: MemoryOutbox) -> None:
    line = Line([[True] * 2, [False] * CYCLES_PER_CALL, Unavailable("never asked")])
    fill(outbox, 3 * CYCLES_PER_CALL)
    assert a_round(outbox, line).delivered == LIVE_CYCLES
    assert len(line.answers) == 1


def test_live_cycles_that_were_not_taken_hold_the_backlog_back(outbox: MemoryOutbox) -> None:
    line = Line([[True, False]])
    fill(outbox, 9)
    assert a_round(outbox, line).outcome is Outcome.LEFT_ALONE
    assert line.calls == [[9, 8]]


def test_where_we_are_not_allowed_nothing_is_set_aside_and_a_person_is_asked_for(outbox: MemoryOutbox) -> None:
    fill(outbox, 5)
    done = a_round(outbox, Line([NotAllowed("AccessDeniedException")]))
    assert (done.outcome, done.reason) == (Outcome.NOT_ALLOWED, "AccessDeniedException")
    assert (outbox.backlog(), list(outbox.set_aside_cycles())) == (5, [])


@pytest.mark.parametrize("bad", [{1}, {9}, {8, 9}, {1, 2, 3}, {7}], ids=str)
def test_what_is_refused_is_halved_until_only_the_offenders_are_set_aside(outbox: MemoryOutbox, bad: set[int]) -> None:
    line = Line(poison=lambda seq: seq in bad)
    fill(outbox, 9)
    done = a_round(outbox, line)
    assert (done.delivered, done.set_aside, done.outcome) == (9 - len(bad), len(bad), Outcome.DONE)
    assert sorted(line.arrived()) == sorted(set(range(1, 10)) - bad)
    assert [(cycle.seq, why) for cycle, why in outbox.set_aside_cycles()] == [
        (seq, "1 validation error detected") for seq in sorted(bad)
    ]
    assert outbox.backlog() == 0


def test_where_every_record_is_refused_none_of_them_is_at_fault(outbox: MemoryOutbox) -> None:
    fill(outbox, 6)
    done = a_round(outbox, Line(poison=lambda _: True))
    assert (done.outcome, done.set_aside) == (Outcome.NOT_ALLOWED, 0)
    assert (outbox.backlog(), list(outbox.set_aside_cycles())) == (6, [])


def test_an_allowance_of_nothing_sends_the_live_cycles_only(outbox: MemoryOutbox) -> None:
    line = Line()
    fill(outbox, 9)
    assert a_round(outbox, line, 0) == Round(2, 0, 0, Outcome.MORE)
    assert line.calls == [[9, 8]]


def test_the_backlog_stays_within_its_allowance_but_for_one_cycle(outbox: MemoryOutbox) -> None:
    line, size = Line(), len(WIRE.body([]))
    fill(outbox, 40)
    done = a_round(outbox, line, 10 * size)
    assert (done.backlog_bytes, done.outcome) == (10 * size, Outcome.MORE)
    assert line.calls == [[40, 39], list(range(1, 11))]
    assert a_round(outbox, line, 1).backlog_bytes == size


def test_a_call_carries_no_more_than_a_thin_line_can(outbox: MemoryOutbox) -> None:
    line, large = Line(), BYTES_PER_CALL // 3 + 1
    for i in range(7):
        outbox.append(f"poll {i}", bytes(large))
    a_round(outbox, line)
    assert [len(call) for call in line.calls] == [2, 2, 2, 1]


def test_each_record_is_signed_as_it_is_sent(outbox: MemoryOutbox) -> None:
    line, key = Line(), MemoryKey("key of edge-1")
    fill(outbox, 5)
    UploadOutbox("edge-1", outbox, line.road, WIRE, key).round()
    signed = [WIRE.signed(record.data) for record in line.road.records]
    assert len(signed) == 5
    assert all(MemorySignatures().is_by_one_of([key.public], one.content, one.signature) for one in signed)


def test_a_key_that_cannot_sign_is_told_and_nothing_is_sent_nor_lost(outbox: MemoryOutbox) -> None:
    class NoKey:
        def sign(self, content: bytes) -> bytes:
            raise NotAllowed("device.key cannot be read")

    line = Line()
    fill(outbox, 3)
    done = UploadOutbox("edge-1", outbox, line, WIRE, NoKey()).round()
    assert (done.outcome, done.reason, done.delivered) == (Outcome.NOT_ALLOWED, "device.key cannot be read", 0)
    assert (line.calls, outbox.backlog()) == ([], 3)
