"""The ledger where a tariff or a contract changes: live costs by line code, true-ups, look-backs, changed rules."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.load_of_ledger import load_of_ledger
from application.price_uploads import PriceUploads
from application.reconcile import reconcile
from application.reopen_period import AmendPeriod
from application.rerate_periods import DependentMonths, RerateMonth, ReratePeriods
from application.terms_of import TermsOf
from domain.agreements import Agreed, Agreements
from domain.arrays import price_agreed
from domain.bill import Bill
from domain.calendar import Window
from domain.charges import Fixed, MaximumDemand, Ratchet
from domain.events import PeriodClosed
from domain.measurement import Correction, Reading
from domain.money import NANO
from domain.supply_point import Agreement, SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, Terms, midnight_utc

STEP, WIRE = timedelta(minutes=5), WattledgerWire()
JANUARY, CHANGE = date(2026, 1, 1), date(2026, 1, 16)
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


@dataclass
class House:
    """One supply point in the cloud, priced by the tariffs of a registry that may change."""

    point: SupplyPoint
    tariffs: dict[str, Tariff]
    store: EventStore = field(default_factory=lambda: EventStore.in_memory(SetClock(NOON)))
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    terms_of: TermsOf = field(init=False)
    polls: int = 0

    def __post_init__(self) -> None:
        self.terms_of = TermsOf(MemoryTariffs(self.tariffs), self.store.periods)

    def use(self, day: date, hours: Sequence[int], wh: int) -> None:
        """A quarter of an hour at some hours of a local day, in three uploads each."""
        points = MemorySupplyPoints({self.point.device: self.point})
        store, later = self.store, SetClock(datetime(2027, 1, 1, tzinfo=UTC))
        price = PriceUploads(store.days, store.periods, points, self.terms_of, WIRE, self.quarantine, later)
        for hour in hours:
            start = midnight_utc(day, self.point.zone) + timedelta(hours=hour)
            for n in range(3):
                self.polls += 1
                at = start + STEP * n
                pair = Reading("main", at, 10**6, 10**6), Reading("main", at + STEP, 10**6 + wh, 10**6 + wh // 3)
                price([WIRE.record(self.point.device, "store", self.polls, WIRE.body([pair]))])

    def close(self, first: date = JANUARY) -> PeriodClosed:
        month = BillingMonth(first, self.point.zone)
        return ClosePeriod(self.store.days, self.store.periods, self.terms_of)(self.point, month)

    def by_array(self, first: date = JANUARY) -> Bill:
        agreed = tuple(Agreed(one.since, self.tariffs[one.tariff], one.contract) for one in self.point.agreements)
        month = BillingMonth(first, self.point.zone)
        load = load_of_ledger(self.store.days, self.point, "main", month)
        return price_agreed(load, Agreements(agreed, self.point.meter_changed), self.point.zone).bills[0]

    def holds(self) -> bool:
        """Live + true-up = bill, line by line, as the ledger's own events tell it."""
        return reconcile(self.store.ledger, self.store.days, {}, {self.point.id: "main"}, 0).bills_off == ()


@pytest.fixture
def other(small_tariff: Tariff) -> Tariff:
    """Other hours, other lines: no contracted power, a daily fee, and the tax of the first."""
    kept = tuple(charge for charge in small_tariff.charges if charge.code not in {"power", "factor", "tax"})
    tax = replace(small_tariff.charges[-1], base=("use", "peak", "fixed"))  # type: ignore[type-var]  # a dataclass
    calendar = replace(
        small_tariff.calendar,
        schedules={
            **small_tariff.calendar.schedules,
            ("year", "workday"): (Window(0, 600, "night"), Window(600, 1440, "day")),
        },
    )
    (rates,) = small_tariff.rate_table.rates
    values = {**rates.values, "daily": Decimal("2.50"), "energy.day": Decimal("0.25")}
    return replace(
        small_tariff,
        id="other",
        version="2",
        calendar=calendar,
        charges=(*kept, Fixed("daily", "Daily", "fixed", "", "day"), tax),
        rate_table=replace(small_tariff.rate_table, rates=(replace(rates, values=values),)),
    )


@pytest.fixture
def house(mill: SupplyPoint, small_tariff: Tariff, other: Tariff) -> House:
    point = replace(mill, later=(Agreement(CHANGE, "other", Contract()),))
    return House(point, {"small": small_tariff, "other": other})


