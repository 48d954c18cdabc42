"""In the cloud: what one reading does wrong never costs its neighbours; what was refused can come again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryHotStore, MemoryQuarantine, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from application.close_period import ClosePeriod
from application.ports import BillingPeriods, MeteringDays, Reason, SomeoneElseWrote
from application.price_uploads import TRIES, PriceUploads
from application.publish_costs import PublishCosts
from application.terms_of import TermsOf
from domain.billing_period import BillingPeriod
from domain.errors import PeriodIsClosed
from domain.events import DayEvent, PeriodEvent
from domain.measurement import Reading
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from domain.upload import ClockFacts, ClockState

STEP = timedelta(minutes=5)
NINE = datetime(2026, 1, 7, 8, tzinfo=UTC)  # 09:00 in Madrid
WEDNESDAY = date(2026, 1, 7)
WIRE = WattledgerWire()


@dataclass
class House:
    """The cloud of one supply point."""

    point: SupplyPoint
    terms_of: TermsOf
    store: EventStore = field(default_factory=lambda: EventStore.in_memory(SetClock(NINE)))
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    clock: SetClock = field(default_factory=lambda: SetClock(NINE + timedelta(days=60)))

    def price(self, *uploads: bytes, periods: BillingPeriods | None = None) -> None:
        points = MemorySupplyPoints({self.point.device: self.point})
        wanted = periods or self.store.periods
        PriceUploads(self.store.days, wanted, points, self.terms_of, WIRE, self.quarantine, self.clock)(uploads)

    def energy(self, meter: str, day: date = WEDNESDAY) -> int | None:
        """Wh of a meter on a day; None where the day does not know the meter."""
        found = self.store.days.get(self.point.device, day)
        return found.meters[found.index[meter]].today.total_wh if meter in found.index else None

    def reasons(self) -> list[str]:
        return [kept.text for kept in self.quarantine.kept()]

    def close(self) -> int:
        month = BillingMonth(date(2026, 1, 1), self.point.zone)
        closed = ClosePeriod(self.store.days, self.store.periods, self.terms_of)(self.point, month)
        return closed.bill.determinants.total_wh


@pytest.fixture
def house(mill: SupplyPoint, terms_of: TermsOf) -> House:
    return House(mill, terms_of)


def upload(seq: int, *readings: tuple[str, int], at: datetime = NINE, steps: int = 1) -> bytes:
    """One poll: (meter, Wh since the poll before)."""
    pairs = [
        (Reading(meter, at - steps * STEP, 5000, 900), Reading(meter, at, 5000 + wh, 900)) for meter, wh in readings
    ]
    return WIRE.record("edge-1", "store-1", seq, WIRE.body(pairs))


@pytest.mark.parametrize(
    ("state", "estimated"), [(ClockState.UNSYNCED, 1), (ClockState.BATTERY, 0), (ClockState.NETWORK, 0)]
)
def test_what_was_polled_by_a_clock_that_nobody_vouched_for_is_priced_and_said_to_be_estimated(
    house: House, state: ClockState, estimated: int
) -> None:
    pair = (Reading("main", NINE - STEP, 5000, 900), Reading("main", NINE, 6000, 900))
    body = WIRE.body([pair], ClockFacts("boot-1", 1000, None, state))
    house.price(WIRE.record("edge-1", "store-1", 1, body))
    day = house.store.days.get(house.point.device, WEDNESDAY)
    assert house.energy("main") == 1000
    assert day.meters[day.index["main"]].today.estimated == estimated


def test_an_upload_is_priced_once_however_often_it_comes(house: House) -> None:
    house.price(upload(1, ("main", 1000)), upload(1, ("main", 1000)))
    house.price(upload(1, ("main", 1000)))
    assert house.energy("main") == 1000
    assert len(house.store.ledger.after(0, 99)) == 2  # the day was opened, and priced


def test_a_first_reading_prices_nothing(house: House) -> None:
    house.price(WIRE.record("edge-1", "store-1", 1, WIRE.body([(None, Reading("main", NINE, 5000, 900))])))
    assert list(house.store.ledger.after(0, 99)) == []
    assert house.reasons() == []


def test_bytes_that_nobody_understands_block_nothing(house: House) -> None:
    house.price(b"noise", upload(1, ("main", 1000)))
    assert house.energy("main") == 1000
    (kept,) = house.quarantine.kept()
    assert (kept.data, kept.reason) == (b"noise", Reason.UNREADABLE)
    assert kept.text == "a record of 5 bytes does not begin with WLR1 or WLR2"


def test_an_unknown_device_goes_to_quarantine_whole(house: House) -> None:
    record = WIRE.record("edge-9", "store-1", 1, WIRE.body([]))
    house.price(record)
    assert house.quarantine.kept()[0].data == record
    assert "device 'edge-9' is not registered" in house.reasons()[0]


def test_a_meter_nobody_registered_leaves_its_neighbours_alone(house: House) -> None:
    house.price(upload(1, ("main", 1000), ("lathe", 500), ("oven", 300)))
    assert (house.energy("main"), house.energy("oven"), house.energy("lathe")) == (1000, 300, None)
    assert "meter 'lathe' is not commissioned at mill; register it, then replay" in house.reasons()[0]


def test_once_it_is_registered_what_was_kept_can_be_replayed(house: House) -> None:
    record = upload(1, ("lathe", 500))
    house.price(record)
    house.point = replace(house.point, meters={**house.point.meters, "lathe": house.point.meters["main"]})
    house.price(*(kept.data for kept in house.quarantine.kept()))
    assert house.energy("lathe") == 500


def test_a_meter_registered_during_the_day_joins_that_day(house: House) -> None:
    house.price(upload(1, ("main", 1000)))
    house.point = replace(house.point, meters={**house.point.meters, "lathe": house.point.meters["main"]})
    house.price(upload(2, ("main", 2000), ("lathe", 500), at=NINE + STEP))
    assert (house.energy("main"), house.energy("lathe")) == (3000, 500)
    assert house.reasons() == []


def test_a_reading_that_cannot_be_is_refused_alone(house: House) -> None:
    back = (Reading("oven", NINE, 1, 1), Reading("oven", NINE - STEP, 2, 2))
    good = (Reading("main", NINE - STEP, 1000, 0), Reading("main", NINE, 1700, 0))
    house.price(WIRE.record("edge-1", "store-1", 1, WIRE.body([back, good])))
    assert (house.energy("main"), house.energy("oven")) == (700, 0)
    (kept,) = house.quarantine.kept()
    assert WIRE.upload(kept.data).readings == (back,)
    assert "not later than the one at" in kept.text


def test_an_upload_over_midnight_belongs_to_two_days(house: House) -> None:
    house.price(upload(1, ("main", 1200), at=datetime(2026, 1, 7, 23, 10, tzinfo=UTC), steps=4))
    assert (house.energy("main"), house.energy("main", date(2026, 1, 8))) == (600, 600)


def test_what_is_refused_is_kept_once_however_often_it_comes(house: House) -> None:
    for _ in range(3):
        house.price(upload(1, ("lathe", 500), ("mixer", 500)))
    assert len(house.reasons()) == 2


def test_after_the_close_new_readings_go_to_quarantine_and_known_ones_do_not(house: House) -> None:
    house.price(upload(1, ("main", 1000)))
    assert house.close() == 1000
    house.price(upload(1, ("main", 1000)), upload(2, ("main", 500), at=NINE + STEP))
    house.price(upload(3, ("main", 500), at=NINE + timedelta(days=9)))  # a day on which nothing had happened
    assert len(house.reasons()) == 2
    assert "edge-1 2026-01-07 belongs to a closed month" in house.reasons()[0]
    assert "mill 2026-01 is closed with" in house.reasons()[1]


@dataclass
class ClosesMeanwhile:
    """BillingPeriods in which the month is closed just after it was found open."""

    real: BillingPeriods
    close: Callable[[], int]
    billed_wh: int | None = None

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        found = self.real.get(supply_point, month, known_at)
        if self.billed_wh is None:
            self.billed_wh = self.close()
        return found

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        self.real.append(period, events)


def test_nothing_slips_into_a_month_that_is_closed_at_that_moment(house: House) -> None:
    periods = ClosesMeanwhile(house.store.periods, house.close)
    house.price(upload(1, ("main", 1000)), periods=periods)
    assert (house.energy("main"), periods.billed_wh) in [(1000, 1000), (None, 0), (0, 0)]
    assert "closed" in house.reasons()[0]


@dataclass
class AlwaysLate:
    """MeteringDays in which someone else was quicker, a number of times."""

    real: MeteringDays
    times: int

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        return self.real.get(device, day)

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        self.times -= 1
        if self.times >= 0:
            raise SomeoneElseWrote("moved on")
        self.real.append(day, events)


def late(house: House, times: int) -> PriceUploads:
    days, points = AlwaysLate(house.store.days, times), MemorySupplyPoints({house.point.device: house.point})
    return PriceUploads(days, house.store.periods, points, house.terms_of, WIRE, house.quarantine, house.clock)


def test_after_a_collision_it_is_decided_again(house: House) -> None:
    price = late(house, TRIES - 1)
    price([upload(1, ("main", 1000))])
    assert house.energy("main") == 1000


def test_one_collision_too_many_is_told_and_the_record_can_come_again(house: House) -> None:
    price = late(house, TRIES)
    with pytest.raises(SomeoneElseWrote):
        price([upload(1, ("main", 1000))])
    price([upload(1, ("main", 1000))])
    assert house.energy("main") == 1000


def test_a_second_close_is_refused(house: House) -> None:
    house.price(upload(1, ("main", 1000)))
    house.close()
    with pytest.raises(PeriodIsClosed):
        house.close()


def test_costs_reach_a_sink_though_another_consumer_opened_the_day(house: House, tmp_path: Path) -> None:
    # this consumer looked at the day before anything had happened on it
    one, house.store = (EventStore.sqlite(tmp_path / "ledger.sqlite", SetClock(NINE)) for _ in range(2))
    assert one.days.get("edge-1", WEDNESDAY).opened is None
    house.price(upload(1, ("main", 1000)))
    assert PublishCosts(one.ledger, one.positions, one.days, MemoryHotStore())() == 1
