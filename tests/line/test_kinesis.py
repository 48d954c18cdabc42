"""Kinesis over a real socket: each fault of the line has its own answer, and nothing is called taken that was not."""

from datetime import timedelta

import pytest
from botocore.config import Config

from adapters.kinesis import stream as stream_module
from adapters.kinesis.stream import PUT_LIMITS
from adapters.memory import MemoryOutbox
from adapters.messages import WattledgerWire
from application.ports import NotAllowed, RecordsRefused, StreamRecord, Unavailable
from application.upload_outbox import Outcome, UploadOutbox
from tests.line.authority import Authority
from tests.line.conftest import World
from tests.line.servers import SLOW_S, hanging_up, serving


def records(count: int, size: int = 10) -> list[StreamRecord]:
    return [StreamRecord("edge-1", f"record {i}".encode().ljust(size)) for i in range(count)]


def test_records_arrive_byte_for_byte(world: World) -> None:
    sent = [StreamRecord("edge-1", bytes(range(256))), StreamRecord("edge-1", b"\x00" * 5000)]
    assert list(world.stream().put(sent)) == [True, True]
    assert world.kinesis.stored == [record.data for record in sent]


def test_no_records_are_no_call(world: World) -> None:
    assert list(world.stream().put([])) == []
    assert world.kinesis.calls == 0


def test_a_client_asks_nobody_until_it_sends(world: World) -> None:
    world.stream()
    assert (world.kinesis.calls, world.iot.given) == (0, [])


def test_of_half_a_response_each_record_has_its_own_result(world: World) -> None:
    world.kinesis.faults = ["partial"]
    assert list(world.stream().put(records(5))) == [True, False, True, False, True]
    assert world.kinesis.stored == [record.data for record in records(5)[::2]]


def test_a_lost_acknowledgement_is_unavailable_though_the_records_were_taken(world: World) -> None:
    world.kinesis.faults = ["lost"]
    stream = world.stream()
    with pytest.raises(Unavailable, match="does not answer clearly"):
        stream.put(records(2))
    assert len(world.kinesis.stored) == 2
    assert list(stream.put(records(2))) == [True, True]


def test_an_answer_that_does_not_come_in_time_leaves_it_unknown_whether_the_records_were_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "PUT_LIMITS", PUT_LIMITS.merge(Config(read_timeout=SLOW_S / 4)))
    world.kinesis.faults = ["slow"]
    with pytest.raises(Unavailable, match="does not answer clearly") as raised:
        world.stream().put(records(2))
    assert type(raised.value) is Unavailable
    assert (world.kinesis.calls, len(world.kinesis.stored)) == (1, 2)


@pytest.mark.parametrize(
    "fault",
    [
        *("closed", "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException"),
        *("500 InternalFailure", "503 ServiceUnavailable", "ThrottlingException", "SomethingNew"),
    ],
)
def test_what_passes_by_itself_is_unavailable_after_a_single_call(world: World, fault: str) -> None:
    world.kinesis.faults = [fault, "the retry would see this"]
    with pytest.raises(Unavailable) as raised:
        world.stream().put(records(1))
    assert type(raised.value) is Unavailable
    assert world.kinesis.calls == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "KMSDisabledException", "KMSAccessDeniedException"])
def test_what_a_person_must_mend_is_not_allowed(world: World, code: str) -> None:
    world.kinesis.faults = [code]
    with pytest.raises(NotAllowed, match=f"{code}.*check the role"):
        world.stream().put(records(1))


def test_a_stream_that_is_not_there_is_not_allowed_and_named(world: World) -> None:
    with pytest.raises(NotAllowed, match="stream other: ResourceNotFoundException"):
        world.stream("other").put(records(1))


@pytest.mark.parametrize("fault", ["ValidationException", "InvalidArgumentException", "413 TooLarge"])
def test_what_is_refused_for_its_content_says_so(world: World, fault: str) -> None:
    world.kinesis.faults = [fault]
    with pytest.raises(RecordsRefused):
        world.stream().put(records(1))


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_expired_credentials_are_fetched_anew_and_the_call_made_once_more(world: World, code: str) -> None:
    stream = world.stream()
    stream.put(records(1))
    world.kinesis.faults = [code]
    assert list(stream.put(records(1))) == [True]
    assert world.iot.given == ["token-1", "token-2"]


