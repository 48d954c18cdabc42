"""The cloud of the simulated plant: two consumers of one stream, publishers, a view, over one set of recorders."""

from dataclasses import dataclass
from pathlib import Path

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySignatures, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from application.ports import SomeoneElseWrote, Unavailable
from application.price_batch import PriceBatch
from application.price_uploads import PriceUploads
from application.project import catch_up
from application.publish_to_sinks import publish_to_sinks
from application.published_tariffs import PublishedTariffs
from application.register_site import RegisterDeviceKeys, RegisterSite
from application.terms_of import TermsOf
from domain.tariff import Tariff
from tests.simulation.parts import Parts
from tests.simulation.plant import KEY, POINT
from tests.simulation.power import Fuse, PowerCut, cut, mortal
from tests.simulation.road import Road

SINKS = ("hot", "lake")
DIES, SAME, NEXT = "it dies", "the other takes the same", "the other takes the next"


class Worker:
    """One process in the cloud: its own memory over the common store. It may die between any two calls.

    One that takes all `at_once` stores what some records bring together.
    """

    def __init__(self, cloud: "Cloud", at_once: bool = False) -> None:
        self.fuse = Fuse()
        store = cloud.opened()
        self.days = mortal(cloud.parts.days(store.days), self.fuse)
        self.periods = mortal(cloud.parts.periods(store.periods), self.fuse)
        self.sites, self.rates = mortal(store.sites, self.fuse), mortal(store.rates, self.fuse)
        self.ledger, self.positions = mortal(store.ledger, self.fuse), mortal(store.positions, self.fuse)
        self.quarantine = mortal(cloud.quarantine, self.fuse)
        self.tariffs = PublishedTariffs(MemoryTariffs({cloud.tariff.id: cloud.tariff}), self.rates)
        self.terms_of = TermsOf(self.tariffs, self.periods)
        self.price: PriceUploads = cloud.parts.price_uploads(
            *(self.days, self.periods, self.sites, self.terms_of),
            *(WattledgerWire(), self.quarantine, cloud.clock, MemorySignatures()),
        )
        self.take = PriceBatch(self.price, store.days) if at_once else self.price
        self.publish = [
            cloud.parts.publish_costs(self.ledger, self.positions, self.days, mortal(sink, self.fuse))
            for sink in cloud.sinks.values()
        ]


@dataclass
class Cloud:
    """All that survives a process: events, positions, quarantine, sinks, the view's file."""

    parts: Parts
    clock: SetClock
    road: Road
    tariff: Tariff

    def __post_init__(self) -> None:
        self.events, self.tracking = self.parts.recorders()
        self.quarantine = MemoryQuarantine(self.clock)
        self.sinks = {name: self.parts.sink(name) for name in SINKS}
        self.view = self.parts.view(Path(":memory:"))
        RegisterSite(self.opened().sites)(POINT)
        RegisterDeviceKeys(self.opened().sites)(POINT.id, [KEY.public])
        self.workers = [self.started(0), self.started(1)]

    def started(self, who: int) -> Worker:
        return Worker(self, at_once=who == 0)

    def opened(self) -> EventStore:
        return EventStore._over(self.events, self.tracking, self.clock)

    def consume(self, who: int, records: int, moments: int, meanwhile: str) -> None:
        """One takes some records. At a moment of its work it dies, or the other works on the same or the next ones."""
        worker, other = self.workers[who], self.workers[1 - who]
        batch = self.road.take(records)
        others = batch if meanwhile == SAME else self.road.take(records) if meanwhile == NEXT else []
        fuse, left = worker.fuse, [others]
        fuse.set(moments, cut if meanwhile == DIES else lambda: other.take(left.pop()))
        try:
            worker.take(batch)
            for late in left:  # it was done before that moment came
                other.take(late)
        except (PowerCut, SomeoneElseWrote, Unavailable):
            self.workers[who] = self.started(who)
            if self.parts.delivers_again:
                self.road.redeliver(len(batch) + (len(others) if meanwhile == NEXT else 0))
        finally:
            fuse.set(None)

    def publish(self, who: int, moments: int) -> None:
        worker = self.workers[who]
        worker.fuse.set(moments)
        try:
            publish_to_sinks(worker.publish)
        except PowerCut:
            self.workers[who] = self.started(who)
        finally:
            worker.fuse.set(None)

    def look_on(self, moments: int) -> None:
        """The view catches up; its process may die at any statement."""
        connection, fuse = self.view._connection, Fuse()
        fuse.set(moments)
        self.view._connection = mortal(connection, fuse)
        try:
            catch_up(self.opened().ledger, self.view, 7)
        except PowerCut:
            connection.rollback()  # as SQLite does when the next process opens the file
            self.view._rules.clear()
        finally:
            self.view._connection = connection
