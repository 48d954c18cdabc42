"""A factory's side of the cloud, in memory: the real use cases on the real adapters, and what came of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from adapters.correction_records import WattledgerCorrections
from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from application.bill_known_at import MonthHistory
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.load_of_ledger import load_of_ledger
from application.ports import LedgerEntry
from application.price_uploads import PriceUploads
from application.publish_costs import PublishCosts
from application.record_late import RecordLate
from application.reopen_period import AmendPeriod
from application.replay_quarantine import ReplayQuarantine
from application.rerate_periods import RerateMonth
from application.terms_of import TermsOf
from domain.arrays import PricedLoad, price_load
from domain.bill import Bill
from domain.billing_period import BillingPeriod
from domain.cost_event import CostEvent, CostKind
from domain.errors import Refusal
from domain.events import GapDeclared, ReadingCorrected
from domain.measurement import Correction, MeterType, Reading, Registers, Swap, spread
from domain.money import nano_to_decimal
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, midnight_utc
from domain.upload import ReadingPair
from entrypoints.simulation import open_ended
from tests.bdd.as_printed import instant

STEP = timedelta(minutes=5)
SOME_REGISTER = 5_000_000
MAIN = "main"
METERS = dict.fromkeys((MAIN, "line 1"), MeterType(rated_power_w=1_500_000, modulus=10**9))


class Gap(NamedTuple):
    """A gap as the ledger shows it, in local time."""

    meter: str
    day: date
    start: str
    end: str
    reason: str


@dataclass
class EveryCost:
    """CostSink that keeps whatever it is given, twice if it is given twice: a double charge must show."""

    name: str = "every cost"
    costs: list[CostEvent] = field(default_factory=list)

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        self.costs += costs


@dataclass(frozen=True)
class Supply:
    """A tariff with its rates, and what the customer agreed on."""

    tariff: Tariff
    contract: Contract

    @classmethod
    def of(cls, tariff: Tariff, contracted_kw: Decimal | None = None) -> "Supply":
        return cls(tariff, Contract() if contracted_kw is None else Contract({"all": contracted_kw}))

    def held_for_ever(self) -> "Supply":
        """The tariff's first rates for every date, as a stated assumption."""
        return replace(self, tariff=open_ended(self.tariff, self.tariff.rate_table.rates[0].valid_from))

    def month(self, first: date) -> BillingMonth:
        return BillingMonth(first, ZoneInfo(self.tariff.timezone))


LATER = SetClock(datetime(2100, 1, 1, tzinfo=UTC))
"""A feature says when something was read; by then it is past."""


