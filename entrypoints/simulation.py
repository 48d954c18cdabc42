"""The whole house in one process: factories, devices, line, stream, pricing, ledger, sinks and the close of the month.

Nothing here is a rule: the same use cases run on a device and in the cloud. What is simulated is the world around them:
time, chance, meters, the line, and power.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from adapters.event_store import EventStore
from adapters.memory import (
    MemoryHotStore,
    MemoryQuarantine,
    MemoryStream,
    MemorySupplyPoints,
    MemoryTariffs,
    SetClock,
)
from adapters.messages import WattledgerWire
from adapters.simulated import METER_TYPE, FaultLevel, Faults, FaultyStream, SimulatedMeters, faults
from adapters.sqlite_outbox import SqliteOutbox
from application.close_period import ClosePeriod
from application.ports import CostSink, Outbox
from application.price_batch import PriceBatch
from application.price_uploads import PriceUploads
from application.publish_costs import PublishCosts
from application.reconcile import Reconciliation, reconcile
from application.register_site import RegisterSite
from application.terms_of import TermsOf
from domain.events import PeriodClosed
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, midnight_utc
from edge.compose import edge
from edge.runtime import EdgeRuntime

STEP = timedelta(minutes=5)
STEPS_PER_DELIVERY = 12
"""The consumer looks once an hour of simulated time: batches as a stream makes them, and late readings stay late."""
STEPS_PER_LAKE_FILE = 288
"""The lake gets its files once a simulated day, as a buffering delivery makes them; the hot store follows at once."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class World:
    """What to simulate. `folder` None keeps all in memory; otherwise outboxes and ledger are SQLite files in it.

    `registered_tariff` is the tariff's name in the ledger's registry, where that is not its id.
    """

    factories: int
    meters: int
    days: int
    seed: int
    level: FaultLevel
    tariff: Tariff
    first: date
    zone: ZoneInfo
    contract: Contract
    folder: Path | None = None
    registered_tariff: str = ""


@dataclass
class Factory:
    """One device and its world. `taken` has, by meter, the instants of stored readings that had a predecessor."""

    point: SupplyPoint
    tariff: Tariff
    meters: SimulatedMeters
    outbox: Outbox
    line: FaultyStream
    faults: Faults
    chance: Random
    runtime: EdgeRuntime | None = None
    taken: dict[str, list[datetime]] = field(default_factory=dict)
    opening: int = 0

    def step(self, at: datetime) -> None:
        """One poll, unless the device is without power; it may crash once it has stored, and then starts anew."""
        if self.faults.dark(at):
            self.runtime = None
            return
        runtime = self.runtime or self._start()
        if self.chance.randrange(10_000) < self.faults.crashes:
            runtime.store_readings(at)
            self.runtime = None
        else:
            runtime.turn(at)
        for meter in self.point.meters:
            if meter in self.taken:
                self.taken[meter].append(at)
            else:
                self.taken[meter] = []
                self.opening += 1

    def drain(self) -> None:
        """Power and line are back: send everything that is left."""
        self.line.faults = Faults()
        (self.runtime or self._start()).upload_outbox()

    def _start(self) -> EdgeRuntime:
        self.runtime = edge(self.point.device, self.meters, self.point.meters, self.outbox, self.line)
        return self.runtime


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    reconciliation: Reconciliation
    closed: tuple[PeriodClosed, ...]
    store: EventStore
    hot: MemoryHotStore
    factories: tuple[Factory, ...]
    quarantined: int
    repeated: int
    longest_backlog: int


