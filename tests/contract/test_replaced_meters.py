"""A meter is replaced by another: it is seen by its serial number, and nothing is priced across the two."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryOutbox, MemoryQuarantine, MemoryStream, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, TcpPlace
from application.meter_serials import TOLD_EVERY
from application.ports import Kept, Outbox, Reason
from application.price_uploads import PriceUploads
from application.replay_quarantine import ReplayQuarantine
from application.store_readings import StoreReadings
from application.terms_of import TermsOf
from application.upload_outbox import UploadOutbox
from domain.measurement import Reading, Registers, Swap
from domain.supply_point import SupplyPoint
from domain.thinning import joined
from domain.upload import ReadingPair
from tests.reference.meter_servers import HERE, SERIAL, MeterServer, SimulatedMeter, sane_values

NINE, STEP = datetime(2026, 1, 7, 8, tzinfo=UTC), timedelta(minutes=5)  # 09:00 in Madrid
WEDNESDAY = date(2026, 1, 7)
WIRE = WattledgerWire()
PROFILES = MeterProfiles()
WITH_SERIAL = [name for name in PROFILES.ids() if PROFILES.modbus(name).serial]


@dataclass
class Plate:
    """Meters: one that counts 1 kWh at every poll, and whose plate may change."""

    serial: str = "A1"
    wh: int = 5_000

    def read(self, at: datetime) -> list[Reading]:
        self.wh += 1_000
        return [Reading("main", at, self.wh, 900, serial=self.serial)]

    def replaced_by(self, serial: str, wh: int = 0) -> None:
        self.serial, self.wh = serial, wh


@dataclass
class Plant:
    """A device, its line and the cloud of one supply point."""

    point: SupplyPoint
    terms_of: TermsOf
    meter: Plate = field(default_factory=Plate)
    outbox: Outbox = field(default_factory=MemoryOutbox)
    store: EventStore = field(default_factory=lambda: EventStore.in_memory(SetClock(NINE)))
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    polls: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """The device starts, or starts again: its store is all that it remembers."""
        self.device = StoreReadings(self.meter, self.outbox, WIRE, ["main"])

    def poll(self, times: int = 1) -> None:
        for _ in range(times):
            self.device(NINE + STEP * self.polls)
            self.polls += 1

    def price(self) -> PriceUploads:
        points = MemorySupplyPoints({self.point.device: self.point})
        later = SetClock(NINE + timedelta(days=365))
        return PriceUploads(self.store.days, self.store.periods, points, self.terms_of, WIRE, self.quarantine, later)

    def upload(self) -> None:
        stream = MemoryStream()
        UploadOutbox("edge-1", self.outbox, stream, WIRE)()
        self.price()(stream.take(10_000))

    def told(self) -> list[tuple[str, str]]:
        """Serial numbers before and after, by poll."""
        cycles = sorted(self.outbox.newest_first(), key=lambda cycle: cycle.seq)
        return [
            (before.serial if before else "", after.serial)
            for cycle in cycles
            for before, after in WIRE.readings(cycle.body)
        ]

    def energy(self) -> int:
        return self.store.days.get("edge-1", WEDNESDAY).meters[0].today.total_wh

    def kept(self) -> list[Kept]:
        return list(self.quarantine.kept())


@pytest.fixture
def plant(mill: SupplyPoint, terms_of: TermsOf) -> Plant:
    return Plant(replace(mill, meters={"main": mill.meters["main"]}), terms_of)


def test_a_serial_number_is_told_at_first_and_then_once_a_day(plant: Plant) -> None:
    plant.poll(TOLD_EVERY + 2)
    told = [number for number, (_, after) in enumerate(plant.told()) if after]
    assert told == [0, TOLD_EVERY]


def test_a_replaced_meter_waits_in_quarantine_and_its_neighbours_in_time_do_not(plant: Plant) -> None:
    plant.poll(3)
    plant.meter.replaced_by("B2", wh=6_500)  # a little more than the old one showed: it would pass for energy
    plant.poll(3)
    plant.upload()
    (kept,) = plant.kept()
    assert kept.reason is Reason.REPLACED
    assert "meter main: its serial number was A1 at 2026-01-07T08:10:00+00:00 and is B2 at" in kept.text
    assert "register the swap" in kept.text
    assert plant.energy() == 4_000  # twice before, and twice after


def test_a_meter_that_was_replaced_while_the_device_was_off_is_seen(plant: Plant) -> None:
    plant.poll(TOLD_EVERY)
    plant.meter.replaced_by("B2", wh=999_999_500)  # it would pass for a rollover, seen from the other side
    plant.start()
    plant.poll(2)
    plant.upload()
    assert [kept.reason for kept in plant.kept()] == [Reason.REPLACED]


def test_a_meter_that_fell_silent_for_days_before_it_was_replaced_is_seen(plant: Plant) -> None:
    plant.poll(2)
    for _ in range(2 * TOLD_EVERY):  # others go on
        plant.outbox.append(
            f"other/{plant.polls}", WIRE.body([(None, Reading("oven", NINE + STEP * plant.polls, 0, 0))])
        )
        plant.polls += 1
    plant.meter.replaced_by("B2")
    plant.start()
    plant.poll()
    assert plant.told()[-1] == ("A1", "B2")


def test_a_swap_that_was_registered_is_priced_across_and_what_waited_is_replayed(plant: Plant) -> None:
    plant.poll(3)
    plant.meter.replaced_by("B2", wh=0)
    plant.poll(3)
    plant.upload()
    kind = plant.point.meters["main"]
    at = NINE + STEP * 2 + timedelta(minutes=1)
    swap = Swap(at, Registers(8_200, 900), kind, Registers(100, 900), kind)  # 200 Wh on the old one, 900 on the new
    plant.point = replace(plant.point, swaps={"main": (swap,)})
    replayed = ReplayQuarantine(plant.price())(Reason.REPLACED)
    assert (replayed.tried, replayed.released) == (1, 1)
    assert plant.energy() == 4_000 + 200 + 900


def test_a_meter_that_is_the_same_as_ever_is_told_of_by_no_one(plant: Plant) -> None:
    plant.poll(2)
    plant.start()
    plant.poll(2)
    plant.upload()
    assert plant.told() == [("", "A1"), ("", ""), ("", "A1"), ("", "")]
    assert plant.kept() == []


def test_a_meter_without_a_serial_number_costs_not_a_byte(plant: Plant) -> None:
    plant.meter.serial = ""
    plant.poll(2)
    bodies = [cycle.body for cycle in plant.outbox.newest_first()]
    assert {body[0] for body in bodies} == {2}


def test_thinning_joins_nothing_across_two_meters_and_forgets_no_serial_number() -> None:
    plates = ["A1", "", "", "B2", ""]
    readings = [Reading("main", NINE + STEP * n, 1000 + n, 0, serial=serial) for n, serial in enumerate(plates)]
    old = replace(readings[2], serial="A1")
    pairs: list[ReadingPair] = [
        (None, readings[0]),
        (readings[0], readings[1]),
        (readings[1], readings[2]),
        (old, readings[3]),
        (readings[3], readings[4]),
    ]
    found = joined([pair] for pair in pairs)
    told = [(before.serial if before else "", after.serial) for before, after in found]
    assert told == [("A1", ""), ("A1", "B2"), ("B2", "")]


@pytest.mark.parametrize("name", WITH_SERIAL)
def test_every_profile_that_knows_its_place_reads_the_serial_number(name: str) -> None:
    profile = PROFILES.modbus(name)
    meter = SimulatedMeter(profile).show(sane_values())
    with MeterServer({1: meter}) as server:
        meters = meters_of(server.port, MeterOnLine("main", 1, profile))
        (before,) = meters.read(NINE)
        meter.sealed(77)
        (after,) = meters.read(NINE + STEP)
    assert (before.serial, after.serial) == (str(SERIAL), "77")


def test_most_profiles_know_where_the_serial_number_is() -> None:
    assert len(WITH_SERIAL) == 7


def test_a_meter_that_does_not_tell_its_serial_number_is_read_and_asked_no_more() -> None:
    profile = PROFILES.modbus("schneider.pm5xxx")
    meter = SimulatedMeter(profile).show(sane_values())
    for address in (129, 130):
        del meter.words[address]
    with MeterServer({1: meter}) as server:
        meters = meters_of(server.port, MeterOnLine("main", 1, profile))
        for poll in range(3):
            (reading,) = meters.read(NINE + STEP * poll)
            assert reading.serial == ""
            assert "it does not tell its serial number" in meters.statuses["main"].notes[-1]
    assert (129, 2) not in meter.requests, "the server refused it by itself"


def test_a_register_that_holds_something_else_is_not_believed() -> None:
    profile = PROFILES.modbus("schneider.pm5xxx")
    meter = SimulatedMeter(profile).show(sane_values())
    with MeterServer({1: meter}) as server:
        meters = meters_of(server.port, MeterOnLine("main", 1, profile))
        told = []
        for poll in range(6):
            meter.sealed(100 + poll)
            told.append(meters.read(NINE + STEP * poll)[0].serial)
    assert told == ["100", "101", "102", "", "", ""]
    assert "changed 3 times" in meters.statuses["main"].notes[-1]


@pytest.mark.parametrize("serial", [0, 0xFFFFFFFF])
def test_a_plate_without_a_number_is_no_serial_number(serial: int) -> None:
    profile = PROFILES.modbus("schneider.pm5xxx")
    with MeterServer({1: SimulatedMeter(profile).show(sane_values()).sealed(serial)}) as server:
        (reading,) = meters_of(server.port, MeterOnLine("main", 1, profile)).read(NINE)
    assert (reading.serial, reading.active_wh) == ("", 123_456_000)


def meters_of(port: int, on: MeterOnLine) -> ModbusMeters:
    return ModbusMeters([Bus(ModbusLine(TcpPlace(HERE, port), 0.5), [on], sleep=lambda _: None)])
