"""The meters that the settings declare. Here, and only here, a kind of bus becomes an adapter."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

from adapters.simulated import SimulatedMeters
from application.ports import Meters
from domain.errors import BadSettings
from domain.measurement import Reading
from edge.settings import Bus, Meter, Settings

COUNTING_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""Simulated registers are a function of time alone, so that a restart goes on where it was."""

Open = Callable[[Settings, Bus, Sequence[Meter]], Meters]


class AllBuses:
    """Meters of several buses as one. What one bus says of its meters is told for all."""

    def __init__(self, buses: Sequence[Meters]) -> None:
        self._buses = buses

    def read(self, at: datetime) -> Sequence[Reading]:
        return list(chain.from_iterable(bus.read(at) for bus in self._buses))

    @property
    def statuses(self) -> Mapping[str, object]:
        found: dict[str, object] = {}
        for bus in self._buses:
            found.update(getattr(bus, "statuses", {}))
        return found


def meters_of(settings: Settings) -> AllBuses:
    """Raises `BadSettings` for a kind of bus that this installation cannot read."""
    return AllBuses([_open(settings, bus) for bus in settings.bus])


def _open(settings: Settings, bus: Bus) -> Meters:
    opening = OPENINGS.get(bus.kind)
    if opening is None:
        raise BadSettings(
            f"bus {bus.name!r}: this installation reads no meters of kind {bus.kind!r}; it can {', '.join(OPENINGS)}"
        )
    return opening(settings, bus, [meter for meter in settings.meter if meter.bus == bus.name])


def _simulated(settings: Settings, bus: Bus, meters: Sequence[Meter]) -> Meters:
    main_first = sorted((meter.name for meter in meters), key=lambda name: name != settings.device.main_meter)
    step = timedelta(minutes=settings.device.step_minutes)
    chance = Random(f"{getattr(bus, 'seed', 1)}/{bus.name}")  # noqa: S311  # repeatable chance
    return SimulatedMeters(main_first, COUNTING_SINCE, ZoneInfo(settings.device.zone), step, chance)


OPENINGS: dict[str, Open] = {"simulated": _simulated}
