"""A supply point is registered, changed, or gets another meter: once, however often somebody says so."""

from dataclasses import dataclass

from application.ports import Sites
from domain.errors import BadReadings
from domain.registry import changes, swap
from domain.site_events import MeterSwapped, SupplyPointEvent
from domain.supply_point import SupplyPoint


@dataclass(frozen=True)
class RegisterSite:
    """Make the registry say what is wanted. Nothing new stores nothing."""

    sites: Sites

    def __call__(self, wanted: SupplyPoint) -> list[SupplyPointEvent]:
        """Give what changed. Raises `BadReadings` for what cannot change, `SomeoneElseWrote`: try again."""
        site = self.sites.get(wanted.id)
        if events := changes(site.point, wanted):
            self.sites.append(site, events)
        return events


@dataclass(frozen=True)
class SwapMeter:
    """Another device took a meter's place. Readings across the swap that are priced already stay as they are."""

    sites: Sites

    def __call__(self, supply_point: str, told: MeterSwapped) -> bool:
        """Whether it was news. Raises `BadReadings` for what cannot be, `SomeoneElseWrote`: try again."""
        site = self.sites.get(supply_point)
        if site.point is None:
            raise BadReadings(f"supply point {supply_point!r} is not registered; register it first")
        event = swap(site.point, told)
        if event is not None:
            self.sites.append(site, [event])
        return event is not None
