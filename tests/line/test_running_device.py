"""The device as it runs: real meters, a real store, a real line; and what it says of itself on its health page.

Everything is what `wattledger edge run` composes. Only the waits between the polls are skipped, by its clock.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from adapters.device_clock import DeviceClock
from adapters.device_key import KeySignatures, public_key_text
from adapters.messages import WattledgerWire
from adapters.meter_profiles import MeterProfiles
from adapters.sqlite_outbox import OutboxFolder
from application.ports import StoreFull
from edge.compose import RunningDevice, running_device
from edge.health import ask_the_device
from edge.loop import FULL
from edge.settings import Settings, settings_of
from tests.line.conftest import World
from tests.line.servers import wall
from tests.reference.meter_servers import MeterServer, SimulatedMeter, sane_values
from tests.unit.device.conftest import free_port

TEN_IN_MADRID = datetime(2026, 1, 14, 9, tzinfo=UTC)
A_POLL_WH = 25_000
"""300 kW for five minutes."""
METERS = ("main", "oven")
TOML = """
[device]
id = "edge-1"
zone = "Europe/Madrid"
main_meter = "main"
[store]
folder = "{folder}/outbox"
[[bus]]
kind = "modbus-tcp"
name = "hall"
host = "127.0.0.1"
port = {modbus}
[[meter]]
name = "main"
bus = "hall"
unit = 1
profile = "schneider.iem3x55"
rated_power_kw = 1000
[[meter]]
name = "oven"
bus = "hall"
unit = 2
profile = "schneider.iem3x55"
rated_power_kw = 1000
[tariff]
id = "es-3.0td"
rates_of = "2025-12"
contracted_kw = {{ all = 450 }}
[upload]
stream = "readings"
region = "eu-west-1"
[identity]
endpoint = "{iot}"
role_alias = "meter-writer"
key = "{key}"
certificate = "{certificate}"
authority = "{authority}"
[health]
port = {health}
"""
NOTHING_TO_DO: Callable[[int], None] = lambda _: None  # noqa: E731


@dataclass
class Factory:
    """Two meters that count, the cloud, and a device between them whose waits are short."""

    world: World
    meters: MeterServer
    settings: Settings
    at: datetime = TEN_IN_MADRID - timedelta(seconds=10)
    synchronised: bool = True
    passed_s: float = 0.0
    shown: dict[str, Decimal] = field(default_factory=sane_values)

    def clock(self, floor: datetime) -> DeviceClock:
        started_s = time.monotonic()

        def passed_s() -> float:
            return self.passed_s + time.monotonic() - started_s

        return DeviceClock(
            floor,
            "boot-1",
            wall=lambda: self.at + timedelta(seconds=passed_s()),
            elapsed_s=lambda: 100 + passed_s(),
            synchronised=lambda: self.synchronised,
        )

    def run(self, polls: int, after: Callable[[int], None] = NOTHING_TO_DO) -> dict[str, Any]:
        """Run a device for some polls, and give what it said of itself after the last, when it had done its work.

        `after` is called with the number of each poll that was tried.
        """
        with ExitStack() as stack:
            device = running_device(self.settings, stack, self.clock)
            told: dict[str, Any] = {}
            tried = 0

            def wait(stop: Event, seconds: float) -> bool:
                nonlocal tried, told
                if self.polled(device):
                    tried += 1
                    self.settle(device)
                    after(tried)
                    self.count()
                    told = self.told() if tried == polls else {}
                    self.passed_s += seconds if tried < polls else 0
                    if tried == polls:
                        stop.set()
                else:
                    self.passed_s += seconds
                return stop.wait(0.001)

            device.loop.wait = wait
            device.loop.run()
        return told

    def polled(self, device: RunningDevice) -> bool:
        """Whether a poll was tried since it was asked last."""
        seen, self.seen = self.seen, (device.loop.last, device.loop.fault)
        return self.seen not in (seen, (None, ""))

    def settle(self, device: RunningDevice) -> None:
        """Give sending and pricing their turn."""
        assert device.line is not None
        assert device.prices is not None
        before, priced = device.line.worker.state, device.prices.worker.figures
        for _ in range(100):
            self.passed_s += 1
            for worker in (device.line.worker, device.prices.worker):
                worker.wake()
            time.sleep(0.01)
            if device.line.worker.state is not before and device.prices.worker.figures is not priced:
                return

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(ask_the_device(self.settings.health.port) or "{}")
        return found

    def count(self) -> None:
        self.shown["active_energy_import"] += A_POLL_WH
        for meter in self.meters.units.values():
            meter.show(self.shown)

    def arrived(self) -> list[int]:
        return [WattledgerWire().upload(data).seq for data in self.world.kinesis.stored]

    def instants(self) -> list[datetime]:
        """Of the polls that arrived, in the order of their numbers."""
        uploads = sorted((WattledgerWire().upload(data) for data in self.world.kinesis.stored), key=lambda u: u.seq)
        return [upload.readings[0][1].at for upload in uploads]

    def without_iot(self) -> None:
        """Nobody listens at the credentials endpoint either."""
        assert self.settings.identity is not None
        identity = self.settings.identity.model_copy(update={"endpoint": "localhost:1"})
        self.settings = self.settings.model_copy(update={"identity": identity})

    seen: tuple[datetime | None, str] = (None, "")


@pytest.fixture
def factory(world: World, tmp_path: Path) -> Iterator[Factory]:
    profile = MeterProfiles().modbus("schneider.iem3x55")
    with MeterServer({unit: SimulatedMeter(profile).show(sane_values()) for unit in (1, 2)}) as meters:
        text = TOML.format(
            folder=tmp_path, modbus=meters.port, iot=world.iot_endpoint, key=world.key,
            certificate=world.certificate, authority=world.authority.file, health=free_port(),
        )  # fmt: skip
        yield Factory(world, meters, settings_of(text.encode(), tmp_path / "edge.toml"))


def test_what_a_device_sends_is_signed_by_the_key_of_its_certificate(factory: Factory) -> None:
    factory.run(3)
    wire, key = WattledgerWire(), public_key_text(factory.world.key)
    _, another = factory.world.authority.issue("edge-2")
    signed = [wire.signed(data) for data in factory.world.kinesis.stored]
    assert len(signed) == 3
    for one in signed:
        assert KeySignatures().is_by_one_of([key], one.content, one.signature)
        assert not KeySignatures().is_by_one_of([public_key_text(another)], one.content, one.signature)


def test_a_device_in_order_tells_todays_energy_cost_period_peak_and_how_its_parts_are(factory: Factory) -> None:
    told = factory.run(13)
    today = told["today"]
    assert (today["day"], today["currency"], today["intervals"]) == ("2026-01-14", "EUR", 12)
    assert today["energy_wh"] == 12 * A_POLL_WH
    assert (Decimal(today["peak_kw"]), today["peak_at"]) == (Decimal(300), "2026-01-14T09:00:00+00:00")
    assert Decimal(today["cost"]) > 0
    assert told["period"] == "P1", "eleven o'clock on a Wednesday in January"
    assert (told["outbox"]["waiting"], told["outbox"]["fault"], told["outbox"]["set_aside"]) == (0, "", 0)
    assert told["outbox"]["last_poll"] == "2026-01-14T10:00:00+00:00"
    assert (told["line"]["outcome"], told["line"]["delivered"], told["line"]["failures"]) == ("done", 13, 0)
    assert told["clock"]["state"] == "network"
    assert isinstance(told["clock"]["ahead_of_server_s"], int)
    assert [(meter["meter"], meter["answers"]) for meter in told["meters"]] == [(name, True) for name in METERS]
    assert told["problems"] == []
    assert factory.arrived() == list(range(1, 14))


def test_a_meter_that_falls_silent_and_a_line_that_refuses_are_told_and_stop_nothing_else(factory: Factory) -> None:
    def happens(poll: int) -> None:
        if poll == 2:
            factory.meters.units[2].drop = 1000
            factory.world.kinesis.faults = ["AccessDeniedException"] * 1000

    told = factory.run(4, happens)
    main, oven = told["meters"]
    assert (main["answers"], oven["answers"], oven["last_reading"]) == (True, False, "2026-01-14T09:05:00+00:00")
    assert "unit 2" in oven["said"]
    assert told["today"]["energy_wh"] == 3 * A_POLL_WH
    assert (told["line"]["outcome"], told["line"]["delivered"], told["outbox"]["waiting"]) == ("not allowed", 2, 2)
    assert [problem.split(":")[0] for problem in told["problems"]] == ["meter oven", "line"]
    assert "AccessDeniedException" in told["problems"][1]


def test_a_device_with_a_dead_clock_battery_and_no_line_reads_and_stores_and_says_what_it_does_not_know(
    factory: Factory,
) -> None:
    factory.at, factory.synchronised = datetime(1970, 1, 1, 0, 0, 50, tzinfo=UTC), False
    factory.world.kinesis_at("localhost:1", "http")
    factory.without_iot()
    told = factory.run(3)
    assert (told["clock"]["state"], told["outbox"]["waiting"]) == ("unsynced", 3)
    assert told["clock"]["now"] >= "2026-01-01", "never earlier than this software"
    assert any(problem.startswith("clock: nobody vouches") for problem in told["problems"])
    assert any("localhost:1 does not answer" in problem for problem in told["problems"])
    assert all(meter["answers"] for meter in told["meters"])


def test_where_no_time_server_is_let_through_the_server_that_takes_the_readings_tells_the_time(
    factory: Factory,
) -> None:
    factory.at, factory.synchronised = datetime(1970, 1, 1, 0, 0, 50, tzinfo=UTC), False
    cloud = (factory.world.iot, factory.world.kinesis)
    for server in cloud:
        server.ahead = TEN_IN_MADRID - timedelta(minutes=2) - wall()
    told = factory.run(4)
    assert told["clock"]["state"] == "network"
    assert told["clock"]["ahead_of_server_s"] < 0, "how far its own clock is off is told all the same"
    assert told["problems"] == []
    uploads = [WattledgerWire().upload(data) for data in factory.world.kinesis.stored]
    states = {upload.seq: upload.clock.state.name for upload in uploads if upload.clock}
    assert states == {1: "UNSYNCED", 2: "UNSYNCED", 3: "NETWORK", 4: "NETWORK"}
    believed = [at for at in factory.instants() if at < TEN_IN_MADRID]
    assert len(believed) == 1, "the first poll, before anybody had told"
    assert factory.instants()[1:] == [TEN_IN_MADRID + i * timedelta(minutes=5) for i in range(3)]


def test_a_full_disk_is_told_and_what_was_read_meanwhile_is_stored_when_there_is_room(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, said, full = OutboxFolder.append, [], set[str]()

    def append(outbox: OutboxFolder, *cycle: Any) -> int:
        if full:
            raise StoreFull("database or disk is full")
        return really(outbox, *cycle)

    def happens(poll: int) -> None:
        if poll == 2:
            full.add("disk")
        elif full:
            said.append(factory.told())
            full.clear()

    monkeypatch.setattr(OutboxFolder, "append", append)
    told = factory.run(5, happens)
    assert [(one["outbox"]["fault"], one["problems"][0]) for one in said] == [(FULL, f"store: {FULL}")]
    assert told["problems"] == []
    assert factory.instants() == [TEN_IN_MADRID + i * timedelta(minutes=5) for i in range(len(factory.arrived()))]
    assert len(factory.arrived()) >= 4


def test_a_restart_goes_on_with_number_registers_and_figures(factory: Factory) -> None:
    factory.run(3)
    factory.passed_s += 240  # and the device comes up within the next five minutes
    told = factory.run(3)
    assert factory.arrived() == [1, 2, 3, 4, 5, 6]
    assert told["today"]["energy_wh"] == 5 * A_POLL_WH
    assert told["problems"] == []


def test_a_store_that_was_damaged_while_the_device_was_off_costs_no_energy(
    factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    factory.run(3)
    with (factory.settings.store.folder / "outbox.sqlite").open("r+b") as file:
        file.write(bytes(2048))
    factory.passed_s += 240
    told = factory.run(3)
    assert "1 damaged stores are kept in" in caplog.text
    assert told["outbox"]["broken_stores"] == 1
    assert told["today"]["energy_wh"] == 5 * A_POLL_WH
    uploads = [WattledgerWire().upload(data) for data in factory.world.kinesis.stored]
    pairs = sorted((pair for upload in uploads for pair in upload.readings), key=lambda pair: pair[1].at)
    mains = [pair for pair in dict.fromkeys(pairs) if pair[1].meter == "main"]
    assert len({upload.store for upload in uploads}) == 2
    assert [before for before, _ in mains[1:]] == [after for _, after in mains[:-1]]
