"""A plant with panels: what its meters count is stored, sent, priced and credited, register by register."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemoryStream, MemorySupplyPoints, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, TcpPlace
from adapters.sqlite_outbox import SqliteOutbox
from application.close_period import ClosePeriod
from application.price_uploads import PriceUploads
from application.terms_of import TermsOf
from domain.bill import Bill
from domain.charges import EnergyByPeriod, ExportCredit
from domain.measurement import Extra, MeterType
from domain.meter_status import MeterState, reading_of
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract
from edge.compose import edge
from tests.reference.meter_servers import HERE, MeterServer, SimulatedMeter, sane_values
from tests.reference.workbench import tariff_of

NOON, STEP = datetime(2018, 1, 7, 12, tzinfo=UTC), timedelta(minutes=5)
SDM = MeterProfiles().modbus("eastron.sdm630")
ALL = ((0, "all"),)


@pytest.fixture
def tariff() -> Tariff:
    """Energy at 0.20, and what is delivered at 0.06."""
    charges = EnergyByPeriod("energy", "Energy", "use", "", ALL), ExportCredit("sold", "Sold", "credit", "", ALL)
    return tariff_of(charges, [{"energy.all": "0.20", "sold.all": "0.06"}])


def billed(records: list[bytes], tariff: Tariff) -> Bill:
    """The cloud of one plant: what was uploaded, as the bill of its month."""
    types = {"main": MeterType(rated_power_w=4_000_000)}
    point = SupplyPoint("plant", "edge-1", ZoneInfo("UTC"), tariff.id, Contract(), "main", types)
    store, quarantine = EventStore.in_memory(SetClock(NOON)), MemoryQuarantine()
    terms_of = TermsOf(MemoryTariffs({tariff.id: tariff}))
    points = MemorySupplyPoints({point.device: point})
    later = SetClock(NOON + timedelta(days=365))
    PriceUploads(store.days, store.periods, points, terms_of, WattledgerWire(), quarantine, later)(records)
    assert quarantine.kept() == []
    month = BillingMonth(date(2018, 1, 1), point.zone)
    return ClosePeriod(store.days, store.periods, terms_of)(point, month).bill


def test_what_a_meter_delivers_is_credited_in_the_bill(tariff: Tariff) -> None:
    meter, stream = SimulatedMeter(SDM).show(sane_values()), MemoryStream()
    with MeterServer({1: meter}) as server:
        bus = Bus(ModbusLine(TcpPlace(HERE, server.port), 0.5), [MeterOnLine("main", 1, SDM)], sleep=lambda _: None)
        device = edge("edge-1", ModbusMeters([bus]), ["main"], SqliteOutbox(":memory:"), stream)
        for poll, (drawn_kwh, delivered_kwh) in enumerate(((0, 0), (16, 0), (16, 64), (48, 128))):
            grown = {"active_energy_import": drawn_kwh, "active_energy_export": delivered_kwh}
            meter.show({name: value + 1000 * grown.get(name, 0) for name, value in sane_values().items()})
            device.turn(NOON + STEP * poll)
    bill = billed(stream.take(1000), tariff)
    assert {line.code: line.amount for line in bill.lines} == {
        "energy.all": Decimal("9.60"),  # 48 kWh
        "sold.all": Decimal("-7.68"),  # 128 kWh
    }


def test_capacitive_energy_is_what_the_reactive_export_register_counts() -> None:
    found = reading_of("main", NOON, sane_values())
    assert not isinstance(found, str)
    assert found.extra == Extra(export_wh=2_048_000, capacitive_varh=512_000)


def test_a_meter_without_such_registers_tells_nothing_of_them() -> None:
    found = reading_of("main", NOON, {"active_energy_import": Decimal(5)})
    assert not isinstance(found, str)
    assert (found.reactive_varh, found.extra) == (0, Extra())


@pytest.mark.parametrize("counter", ["active_energy_export", "reactive_energy_export", "reactive_energy_import"])
def test_a_counter_without_a_value_at_the_moment_takes_the_reading_with_it_so_that_nothing_is_lost(
    counter: str,
) -> None:
    meter = SimulatedMeter(SDM).show(sane_values())
    meter.mark(counter, 0x7FC00000)
    with MeterServer({1: meter}) as server:
        bus = Bus(ModbusLine(TcpPlace(HERE, server.port), 0.5), [MeterOnLine("main", 1, SDM)], sleep=lambda _: None)
        meters = ModbusMeters([bus])
        assert meters.read(NOON) == []
        assert meters.statuses["main"].state is MeterState.NO_VALUE
        assert counter in meters.statuses["main"].said
        assert "uncounted" in meters.statuses["main"].said
        meter.show(sane_values())
        assert len(meters.read(NOON + STEP)) == 1
