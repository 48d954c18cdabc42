"""A closed month changes only by new events: live costs and true-ups are its bill before and after each of them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.correction_records import WattledgerCorrections
from adapters.event_store import EventStore
from adapters.memory import MemoryHotStore, MemoryQuarantine, MemorySupplyPoints, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from application.bill_known_at import BillKnownAt, Happened, MonthHistory, difference_of
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.ports import Reason, Unavailable
from application.price_uploads import PriceUploads
from application.publish_costs import PublishCosts
from application.publish_to_sinks import publish_to_sinks
from application.reconcile import reconcile
from application.record_late import RecordLate
from application.reopen_period import AmendPeriod, ReopenPeriod
from application.replay_quarantine import ReplayQuarantine
from application.rerate_periods import RerateMonth, ReratePeriods
from application.terms_of import TermsOf
from domain.billing_period import check_settled
from domain.cost_event import CostEvent, CostKind
from domain.errors import BadReadings, NothingToCorrect, PeriodIsClosed, PeriodIsOpen
from domain.events import PeriodClosed, PeriodReopened, PeriodRerated
from domain.measurement import Correction, Quality, Reading
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth

STEP, HOUR = timedelta(minutes=5), timedelta(hours=1)
NINE = datetime(2026, 1, 7, 8, tzinfo=UTC)  # 09:00 in Madrid
WIRE, RECORDS = WattledgerWire(), WattledgerCorrections()
SAID = ("ana", "counted twice")


@dataclass
class House:
    """The cloud of the mill, in January and February 2026, with prices that a test may change."""

    point: SupplyPoint
    tariffs: dict[str, Tariff]
    clock: SetClock = field(default_factory=lambda: SetClock(NINE + HOUR))

    def __post_init__(self) -> None:
        self.store, self.quarantine = EventStore.in_memory(self.clock), MemoryQuarantine(self.clock)
        days, periods = self.store.days, self.store.periods
        terms_of = TermsOf(MemoryTariffs(self.tariffs), periods)
        self.points = {self.point.device: self.point}
        registry = MemorySupplyPoints(self.points)
        self.close_period = ClosePeriod(days, periods, terms_of)
        amend = AmendPeriod.of(self.close_period)
        self.reopen: ReopenPeriod = amend.reopen
        self.price = PriceUploads(days, periods, registry, terms_of, WIRE, self.quarantine, self.clock)
        self.correct = CorrectReading(days, terms_of, amend, self.quarantine, RECORDS)
        self.late = RecordLate(self.price, amend)
        self.replay = ReplayQuarantine(self.price, self.correct, RECORDS, self.late)
        self.rerate = RerateMonth(days, periods, terms_of)
        self.known_at, self.history = BillKnownAt(days, periods, terms_of), MonthHistory(self.store.histories)

    @property
    def january(self) -> BillingMonth:
        return BillingMonth(date(2026, 1, 1), self.point.zone)

    def close(self) -> PeriodClosed:
        return self.close_period(self.point, self.january)

    def publish_price(self, price: str, since: date = date(2026, 1, 1)) -> None:
        tariff = self.tariffs["small"]
        rates = tariff.rate_table.rates[-1]
        dearer = replace(rates, valid_from=since, values={**rates.values, "energy.day": Decimal(price)})
        self.tariffs["small"] = replace(tariff, rate_table=tariff.rate_table.amended_by(dearer), version=f"{since}")

    def later(self, hours: int = 1) -> datetime:
        self.clock.instant += hours * HOUR
        return self.clock.instant

    def costs(self) -> list[CostEvent]:
        sink = MemoryHotStore(name=f"sink {len(self.store.ledger.after(0, 10_000))}")
        PublishCosts(self.store.ledger, self.store.positions, self.store.days, sink)()
        return list(sink.costs.values())

    def check(self) -> None:
        """Whatever happened: billed costs are the bill, live and true-ups are the bill, and the proof holds."""
        period = self.store.periods.get(self.point.id, self.january)
        assert period.bill is not None
        check_settled(period.bill, period.live_nano, period.true_up_nano)
        period.allocated.check(period.bill)
        billed = [cost for cost in self.costs() if cost.billed]
        assert sum(cost.total_nano for cost in billed) == period.bill.total * NANO
        proof = reconcile(self.store.ledger, self.store.days, {}, {self.point.id: self.point.main_meter}, 0)
        assert (proof.bills, proof.bills_off) == (len(period.bills), ())


@pytest.fixture
def house(mill: SupplyPoint, small_tariff: Tariff) -> House:
    return House(mill, {small_tariff.id: small_tariff})


def upload(seq: int, *readings: tuple[str, int], at: datetime = NINE, steps: int = 1) -> bytes:
    pairs = [
        (Reading(meter, at - steps * STEP, 5000, 900), Reading(meter, at, 5000 + wh, 900)) for meter, wh in readings
    ]
    return WIRE.record("edge-1", "store-1", seq, WIRE.body(pairs))


@pytest.fixture
def closed(house: House) -> House:
    """January closed, after one reading of 20 kWh of the main meter, of which the oven had 5."""
    house.price([upload(1, ("main", 20_000), ("oven", 5_000))])
    house.close()
    house.later()
    return house


def correction(wh: int, at: datetime = NINE - STEP, meter: str = "main") -> Correction:
    return Correction(meter, at, wh, 0, *SAID)


def test_a_correction_with_permission_reopens_corrects_and_closes_again(closed: House) -> None:
    before = closed.store.periods.get("mill", closed.january).bill
    closed.correct(closed.point, correction(10_000), reopen=True)
    period = closed.store.periods.get("mill", closed.january)
    assert (len(period.bills), period.bills[0], period.bill) == (2, before, period.bills[1])
    closed.check()


def test_without_permission_a_closed_month_stays_as_it_is(closed: House) -> None:
    stored = len(closed.store.ledger.after(0, 999))
    with pytest.raises(PeriodIsClosed):
        closed.correct(closed.point, correction(10_000))
    assert len(closed.store.ledger.after(0, 999)) == stored


def test_the_bill_after_a_reopening_is_the_bill_of_a_month_that_never_was_wrong(closed: House, house: House) -> None:
    closed.correct(closed.point, correction(10_000), reopen=True)
    right = House(closed.point, closed.tariffs)
    right.price([upload(1, ("main", 20_000), ("oven", 5_000))])
    right.correct(right.point, correction(10_000))
    assert right.close().bill == closed.store.periods.get("mill", closed.january).bill


def test_a_reopened_month_has_no_bill_and_its_true_up_is_taken_back(closed: House) -> None:
    true_up = closed.store.periods.get("mill", closed.january).true_up_nano
    event = closed.reopen(closed.point, closed.january, *SAID)
    assert isinstance(event, PeriodReopened)
    assert event.reversed_nano == {code: -nano for code, nano in true_up.items()}
    period = closed.store.periods.get("mill", closed.january)
    assert (period.bill, period.reopened, period.true_up_nano, len(period.bills)) == (None, True, {}, 1)
    taken_back = [cost for cost in closed.costs() if cost.kind is CostKind.REVERSAL]
    assert [cost.total_nano for cost in taken_back] == [-sum(true_up.values())]


def test_a_reopening_that_broke_off_goes_on(closed: House) -> None:
    period = closed.store.periods.get("mill", closed.january)
    closed.store.periods.append(period, [period.reopen(*SAID)])  # the power went before any day was reopened
    assert closed.store.days.get("edge-1", date(2026, 1, 7)).closed
    assert closed.reopen(closed.point, closed.january, *SAID) is None
    assert not closed.store.days.get("edge-1", date(2026, 1, 7)).closed
    closed.close()
    closed.check()


def test_what_is_open_cannot_be_reopened_or_rerated(house: House) -> None:
    with pytest.raises(PeriodIsOpen, match=r"mill 2026-01 is open; .* needs no permission"):
        house.reopen(house.point, house.january, *SAID)
    with pytest.raises(PeriodIsOpen, match="its close will bill"):
        house.rerate(house.point, house.january, *SAID)


@pytest.mark.parametrize("said", [("", "why"), ("ana", " ")])
def test_nothing_is_reopened_or_rerated_without_who_and_why(closed: House, said: tuple[str, str]) -> None:
    with pytest.raises(BadReadings, match="does not say who"):
        closed.reopen(closed.point, closed.january, *said)
    with pytest.raises(BadReadings, match="does not say who"):
        closed.rerate(closed.point, closed.january, *said)


def test_a_late_reading_waits_and_comes_in_by_permission(closed: House) -> None:
    record = upload(2, ("main", 7_000), at=NINE + STEP)
    closed.price([record])
    assert [kept.reason for kept in closed.quarantine.kept()] == [Reason.CLOSED_PERIOD]
    assert closed.replay().released == 0
    assert closed.replay(said=SAID).released == 1
    assert closed.quarantine.kept() == []
    assert len(closed.quarantine.released()) == 1
    bill = closed.store.periods.get("mill", closed.january).bill
    assert bill is not None
    assert bill.determinants.total_wh == 27_000
    closed.check()


def test_late_readings_of_many_uploads_reopen_the_month_once(closed: House) -> None:
    records = [upload(seq, ("main", 100), at=NINE + seq * STEP) for seq in range(2, 8)]
    assert closed.late([*records, upload(1, ("main", 20_000))], *SAID) == [closed.january]
    assert len(closed.store.periods.get("mill", closed.january).bills) == 2
    assert closed.late(records, *SAID) == []  # it is all known by now
    closed.check()


def test_what_is_refused_for_another_reason_reopens_nothing(closed: House) -> None:
    tariff = closed.tariffs["small"]
    january_only = replace(tariff.rate_table.rates[0], valid_to=date(2026, 2, 1))
    closed.tariffs["small"] = replace(tariff, rate_table=replace(tariff.rate_table, rates=(january_only,)), version="2")
    closed.later(24 * 60)
    record = upload(2, ("main", 100), at=datetime(2026, 2, 4, 9, tzinfo=UTC))
    assert closed.late([record, b"noise"], *SAID) == []
    assert [kept.reason for kept in closed.quarantine.kept()] == [Reason.NO_PRICE, Reason.UNREADABLE]


def test_a_rerate_moves_only_what_the_price_moved(closed: House) -> None:
    live = closed.store.periods.get("mill", closed.january).live_nano
    closed.publish_price("0.30")
    event = closed.rerate(closed.point, closed.january, "ana", "gazette 3/2026")
    assert isinstance(event, PeriodRerated)
    assert {"energy.day", "tax"} <= event.true_up_nano.keys() == event.reversed_nano.keys()
    assert not {"supply", "network", "demand", "power.day"} & event.true_up_nano.keys()
    period = closed.store.periods.get("mill", closed.january)
    assert (period.live_nano, len(period.bills), period.bill) == (live, 2, event.bill)
    closed.check()


def test_to_rerate_again_without_a_change_stores_nothing(closed: House) -> None:
    assert closed.rerate(closed.point, closed.january, *SAID) is None
    closed.publish_price("0.30")
    assert closed.rerate(closed.point, closed.january, *SAID) is not None
    stored = len(closed.store.ledger.after(0, 999))
    assert closed.rerate(closed.point, closed.january, *SAID) is None
    assert len(closed.store.ledger.after(0, 999)) == stored


def test_prices_of_february_leave_january_as_it_was(closed: House) -> None:
    closed.publish_price("0.30", date(2026, 2, 1))
    months = [closed.january, closed.january.next()]
    assert ReratePeriods(closed.rerate)(closed.point, months, *SAID) == []


def test_a_rerated_month_can_be_reopened_and_closes_at_the_new_prices(closed: House) -> None:
    closed.publish_price("0.30")
    closed.rerate(closed.point, closed.january, *SAID)
    closed.correct(closed.point, correction(10_000), reopen=True)
    period = closed.store.periods.get("mill", closed.january)
    assert (len(period.bills), period.bills[2].amount_of("energy")) == (3, Decimal("3.00"))
    closed.check()


def test_a_bill_is_shared_by_the_meters_behind_it_to_the_micro(closed: House) -> None:
    period = closed.store.periods.get("mill", closed.january)
    assert set(period.allocated.micro) == {"oven", "press", "unmetered"}
    assert period.allocated.micro["oven"]["energy.day"] == 1_000_000  # 5 of 20 kWh at 0.20
    shares = [cost for cost in closed.costs() if cost.kind is CostKind.ALLOCATED]
    assert {cost.meter for cost in shares} == {"oven", "press", "unmetered"}
    assert period.bill is not None
    assert sum(cost.total_nano for cost in shares) == period.bill.total * NANO


def test_live_costs_of_a_sub_meter_are_told_apart_from_the_bills(closed: House) -> None:
    live = [cost for cost in closed.costs() if cost.kind is CostKind.PROVISIONAL]
    assert {cost.meter: cost.billed for cost in live} == {"main": True, "oven": False}


def test_a_bill_that_is_not_the_sum_of_its_parts_is_noticed(closed: House) -> None:
    period = closed.store.periods.get("mill", closed.january)
    assert period.bill is not None
    with pytest.raises(AssertionError, match=r"live \+ true-up is not the bill in \['tax'\]"):
        check_settled(period.bill, period.live_nano, {**period.true_up_nano, "tax": 1})
    wrong = {**period.allocated.micro, "oven": {**period.allocated.micro["oven"], "tax": 0}}
    with pytest.raises(AssertionError, match=r"allocated lines .* are not the bill's"):
        replace(period.allocated, micro=wrong).check(period.bill)


def test_any_bill_is_given_as_it_was_known(house: House) -> None:
    house.price([upload(1, ("main", 20_000))])
    opened, first = house.clock.instant, house.later()
    house.close()
    house.later()
    house.correct(house.point, correction(10_000), reopen=True)
    known = [house.known_at(house.point, house.january, at) for at in (opened, first, None)]
    assert [(one.number, one.provisional) for one in known] == [(0, True), (1, False), (2, False)]
    assert [one.bill.determinants.total_wh for one in known] == [20_000, 20_000, 10_000]
    assert house.known_at.numbered(house.point, house.january, 1) == known[1].bill
    assert house.known_at.numbered(house.point, house.january, 3) is None


def test_what_happened_between_two_moments_is_the_difference_of_their_bills(closed: House) -> None:
    then = closed.clock.instant
    closed.later()
    closed.late([upload(2, ("main", 7_000), ("oven", 10), at=NINE + STEP)], *SAID)
    closed.correct(closed.point, correction(10_000), reopen=True)
    closed.publish_price("0.30")
    closed.rerate(closed.point, closed.january, "ana", "gazette 3/2026")
    before, after = (closed.known_at(closed.point, closed.january, at).bill for at in (then, None))
    told = closed.history(closed.point, closed.january, after=then)
    moved: dict[str, int] = {}
    for one in told:
        for code, nano in one.nano.items():
            moved[code] = moved.get(code, 0) + nano
    changed = {line.code: int(line.change * NANO) for line in difference_of(before, after)}
    assert {code: nano for code, nano in moved.items() if nano} == changed
    assert sum(changed.values()) == (after.total - before.total) * NANO
    assert said_of(told, "re-rate") == [("ana", "gazette 3/2026")]
    assert said_of(told, "reopen") == [SAID, SAID]


def said_of(told: tuple[Happened, ...], what: str) -> list[tuple[str, str]]:
    return [(one.by, one.why) for one in told if one.what == what]


def test_a_correction_of_nothing_waits_until_the_reading_came(house: House) -> None:
    with pytest.raises(NothingToCorrect):
        house.correct(house.point, correction(10_000))
    (kept,) = house.quarantine.kept()
    assert (kept.reason, RECORDS.correction(kept.data)) == (
        Reason.NOTHING_TO_CORRECT,
        ("edge-1", correction(10_000)),
    )
    assert house.replay().released == 0
    house.price([upload(1, ("main", 20_000))])
    assert house.replay().released == 1
    assert house.close().bill.determinants.total_wh == 10_000


def test_a_reading_of_the_future_waits_until_its_time_has_come(house: House) -> None:
    house.price([upload(1, ("main", 20_000), at=house.clock.instant + 3 * STEP)])
    assert [kept.reason for kept in house.quarantine.kept()] == [Reason.FUTURE]
    assert house.replay().released == 0
    house.later()
    assert (house.replay().released, house.quarantine.kept()) == (1, [])


def test_a_clock_that_differs_by_minutes_is_no_future(house: House) -> None:
    house.price([upload(1, ("main", 20_000), at=house.clock.instant + 2 * STEP)])
    assert house.quarantine.kept() == []


def test_a_jump_is_a_gap_and_is_priced_once_the_meter_can_carry_it(house: House) -> None:
    house.price([upload(1, ("main", 90_000), ("oven", 100))])
    (kept,) = house.quarantine.kept()
    assert (kept.reason, WIRE.upload(kept.data).readings[0][1].meter) == (Reason.JUMP, "main")
    proof = reconcile(house.store.ledger, house.store.days, {"main": [NINE], "oven": [NINE]}, {"mill": "main"}, 0)
    assert (proof.priced, proof.in_gaps, proof.lost, proof.holds) == (1, 1, 0, True)
    stronger = replace(house.point.meters["main"], rated_power_w=2_000_000)
    house.points["edge-1"] = replace(house.point, meters={**house.point.meters, "main": stronger})
    assert house.replay().released == 1
    assert house.close().bill.determinants.total_wh == 90_000


def test_only_what_is_asked_for_is_replayed(house: House) -> None:
    house.price([b"noise", upload(1, ("lathe", 100))])
    assert house.replay(Reason.UNKNOWN_METER).tried == 1


def test_what_takes_back_an_estimate_says_that_it_was_one(house: House) -> None:
    house.price([upload(1, ("main", 1000), steps=2)])
    house.correct(house.point, correction(700))
    told = [(cost.kind, cost.quality) for cost in house.costs() if cost.serial]
    assert sorted(told) == [
        (CostKind.PROVISIONAL, Quality.MEASURED),
        (CostKind.REVERSAL, Quality.ESTIMATED),
    ]


class DeadSink(MemoryHotStore):
    """CostSink that never answers."""

    def write(self, costs: object, first: int, last: int) -> None:
        raise Unavailable("the lake has dried up")


def test_a_dead_sink_is_parked_with_its_reason_and_the_others_go_on(closed: House) -> None:
    dead, alive = DeadSink(name="lake"), MemoryHotStore(name="hot")
    publishers = [
        PublishCosts(closed.store.ledger, closed.store.positions, closed.store.days, one) for one in (dead, alive)
    ]
    parked, well = publish_to_sinks(publishers)
    assert (parked.sink, parked.parked, parked.delivered) == ("lake", "the lake has dried up", 0)
    assert (well.parked, well.delivered) == ("", len(alive.costs))
    assert closed.store.positions.of("lake") == 0
