"""Costs as they leave the ledger: each measurement's, each correction's, and the true-up, which add up to the bill."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryHotStore, SetClock
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.publish_costs import PublishCosts
from application.terms_of import TermsOf
from domain.cost_event import CostEvent, CostKind
from domain.events import PeriodClosed
from domain.measurement import Correction, Measurement, Quality
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
START = datetime(2026, 3, 28, 23, tzinfo=UTC)  # 00:00 in Madrid; a day of 23 hours begins
INTERVALS = 276 + 288
WRONG = START + 100 * STEP


@pytest.fixture
def store(clock: SetClock) -> EventStore:
    return EventStore.in_memory(clock)


@pytest.fixture
def closed(mill: SupplyPoint, terms_of: TermsOf, store: EventStore) -> PeriodClosed:
    """March 2026: two days of readings, one of them corrected twice, then the close."""
    month = BillingMonth(date(2026, 3, 1), mill.zone)
    for local, first, count in ((date(2026, 3, 29), 0, 276), (date(2026, 3, 30), 276, 288)):
        day, terms = store.days.get(mill.device, local), terms_of(mill, month)
        before = store.days.get(mill.device, local - timedelta(days=1))
        store.days.append(day, [day.open(mill, terms, before.balance() if before.opened else None)])
        taken = [taken_at(i, meter) for i in range(first, first + count) for meter in ("main", "oven")]
        event = day.record(f"s/{local}", taken, terms)
        assert event is not None
        store.days.append(day, [event])
    correct = CorrectReading(store.days, terms_of)
    correct(mill, Correction("main", WRONG, 2500, 50, "ana", "wrong ratio"))
    correct(mill, Correction("main", WRONG, 2600, 60, "ana", "wrong ratio, better"))
    return ClosePeriod(store.days, store.periods, terms_of)(mill, month)


def taken_at(i: int, meter: str) -> Measurement:
    quality = Quality.ESTIMATED if i % 50 == 0 else Quality.MEASURED
    return Measurement(meter, START + i * STEP, 1000 + 7 * (i % 90), 300 + i % 11, quality)


@pytest.fixture
def costs(closed: PeriodClosed, store: EventStore, mill: SupplyPoint) -> list[CostEvent]:
    hot = MemoryHotStore()
    delivered = PublishCosts(store.ledger, store.positions, store.days, hot)()
    assert delivered == len(hot.costs)
    return list(hot.costs.values())


def test_the_main_meters_costs_and_the_true_up_are_the_bill(costs: list[CostEvent], closed: PeriodClosed) -> None:
    parts: Counter[str] = Counter()
    for cost in costs:
        if cost.meter in {"main", "mill"}:
            parts.update(cost.amount_nano)
    assert sum(parts.values()) == closed.bill.total * NANO
    assert {code: nano for code, nano in parts.items() if nano} == {
        line.code: int(line.amount * NANO) for line in closed.bill.lines if line.amount
    }


def test_the_main_meters_energy_is_the_bills(costs: list[CostEvent], closed: PeriodClosed) -> None:
    main = [cost for cost in costs if cost.meter == "main"]
    assert sum(cost.energy_wh for cost in main) == closed.bill.determinants.total_wh
    assert sum(cost.reactive_varh for cost in main) == closed.bill.determinants.reactive_varh


def test_every_interval_of_every_meter_has_one_provisional_cost_before_corrections(costs: list[CostEvent]) -> None:
    first = Counter(
        (cost.meter, cost.start) for cost in costs if cost.kind is CostKind.PROVISIONAL and cost.serial == 0
    )
    expected = {(meter, START + i * STEP) for meter in ("main", "oven") for i in range(INTERVALS)}
    assert first == Counter(expected)


def test_a_correction_is_a_reversal_and_a_new_cost_of_its_own_number(costs: list[CostEvent]) -> None:
    told = [cost for cost in costs if cost.meter == "main" and cost.start == WRONG]
    first, *later = sorted(told, key=lambda cost: (cost.serial, cost.kind == CostKind.PROVISIONAL))
    assert [cost.kind for cost in later] == [CostKind.REVERSAL, CostKind.PROVISIONAL] * 2
    assert [cost.energy_wh for cost in later] == [-first.energy_wh, 2500, -2500, 2600]
    assert len({cost.serial for cost in later}) == 2
    assert sum(cost.total_nano for cost in told) < 3 * max(cost.total_nano for cost in told)


def test_a_cost_says_where_when_and_by_which_rules(costs: list[CostEvent]) -> None:
    cost = next(one for one in costs if one.meter == "oven" and one.start == START + 276 * STEP)
    assert (cost.minutes, cost.supply_point, cost.period, cost.quality) == (5, "mill", "night", Quality.MEASURED)
    assert (cost.currency, cost.tariff, cost.tariff_version) == ("EUR", "small", "1")
    assert cost.amount_nano["energy.night"] == cost.energy_wh * 100_000


def test_estimated_energy_stays_marked(costs: list[CostEvent]) -> None:
    estimated = {cost.start for cost in costs if cost.quality is Quality.ESTIMATED}
    assert estimated == {START + i * STEP for i in range(0, INTERVALS, 50)}


def test_the_true_up_is_one_cost_of_the_whole_month_without_energy(
    costs: list[CostEvent], closed: PeriodClosed
) -> None:
    (true_up,) = (cost for cost in costs if cost.kind is CostKind.TRUE_UP)
    assert (true_up.meter, true_up.start) == ("mill", datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert true_up.minutes == 31 * 1440 - 60  # March has an hour less
    assert (true_up.energy_wh, true_up.reactive_varh) == (0, 0)
    assert true_up.amount_nano == closed.true_up_nano


def test_the_close_settles_rounding_taxes_and_the_time_that_was_not_measured(closed: PeriodClosed) -> None:
    assert closed.true_up_nano["tax"] == closed.bill.amount_of("tax") * NANO
    assert abs(closed.true_up_nano["energy.day"]) <= Decimal("0.005") * NANO
    assert closed.true_up_nano["supply"] > 0
    assert closed.live_nano.keys() == closed.true_up_nano.keys()
