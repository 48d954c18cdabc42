"""What a broker may send: packets of any size and kind fill no memory and end no listening."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.meter_profiles import MeterProfiles
from adapters.mqtt_meters import Broker, MqttMeters, PushingMeter
from tests.reference.meter_servers import CLOSE, HERE, Answer, raw_server

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ON = PushingMeter("main", "plc-1", MeterProfiles().mqtt("wattledger.registers"))
GOOD = {"active_wh": 1_234_567, "reactive_varh": 89, "at": "2026-03-02T09:00:00+01:00"}
CONNECTED, SUBSCRIBED = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"


class FixedClock:
    def now(self) -> datetime:
        return AT


def listening(port: int) -> MqttMeters:
    found = MqttMeters("edge-test", Broker(HERE, port, tls=False), [ON], FixedClock())
    found._client.reconnect_delay_set(0.01, 0.01)  # type: ignore[arg-type]  # a test does not wait
    found.start()
    return found


def until(condition: Callable[[], object]) -> None:
    """Wait for something that another thread does; a time out is a failure, a wait is not."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


def published(topic: str, payload: bytes) -> bytes:
    """A message as a broker sends it, without a number."""
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    return b"\x30" + remaining(len(body)) + body


def remaining(size: int) -> bytes:
    """A packet's length in sevens of bits, the lowest first."""
    head, rest = size & 0x7F, size >> 7
    return bytes([head | 0x80]) + remaining(rest) if rest else bytes([head])


def saying(what: Sequence[bytes]) -> Answer:
    """A broker that takes the connection and the subscription, and then says this."""

    def answer(request: bytes) -> Sequence[bytes]:
        return [CONNECTED] if request[0] >> 4 == 1 else [SUBSCRIBED, *what] if request[0] >> 4 == 8 else []

    return answer


def test_a_packet_that_would_fill_the_memory_is_not_taken_and_is_told() -> None:
    huge = b"\x30" + remaining((1 << 28) - 1) + b"x" * 1000
    with raw_server(saying([huge])) as port:
        meters = listening(port)
        try:
            until(lambda: not meters.read(AT) and "268435455 bytes came" in meters.statuses["main"].said)
            assert "find who publishes it" in meters.statuses["main"].said
        finally:
            meters.close()


def test_a_message_larger_than_its_profile_allows_costs_nobody_the_connection() -> None:
    large, good = published(ON.topic, b"x" * 100_000), published(ON.topic, json.dumps(GOOD).encode())
    with raw_server(saying([large, good])) as port:
        meters = listening(port)
        try:
            until(lambda: meters.read(AT))
            assert "100000 bytes, and at most 4096" in meters.statuses["main"].notes[0]
        finally:
            meters.close()


ANY_PUBLISH = st.builds(
    lambda flags, topic, payload: bytes([0x30 | flags]) + remaining(2 + len(topic) + len(payload)) + b"\0"
    + bytes([len(topic)]) + topic + payload,
    st.integers(0, 15),
    st.binary(max_size=30) | st.just(b"wattledger/plc-1/registers"),
    st.binary(max_size=60),
)  # fmt: skip
ANY_PACKETS = st.lists(ANY_PUBLISH | st.binary(max_size=40), max_size=4)


@given(ANY_PACKETS)
@example([b"\x30\x05\0\x01\xc3{}"])  # a topic that is no UTF-8
@example([b"\x30\xff\xff\xff\xff\xff"])
@example([b"\x30\x02\xff\xff"])
@example([b"\x30\x00"])
@example([b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_no_packet_whatsoever_stops_the_listening(packets: list[bytes]) -> None:
    """After it, the next connection hears what a meter pushes."""
    good, heard = published(ON.topic, json.dumps(GOOD).encode()), list[int]()

    def answer(request: bytes) -> Sequence[bytes]:
        if request[0] >> 4 == 8:
            heard.append(1)
            return [SUBSCRIBED, *packets, CLOSE] if len(heard) == 1 else [SUBSCRIBED, good]
        return saying([])(request)

    with raw_server(answer) as port:
        meters = listening(port)
        try:
            until(lambda: meters.read(AT))
        finally:
            meters.close()
