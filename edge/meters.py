"""The meters that the settings declare. Here, and only here, a kind of bus becomes an adapter.

A meter whose profile or broker cannot be used is left out with its reason, and the others are read.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.simulated import SimulatedMeters
from application.ports import Clock, Meters
from domain.errors import Refusal
from domain.measurement import MeterType, Reading
from domain.meter_profile import MeterProfile
from domain.meter_status import MeterState, MeterStatus
from domain.push_profile import PushProfile
from edge.settings import Bus, Meter, ModbusRtu, ModbusRtuOverTcp, ModbusTcp, Mqtt, Settings, Simulated

if TYPE_CHECKING:
    from adapters.modbus import Bus as Line
    from adapters.modbus import SerialPlace, TcpPlace

COUNTING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""Simulated registers are a function of time alone, so that a restart goes on where it was."""
LONGEST_POLL_S = 60.0


class AllBuses:
    """Meters of several buses as one; who was left out, and why, is in `statuses`. `left_out` are never asked."""

    def __init__(self, buses: Sequence[Meters], left_out: Mapping[str, str]) -> None:
        self._buses, self.left_out = buses, left_out
        self.statuses: Mapping[str, MeterStatus] = {}

    def read(self, at: datetime) -> Sequence[Reading]:
        found = list(chain.from_iterable(bus.read(at) for bus in self._buses))
        said = {name: MeterStatus(name, at, MeterState.NOT_ASKED, why) for name, why in self.left_out.items()}
        for bus in self._buses:
            said.update(getattr(bus, "statuses", {}))
        self.statuses = said
        return found


def meters_of(settings: Settings, clock: Clock, stack: ExitStack) -> AllBuses:
    """Every meter that can be read; `stack` lets go of the lines. Needs no network."""
    opening = _Opening(settings, clock, stack)
    alone = [found for bus in settings.bus if (found := opening.on_its_own(bus)) is not None]
    lines = [line for bus in settings.bus if (line := opening.line(bus)) is not None]
    if lines:
        from adapters.modbus import ModbusMeters  # noqa: PLC0415  # only what the settings name is loaded

        alone.insert(0, ModbusMeters(lines))
    return AllBuses(alone, opening.left_out)


def meter_types(settings: Settings) -> dict[str, MeterType]:
    """What each meter can physically do; where its registers start again, the settings or the profile say."""
    lines = {bus.name for bus in settings.bus if _place(bus) is not None}
    kinds = Kinds()
    found = {}
    for meter in settings.meter:
        rated_power_w, modulus = int(meter.rated_power_kw * 1000), meter.modulus_wh
        if modulus is None and meter.bus in lines:
            with suppress(Refusal):  # it is left out of every poll, with this reason
                modulus = kinds.asked(meter).meter_type(rated_power_w, meter.ratio).modulus
        found[meter.name] = MeterType(rated_power_w, modulus)
    return found


class Kinds:
    """Profiles by the name that the settings give them, each read once. Raises `InvalidProfile`."""

    def __init__(self) -> None:
        from adapters.meter_profiles import MeterProfiles  # noqa: PLC0415  # simulated meters have none

        files = MeterProfiles()
        self._asked, self._pushed = cache(files.modbus), cache(files.mqtt)

    def asked(self, meter: Meter) -> MeterProfile:
        return self._asked(str(meter.profile))

    def pushed(self, meter: Meter) -> PushProfile:
        return self._pushed(str(meter.profile))


@dataclass
class _Opening:
    settings: Settings
    clock: Clock
    stack: ExitStack
    kinds: Kinds = field(default_factory=Kinds)
    left_out: dict[str, str] = field(default_factory=dict)

    def line(self, bus: Bus) -> "Line | None":
        """The Modbus line of a bus; None where it is another kind of bus, or no meter on it can be read."""
        place = _place(bus)
        if place is None:
            return None
        from adapters.modbus import MeterOnLine, open_bus  # noqa: PLC0415  # only what the settings name is loaded

        on: list[MeterOnLine] = []
        for meter in self._meters(bus):
            try:
                on.append(MeterOnLine(meter.name, meter.unit, self.kinds.asked(meter), meter.ratio))
            except Refusal as refusal:
                self.left_out[meter.name] = str(refusal)
        return open_bus(place, on, LONGEST_POLL_S) if on else None

    def on_its_own(self, bus: Bus) -> Meters | None:
        """The meters of a bus that is asked by itself; None for a Modbus line and where no meter can be read."""
        match bus:
            case Simulated():
                return self._simulated(bus)
            case Mqtt():
                return self._pushing(bus)
        return None

    def _simulated(self, bus: Simulated) -> Meters:
        main = self.settings.device.main_meter
        main_first = sorted((meter.name for meter in self._meters(bus)), key=lambda name: name != main)
        step = timedelta(minutes=self.settings.device.step_minutes)
        chance = Random(f"{bus.seed}/{bus.name}")  # noqa: S311  # repeatable chance
        return SimulatedMeters(main_first, COUNTING_SINCE, ZoneInfo(self.settings.device.zone), step, chance)

    def _pushing(self, bus: Mqtt) -> Meters | None:
        from adapters.mqtt_meters import (  # noqa: PLC0415  # only what the settings name is loaded
            Broker,
            MqttMeters,
            PushingMeter,
        )

        on: list[PushingMeter] = []
        for meter in self._meters(bus):
            try:
                on.append(PushingMeter(meter.name, str(meter.topic_device), self.kinds.pushed(meter)))
            except Refusal as refusal:
                self.left_out[meter.name] = str(refusal)
        broker = Broker(
            *(bus.host, bus.port, bus.tls, bus.authority, bus.certificate, bus.key, bus.user, bus.password_file)
        )
        try:
            meters = MqttMeters(f"wattledger-{self.settings.device.id}-{bus.name}", broker, on, self.clock)
        except Refusal as refusal:
            self.left_out.update((one.meter, str(refusal)) for one in on)
            return None
        meters.start()
        self.stack.callback(meters.close)
        return meters

    def _meters(self, bus: Bus) -> list[Meter]:
        return [meter for meter in self.settings.meter if meter.bus == bus.name]


def _place(bus: Bus) -> "TcpPlace | SerialPlace | None":
    """Where a Modbus line is; None for another kind of bus."""
    match bus:
        case ModbusTcp() | ModbusRtuOverTcp():
            from adapters.modbus import TcpPlace  # noqa: PLC0415

            return TcpPlace(bus.host, bus.port, isinstance(bus, ModbusRtuOverTcp))
        case ModbusRtu():
            from adapters.modbus import SerialPlace  # noqa: PLC0415

            return SerialPlace(bus.port, bus.baud, bus.parity, bus.stop_bits)
    return None
