"""What a line can do to a question: half answers, late answers, answers of others, and bytes that are nothing."""

import struct
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, SerialPlace, TcpPlace
from adapters.modbus.line import Declined, LineFault, NoAnswer, Unreachable
from domain.meter_status import MeterState
from tests.reference.meter_servers import (
    CLOSE,
    HERE,
    Answer,
    SimulatedMeter,
    raw_server,
    rtu_answer,
    sane_values,
    serial_port,
    tcp_answer,
)

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SDM = MeterProfiles().modbus("eastron.sdm630")
QUICK_S = 0.05


def tcp_line(port: int, rtu_framing: bool = False, timeout_s: float = QUICK_S) -> ModbusLine:
    return ModbusLine(TcpPlace(HERE, port, rtu_framing), timeout_s, sleep=lambda _: None)


def asked(request: bytes, rtu: bool = False) -> tuple[int, int]:
    """Address and count of a request."""
    at = 2 if rtu else 8
    first, second = struct.unpack(">HH", request[at : at + 4])
    return int(first), int(second)


def numbered(request: bytes, rtu: bool = False) -> list[int]:
    """Registers that say their own address."""
    address, count = asked(request, rtu)
    return list(range(address, address + count))


def test_half_an_answer_is_none_and_spoils_no_later_one() -> None:
    halves: list[bytes] = []

    def answer(request: bytes) -> Sequence[bytes]:
        whole = tcp_answer(request, numbered(request))
        if halves:
            return [whole]
        halves.append(whole[10:])
        return [whole[:10]]

    with raw_server(answer) as port:
        line = tcp_line(port)
        with pytest.raises(NoAnswer):
            line.read(1, 4, 100, 4)
        assert line.read(1, 4, 200, 4) == (200, 201, 202, 203)
        line.close()


def test_an_answer_in_many_pieces_is_one_answer() -> None:
    with raw_server(lambda request: [bytes([byte]) for byte in tcp_answer(request, numbered(request))]) as port:
        line = tcp_line(port, timeout_s=2)
        assert line.read(1, 4, 7, 3) == (7, 8, 9)
        line.close()


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("another transaction", lambda r: [b"\x7f\x7f" + tcp_answer(r, [1, 2])[2:]]),
        ("no transaction", lambda r: [b"\0\0" + tcp_answer(r, [1, 2])[2:]]),
        ("another unit", lambda r: [tcp_answer(r, [1, 2])[:6] + b"\x09" + tcp_answer(r, [1, 2])[7:]]),
        ("another function", lambda r: [tcp_answer(r[:7] + b"\x03" + r[8:], [1, 2])]),
        ("too few registers", lambda r: [tcp_answer(r, [1])]),
        ("too many registers", lambda r: [tcp_answer(r, [1, 2, 3])]),
        ("another protocol", lambda r: [r[:2] + b"\x01\x01" + tcp_answer(r, [1, 2])[4:]]),
        ("a count that lies", lambda r: [tcp_answer(r, [1, 2])[:8] + b"\xff" + tcp_answer(r, [1, 2])[9:]]),
        ("nothing", lambda _: []),
        ("a closed connection", lambda _: [CLOSE]),
        ("half, and a closed connection", lambda r: [tcp_answer(r, [1, 2])[:9], CLOSE]),
        ("text", lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"]),
    ],
)
def test_what_is_no_answer_to_the_question_is_no_value(what: str, answer: Answer) -> None:
    with raw_server(answer) as port:
        line = tcp_line(port)
        with pytest.raises(NoAnswer):
            line.read(1, 4, 0, 2)
        line.close()


def test_after_any_fault_the_next_question_has_a_connection_of_its_own() -> None:
    asked_before: list[bytes] = []

    def answer(request: bytes) -> Sequence[bytes]:
        asked_before.append(request)
        right = rtu_answer(request, numbered(request, rtu=True))
        return [right] if len(asked_before) > 1 else [rtu_answer(request, [0]), b"", rtu_answer(request, [6] * 5)]

    with raw_server(answer) as port:
        line = tcp_line(port, rtu_framing=True)
        with pytest.raises(NoAnswer, match="1 registers"):
            line.read(1, 4, 0, 2)
        assert not line._client.connected
        assert line.read(1, 4, 10, 5) == (10, 11, 12, 13, 14), "not what was left of the first"
        line.close()


