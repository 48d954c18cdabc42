"""What the utility bills, and the meters behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.errors import BadReadings
from domain.measurement import MeterType
from domain.terms import Contract


@dataclass(frozen=True, slots=True)
class SupplyPoint:
    """One main meter, which is billed, and any number of sub-meters, all read by one edge device.

    `tariff` is a full tariff id, `step_minutes` how often the device reads, `meters` every meter by its name.
    """

    id: str
    device: str
    zone: ZoneInfo
    tariff: str
    contract: Contract
    main_meter: str
    meters: Mapping[str, MeterType]
    step_minutes: int = 5

    def meter_type(self, meter: str) -> MeterType:
        """Raises `BadReadings` for a meter that is not commissioned here."""
        found = self.meters.get(meter)
        if found is None:
            raise BadReadings(
                f"meter {meter!r} is not commissioned at {self.id}; register it, then replay its readings"
            )
        return found
