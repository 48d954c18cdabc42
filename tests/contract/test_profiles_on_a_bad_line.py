"""Every profile that ships, over a line that loses, halves, delays and damages answers: never a wrong reading."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, TcpPlace
from domain.meter_profile import MeterProfile
from domain.meter_status import MeterState
from tests.reference.meter_servers import (
    CLOSE,
    HERE,
    Answer,
    MeterServer,
    SimulatedMeter,
    raw_server,
    sane_values,
    tcp_answer,
)

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
PROFILES = MeterProfiles()
QUICK_S = 0.15
ENERGY_WH = 123_456_000


@pytest.fixture(params=PROFILES.ids())
def profile(request: pytest.FixtureRequest) -> MeterProfile:
    return PROFILES.modbus(request.param)


def meters_at(*ports: int, profile: MeterProfile, unit: int = 1) -> ModbusMeters:
    buses = []
    for number, port in enumerate(ports):
        on = MeterOnLine(f"meter-{number}", unit, profile)
        buses.append(Bus(ModbusLine(TcpPlace(HERE, port), QUICK_S), [on], sleep=lambda _: None))
    return ModbusMeters(buses)


def whole(meter: SimulatedMeter, request: bytes) -> bytes:
    """What the meter answers."""
    address, count = int.from_bytes(request[8:10]), int.from_bytes(request[10:12])
    return tcp_answer(request, [meter.words.get(at, 0) for at in range(address, address + count)])


def spoiling(meter: SimulatedMeter, spoilt: Answer, questions: int) -> Answer:
    """The first so many questions are answered as `spoilt` says, whatever is asked later as it should be."""
    asked = 0

    def answer(request: bytes) -> Sequence[bytes]:
        nonlocal asked
        asked += 1
        return spoilt(request) if asked <= questions else [whole(meter, request)]

    return answer


SPOILT: dict[str, Callable[[SimulatedMeter], Answer]] = {
    "silence": lambda _: lambda _: [],
    "half a frame": lambda meter: lambda request: [whole(meter, request)[:-1]],
    "half a frame and a closed connection": lambda meter: lambda request: [whole(meter, request)[:9], CLOSE],
    "a header alone": lambda meter: lambda request: [whole(meter, request)[:7]],
    "an answer too short by a register": lambda _: (
        lambda request: [tcp_answer(request, [0] * (int.from_bytes(request[10:12]) - 1))]
    ),
    "the answer of another question": lambda meter: lambda request: [b"\x55\x55" + whole(meter, request)[2:]],
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_answer_is_no_reading_and_the_next_poll_is_right(profile: MeterProfile, fault: str) -> None:
    meter = SimulatedMeter(profile).show(sane_values())
    tries = 1 + profile.transport.retries
    with raw_server(spoiling(meter, SPOILT[fault](meter), tries)) as port:
        meters = meters_at(port, profile=profile)
        assert meters.read(AT) == []
        status = meters.statuses["meter-0"]
        assert status.state is MeterState.SILENT
        assert "unit 1" in status.said
        (reading,) = meters.read(AT + STEP)
    assert reading.active_wh == ENERGY_WH


def test_one_lost_answer_is_asked_for_again_within_the_poll(profile: MeterProfile) -> None:
    meter = SimulatedMeter(profile).show(sane_values())
    with raw_server(spoiling(meter, lambda _: [], 1)) as port:
        (reading,) = meters_at(port, profile=profile).read(AT)
    assert reading.active_wh == ENERGY_WH


def test_an_answer_in_pieces_is_one_answer(profile: MeterProfile) -> None:
    meter = SimulatedMeter(profile).show(sane_values())
    with raw_server(lambda request: [bytes([byte]) for byte in whole(meter, request)]) as port:
        (reading,) = meters_at(port, profile=profile).read(AT)
    assert reading.active_wh == ENERGY_WH


def test_a_meter_that_is_busy_is_asked_again(profile: MeterProfile) -> None:
    meter = SimulatedMeter(profile, busy=1).show(sane_values())
    with MeterServer({1: meter}) as server:
        (reading,) = meters_at(server.port, profile=profile).read(AT)
    assert reading.active_wh == ENERGY_WH


def test_two_gateways_on_one_bus_read_one_meter_and_neither_hears_the_others_answers(profile: MeterProfile) -> None:
    """Both pass questions to the same unit; one of them loses its answers."""
    meter = SimulatedMeter(profile).show(sane_values())
    with MeterServer({7: meter}) as good, raw_server(lambda _: []) as deaf:
        meters = meters_at(good.port, deaf, profile=profile, unit=7)
        (reading,) = meters.read(AT)
    assert (reading.meter, reading.active_wh) == ("meter-0", ENERGY_WH)
    assert meters.statuses["meter-1"].state is MeterState.SILENT