def test_credentials_that_stay_expired_are_unavailable_after_two_calls(world: World) -> None:
    world.kinesis.tokens = set()
    with pytest.raises(Unavailable, match="ExpiredTokenException"):
        world.stream().put(records(1))
    assert (world.kinesis.calls, len(world.iot.given)) == (2, 2)


@pytest.mark.parametrize("hours", [-24 * 365 * 55, -1, 1, 24 * 400], ids=["in 1971", "behind", "ahead", "far ahead"])
def test_a_device_whose_clock_is_wrong_signs_at_the_servers_time(world: World, hours: int) -> None:
    world.clock.ahead = timedelta(hours=hours)
    assert list(world.stream().put(records(1))) == [True]
    assert world.kinesis.calls == 1, "the credentials endpoint had told the time already"
    skew = world.time.skew
    assert skew is not None
    assert abs(skew - timedelta(hours=hours)) < timedelta(seconds=90)


def test_a_skew_that_appears_later_is_learned_and_the_call_made_once_more(world: World) -> None:
    stream = world.stream()
    stream.put(records(1))
    world.kinesis.ahead = timedelta(minutes=20)  # the device slept, and its count of seconds with it
    assert list(stream.put(records(1))) == [True]
    assert world.kinesis.calls == 3
    assert list(stream.put(records(1))) == [True]
    assert world.kinesis.calls == 4, "once learned, it is kept"
    assert world.iot.given == ["token-1"]


def test_a_signature_refused_at_the_right_time_is_not_allowed(world: World) -> None:
    stream = world.stream()
    stream.put(records(1))
    world.kinesis.faults = ["InvalidSignatureException"]
    with pytest.raises(NotAllowed, match="at the server's own time"):
        stream.put(records(1))


def test_a_server_signed_by_a_foreign_authority_is_not_trusted(world: World, stranger: Authority) -> None:
    with serving(world.kinesis, stranger.server_context()) as endpoint:
        world.kinesis_at(endpoint)
        stream = world.stream()
        with pytest.raises(NotAllowed, match="not to be trusted"):
            stream.put(records(1))
    assert world.kinesis.calls == 0


def test_a_line_that_is_cut_in_the_handshake_is_unavailable_and_no_stranger(world: World) -> None:
    stream = world.stream()
    stream.put(records(1))
    with hanging_up() as endpoint:
        world.kinesis_at(endpoint)
        cut = world.stream()
        with pytest.raises(Unavailable) as raised:
            cut.put(records(1))
    assert type(raised.value) is Unavailable, str(raised.value)


def test_a_name_that_is_not_found_is_unavailable(world: World) -> None:
    world.kinesis_at("kinesis.nowhere.invalid")
    with pytest.raises(Unavailable, match="check DNS"):
        world.stream().put(records(1))


def test_a_port_where_nobody_listens_is_unavailable(world: World) -> None:
    world.kinesis_at("localhost:1", "http")
    with pytest.raises(Unavailable, match="is not reached"):
        world.stream().put(records(1))


def test_the_uploader_brings_everything_through_every_fault(world: World) -> None:
    outbox, wire, stream = MemoryOutbox(), WattledgerWire(), world.stream()
    for i in range(30):
        outbox.append(f"poll {i}", wire.body([]) + bytes(2000 if i == 17 else 0))
    world.kinesis.too_large = 1500
    faults = ["partial", "lost", "closed", "500 InternalFailure", "AccessDeniedException", "ExpiredTokenException"]
    upload, outcomes = UploadOutbox("edge-1", outbox, stream, wire), []
    for fault in [*faults, ""]:
        world.kinesis.faults = [fault] if fault else []
        outcomes.append(upload.round().outcome)
    assert outcomes[0] is outcomes[1] is outcomes[2] is outcomes[3] is Outcome.LEFT_ALONE
    assert outcomes[4] is Outcome.NOT_ALLOWED
    assert outcomes[-1] is Outcome.DONE
    assert outbox.backlog() == 0
    assert {wire.upload(data).seq for data in world.kinesis.stored} == {*range(1, 31)} - {18}
    ((poison, reason),) = outbox.set_aside_cycles()
    assert poison.seq == 18
    assert "ValidationException" in reason
