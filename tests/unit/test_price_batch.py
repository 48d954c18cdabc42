"""Many uploads, one write: the same ledger as one by one, and no other where somebody writes in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from application.ports import OneWrite, Reason, SomeoneElseWrote
from application.price_batch import PriceBatch
from application.price_uploads import PriceUploads
from application.terms_of import TermsOf
from domain.measurement import Reading
from domain.supply_point import SupplyPoint

STEP = timedelta(minutes=5)
LATE = datetime(2026, 1, 7, 22, 30, tzinfo=UTC)  # half an hour before midnight in Madrid
WIRE = WattledgerWire()


@dataclass
class House:
    point: SupplyPoint
    terms_of: TermsOf

    def __post_init__(self) -> None:
        self.clock = SetClock(LATE + timedelta(days=1))
        self.recorders = POPOApplicationRecorder(), POPOTrackingRecorder()
        self.store, self.quarantine = self.opened(), MemoryQuarantine(self.clock)
        self.price = self.priced_into(self.store)

    def opened(self) -> EventStore:
        """The same ledger for another process."""
        return EventStore._over(*self.recorders, self.clock)

    def priced_into(self, store: EventStore) -> PriceUploads:
        points = MemorySupplyPoints({self.point.device: self.point})
        return PriceUploads(store.days, store.periods, points, self.terms_of, WIRE, self.quarantine, self.clock)

    def batch(self, writes: OneWrite | None = None) -> PriceBatch:
        return PriceBatch(self.price, writes or self.store.days)

    def energies(self) -> list[int]:
        days = (self.store.days.get(self.point.device, date(2026, 1, day)) for day in (7, 8))
        return [day.meters[day.index["main"]].today_wh if day.opened else 0 for day in days]


@dataclass
class Meanwhile:
    """OneWrite of a store to which somebody else writes before it does, once."""

    house: House
    record: bytes

    @contextmanager
    def at_once(self) -> Iterator[None]:
        with self.house.store.days.at_once():
            yield
            self.house.priced_into(self.house.opened())([self.record])


@pytest.fixture
def house(mill: SupplyPoint, terms_of: TermsOf) -> House:
    return House(mill, terms_of)


def uploads(point: SupplyPoint, many: int, meter: str = "main") -> list[bytes]:
    found = list[bytes]()
    for n in range(1, many + 1):
        before, after = (Reading(meter, LATE + STEP * k, 5000 + 100 * k, 900) for k in (n - 1, n))
        found.append(WIRE.record(point.device, "store-1", n, WIRE.body([(before, after)])))
    return found


def test_a_batch_over_midnight_is_the_ledger_that_its_records_one_by_one_are(
    house: House, mill: SupplyPoint, terms_of: TermsOf
) -> None:
    records, other = uploads(mill, 12), House(mill, terms_of)
    house.batch()([*records, *records[:3]])
    other.price(records)
    assert house.energies() == [600, 600]
    assert house.store.ledger.digest() == other.store.ledger.digest()


def test_what_is_refused_of_a_batch_waits_and_costs_no_neighbour(house: House, mill: SupplyPoint) -> None:
    first, *others = uploads(mill, 3)
    house.batch()([first, *uploads(mill, 1, "stranger"), b"noise", *others])
    assert house.energies() == [300, 0]
    assert [kept.reason for kept in house.quarantine.kept()] == [Reason.UNKNOWN_METER, Reason.UNREADABLE]


def test_where_somebody_else_writes_meanwhile_all_is_priced_once_all_the_same(house: House, mill: SupplyPoint) -> None:
    records = uploads(mill, 4)
    house.batch(Meanwhile(house, records[1]))([*records, b"noise"])
    assert house.energies() == [400, 0]
    assert [kept.reason for kept in house.quarantine.kept()] == [Reason.UNREADABLE]


def test_a_batch_that_fails_within_is_not_known_at_all(house: House, mill: SupplyPoint) -> None:
    @dataclass
    class Fails:
        @contextmanager
        def at_once(self) -> Iterator[None]:
            with house.store.days.at_once():
                yield
                raise SomeoneElseWrote("the disk")

    @dataclass(frozen=True)
    class FailsToo(PriceUploads):
        def __call__(self, records: object, vouched: bool = False) -> None:
            raise SomeoneElseWrote("again")

    broken = FailsToo(**{name: getattr(house.price, name) for name in PriceUploads.__dataclass_fields__})
    with pytest.raises(SomeoneElseWrote, match="again"):
        PriceBatch(broken, Fails())(uploads(mill, 2))
    assert (house.energies(), house.quarantine.kept()) == ([0, 0], [])
