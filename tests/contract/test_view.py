"""View: each event once, in one transaction with the position; and drawn again it is what it was, byte for byte."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.event_store import EventStore
from adapters.ledger_view import LedgerView
from adapters.memory import SetClock
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.ports import LedgerEntry, SomeoneElseWrote, Unavailable
from application.project import catch_up, rebuild
from application.terms_of import TermsOf
from domain.measurement import Correction, Gap, Measurement, Verdict
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)
DAYS = (date(2026, 1, 7), date(2026, 1, 8))


@pytest.fixture
def ledger(mill: SupplyPoint, terms_of: TermsOf, clock: SetClock) -> EventStore:
    """Two days of two meters with a correction and a gap, closed into a bill."""
    store = EventStore.in_memory(clock)
    month = BillingMonth(date(2026, 1, 1), mill.zone)
    terms = terms_of(mill, month)
    for number, local in enumerate(DAYS):
        day, start = store.days.get(mill.device, local), MIDNIGHT + timedelta(days=number)
        store.days.append(day, [day.open(mill, terms, None)])
        for slot in range(0, 288, 12):
            taken = [
                Measurement(meter, start + slot * STEP, 900 + slot * (number + 1), slot) for meter in ("main", "oven")
            ]
            event = day.record(f"s/{slot}", taken, terms)
            assert event is not None
            store.days.append(day, [event])
        gap = day.declare("s/gap", Gap("oven", start + 5 * STEP, start + 9 * STEP, Verdict.RESET))
        assert gap is not None
        store.days.append(day, [gap])
    correct = CorrectReading(store.days, terms_of)
    correct(mill, Correction("main", MIDNIGHT + 24 * STEP, 5000, 7, "ana", "wrong ratio"))
    ClosePeriod(store.days, store.periods, terms_of)(mill, month)
    return store


@pytest.fixture
def open_view(tmp_path: Path) -> Callable[[], LedgerView]:
    return lambda: LedgerView(tmp_path / "view.sqlite")


def entries(store: EventStore) -> Sequence[LedgerEntry]:
    return store.ledger.after(0, 10_000)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def test_a_new_view_is_at_nothing(open_view: Callable[[], LedgerView]) -> None:
    assert open_view().position() == 0


def test_a_view_takes_each_event_once_and_says_how_far_it_is(
    ledger: EventStore, open_view: Callable[[], LedgerView]
) -> None:
    view = open_view()
    assert catch_up(ledger.ledger, view) == len(entries(ledger)) == view.position()
    assert catch_up(ledger.ledger, view) == 0


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_the_size_of_the_batches_changes_nothing(ledger: EventStore, tmp_path: Path, limit: int) -> None:
    one, other = LedgerView(tmp_path / "one"), LedgerView(tmp_path / "other")
    catch_up(ledger.ledger, one)
    catch_up(ledger.ledger, other, limit)
    assert one.digest() == other.digest()


def test_a_rebuilt_view_is_what_it_was_and_an_empty_one_is_not(
    ledger: EventStore, open_view: Callable[[], LedgerView]
) -> None:
    view = open_view()
    empty = view.digest()
    catch_up(ledger.ledger, view, 5)
    live = view.digest()
    assert rebuild(ledger.ledger, view) == len(entries(ledger))
    assert view.digest() == live != empty
    view.clear()
    assert (view.digest(), view.position()) == (empty, 0)


def test_a_second_process_goes_on_where_the_first_one_was(
    ledger: EventStore, open_view: Callable[[], LedgerView], tmp_path: Path
) -> None:
    first, second, whole = open_view(), open_view(), LedgerView(tmp_path / "whole")
    some = entries(ledger)[:20]
    first.apply(0, some)
    with pytest.raises(SomeoneElseWrote, match="is no longer at position 0"):
        second.apply(0, some)
    catch_up(ledger.ledger, second)
    catch_up(ledger.ledger, whole)
    assert first.digest() == second.digest() == whole.digest()


def test_a_batch_that_fails_half_way_leaves_no_trace(
    ledger: EventStore, open_view: Callable[[], LedgerView], mill: SupplyPoint
) -> None:
    view, found = open_view(), list(entries(ledger))
    before = view.digest()
    stranger = replace(found[3], device="edge-2")
    with pytest.raises(Unavailable, match="edge-2 2026-01-07 has events, but the view did not see it open"):
        view.apply(0, [*found[:3], stranger])
    assert view.digest() == before
    catch_up(ledger.ledger, view)
    assert view.position() == len(found)


def test_a_view_adds_up_to_the_bill(
    ledger: EventStore, open_view: Callable[[], LedgerView], tmp_path: Path, mill: SupplyPoint
) -> None:
    catch_up(ledger.ledger, open_view())
    bill = ledger.periods.get(mill.id, BillingMonth(date(2026, 1, 1), mill.zone)).bill
    assert bill is not None
    path = tmp_path / "view.sqlite"
    live = rows(path, "SELECT live_nano, reversed_nano FROM cost WHERE meter = 'main'")
    ((true_up,),) = rows(path, "SELECT true_up_nano FROM bill")
    settled = sum(json.loads(str(true_up)).values())
    assert sum(int(str(amount)) for row in live for amount in row) + settled == bill.total * NANO
    energy = rows(path, "SELECT wh FROM energy WHERE meter = 'main'")
    assert sum(int(str(wh)) for (wh,) in energy) == bill.determinants.total_wh
    assert rows(path, "SELECT month, number, total FROM bill") == [("2026-01", 1, str(bill.total))]
    assert rows(path, "SELECT sum(measured), sum(in_gaps), sum(corrections) FROM coverage") == [(96, 8, 1)]


def test_a_file_that_is_no_view_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "note").write_bytes(b"not a database, but long enough to be one" * 100)
    with pytest.raises(Unavailable, match="cannot be used now"):
        LedgerView(tmp_path / "note")
