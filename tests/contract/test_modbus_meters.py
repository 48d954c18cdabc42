"""Every profile that ships, read from a real Modbus server: the values, the faults, and what is said about them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.meter_profiles import MeterProfiles
from adapters.modbus import Bus, MeterOnLine, ModbusLine, ModbusMeters, TcpPlace
from domain.measurement import Verdict, measure
from domain.meter_profile import MeterProfile, WordOrder
from domain.meter_status import MeterState, MeterStatus
from tests.reference.meter_servers import HERE, MeterServer, SimulatedMeter, sane_values

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
PROFILES = MeterProfiles()
IDS = PROFILES.ids()
TIMEOUT_S = 0.3


def bus(port: int, *meters: MeterOnLine, rtu_framing: bool = False, timeout_s: float = TIMEOUT_S) -> Bus:
    return Bus(ModbusLine(TcpPlace(HERE, port, rtu_framing), timeout_s), meters, sleep=lambda _: None)


def on(profile: MeterProfile, meter: str = "main", unit: int = 1) -> MeterOnLine:
    return MeterOnLine(meter, unit, profile)


def status_of(meters: ModbusMeters, meter: str = "main") -> MeterStatus:
    return meters.statuses[meter]


@pytest.mark.parametrize("name", IDS)
def test_every_profile_reads_what_its_meter_shows(name: str) -> None:
    profile = PROFILES.modbus(name)
    shown = sane_values()
    meter = SimulatedMeter(profile).show(shown)
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        (reading,) = meters.read(AT)
    status = status_of(meters)
    assert status.state is MeterState.READ
    assert (reading.meter, reading.at, reading.active_wh) == ("main", AT, 123_456_000)
    assert reading.reactive_varh == (0 if "reactive_energy_import" in profile.uncounted else 36_864_000)
    for quantity, value in status.values.items():
        assert value == pytest.approx(shown[quantity], rel=Decimal("1e-3")), quantity
    assert not [note for note in status.notes if "but" in note], "no rule doubts a sane meter"


@pytest.mark.parametrize("name", IDS)
def test_no_profile_cuts_a_value_in_two(name: str) -> None:
    profile = PROFILES.modbus(name)
    meter = SimulatedMeter(profile, splits_refused=True).show(sane_values())
    with MeterServer({1: meter}) as server:
        assert ModbusMeters([bus(server.port, on(profile))]).read(AT)
    assert max(count for _, count in meter.requests) <= profile.transport.most_registers


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("order", WordOrder)
def test_a_wrong_word_order_is_never_read_and_the_right_one_is_named(name: str, order: WordOrder) -> None:
    profile = PROFILES.modbus(name)
    if order is profile.transport.words:
        return
    meter = SimulatedMeter(profile).show(sane_values(), order)
    for identity in profile.identities:
        assert identity.type.registers == 1, "an identity of one register has no word order"
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert meters.read(AT) == []
    assert status_of(meters).state is MeterState.IMPLAUSIBLE
    assert f"words = {order.value}" in status_of(meters).said


@pytest.mark.parametrize("name", IDS)
def test_a_marker_of_no_value_is_no_reading_and_never_zero(name: str) -> None:
    profile = PROFILES.modbus(name)
    type_ = next(r.type for r in profile.registers if r.quantity == "active_energy_import")
    markers = [marker.bits for marker in profile.markers if marker.type is type_]
    bits = {"f32": [0x7FC00000, 0xFFC00000, 0x7F800000], "f64": [0x7FF8 << 48, 0xFFF0 << 48]}.get(type_.value, markers)
    meter = SimulatedMeter(profile).show(sane_values())
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        for marker in bits:
            meter.mark("active_energy_import", marker)
            assert meters.read(AT) == []
            assert status_of(meters).state is MeterState.NO_VALUE
            assert status_of(meters).values["active_energy_import"] is None
    assert bits or type_.value == "u32", "an Acuvim marks nothing"


@pytest.mark.parametrize("name", [name for name in IDS if PROFILES.modbus(name).modulus])
def test_a_counter_that_starts_again_is_measured_across_the_wrap(name: str) -> None:
    profile = PROFILES.modbus(name)
    modulus = profile.modulus or 0
    before, after = polled_twice(profile, modulus - 2_000, 1_000)
    measured, gap = measure(before, after, profile.meter_type(rated_power_w=400_000), STEP)
    assert gap is None
    assert [one.energy_wh for one in measured] == [3_000]


EXPORTING = [name for name in IDS if "active_energy_export" not in PROFILES.modbus(name).uncounted]


@pytest.mark.parametrize("name", [name for name in EXPORTING if PROFILES.modbus(name).modulus])
def test_what_is_delivered_is_measured_across_the_wrap_too(name: str) -> None:
    profile = PROFILES.modbus(name)
    before, after = polled_twice(profile, (profile.modulus or 0) - 2_000, 1_000, "active_energy_export")
    measured, gap = measure(before, after, profile.meter_type(rated_power_w=400_000), STEP)
    assert gap is None
    assert [(one.energy_wh, one.extra.export_wh) for one in measured] == [(0, 3_000)]


@pytest.mark.parametrize("name", EXPORTING)
def test_delivered_energy_that_was_reset_is_a_gap_and_no_energy(name: str) -> None:
    profile = PROFILES.modbus(name)
    before, after = polled_twice(profile, 500_000_000, 100_000, "active_energy_export")
    measured, gap = measure(before, after, profile.meter_type(rated_power_w=400_000), STEP)
    assert (measured, gap and gap.reason) == ((), Verdict.RESET)


@pytest.mark.parametrize("name", IDS)
def test_a_counter_that_was_reset_is_a_gap_and_no_energy(name: str) -> None:
    profile = PROFILES.modbus(name)
    before, after = polled_twice(profile, 500_000_000, 100_000)
    measured, gap = measure(before, after, profile.meter_type(rated_power_w=400_000), STEP)
    assert measured == ()
    assert gap is not None
    assert gap.reason is Verdict.RESET


def polled_twice(
    profile: MeterProfile, first_wh: int, second_wh: int, counter: str = "active_energy_import"
) -> Sequence:  # type: ignore[type-arg]
    meter = SimulatedMeter(profile).show(sane_values() | {counter: Decimal(first_wh)})
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        (before,) = meters.read(AT)
        meter.show(sane_values() | {counter: Decimal(second_wh)})
        (after,) = meters.read(AT + STEP)
    return before, after


def test_a_busy_meter_is_asked_again() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    meter = SimulatedMeter(profile, busy=1).show(sane_values())
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert len(meters.read(AT)) == 1


def test_a_meter_that_stays_busy_is_left_out_and_says_so() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    meter = SimulatedMeter(profile, busy=100).show(sane_values())
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert meters.read(AT) == []
        assert status_of(meters).state is MeterState.REFUSING
        assert "the meter is busy" in status_of(meters).said


def test_a_lost_answer_is_asked_for_again() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    meter = SimulatedMeter(profile, drop=1).show(sane_values())
    with MeterServer({1: meter}) as server:
        assert len(ModbusMeters([bus(server.port, on(profile))]).read(AT)) == 1


def test_a_silent_unit_behind_a_gateway_takes_no_neighbour_with_it() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    units = {unit: SimulatedMeter(profile).show(sane_values()) for unit in (1, 2, 3)}
    units[2].drop = 1_000
    with MeterServer(units) as server:
        every = [on(profile, f"meter-{unit}", unit) for unit in (1, 2, 3)]
        meters = ModbusMeters([bus(server.port, *every)])
        for _ in range(2):
            assert [reading.meter for reading in meters.read(AT)] == ["meter-1", "meter-3"]
            assert status_of(meters, "meter-2").state is MeterState.SILENT
            assert "unit 2" in status_of(meters, "meter-2").said
        assert len(units[2].requests) == 3, "twice at first, and once when it was silent before"


def test_two_gateways_with_the_same_units_are_two_lines() -> None:
    profile = PROFILES.modbus("siemens.pac3200")
    energies = {"north": 1_000_000, "south": 2_000_000}
    servers = {
        name: MeterServer({1: SimulatedMeter(profile).show(sane_values() | {"active_energy_import": Decimal(wh)})})
        for name, wh in energies.items()
    }
    with servers["north"], servers["south"]:
        meters = ModbusMeters([bus(servers[name].port, on(profile, name)) for name in energies])
        assert {reading.meter: reading.active_wh for reading in meters.read(AT)} == energies
        servers["north"].stop()
        assert [reading.meter for reading in meters.read(AT + STEP)] == ["south"]
        assert status_of(meters, "north").state is MeterState.UNREACHABLE
    with MeterServer(servers["north"].units, port=servers["north"].port):
        assert [reading.meter for reading in meters.read(AT + 2 * STEP)] == ["north"], "it is found again at once"


def test_two_gateways_may_share_one_meter() -> None:
    profile = PROFILES.modbus("schneider.iem3x55")
    meter = SimulatedMeter(profile).show(sane_values())
    with MeterServer({7: meter}) as first, MeterServer({7: meter}) as second:
        lines = [bus(server.port, on(profile, name, 7)) for name, server in {"a": first, "b": second}.items()]
        assert len({reading.active_wh for reading in ModbusMeters(lines).read(AT)}) == 1


def test_rtu_frames_through_a_tcp_converter_are_read() -> None:
    profile = PROFILES.modbus("carlogavazzi.em340")
    with MeterServer({1: SimulatedMeter(profile).show(sane_values())}, rtu_framing=True) as server:
        assert len(ModbusMeters([bus(server.port, on(profile), rtu_framing=True)]).read(AT)) == 1


def test_another_device_is_refused_where_the_profile_is_sure() -> None:
    profile = PROFILES.modbus("carlogavazzi.em24-e1")
    meter = SimulatedMeter(profile).show(sane_values())
    meter.put(0x0B, [340])
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert meters.read(AT) == []
    assert status_of(meters).state is MeterState.WRONG_DEVICE
    assert "340" in status_of(meters).said


def test_another_device_is_noted_where_the_profile_is_not_sure() -> None:
    profile = PROFILES.modbus("carlogavazzi.em340")
    meter = SimulatedMeter(profile).show(sane_values())
    meter.put(0x0B, [999])
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert len(meters.read(AT)) == 1
        assert len(meters.read(AT + STEP)) == 1
    assert any("999" in note for note in status_of(meters).notes)
    assert [request for request in meter.requests if request == (0x0B, 1)] == [(0x0B, 1)], "it is asked once"


def test_a_profile_of_another_meter_is_told_by_its_addresses() -> None:
    profile = PROFILES.modbus("schneider.pm5xxx")
    sdm = SimulatedMeter(PROFILES.modbus("eastron.sdm630")).show(sane_values())
    with MeterServer({1: sdm}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        assert meters.read(AT) == []
    assert "illegal address" in status_of(meters).said


def test_energies_of_two_tariffs_are_added_up() -> None:
    profile = PROFILES.modbus("siemens.pac4200")
    meter = SimulatedMeter(profile).show(sane_values())
    (_, second) = (r for r in profile.registers if r.quantity == "active_energy_import")
    meter.put(second.address, [0x408F, 0x4000, 0, 0])  # 1000.0 as float64
    with MeterServer({1: meter}) as server:
        (reading,) = ModbusMeters([bus(server.port, on(profile))]).read(AT)
    assert reading.active_wh == 123_457_000


def test_a_coarse_float_counter_is_said_to_be_coarse() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    meter = SimulatedMeter(profile).show(sane_values() | {"active_energy_import": Decimal(10**9)})
    with MeterServer({1: meter}) as server:
        meters = ModbusMeters([bus(server.port, on(profile))])
        meters.read(AT)
    assert "active_energy_import moves in steps of 62.5 Wh" in status_of(meters).notes


def test_a_poll_that_runs_out_of_time_asks_the_rest_first_the_next_time() -> None:
    profile = PROFILES.modbus("eastron.sdm630")
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 1

    units = {unit: SimulatedMeter(profile).show(sane_values()) for unit in range(1, 5)}
    with MeterServer(units) as server:
        line = ModbusLine(TcpPlace(HERE, server.port), TIMEOUT_S)
        every = [on(profile, f"meter-{unit}", unit) for unit in units]
        short = Bus(line, every, longest_poll_s=5, monotonic=lambda: now[0], sleep=sleep)
        first = {status.meter for reading, status in short.poll(AT) if reading}
        missed = {status.meter for reading, status in short.poll(AT) if reading is None}
    assert first
    assert first < {on.meter for on in every}
    assert missed <= first, "whoever was not asked is asked first"
