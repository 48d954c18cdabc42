"""Ledger and Positions: every event once, in order; every sink knows how far it has come."""

from collections.abc import Callable
from datetime import date

import pytest

from adapters.event_store import EventStore
from adapters.memory import SetClock
from application.ports import SomeoneElseWrote
from application.terms_of import TermsOf
from domain.determinants import Determinants
from domain.events import DayClosed, DayEvent, Event
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

OpenStore = Callable[[], EventStore]

DAYS = [date(2026, 1, day) for day in range(7, 12)]


def fill(store: EventStore, mill: SupplyPoint, terms_of: TermsOf) -> list[Event]:
    """A day opened and closed for each device of five, and a month closed in between."""
    month = BillingMonth(date(2026, 1, 1), mill.zone)
    terms, events = terms_of(mill, month), list[Event]()
    for day in DAYS:
        found = store.days.get("edge/1", day)
        both: list[DayEvent] = [found.open(mill, terms, None), DayClosed(day)]
        store.days.append(found, both)
        events += both
        if day == DAYS[2]:
            period = store.periods.get("mill", month)
            closed = period.close([(Determinants.nothing(2), terms)], {})
            store.periods.append(period, [closed])
            events.append(closed)
    return events


def test_an_empty_ledger_has_nothing_after_nothing(store: EventStore) -> None:
    assert list(store.ledger.after(0, 10)) == []


def test_all_events_are_there_once_in_the_order_they_were_stored(
    open_store: OpenStore, mill: SupplyPoint, terms_of: TermsOf
) -> None:
    events = fill(open_store(), mill, terms_of)
    entries = open_store().ledger.after(0, 100)
    assert [entry.event for entry in entries] == events
    assert [entry.position for entry in entries] == sorted({entry.position for entry in entries})
    assert entries[0].position == 1


def test_an_entry_names_its_day_and_a_month_has_none(store: EventStore, mill: SupplyPoint, terms_of: TermsOf) -> None:
    fill(store, mill, terms_of)
    named = [(entry.device, entry.day) for entry in store.ledger.after(0, 7)]
    assert named == [("edge/1", DAYS[0])] * 2 + [("edge/1", DAYS[1])] * 2 + [("edge/1", DAYS[2])] * 2 + [("", None)]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_read_in_parts_nothing_is_missed_or_repeated(
    store: EventStore, mill: SupplyPoint, terms_of: TermsOf, limit: int
) -> None:
    events, position, read = fill(store, mill, terms_of), 0, list[Event]()
    while entries := store.ledger.after(position, limit):
        assert len(entries) <= limit
        assert all(entry.position > position for entry in entries)
        read += [entry.event for entry in entries]
        position = entries[-1].position
    assert read == events
    assert list(store.ledger.after(position + 1000, limit)) == []


def test_equal_ledgers_have_equal_digests(
    mill: SupplyPoint, terms_of: TermsOf, open_store: OpenStore, clock: SetClock
) -> None:
    store, memory = open_store(), EventStore.in_memory(clock)
    for one in (store, memory):
        fill(one, mill, terms_of)
    assert store.ledger.digest() == memory.ledger.digest() == open_store().ledger.digest()
    assert store.ledger.digest() != EventStore.in_memory(clock).ledger.digest()


def test_a_sink_begins_at_nothing(store: EventStore) -> None:
    assert store.positions.of("lake") == 0


def test_each_sink_has_its_own_position_which_outlives_the_process(open_store: OpenStore) -> None:
    store = open_store()
    store.positions.moved("lake", 3)
    store.positions.moved("lake", 7)
    store.positions.moved("hot", 5)
    again = open_store()
    assert (again.positions.of("lake"), again.positions.of("hot"), again.positions.of("other")) == (7, 5, 0)


@pytest.mark.parametrize("position", [7, 3])
def test_a_sink_never_moves_back_nor_to_the_same_place_twice(open_store: OpenStore, position: int) -> None:
    one, other = open_store(), open_store()
    one.positions.moved("lake", 7)
    with pytest.raises(SomeoneElseWrote, match=f"sink lake is already at {position} or further"):
        other.positions.moved("lake", position)
    assert other.positions.of("lake") == 7
