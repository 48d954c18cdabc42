"""The port `Meters`: the same claims over the simulated factory, over Modbus and over MQTT."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, TcpPlace
from adapters.mqtt_meters import PushingMeter
from adapters.mqtt_meters.inbox import Inbox
from adapters.simulated import SimulatedMeters
from application.ports import Meters
from domain.measurement import Reading
from tests.reference.meter_servers import HERE, MeterServer, SimulatedMeter, sane_values

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
NAMES = ["main", "oven", "press"]


class PolledInbox:
    """An inbox without a broker: each meter pushes at every poll, one watt-hour more than before."""

    def __init__(self) -> None:
        profile = MeterProfiles().mqtt("wattledger.registers")
        self.meters = [PushingMeter(name, name, profile) for name in NAMES]
        self.inbox = Inbox(self.meters)
        self.wh = 1000

    def read(self, at: datetime) -> list[Reading]:
        self.wh += 1
        payload = json.dumps({"active_wh": self.wh, "reactive_varh": 0, "at": at.isoformat()}).encode()
        for meter in self.meters:
            self.inbox.take(meter.topic, payload, False, at)
        return [reading for reading, _ in self.inbox.poll(at) if reading is not None]


@contextmanager
def simulated() -> Iterator[Meters]:
    yield SimulatedMeters(NAMES, AT - STEP, ZoneInfo("UTC"), STEP, Random(1))


@contextmanager
def over_modbus() -> Iterator[Meters]:
    profile = MeterProfiles().modbus("schneider.iem3x55")
    units = {unit: SimulatedMeter(profile).show(sane_values()) for unit, _ in enumerate(NAMES, 1)}
    with MeterServer(units) as server:
        line = ModbusLine(TcpPlace(HERE, server.port), 1.0)
        yield ModbusMeters([Bus(line, [MeterOnLine(name, unit, profile) for unit, name in enumerate(NAMES, 1)])])


@contextmanager
def over_mqtt() -> Iterator[Meters]:
    yield PolledInbox()


ADAPTERS: dict[str, Callable[[], Any]] = {"simulated": simulated, "modbus": over_modbus, "mqtt": over_mqtt}


@pytest.fixture(params=ADAPTERS)
def meters(request: pytest.FixtureRequest) -> Iterator[Meters]:
    with ADAPTERS[request.param]() as found:
        yield found


def test_every_meter_that_answers_is_there_once(meters: Meters) -> None:
    assert sorted(reading.meter for reading in meters.read(AT)) == sorted(NAMES)


def test_a_reading_is_stamped_with_the_instant_of_its_poll(meters: Meters) -> None:
    for at in (AT, AT + STEP):
        assert {reading.at for reading in meters.read(at)} == {at}


def test_registers_are_whole_and_do_not_fall_from_poll_to_poll(meters: Meters) -> None:
    before = {reading.meter: reading for reading in meters.read(AT)}
    for after in meters.read(AT + STEP):
        assert isinstance(after.active_wh, int)
        assert isinstance(after.reactive_varh, int)
        assert after.active_wh >= before[after.meter].active_wh