class DeadLine:
    """A line whose other end is not there; counts how often it was tried."""

    name = "nowhere"
    tried = 0

    def read(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        self.tried += 1
        raise Unreachable("cannot open nowhere")

    def close(self) -> None:
        """Nothing is open."""


def test_a_line_that_cannot_be_opened_is_tried_once_for_all_its_meters() -> None:
    line = DeadLine()
    meters = ModbusMeters([Bus(line, [MeterOnLine(f"m{unit}", unit, SDM) for unit in range(1, 100)])])
    assert meters.read(AT) == []
    assert line.tried == 1
    assert {status.state for status in meters.statuses.values()} == {MeterState.UNREACHABLE}
    assert {status.meter for status in meters.statuses.values()} == set(meters.statuses)
    assert len(meters.statuses) == 99


def test_what_a_gateway_says_is_told_with_its_meaning() -> None:
    with raw_server(lambda r: [r[:4] + b"\0\x03" + r[6:7] + b"\x84\x0b"]) as port:
        line = tcp_line(port)
        with pytest.raises(Declined, match="registers 0 to 1: exception 11: the gateway had no answer"):
            line.read(1, 4, 0, 2)
        line.close()


def test_a_host_that_is_none_is_unreachable() -> None:
    with raw_server(lambda _: []) as port:
        pass  # a port that was free a moment ago
    for place in (TcpPlace(HERE, port), TcpPlace("a..b"), SerialPlace("no-such-port")):
        with pytest.raises(Unreachable, match="cannot open"):
            ModbusLine(place, QUICK_S).read(1, 4, 0, 2)


def test_over_rtu_a_late_answer_is_not_taken_for_the_next() -> None:
    late: list[bytes] = []

    def answer(request: bytes) -> Sequence[bytes]:
        """A meter that is one answer behind, until it has caught up."""
        whole = rtu_answer(request, numbered(request, rtu=True))
        if not late and asked(request, rtu=True) == (100, 6):
            late.append(whole)
            return []
        before = late.pop() if late else b""
        return [before, whole] if not before else [before]

    with serial_port(answer) as path:
        line = ModbusLine(SerialPlace(path), QUICK_S, sleep=lambda _: None)
        with pytest.raises(NoAnswer):
            line.read(1, 4, 100, 6)
        assert line.read(1, 4, 200, 6) == (200, 201, 202, 203, 204, 205)
        line.close()


def test_over_rtu_another_unit_does_not_answer_for_one() -> None:
    with serial_port(lambda r: [rtu_answer(b"\x09" + r[1:], [1, 2])]) as path:
        line = ModbusLine(SerialPlace(path), QUICK_S, sleep=lambda _: None)
        with pytest.raises(NoAnswer):
            line.read(1, 4, 0, 2)
        line.close()


def test_over_rtu_a_flipped_bit_is_no_answer() -> None:
    def answer(request: bytes) -> Sequence[bytes]:
        whole = rtu_answer(request, [1, 2])
        return [whole[:4] + bytes([whole[4] ^ 1]) + whole[5:]]

    with serial_port(answer) as path:
        line = ModbusLine(SerialPlace(path), QUICK_S, sleep=lambda _: None)
        with pytest.raises(NoAnswer):
            line.read(1, 4, 0, 2)
        line.close()


def test_a_meter_on_a_serial_port_is_read() -> None:
    meter = SimulatedMeter(SDM).show(sane_values())

    def answer(request: bytes) -> Sequence[bytes]:
        address, count = asked(request, rtu=True)
        return [rtu_answer(request, [meter.words.get(at, 0) for at in range(address, address + count)])]

    with serial_port(answer) as path:
        line = ModbusLine(SerialPlace(path, 19_200), 1.0)
        meters = ModbusMeters([Bus(line, [MeterOnLine("main", 1, SDM)], sleep=lambda _: None)])
        (reading,) = meters.read(AT)
    assert reading.active_wh == 123_456_000


def test_a_meter_that_never_answers_on_a_serial_port_is_silent() -> None:
    with serial_port(lambda _: []) as path:
        line = ModbusLine(SerialPlace(path), QUICK_S, sleep=lambda _: None)
        meters = ModbusMeters([Bus(line, [MeterOnLine("main", 1, SDM)], sleep=lambda _: None)])
        assert meters.read(AT) == []
    assert meters.statuses["main"].state is MeterState.SILENT


GARBAGE = st.lists(st.binary(min_size=1, max_size=300), max_size=4)


@pytest.mark.parametrize("rtu_framing", [False, True], ids=["tcp", "rtu over tcp"])
def test_no_bytes_whatsoever_break_the_poll_or_make_a_reading(rtu_framing: bool) -> None:
    script: list[bytes] = []

    def answer(_: bytes) -> Sequence[bytes]:
        return script

    with raw_server(answer) as port:

        @given(GARBAGE, st.booleans())
        @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
        def garbage(parts: list[bytes], hang_up: bool) -> None:
            script[:] = [*parts, CLOSE] if hang_up else parts
            line = tcp_line(port, rtu_framing, 0.01)
            meters = ModbusMeters([Bus(line, [MeterOnLine("main", 1, SDM)], sleep=lambda _: None)])
            assert meters.read(AT) == []
            assert meters.statuses["main"].state is not MeterState.READ
            assert meters.statuses["main"].said

        garbage()


@pytest.mark.parametrize("rtu_framing", [False, True], ids=["tcp", "rtu over tcp"])
def test_no_damage_to_a_true_answer_breaks_the_line(rtu_framing: bool) -> None:
    damage: list[tuple[int, int]] = []

    def answer(request: bytes) -> Sequence[bytes]:
        make = rtu_answer if rtu_framing else tcp_answer
        whole = bytearray(make(request, numbered(request, rtu_framing)))
        for at, byte in damage:
            whole[at % len(whole)] = byte
        return [bytes(whole)]

    with raw_server(answer) as port:

        @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 255)), max_size=3))
        @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
        def damaged(places: list[tuple[int, int]]) -> None:
            damage[:] = places
            line = tcp_line(port, rtu_framing, 0.01)
            with suppress(LineFault):
                assert len(line.read(1, 4, 10, 6)) == 6
            line.close()

        damaged()
