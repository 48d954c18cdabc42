"""BillingPeriods: a month that was closed is closed for every reader, with the bill it was closed with."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from adapters.event_store import EventStore
from application.ports import SomeoneElseWrote
from application.terms_of import TermsOf
from domain.determinants import Determinants
from domain.events import PeriodClosed
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

OpenStore = Callable[[], EventStore]


@pytest.fixture
def january(mill: SupplyPoint) -> BillingMonth:
    return BillingMonth(date(2026, 1, 1), mill.zone)


@pytest.fixture
def closed(mill: SupplyPoint, terms_of: TermsOf, january: BillingMonth, store: EventStore) -> PeriodClosed:
    """Decided, not stored: a bill with a line on every basis, a peak and a bonus."""
    at = datetime(2026, 1, 7, 9, 15, tzinfo=UTC)
    d = Determinants([10**9, 5 * 10**9], 10**8, [60_000, 70_000], [at, at], 8000, 17)
    terms = terms_of(mill, january)
    live = dict(zip(terms.tariff.line_codes, terms.accrued_nano(d), strict=True))
    return store.periods.get("mill", january).close([(d, terms)], live)


def test_a_month_in_which_nothing_happened_is_open(store: EventStore, january: BillingMonth) -> None:
    period = store.periods.get("mill", january)
    assert (period.supply_point, period.month, period.version, period.bill) == ("mill", january, 0, None)


def test_a_closed_month_has_its_bill_to_the_last_detail(
    open_store: OpenStore, january: BillingMonth, closed: PeriodClosed
) -> None:
    store = open_store()
    period = store.periods.get("mill", january)
    store.periods.append(period, [closed])
    assert (period.version, period.bill) == (1, closed.bill)
    again = open_store().periods.get("mill", january)
    assert again.bill == closed.bill
    assert again == period


def test_other_months_and_supply_points_stay_open(
    store: EventStore, january: BillingMonth, closed: PeriodClosed
) -> None:
    store.periods.append(store.periods.get("mill", january), [closed])
    assert store.periods.get("mill", january.next()).bill is None
    assert store.periods.get("mine", january).bill is None


def test_a_month_cannot_be_closed_by_two(open_store: OpenStore, january: BillingMonth, closed: PeriodClosed) -> None:
    one, other = open_store(), open_store()
    first, second = one.periods.get("mill", january), other.periods.get("mill", january)
    one.periods.append(first, [closed])
    with pytest.raises(SomeoneElseWrote, match="billing-period/mill/2026-01 moved past version 0"):
        other.periods.append(second, [closed])
    assert second.bill is None
    assert other.periods.get("mill", january).bill == closed.bill