def check_closed(house: House, closed: PeriodClosed) -> None:
    assert closed.bill.lines == replace_names(house.by_array(), closed.bill).lines
    billed = closed.bill.nano_by_code()
    assert {code: closed.live_nano[code] + nano for code, nano in closed.true_up_nano.items()} == {
        code: billed[code] for code in closed.true_up_nano
    }
    assert sum(closed.live_nano.values()) + sum(closed.true_up_nano.values()) == closed.bill.total * NANO
    assert house.holds()


def replace_names(bill: Bill, like: Bill) -> Bill:
    """The array bills a meter, the ledger a supply point."""
    return replace(bill, supply_point=like.supply_point)


def test_a_tariff_whose_lines_change_within_a_month_closes_to_the_last_nano(house: House) -> None:
    for day in (7, 15, 16, 20):
        house.use(date(2026, 1, day), (7, 9, 12), 500 * day)
    closed = house.close()
    check_closed(house, closed)
    assert [part.tariff for part in closed.bill.parts] == ["small", "other"]
    assert {"power.day", "daily"} <= closed.live_nano.keys()
    assert Counter(line.code for line in closed.bill.lines)["energy.day"] == 2
    assert closed.live_nano["daily"] > 0
    assert house.store.periods.get("mill", BillingMonth(JANUARY, house.point.zone)).bill == closed.bill


def test_the_live_view_begins_anew_with_a_part(house: House) -> None:
    house.use(date(2026, 1, 15), (9,), 9000)
    house.use(CHANGE, (11,), 9000)
    house.use(date(2026, 1, 17), (11,), 9000)
    first, second = (house.store.days.get("edge-1", day).opened for day in (CHANGE, date(2026, 1, 17)))
    assert first is not None
    assert second is not None
    at = first.meters.index("main")
    assert first.opening[at].total_wh == 0
    assert second.opening[at].total_wh == 27_000
    assert (first.tariff, second.tariff) == ("other", "other")


def test_a_correction_is_priced_by_the_part_of_its_day(house: House) -> None:
    house.use(date(2026, 1, 20), (12,), 6000)
    start = midnight_utc(date(2026, 1, 20), house.point.zone) + timedelta(hours=12)
    correct = CorrectReading(house.store.days, house.terms_of)
    event = correct(house.point, Correction("main", start, 3000, 1000, "Ana", "misread"))
    code = house.tariffs["other"].line_codes.index("energy.day")
    assert event.live_nano[code] + event.reversed_nano[code] == -3000 * 250_000
    check_closed(house, house.close())


def test_a_contract_or_tariff_that_is_changed_shows_at_once(house: House, mill: SupplyPoint) -> None:
    january, contract = BillingMonth(JANUARY, mill.zone), Contract({"all": Decimal(7)})
    before = house.terms_of(mill, january)
    assert house.terms_of(mill, january) is before
    assert house.terms_of(replace(mill, contract=contract), january).contract == contract
    assert terms_of(house, mill).contract == mill.contract
    house.tariffs["small"] = replace(house.tariffs["small"], version="amended")
    assert terms_of(house, mill).tariff.version == "amended"


def terms_of(house: House, point: SupplyPoint) -> Terms:
    return house.terms_of(point, BillingMonth(JANUARY, point.zone))


def test_a_tariff_registered_too_late_costs_nothing_live_on_days_already_opened_and_all_at_the_close(
    house: House, mill: SupplyPoint
) -> None:
    """The 20th was opened under the old tariff; the new one since the 16th is registered that evening."""
    late, house.point = house.point, mill
    house.use(date(2026, 1, 15), (9,), 5000)
    house.use(date(2026, 1, 20), (9, 12), 6000)
    house.point = late
    house.use(date(2026, 1, 20), (18,), 7000)
    house.use(date(2026, 1, 21), (9, 12), 6500)
    assert house.quarantine.kept() == []
    day = house.store.days.get("edge-1", date(2026, 1, 20))
    main = day.meters[day.index["main"]]
    assert day.opened is not None
    assert main.today.total_wh == 57_000
    assert main.live_nano[day.opened.line_codes.index("network")] == 36_000 * 50_000  # of the first two hours
    closed = house.close()
    check_closed(house, closed)
    assert closed.bill.parts[1].determinants.energy_wh == [37_500, 58_500]  # nine o'clock is night in the new tariff
    start = midnight_utc(date(2026, 1, 20), house.point.zone)
    assert closed.bill.parts[1].determinants.peak_at == [
        start + timedelta(days=1, hours=9),
        start + timedelta(hours=18),
    ]


