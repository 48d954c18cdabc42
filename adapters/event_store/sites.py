"""The registry: supply points, the devices that read them, and what was published for their tariffs."""

from collections.abc import Sequence
from datetime import datetime

from eventsourcing.persistence import (
    ApplicationRecorder,
    StoredEvent,
)

from adapters.event_store.recorder import (
    events_of,
    insert,
    sealed,
    store,
    streams_of,
)
from application.ports import Clock, RegisteredSite
from domain.errors import BadReadings, UnknownDevice
from domain.price_series import PriceSeries
from domain.registry import evolve
from domain.site_events import (
    DeviceAssigned,
    PricesPublished,
    RatesPublished,
    SupplyPointEvent,
    SupplyPointRegistered,
)
from domain.supply_point import SupplyPoint
from domain.tariff import Rates

REGISTRATIONS = ["SupplyPointRegistered.v1"]


class StoredSites:
    """Sites. A device's stream names its supply point: two streams, one write."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._known: dict[str, RegisteredSite] = {}
        self._of_device: dict[str, str] = {}

    def of_device(self, device: str) -> SupplyPoint:
        if device not in self._of_device:
            for event in events_of(self._recorder, f"device/{device}"):
                if isinstance(event, DeviceAssigned):
                    self._of_device[device] = event.supply_point
        site = self.get(self._of_device[device]) if device in self._of_device else None
        if site is None or site.point is None:
            text = "is not registered; register its supply point, then replay its uploads"
            raise UnknownDevice(f"device {device!r} {text}")
        return site.point

    def get(self, supply_point: str, known_at: datetime | None = None) -> RegisteredSite:
        known = self._known.get(supply_point) if known_at is None else None
        site = known or RegisteredSite(supply_point, 0, None)
        for event in events_of(self._recorder, f"supply-point/{supply_point}", site.version, known_at):
            point = evolve(site.point, event)  # type: ignore[arg-type]  # a supply point's stream holds its events
            site = RegisteredSite(supply_point, site.version + 1, point)
        if known_at is None:
            self._known[supply_point] = site
        return site

    def ids(self) -> Sequence[str]:
        return [name.removeprefix("supply-point/") for name in streams_of(self._recorder, REGISTRATIONS)]

    def append(self, site: RegisteredSite, events: Sequence[SupplyPointEvent]) -> None:
        now, stored = self._clock.now(), list[StoredEvent]()
        for event in events:
            if isinstance(event, SupplyPointRegistered):
                self._check_free(event)
                assigned = DeviceAssigned(event.device, site.id)
                stored.append(StoredEvent(f"device/{event.device}", 1, *sealed(assigned, now)))
        stream = f"supply-point/{site.id}"
        stored += [StoredEvent(stream, site.version + n, *sealed(event, now)) for n, event in enumerate(events, 1)]
        store(self._recorder, f"{stream} moved past version {site.version}", stored)

    def _check_free(self, event: SupplyPointRegistered) -> None:
        for one in events_of(self._recorder, f"device/{event.device}"):
            if isinstance(one, DeviceAssigned) and one.supply_point != event.supply_point:
                theirs = f"device {event.device!r} belongs to supply point {one.supply_point}"
                raise BadReadings(f"{theirs}; give {event.supply_point} a device of its own")


class StoredRates:
    """PublishedRates. Prices have a stream of their own: most tariffs have none, and those that do get them daily."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._known: dict[str, tuple[Rates, ...]] = {}
        self._prices: dict[str, tuple[PriceSeries, ...]] = {}

    def of(self, tariff: str, known_at: datetime | None = None) -> Sequence[Rates]:
        known = self._known.get(tariff, ()) if known_at is None else ()
        events = events_of(self._recorder, f"tariff/{tariff}", len(known), known_at)
        found = (*known, *(event.rates for event in events if isinstance(event, RatesPublished)))
        if known_at is None:
            self._known[tariff] = found
        return found

    def publish(self, tariff: str, rates: Rates) -> None:
        found = self.of(tariff)
        alike = [one for one in found if (one.valid_from, one.valid_to) == (rates.valid_from, rates.valid_to)]
        if alike and alike[-1] == found[-1] == rates:
            return
        event = RatesPublished(tariff, rates)
        insert(self._recorder, f"tariff/{tariff}", len(found), [event], self._clock.now())

    def prices_of(self, tariff: str, known_at: datetime | None = None) -> Sequence[PriceSeries]:
        known = self._prices.get(tariff, ()) if known_at is None else ()
        events = events_of(self._recorder, f"prices/{tariff}", len(known), known_at)
        found = (*known, *(event.series for event in events if isinstance(event, PricesPublished)))
        if known_at is None:
            self._prices[tariff] = found
        return found

    def publish_prices(self, tariff: str, series: Sequence[PriceSeries]) -> None:
        events = [PricesPublished(tariff, one) for one in series]
        if events:
            insert(self._recorder, f"prices/{tariff}", len(self.prices_of(tariff)), events, self._clock.now())
