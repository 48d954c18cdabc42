"""The proof itself: a reading that is lost, priced twice or billed wrongly is counted, and nothing else is."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import SetClock
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.reconcile import Reconciliation, reconcile
from application.terms_of import TermsOf
from domain.events import DayOpened, ReadingsPriced
from domain.measurement import Correction, Measurement, Quality
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
START = datetime(2026, 1, 7, 8, tzinfo=UTC)
ENDS = [START + i * STEP for i in (1, 2, 3)]
TAKEN = {"main": ENDS, "oven": ENDS}


@pytest.fixture
def store(clock: SetClock) -> EventStore:
    return EventStore.in_memory(clock)


@pytest.fixture
def day(mill: SupplyPoint, terms_of: TermsOf, store: EventStore) -> MeteringDay:
    """Three intervals of two meters, one of them estimated."""
    found, terms = store.days.get(mill.device, date(2026, 1, 7)), terms_of(mill, january(mill))
    store.days.append(found, [found.open(mill, terms, None)])
    taken = [Measurement(meter, end - STEP, 1000, 300) for meter in TAKEN for end in ENDS]
    taken[-1] = replace(taken[-1], quality=Quality.ESTIMATED)
    event = found.record("s/1", taken, terms)
    assert event is not None
    store.days.append(found, [event])
    return found


def january(mill: SupplyPoint) -> BillingMonth:
    return BillingMonth(date(2026, 1, 1), mill.zone)


def proof(store: EventStore, taken: dict[str, list[datetime]] = TAKEN) -> Reconciliation:
    return reconcile(store.ledger, store.days, taken, {"mill": "main"}, opening=2)


def test_books_that_are_right_hold(day: MeteringDay, store: EventStore) -> None:
    found = proof(store)
    assert found == Reconciliation(6, 2, priced=6, estimated=1, lost=0, priced_twice=0, bills=0, bills_off=())
    assert found.holds


def test_a_reading_that_was_taken_and_never_priced_is_lost(day: MeteringDay, store: EventStore) -> None:
    found = proof(store, {**TAKEN, "oven": [*ENDS, ENDS[-1] + STEP], "press": ENDS[:1]})
    assert (found.taken, found.priced, found.lost, found.holds) == (8, 6, 2, False)


def test_a_reading_that_was_priced_twice_is_counted(day: MeteringDay, store: EventStore) -> None:
    priced = store.ledger.after(1, 1)[0].event
    assert isinstance(priced, ReadingsPriced)
    store.days.append(day, [replace(priced, upload="s/2")])
    found = proof(store)
    assert (found.priced_twice, found.lost, found.holds) == (6, 0, False)


def test_a_bill_that_is_the_sum_of_its_costs_holds_after_a_correction_too(
    mill: SupplyPoint, terms_of: TermsOf, day: MeteringDay, store: EventStore
) -> None:
    for meter in TAKEN:
        CorrectReading(store.days, terms_of)(mill, Correction(meter, START, 500, 10, "ana", "wrong ratio"))
    ClosePeriod(store.days, store.periods, terms_of)(mill, january(mill))
    found = proof(store)
    assert (found.bills, found.bills_off, found.holds) == (1, (), True)


@pytest.mark.parametrize("code", ["energy.day", "tax"])
def test_a_bill_that_is_off_by_a_nano_of_one_line_is_named(
    mill: SupplyPoint, terms_of: TermsOf, day: MeteringDay, store: EventStore, code: str
) -> None:
    period, terms = store.periods.get("mill", january(mill)), terms_of(mill, january(mill))
    main = day.meters[day.index["main"]]
    live = dict(zip(terms.tariff.line_codes, main.live_nano, strict=True))
    closed = period.close([(main.today, terms)], live)
    wrong = {**closed.true_up_nano, code: closed.true_up_nano[code] + 1}
    store.periods.append(period, [replace(closed, true_up_nano=wrong)])
    found = proof(store)
    assert (found.bills_off, found.holds) == (("mill 2026-01",), False)


def test_an_opened_day_alone_prices_nothing(mill: SupplyPoint, terms_of: TermsOf, store: EventStore) -> None:
    day = store.days.get(mill.device, date(2026, 1, 7))
    store.days.append(day, [day.open(mill, terms_of(mill, january(mill)), None)])
    assert isinstance(store.ledger.after(0, 1)[0].event, DayOpened)
    assert Counter({"lost": proof(store).lost, "priced": proof(store).priced}) == Counter(lost=6)
