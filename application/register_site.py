"""A supply point is registered, changed, or gets another meter or key: once, however often somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports import RegisteredSite, Sites
from domain.errors import BadReadings
from domain.registry import changes, swap
from domain.site_events import DeviceKeysRegistered, MeterSwapped, SupplyPointEvent
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
        site, point = _registered(self.sites, supply_point)
        event = swap(point, told)
        if event is not None:
            self.sites.append(site, [event])
        return event is not None


@dataclass(frozen=True)
class RegisterDeviceKeys:
    """From now on the device of a supply point signs with these keys, and nothing else counts as its own."""

    sites: Sites

    def __call__(self, supply_point: str, keys: Sequence[str]) -> bool:
        """Whether it was news. Raises `BadReadings` for the key of another device, `SomeoneElseWrote`: try again."""
        site, point = _registered(self.sites, supply_point)
        told = tuple(dict.fromkeys(keys))
        if told == point.device_keys:
            return False
        for other in map(self.sites.get, self.sites.ids()):
            if other.point and other.id != supply_point and not {*told}.isdisjoint(other.point.device_keys):
                raise BadReadings(
                    f"supply point {supply_point}: a key of its device {point.device!r} is registered for device "
                    f"{other.point.device!r} of {other.id}; one of them is a copy: let each device make its own key"
                )
        self.sites.append(site, [DeviceKeysRegistered(told)])
        return True


def _registered(sites: Sites, supply_point: str) -> tuple[RegisteredSite, SupplyPoint]:
    site = sites.get(supply_point)
    if site.point is None:
        raise BadReadings(f"supply point {supply_point!r} is not registered; register it first")
    return site, site.point