def simulate(world: World, sinks: Sequence[CostSink] = (), progress: Progress = lambda _done, _total: None) -> Outcome:
    """Run a world from its first day to the close of its last month. Deterministic: one seed, one ledger."""
    clock = SetClock(midnight_utc(world.first, world.zone))
    stream, quarantine, hot = MemoryStream(), MemoryQuarantine(), MemoryHotStore()
    factories = [_factory(world, i, stream, clock) for i in range(world.factories)]
    store = (
        EventStore.in_memory(clock)
        if world.folder is None
        else EventStore.sqlite(world.folder / "ledger.sqlite", clock)
    )
    register = RegisterSite(store.sites)
    for factory in factories:
        register(replace(factory.point, tariff=world.registered_tariff or world.tariff.id))
    terms_of = TermsOf(MemoryTariffs({world.tariff.id: world.tariff}), store.periods)
    points = MemorySupplyPoints({factory.point.device: factory.point for factory in factories})
    uploads = PriceUploads(store.days, store.periods, points, terms_of, WattledgerWire(), quarantine, clock)
    price = PriceBatch(uploads, store.days)
    publish_hot, *publish_lake = (
        PublishCosts(store.ledger, store.positions, store.days, sink) for sink in (hot, *sinks)
    )
    chance, backlog = Random(f"{world.seed}/cloud"), 0  # noqa: S311  # a simulation wants repeatable chance
    steps = world.days * timedelta(days=1) // STEP
    for done in range(steps + 1):
        for factory in factories:
            factory.step(clock.instant)
        if done % STEPS_PER_DELIVERY == 0:
            backlog = max(backlog, *(factory.outbox.backlog() for factory in factories))
            _deliver(stream, price, factories[0].faults.redeliveries, chance)
            publish_hot()
            progress(done, steps)
        if done % STEPS_PER_LAKE_FILE == 0:
            for publish in publish_lake:
                publish()
            gc.freeze()  # a simulated day's costs stay to the end: the collector need not look at them every time
        clock.instant += STEP
    gc.unfreeze()
    for factory in factories:
        factory.drain()
    _deliver(stream, price, 0, chance)
    close = ClosePeriod(store.days, store.periods, terms_of)
    closed = tuple(close(factory.point, month) for factory in factories for month in _months(world))
    for publish in (publish_hot, *publish_lake):
        publish()
    progress(steps, steps)
    return Outcome(
        reconciliation=_reconcile(store, factories),
        closed=closed,
        store=store,
        hot=hot,
        factories=tuple(factories),
        quarantined=len(quarantine.kept()),
        repeated=sum(factory.line.repeated for factory in factories),
        longest_backlog=backlog,
    )


def _factory(world: World, number: int, stream: MemoryStream, clock: SetClock) -> Factory:
    device = f"factory-{number + 1:02d}"
    names = [f"{device}/main", *(f"{device}/line-{i}" for i in range(1, world.meters))]
    chance = Random(f"{world.seed}/{device}")  # noqa: S311  # a simulation wants repeatable chance
    # its own, or how often the device calls would change what the meters count
    line_chance = Random(f"{world.seed}/{device}/line")  # noqa: S311  # a simulation wants repeatable chance
    trouble = faults(world.level, clock.instant, world.days, chance)
    point = SupplyPoint(
        id=device,
        device=device,
        zone=world.zone,
        tariff=world.tariff.id,
        contract=world.contract,
        main_meter=names[0],
        meters=dict.fromkeys(names, METER_TYPE),
    )
    path = ":memory:" if world.folder is None else world.folder / f"{device}.outbox.sqlite"
    return Factory(
        point=point,
        tariff=world.tariff,
        meters=SimulatedMeters(names, clock.instant, world.zone, STEP, chance),
        outbox=SqliteOutbox(path, store=f"store-{number + 1}"),
        line=FaultyStream(stream, trouble, clock, line_chance),
        faults=trouble,
        chance=chance,
    )


def _deliver(stream: MemoryStream, price: PriceBatch, redeliveries: int, chance: Random) -> None:
    """Everything in the stream reaches the consumer; now and then it fails after its work and gets a batch again."""
    while batch := stream.take(100):
        price(batch)
        if chance.randrange(10_000) < redeliveries:
            stream.redeliver(len(batch))
            price(stream.take(len(batch)))
    stream.forget_delivered()


def _months(world: World) -> Iterator[BillingMonth]:
    last, month = world.first + timedelta(days=world.days - 1), BillingMonth(world.first.replace(day=1), world.zone)
    while month.first <= last:
        yield month
        month = month.next()


def _reconcile(store: EventStore, factories: Sequence[Factory]) -> Reconciliation:
    taken = {meter: instants for factory in factories for meter, instants in factory.taken.items()}
    mains = {factory.point.id: factory.point.main_meter for factory in factories}
    return reconcile(store.ledger, store.days, taken, mains, sum(factory.opening for factory in factories))


def open_ended(tariff: Tariff, at: date) -> Tariff:
    """A tariff whose rates of one month hold for ever, as a stated assumption: no rates of a simulated year exist."""
    table = tariff.rate_table
    first = at.replace(day=1)
    rates = table.in_force(first, (first + timedelta(days=31)).replace(day=1))
    kept = replace(
        rates, valid_from=date(1970, 1, 1), valid_to=None, assumption=f"Simulated at the rates of {first:%Y-%m}."
    )
    return replace(tariff, rate_table=replace(table, rates=(kept,)))