def test_a_tariff_amended_within_a_month_begins_its_live_view_anew_and_bills_the_whole(
    mill: SupplyPoint, small_tariff: Tariff
) -> None:
    """From the 8th on the mean of the two highest blocks counts, for all of the month."""
    house = House(mill, {"small": small_tariff})
    house.use(date(2026, 1, 7), (9, 12), 5000)
    two = (
        replace(one, highest_blocks=2, round_up_kw=False)
        if isinstance(one, MaximumDemand) and not one.load_factor
        else one
        for one in small_tariff.charges
    )
    house.tariffs["small"] = replace(small_tariff, version="amended", charges=tuple(two))
    house.use(date(2026, 1, 7), (18,), 6000)
    house.use(date(2026, 1, 8), (9,), 2000)
    opened = house.store.days.get("edge-1", date(2026, 1, 8)).opened
    assert opened is not None
    assert opened.opening[opened.meters.index("main")].total_wh == 0
    closed = house.close()
    check_closed(house, closed)
    (demand,) = [line for line in closed.bill.lines if line.code == "demand"]
    assert demand.quantity == Decimal(66)  # 72 and 60 kW


def test_a_ratchet_looks_back_upon_the_bills_that_the_ledger_holds(mill: SupplyPoint, small_tariff: Tariff) -> None:
    """January's 60 kW by day are the least of February: 80 % of them, 48 kW, where 12 were measured."""
    charges = tuple(
        replace(one, ratchet=Ratchet(Decimal(80), 11))
        if isinstance(one, MaximumDemand) and one.code == "demand"
        else one
        for one in small_tariff.charges
    )
    house = House(mill, {"small": replace(small_tariff, charges=charges)})
    february = date(2026, 2, 1)
    house.use(date(2026, 1, 7), (9,), 5000)
    assert house.terms_of(mill, BillingMonth(february, mill.zone)).history == {}  # January is not closed yet
    assert house.close().bill.remembered == {"demand": {JANUARY: 60}}
    house.use(date(2026, 2, 4), (9,), 1000)
    day = house.store.days.get("edge-1", date(2026, 2, 4))
    assert day.opened is not None
    code = day.opened.line_codes.index("demand")
    assert day.opened.opening_nano[day.opened.meters.index("main")][code] == 480 * NANO
    bill = house.close(february).bill
    (line,) = [line for line in bill.lines if line.code == "demand"]
    assert (line.quantity, line.amount) == (Decimal(48), Decimal("480.00"))
    assert bill.remembered == {"demand": {february: 12}}
    assert house.holds()


def test_a_changed_month_moves_what_looks_back_upon_it_and_only_that(mill: SupplyPoint, small_tariff: Tariff) -> None:
    """February lives on January's peak; in March there are 60 kW of its own."""
    charges = tuple(
        replace(one, ratchet=Ratchet(Decimal(80), 1))
        if isinstance(one, MaximumDemand) and one.code == "demand"
        else one
        for one in small_tariff.charges
    )
    house = House(mill, {"small": replace(small_tariff, charges=charges)})
    months = [BillingMonth(date(2026, n, 1), mill.zone) for n in (1, 2, 3)]
    for month, wh in zip(months, (5000, 1000, 5000), strict=True):
        house.use(month.first + timedelta(days=6 if month.first.month == 1 else 3), (9,), wh)
        house.close(month.first)
    rerate = RerateMonth(house.store.days, house.store.periods, house.terms_of)
    assert DependentMonths(rerate)(mill, months[0]) == []
    close = ClosePeriod(house.store.days, house.store.periods, house.terms_of)
    correct = CorrectReading(house.store.days, house.terms_of, AmendPeriod.of(close))
    at = midnight_utc(date(2026, 1, 7), mill.zone) + timedelta(hours=9)
    correct(mill, Correction("main", at, 2000, 0, "ana", "wrong ratio"), reopen=True)
    before = [house.store.periods.get(mill.id, month).bill for month in months]
    assert DependentMonths(rerate)(mill, months[0]) == [months[1]]
    assert [house.store.periods.get(mill.id, month).bill for month in months] == before
    moved = ReratePeriods(rerate)(mill, months, "ana", "January was corrected")
    assert [event.bill.first for event in moved] == [months[1].first]
    assert set(moved[0].true_up_nano) == {"demand", "factor", "tax"}  # and what is a percentage of them
    assert DependentMonths(rerate)(mill, months[0]) == []
    assert house.holds()


def test_a_month_of_parts_is_stored_and_loaded_as_it_was(house: House) -> None:
    house.use(date(2026, 1, 20), (12,), 6000)
    closed = house.close()
    (found,) = [entry.event for entry in house.store.ledger.after(0, 10_000) if isinstance(entry.event, PeriodClosed)]
    assert found == closed
    assert [part.coverage.expected for part in found.bill.parts] == [15 * 288, 16 * 288]
