"""The whole flow as a machine: hypothesis chooses what happens next, and after every step the world is looked at.

What must hold always: the cloud never knows more than the factory, and no interval is priced twice. What must hold once
everything is drained: the cloud knows exactly what the registers counted, and the month's bill is the sum of its costs.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints
from adapters.messages import WattledgerWire
from adapters.tariff_files import TariffFiles
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.ports import LedgerDays, Unavailable
from application.price_uploads import PriceUploads
from application.publish_costs import PublishCosts
from application.reconcile import reconcile
from application.store_readings import StoreReadings
from application.terms_of import TermsOf
from application.upload_outbox import UploadOutbox
from application.upload_stores import UploadStores
from domain.events import ReadingsPriced
from domain.measurement import Correction, MeterType
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Contract
from edge.runtime import EdgeRuntime
from tests.simulation.unreliable import MODULUS, DoubtfulOutbox, DoubtfulSink, Line, MortalDays, Registers, Road

STEP = timedelta(minutes=5)
START = datetime(2026, 1, 14, 5, 40, tzinfo=UTC)  # 23:40 in Mexico: a few polls later it is another day
METERS = ("main", "oven")
POINT = SupplyPoint(
    id="mill",
    device="edge-1",
    zone=ZoneInfo("America/Mexico_City"),
    tariff="mx-gdmth:golfo-centro",
    contract=Contract({"all": Decimal(800)}),
    main_meter="main",
    meters=dict.fromkeys(METERS, MeterType(rated_power_w=120_000, modulus=MODULUS)),
)
JANUARY = BillingMonth(date(2026, 1, 1), POINT.zone)
TERMS_OF = TermsOf(TariffFiles())
POINTS = MemorySupplyPoints({POINT.device: POINT})
WIRE = WattledgerWire()

ENERGY = st.fixed_dictionaries(dict.fromkeys(METERS, st.sampled_from([0, 1, 3_000, 12_000])))
SILENT = st.sampled_from(
    [frozenset[str](), frozenset[str](), frozenset({"oven"}), frozenset({"main"}), frozenset(METERS)]
)


@dataclass(frozen=True)
class Parts:
    """What the house is built of. A test that plants a bug puts a broken part here."""

    store_readings: type[StoreReadings] = StoreReadings
    upload_outbox: type[UploadOutbox] = UploadOutbox
    price_uploads: type[PriceUploads] = PriceUploads
    days: Callable[[LedgerDays], LedgerDays] = lambda days: days
    delivers_again: bool = True


@dataclass
class Taken:
    """A poll that the device knows of; it may be in the store already."""

    at: datetime
    registers: dict[str, tuple[int, int]]
    stored: bool = False


@dataclass(frozen=True)
class FactoryClock:
    """The cloud's clock goes with the factory's: what was read now is not of the future there."""

    meters: Registers

    def now(self) -> datetime:
        return self.meters.at


class Flow(RuleBasedStateMachine):
    """One factory with two meters, its line, a stream, two consumers, a ledger and a sink."""

    parts = Parts()

    def __init__(self) -> None:
        super().__init__()
        self.meters = Registers(START, {"main": (MODULUS - 20_000, 500), "oven": (70, MODULUS - 90)})
        self.outbox, self.road = DoubtfulOutbox(), Road()
        self.line = Line(self.road)
        self.power, self.runtime = True, self.started()
        self.recorders = POPOApplicationRecorder(), POPOTrackingRecorder()
        self.quarantine, self.sink = MemoryQuarantine(), DoubtfulSink()
        self.consumers = [self.consumer(), self.consumer()]
        self.stored: dict[str, list[tuple[datetime, int, int]]] = {meter: [] for meter in METERS}
        self.polled: set[datetime] = set()
        self.held: list[Taken] = []
        self.priced: Counter[tuple[str, datetime]] = Counter()
        self.energy, self.reactive, self.corrected = Counter[str](), Counter[str](), Counter[str]()
        self.seen = 0

    # The device

    @rule(wh=ENERGY, silent=SILENT, disk=st.sampled_from(["", "", "", "before", "after"]), cut=st.booleans())
    def poll(self, wh: dict[str, int], silent: frozenset[str], disk: str, cut: bool) -> None:
        """Five minutes later the device reads its meters; the disk may fail, the power may go once it has stored."""
        self.meters.count(STEP, wh)
        self.meters.silent, self.outbox.fails = silent, disk
        if self.power:
            self.turn(cut)
        self.outbox.fails = ""

    @rule(wh=ENERGY, polls=st.integers(2, 30))
    def some_quiet_time(self, wh: dict[str, int], polls: int) -> None:
        for _ in range(polls):
            self.poll(wh, frozenset(), "", False)

    @precondition(lambda self: self.power)
    @rule(silent=SILENT)
    def poll_again(self, silent: frozenset[str]) -> None:
        """The same instant once more: a device that started anew within five minutes."""
        self.meters.silent = silent
        self.restart()
        self.turn(False)

    @rule(goes=st.booleans())
    def power_goes_or_comes(self, goes: bool) -> None:
        self.power = not goes
        self.restart()

    @rule(up=st.booleans(), next_call=st.sampled_from(["", "lost reply", "partial"]))
    def line_changes(self, up: bool, next_call: str) -> None:
        self.line.up, self.line.next_call = up, next_call

    def turn(self, cut: bool) -> None:
        at, failed = self.meters.at, self.outbox.fails
        answered = set(METERS) - self.meters.silent
        if answered and at not in self.polled:
            self.polled.add(at)
            self.held.append(Taken(at, {meter: self.meters.total[meter] for meter in answered}))
        try:
            self.runtime.store_readings(at) if cut else self.runtime.turn(at)
        except Unavailable:
            assert failed, "only the disk stops a device"
        self.stores(failed)
        if cut:
            self.restart()

    def stores(self, failed: str) -> None:
        """What the device held is in its store: none of it, the first of it without the device knowing, or all."""
        for taken in self.held[: {"before": 0, "after": 1, "": None}[failed]]:
            if not taken.stored:
                taken.stored = True
                for meter, registers in taken.registers.items():
                    self.stored[meter].append((taken.at, *registers))
        if not failed:
            self.held.clear()

    def restart(self) -> None:
        """What was not stored yet is gone, and the next readings span it."""
        self.polled -= {taken.at for taken in self.held if not taken.stored}
        self.held.clear()
        self.runtime = self.started()

    def started(self) -> EdgeRuntime:
        return EdgeRuntime(
            self.parts.store_readings(self.meters, self.outbox, WIRE, METERS),
            UploadStores(self.parts.upload_outbox(POINT.device, self.outbox, self.line, WIRE)),
        )

    # The cloud

    @precondition(lambda self: self.road.waiting)
    @rule(
        who=st.integers(0, 1),
        records=st.integers(1, 12),
        dies=st.sampled_from([None, None, 0, 1, 2]),
        race=st.sampled_from(["", "", "the same", "the next"]),
    )
    def consume(self, who: int, records: int, dies: int | None, race: str) -> None:
        """A consumer takes some records; it may die at a write, and another may work on these or the next meanwhile."""
        _, days, price = self.consumers[who]
        batch = self.road.take(records)
        others = batch if race == "the same" else self.road.take(records) if race else []
        days.writes_left = dies
        _, _, other = self.consumers[1 - who]
        days.meanwhile = [lambda: other(others)]
        try:
            price(batch)
        except Unavailable:
            self.consumers[who] = self.consumer()
            if self.parts.delivers_again:
                self.road.redeliver(len(batch) + len(others))
        else:
            for wait in days.meanwhile:  # it had nothing to write
                wait()
        days.writes_left, days.meanwhile = None, []

    @rule(records=st.integers(1, 20))
    def deliver_again(self, records: int) -> None:
        self.road.redeliver(records)

    @precondition(lambda self: self.road.waiting > 1)
    @rule(seed=st.integers(0, 99))
    def records_change_places(self, seed: int) -> None:
        self.road.shuffle(Random(seed))  # repeatable

    @precondition(lambda self: self.priced)
    @rule(choice=st.integers(0, 10_000), wh=st.integers(0, 12_000), who=st.integers(0, 1))
    def correct(self, choice: int, wh: int, who: int) -> None:
        meter, start = sorted(self.priced)[choice % len(self.priced)]
        _, days, _ = self.consumers[who]
        event = CorrectReading(days, TERMS_OF)(POINT, Correction(meter, start, wh, wh // 3, "ana", "wrong ratio"))
        self.corrected[meter] += event.wh - event.wh_before

    @rule(fails=st.booleans(), who=st.integers(0, 1))
    def publish(self, fails: bool, who: int) -> None:
        store, days, _ = self.consumers[who]
        self.sink.fails = fails
        try:
            PublishCosts(store.ledger, store.positions, days, self.sink)()
        except Unavailable:
            assert fails, "only the sink stops the publisher"
        self.sink.fails = False

    def consumer(self) -> tuple[EventStore, MortalDays, PriceUploads]:
        clock = FactoryClock(self.meters)
        store = EventStore._over(*self.recorders, clock)
        days = MortalDays(self.parts.days(store.days))
        price = self.parts.price_uploads
        return store, days, price(days, store.periods, POINTS, TERMS_OF, WIRE, self.quarantine, clock)

    # What must hold

    @invariant()
    def the_cloud_never_knows_more_than_the_factory(self) -> None:
        self.look()
        for meter, start in self.priced:
            known = self.stored[meter]
            assert known, f"{meter} was never read"
            assert known[0][0] <= start < known[-1][0], f"{meter} {start} was never stored"
        for meter, wh in self.energy.items():
            assert wh <= self.stored[meter][-1][1] - self.stored[meter][0][1], f"{meter} has energy nobody counted"

    @invariant()
    def no_interval_is_priced_twice(self) -> None:
        assert [place for place, times in self.priced.items() if times > 1] == []

    def look(self) -> None:
        """Read on in the ledger."""
        store, _, _ = self.consumers[0]
        for entry in store.ledger.after(self.seen, 10_000):
            self.seen = entry.position
            if isinstance(entry.event, ReadingsPriced) and entry.day is not None:
                opened = store.days.get(entry.device, entry.day).opened
                assert opened is not None
                rows = zip(entry.event.meters, entry.event.slots, entry.event.wh, entry.event.varh, strict=True)
                for index, slot, wh, varh in rows:
                    meter = opened.meters[index]
                    self.priced[meter, opened.start + slot * STEP] += 1
                    self.energy[meter] += wh
                    self.reactive[meter] += varh

    def teardown(self) -> None:
        self.drain()
        self.no_interval_is_priced_twice()
        for meter, known in self.stored.items():
            self.check_meter(meter, known)
        assert list(self.quarantine.kept()) == []
        if self.priced:
            self.check_bill()

    def drain(self) -> None:
        """Power, disk and line are well again, and the consumer works until nothing is left."""
        self.power, self.line.up, self.line.next_call = True, True, ""
        self.started().upload_outbox()
        assert self.outbox.backlog() == 0
        self.consumers[0] = self.consumer()
        while batch := self.road.take(50):
            self.consumers[0][2](batch)
        self.look()

    def check_meter(self, meter: str, known: list[tuple[datetime, int, int]]) -> None:
        if not known:
            return
        (first, first_wh, first_varh), (last, last_wh, last_varh) = known[0], known[-1]
        intervals = {first + i * STEP for i in range((last - first) // STEP)}
        assert {start for one, start in self.priced if one == meter} == intervals, f"{meter}: intervals are missing"
        assert self.energy[meter] == last_wh - first_wh, f"{meter}: not the energy its register counted"
        assert self.reactive[meter] == last_varh - first_varh, f"{meter}: not the reactive energy its register counted"

    def check_bill(self) -> None:
        store, days, _ = self.consumers[0]
        bill = ClosePeriod(days, store.periods, TERMS_OF)(POINT, JANUARY).bill
        assert bill.determinants.total_wh == self.energy["main"] + self.corrected["main"]
        PublishCosts(store.ledger, store.positions, days, self.sink)()
        billed = [cost for cost in self.sink.costs.values() if cost.meter in {"main", POINT.id}]
        assert sum(cost.total_nano for cost in billed) == bill.total * NANO, "the costs are not the bill"
        taken = {meter: [at for at, *_ in known[1:]] for meter, known in self.stored.items()}
        assert reconcile(store.ledger, days, taken, {POINT.id: "main"}, 0).holds
