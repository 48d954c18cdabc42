"""What the utility bills, and the meters behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from domain.errors import BadReadings
from domain.measurement import MeterType
from domain.terms import Contract


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the supply point is billed by from a local day on: a tariff, by its full id, and the contract under it."""

    since: date
    tariff: str
    contract: Contract


@dataclass(frozen=True, slots=True)
class SupplyPoint:
    """One main meter, which is billed, and any number of sub-meters, all read by one edge device.

    `tariff` is a full tariff id; it and `contract` hold from the beginning until the first of the `later` agreements,
    each of which holds until the next. `meter_changed` has the local days on which a new main meter took over.
    `step_minutes` is how often the device reads, `meters` every meter by its name.
    """

    id: str
    device: str
    zone: ZoneInfo
    tariff: str
    contract: Contract
    main_meter: str
    meters: Mapping[str, MeterType]
    step_minutes: int = 5
    later: tuple[Agreement, ...] = ()
    meter_changed: tuple[date, ...] = ()

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """All of them, the earliest first."""
        return (Agreement(date.min, self.tariff, self.contract), *self.later)

    def meter_type(self, meter: str) -> MeterType:
        """Raises `BadReadings` for a meter that is not commissioned here."""
        found = self.meters.get(meter)
        if found is None:
            raise BadReadings(
                f"meter {meter!r} is not commissioned at {self.id}; register it, then replay its readings"
            )
        return found
