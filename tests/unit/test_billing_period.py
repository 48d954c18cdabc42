"""A billing month closes once, into a bill; its days are shut before they are added up."""

from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import SetClock
from application.balance import balance_before
from application.close_period import ClosePeriod
from application.terms_of import TermsOf
from domain.billing_period import BillingPeriod
from domain.determinants import Determinants
from domain.errors import PeriodIsClosed
from domain.measurement import Measurement
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
JANUARY = date(2026, 1, 1)


@pytest.fixture
def january(mill: SupplyPoint) -> BillingMonth:
    return BillingMonth(JANUARY, mill.zone)


@pytest.fixture
def store(clock: SetClock) -> EventStore:
    return EventStore.in_memory(clock)


def use(store: EventStore, mill: SupplyPoint, terms_of: TermsOf, local: date, hour: int, wh: int) -> None:
    """One measurement of the main meter, at an hour of winter time."""
    start = datetime(local.year, local.month, local.day, tzinfo=UTC) + timedelta(hours=hour - 1)
    day, terms = store.days.get(mill.device, local), terms_of(mill, BillingMonth(local.replace(day=1), mill.zone))
    if day.opened is None:
        store.days.append(day, [day.open(mill, terms, balance_before(store.days, mill.device, local, terms))])
    event = day.record(f"s/{start}", [Measurement("main", start, wh, 0)], terms)
    assert event is not None
    store.days.append(day, [event])


def test_a_month_closes_into_a_bill_and_a_true_up(mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth) -> None:
    period, terms = BillingPeriod("mill", january), terms_of(mill, january)
    d = Determinants([5000, 7000], 0, [5000, 7000], [january.start_utc] * 2, 24)
    live = dict(zip(terms.tariff.line_codes, terms.accrued_nano(d), strict=True))
    closed = period.close([(d, terms)], live)
    assert period == BillingPeriod("mill", january)  # deciding changes nothing
    period.evolve(closed)
    assert (period.bill, period.version) == (closed.bill, 1)
    assert sum(closed.live_nano.values()) + sum(closed.true_up_nano.values()) == closed.bill.total * NANO


def test_a_closed_month_does_not_close_again_and_says_its_total(
    mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth
) -> None:
    period, terms = BillingPeriod("mill", january), terms_of(mill, january)
    nothing = Determinants.nothing(2)
    period.evolve(period.close([(nothing, terms)], {}))
    with pytest.raises(PeriodIsClosed, match=r"mill 2026-01 is closed with 856\.28 EUR; .* needs a correction"):
        period.close([(nothing, terms)], {})


def test_the_bill_is_of_all_days_of_the_month_and_no_other(
    mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth, store: EventStore
) -> None:
    for local, wh in (
        (date(2025, 12, 31), 99),
        (date(2026, 1, 1), 10),
        (date(2026, 1, 31), 20),
        (date(2026, 2, 1), 77),
    ):
        use(store, mill, terms_of, local, 9, wh)
    closed = ClosePeriod(store.days, store.periods, terms_of)(mill, january)
    assert closed.bill.determinants.total_wh == 30
    assert store.periods.get("mill", january).bill == closed.bill


def test_days_are_shut_with_the_month_and_other_months_stay_open(
    mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth, store: EventStore
) -> None:
    use(store, mill, terms_of, date(2026, 1, 31), 9, 20)
    use(store, mill, terms_of, date(2026, 2, 1), 9, 20)
    ClosePeriod(store.days, store.periods, terms_of)(mill, january)
    assert store.days.get(mill.device, date(2026, 1, 31)).closed
    assert not store.days.get(mill.device, date(2026, 2, 1)).closed


def test_a_close_that_broke_off_can_be_done_again(
    mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth, store: EventStore
) -> None:
    use(store, mill, terms_of, date(2026, 1, 7), 9, 20)
    use(store, mill, terms_of, date(2026, 1, 8), 9, 20)
    day = store.days.get(mill.device, date(2026, 1, 7))
    shut = day.close()
    assert shut is not None
    store.days.append(day, [shut])  # the power went after the first day
    assert ClosePeriod(store.days, store.periods, terms_of)(mill, january).bill.determinants.total_wh == 40


def test_a_day_begins_with_the_latest_day_that_has_readings(
    mill: SupplyPoint, terms_of: TermsOf, store: EventStore
) -> None:
    use(store, mill, terms_of, date(2026, 1, 5), 9, 50)
    balance = balance_before(
        store.days, mill.device, date(2026, 1, 9), terms_of(mill, BillingMonth(JANUARY, mill.zone))
    )
    assert balance is not None
    assert balance["main"].energy_wh == [0, 50]


def test_the_second_day_of_a_month_begins_with_the_first(
    mill: SupplyPoint, terms_of: TermsOf, store: EventStore
) -> None:
    use(store, mill, terms_of, JANUARY, 9, 50)
    balance = balance_before(
        store.days, mill.device, date(2026, 1, 2), terms_of(mill, BillingMonth(JANUARY, mill.zone))
    )
    assert balance is not None
    assert balance["main"].total_wh == 50


def test_a_month_begins_with_nothing(mill: SupplyPoint, terms_of: TermsOf, store: EventStore) -> None:
    use(store, mill, terms_of, date(2026, 1, 31), 9, 50)
    february = terms_of(mill, BillingMonth(date(2026, 2, 1), mill.zone))
    assert balance_before(store.days, mill.device, date(2026, 2, 1), february) is None
    assert balance_before(store.days, mill.device, date(2026, 2, 28), february) is None