class Plant:
    """One supply point with its meters. Its device bears its name."""

    def __init__(self, name: str, supply: Supply) -> None:
        zone, tariff = ZoneInfo(supply.tariff.timezone), supply.tariff
        self.point = SupplyPoint(name, name, zone, tariff.id, supply.contract, MAIN, METERS)
        self.supply, self.messages = supply, list[bytes]()
        self.known: set[tuple[str, datetime]] = set()
        self.clock = SetClock(datetime(2026, 1, 15, 12, tzinfo=UTC))
        self.store, self.wire, self.quarantine = EventStore.in_memory(self.clock), WattledgerWire(), MemoryQuarantine()
        self.points = {name: self.point}
        days, periods = self.store.days, self.store.periods
        registry, self.tariffs = MemorySupplyPoints(self.points), {tariff.id: tariff}
        terms_of = TermsOf(MemoryTariffs(self.tariffs), periods)
        self.price = PriceUploads(days, periods, registry, terms_of, self.wire, self.quarantine, LATER)
        self._close = ClosePeriod(days, periods, terms_of)
        amend, records = AmendPeriod.of(self._close), WattledgerCorrections()
        self._correct = CorrectReading(days, terms_of, amend, self.quarantine, records)
        self.late = RecordLate(self.price, amend)
        self.replay = ReplayQuarantine(self.price, self._correct, records, self.late)
        self.rerate = RerateMonth(days, periods, terms_of)
        self.history = MonthHistory(self.store.histories)
        self._costs = EveryCost()
        self._publish = PublishCosts(self.store.ledger, self.store.positions, days, self._costs)

    def at(self, day: date, at: time, fold: int = 0) -> datetime:
        return instant(day, at, self.point.zone, fold)

    def starts(self, day: date, days: int = 1) -> Iterator[datetime]:
        """Every interval of some local days, of 23, 24 or 25 hours each."""
        start, end = midnight_utc(day, self.point.zone), midnight_utc(day + timedelta(days=days), self.point.zone)
        return (start + STEP * i for i in range((end - start) // STEP))

    def measure(self, meter: str, start: datetime, wh: int) -> None:
        """One reading, with the one five minutes before it, is sent and priced."""
        self.send([pair(meter, start, wh)])

    def steps(self, start: datetime, minutes: int) -> list[datetime]:
        """The intervals of some minutes from an instant on."""
        return [start + STEP * i for i in range(minutes * 60 // STEP.seconds)]

    def run(self, meter: str, starts: Iterable[datetime], kw: Decimal) -> None:
        """Steady power over intervals, to the Wh in all; each day in one message."""
        several, by_day = list(starts), dict[date, list[ReadingPair]]()
        wh_in_all = kw * 1000 * len(several) * STEP.seconds / 3600
        assert wh_in_all == int(wh_in_all), f"{kw} kW over {len(several)} intervals is no whole number of Wh"
        for start, wh in zip(several, spread(int(wh_in_all), len(several)), strict=True):
            by_day.setdefault(start.astimezone(self.point.zone).date(), []).append(pair(meter, start, wh))
        for pairs in by_day.values():
            self.send(pairs)

    def run_elsewhere(self, first: date, kw: Decimal, but: Sequence[datetime] = ()) -> None:
        """Steady power over all intervals of a month that nothing was said about, `but` for some."""
        spoken_of = {start for meter, start in self.known if meter == MAIN}.union(but)
        whole_month = self.starts(first, self.month(first).days)
        self.run(MAIN, (start for start in whole_month if start not in spoken_of), kw)

    def register(self, device: str, main: str, *others: str) -> None:
        """A device with its main meter and maybe others, under the terms of this plant; or this plant's own anew."""
        known = METERS if device == self.point.device else {}
        meters = {**known, **dict.fromkeys((main, *others), METERS[MAIN])}
        self.points[device] = replace(self.point, id=device, device=device, main_meter=main, meters=meters)

    def send(self, pairs: Sequence[ReadingPair], device: str = "") -> None:
        self.arrive(self.message(pairs, device))
        for before, after in pairs:
            if before is not None:
                self.known |= {(after.meter, before.at + STEP * i) for i in range((after.at - before.at) // STEP)}

    def message(self, pairs: Sequence[ReadingPair], device: str = "") -> bytes:
        return self.wire.record(device or self.point.device, "disk 1", len(self.messages) + 1, self.wire.body(pairs))

    def arrive(self, message: bytes) -> None:
        """A message reaches the cloud, maybe not for the first time."""
        self.messages.append(message)
        self.price([message])

    def correct(self, meter: str, start: datetime, wh: int, by: str, why: str, reopen: bool = False) -> None:
        self._correct(self.point, Correction(meter, start, wh, 0, by, why), reopen)

    def publish(self, first: date, rate: str, price: Decimal) -> None:
        """The same rates as before from a day on, but for one."""
        tariff = self.tariffs[self.point.tariff]
        last = tariff.rate_table.rates[-1]
        rates = replace(last, valid_from=first, valid_to=None, values={**last.values, rate: price})
        self.tariffs[tariff.id] = replace(
            tariff, rate_table=tariff.rate_table.amended_by(rates), version=f"from {first}"
        )

    def swap(self, meter: str, at: datetime, last_wh: int, first_wh: int) -> None:
        kind = METERS[MAIN]
        swap = Swap(at, Registers(last_wh, 0), kind, Registers(first_wh, 0), kind)
        self._changed(replace(self.point, swaps={meter: (swap,)}))

    def counts_since(self, meter: str, at: datetime) -> None:
        self._changed(replace(self.point, since={meter: at}))

    def _changed(self, point: SupplyPoint) -> None:
        self.point = self.points[point.device] = point

    def period(self, first: date) -> BillingPeriod:
        return self.store.periods.get(self.point.id, self.month(first))

    def close(self, first: date) -> Bill:
        return self._close(self.point, self.month(first)).bill

    def shared(self, first: date) -> PricedLoad:
        """The main meter's month as the ledger knows it, and the bill shared among its measurements."""
        load = load_of_ledger(self.store.days, self.point, MAIN, self.month(first))
        return price_load(load, self.supply.tariff, self.supply.contract, self.point.zone)

    def month(self, first: date) -> BillingMonth:
        return BillingMonth(first, self.point.zone)

    def costs(self) -> list[CostEvent]:
        """Every cost in the ledger, as a sink gets it."""
        self._publish()
        return self._costs.costs

    def costs_on(self, meter: str, day: date) -> list[CostEvent]:
        zone = self.point.zone
        return [cost for cost in self.costs() if cost.meter == meter and cost.start.astimezone(zone).date() == day]

    def costs_at(self, meter: str, start: datetime) -> list[CostEvent]:
        return [cost for cost in self.costs() if (cost.meter, cost.start) == (meter, start)]

    def live(self, first: date) -> list[CostEvent]:
        """What the measurements of the main meter cost live in a month, corrections included."""
        month = self.month(first)
        return [cost for cost in self.costs() if cost.meter == MAIN and month.start_utc <= cost.start < month.end_utc]

    def true_up(self) -> CostEvent:
        [found] = self.true_ups()
        return found

    def true_ups(self) -> list[CostEvent]:
        """What closes and re-rates added, and what was taken back of it."""
        return [cost for cost in self.costs() if cost.meter == self.point.id and cost.kind is not CostKind.ALLOCATED]

    def gaps(self) -> list[Gap]:
        return [self._gap(entry, entry.event) for entry in self.entries() if isinstance(entry.event, GapDeclared)]

    def corrections(self) -> list[ReadingCorrected]:
        return [entry.event for entry in self.entries() if isinstance(entry.event, ReadingCorrected)]

    def entries(self) -> list[LedgerEntry]:
        """The whole ledger, in order."""
        found: list[LedgerEntry] = []
        while more := self.store.ledger.after(len(found), 1000):
            found += more
        return found

    def _gap(self, entry: LedgerEntry, gap: GapDeclared) -> Gap:
        assert entry.day is not None
        opened = self.store.days.get(entry.device, entry.day).opened
        assert opened is not None
        start, end = (
            "24:00" if slot == opened.slots else f"{(opened.start + STEP * slot).astimezone(self.point.zone):%H:%M}"
            for slot in (gap.first, gap.last)
        )
        return Gap(opened.meters[gap.meter], opened.day, start, end, gap.reason)


def energy(costs: Sequence[CostEvent]) -> Decimal:
    """The energy charge of some costs, exactly, in currency: without power and pass-throughs."""
    return of_charge(costs, "energy")


def of_charge(costs: Sequence[CostEvent], charge: str) -> Decimal:
    """One charge of some costs, exactly, in currency; a charge by period has one line for each, `charge.period`."""
    lines = ((code.partition(".")[0], nano) for cost in costs for code, nano in cost.amount_nano.items())
    return nano_to_decimal(sum(nano for code, nano in lines if code == charge))


def by_line(costs: Sequence[CostEvent]) -> dict[str, Decimal]:
    """Some costs added up line by line, in currency, without the lines of nothing."""
    codes = sorted({code for cost in costs for code in cost.amount_nano})
    sums = {code: nano_to_decimal(sum(cost.amount_nano.get(code, 0) for cost in costs)) for code in codes}
    return {code: total for code, total in sums.items() if total}


def bill_by_line(bill: Bill) -> dict[str, Decimal]:
    return {line.code: line.amount for line in bill.lines if line.amount}


def bill_in_force(plant: Plant, day: date) -> Bill:
    """The bill of a day's month; a month without one fails the test."""
    bill = plant.period(day.replace(day=1)).bill
    assert bill is not None, f"{day:%Y-%m} has no bill in force"
    return bill


def refusal_of(attempt: Callable[[], object]) -> str:
    """What the refusal says; an attempt that is not refused fails the test."""
    with pytest.raises(Refusal) as refused:
        attempt()
    return str(refused.value)


def pair(meter: str, start: datetime, wh: int) -> ReadingPair:
    return Reading(meter, start, SOME_REGISTER, 0), Reading(meter, start + STEP, SOME_REGISTER + wh, 0)
