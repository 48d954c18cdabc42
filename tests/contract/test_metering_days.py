"""MeteringDays: all or nothing, once, and the day as it is now, however many writers there are."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import DAYS_KEPT_WARM, EventStore
from adapters.memory import SetClock
from application.ports import SomeoneElseWrote
from application.terms_of import TermsOf
from domain.events import DayClosed, DayOpened, ReadingsPriced
from domain.measurement import Correction, Measurement
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

OpenStore = Callable[[], EventStore]

WEDNESDAY = date(2026, 1, 7)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)


@pytest.fixture
def terms(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 1, 1), mill.zone))


@pytest.fixture
def opened(mill: SupplyPoint, terms: Terms) -> DayOpened:
    return MeteringDay("edge-1", WEDNESDAY).open(mill, terms, None)


def priced(day: MeteringDay, terms: Terms, slot: int, wh: int = 1000) -> ReadingsPriced:
    taken = Measurement("main", MIDNIGHT + timedelta(minutes=5) * slot, wh, 0)
    event = day.record(f"s/{slot}", [taken], terms)
    assert event is not None
    return event


def known(store: EventStore) -> list[int]:
    day = store.days.get("edge-1", WEDNESDAY)
    return [slot for slot, wh in enumerate(day.meters[day.index["main"]].wh) if wh is not None]


def test_a_day_on_which_nothing_happened_is_not_opened(store: EventStore) -> None:
    day = store.days.get("edge-1", WEDNESDAY)
    assert (day.device, day.day, day.version, day.opened) == ("edge-1", WEDNESDAY, 0, None)


def test_after_an_append_the_day_has_evolved(store: EventStore, opened: DayOpened, terms: Terms) -> None:
    day = store.days.get("edge-1", WEDNESDAY)
    store.days.append(day, [opened])
    store.days.append(day, [priced(day, terms, 3)])
    assert (day.version, day.opened) == (2, opened)
    assert store.days.get("edge-1", WEDNESDAY) == day
    assert known(store) == [3]


def test_several_events_are_one_write(open_store: OpenStore, opened: DayOpened, terms: Terms) -> None:
    store, scratch = open_store(), MeteringDay("edge-1", WEDNESDAY)
    scratch.evolve(opened)
    store.days.append(store.days.get("edge-1", WEDNESDAY), [opened, priced(scratch, terms, 3), DayClosed(WEDNESDAY)])
    again = open_store().days.get("edge-1", WEDNESDAY)
    assert (again.version, again.closed) == (3, True)


def test_appending_nothing_changes_nothing(store: EventStore, opened: DayOpened) -> None:
    day = store.days.get("edge-1", WEDNESDAY)
    store.days.append(day, [])
    store.days.append(day, [opened])
    assert day.version == 1


def test_a_store_opened_again_gives_the_same_day(open_store: OpenStore, opened: DayOpened, terms: Terms) -> None:
    before = open_store()
    day = before.days.get("edge-1", WEDNESDAY)
    before.days.append(day, [opened])
    for slot in (5, 3, 100):
        before.days.append(day, [priced(day, terms, slot)])
    wrong = MIDNIGHT + timedelta(minutes=25)
    before.days.append(day, [day.correct(Correction("main", wrong, 7, 1, "ana", "wrong ratio"), terms)])
    assert open_store().days.get("edge-1", WEDNESDAY) == day


def test_days_of_other_dates_and_devices_are_other_days(store: EventStore, opened: DayOpened) -> None:
    store.days.append(store.days.get("edge-1", WEDNESDAY), [opened])
    for device, day in (("edge-1", date(2026, 1, 8)), ("edge-2", WEDNESDAY), ("edge-1/2026-01-07", WEDNESDAY)):
        assert store.days.get(device, day).version == 0


def test_the_second_writer_is_told_and_after_loading_again_succeeds(
    open_store: OpenStore, opened: DayOpened, terms: Terms
) -> None:
    one, other = open_store(), open_store()
    one.days.append(one.days.get("edge-1", WEDNESDAY), [opened])
    first, second = one.days.get("edge-1", WEDNESDAY), other.days.get("edge-1", WEDNESDAY)
    event = priced(second, terms, 4)
    one.days.append(first, [priced(first, terms, 3)])
    with pytest.raises(SomeoneElseWrote, match="metering-day/edge-1/2026-01-07 moved past version 1") as refused:
        other.days.append(second, [event, DayClosed(WEDNESDAY)])
    assert refused.value.__cause__ is not None
    assert known(other) == [3]
    day = other.days.get("edge-1", WEDNESDAY)
    other.days.append(day, [priced(day, terms, 4)])
    assert (known(one), known(other)) == ([3, 4], [3, 4])
    assert not one.days.get("edge-1", WEDNESDAY).closed


def test_two_writers_cannot_both_open_a_day(open_store: OpenStore, opened: DayOpened) -> None:
    one, other = open_store(), open_store()
    first, second = one.days.get("edge-1", WEDNESDAY), other.days.get("edge-1", WEDNESDAY)
    one.days.append(first, [opened])
    with pytest.raises(SomeoneElseWrote):
        other.days.append(second, [opened])


def test_what_another_writer_stored_is_seen_without_being_told(
    open_store: OpenStore, opened: DayOpened, terms: Terms
) -> None:
    one, other = open_store(), open_store()
    assert other.days.get("edge-1", WEDNESDAY).opened is None
    day = one.days.get("edge-1", WEDNESDAY)
    one.days.append(day, [opened])
    assert other.days.get("edge-1", WEDNESDAY).opened == opened
    one.days.append(day, [priced(day, terms, 3)])
    assert known(other) == [3]


def test_more_days_than_are_kept_at_hand_are_still_all_there(
    open_store: OpenStore, opened: DayOpened, terms: Terms
) -> None:
    store = open_store()
    for number in range(DAYS_KEPT_WARM + 3):
        store.days.append(store.days.get(f"edge-{number}", WEDNESDAY), [opened])
    assert store.days.get("edge-0", WEDNESDAY).opened == opened
    assert store.days.get(f"edge-{DAYS_KEPT_WARM + 2}", WEDNESDAY).version == 1


def test_a_day_is_given_as_it_was_known_at_a_past_moment(
    store: EventStore, opened: DayOpened, terms: Terms, clock: SetClock
) -> None:
    day, start = store.days.get("edge-1", WEDNESDAY), clock.instant
    store.days.append(day, [opened])
    clock.instant += timedelta(hours=1)
    store.days.append(day, [DayClosed(WEDNESDAY)])
    past = store.days.get("edge-1", WEDNESDAY, known_at=start)
    assert (past.version, past.opened, past.closed) == (1, opened, False)
    assert store.days.get("edge-1", WEDNESDAY, known_at=start - timedelta(microseconds=1)).opened is None
    assert store.days.get("edge-1", WEDNESDAY, known_at=clock.instant).closed
    assert store.days.get("edge-1", WEDNESDAY).closed
    assert [entry.recorded_at for entry in store.ledger.after(0, 9)] == [start, clock.instant]


def test_appends_at_once_are_one_write_which_the_day_knows_before_others_do(
    open_store: OpenStore, opened: DayOpened, terms: Terms
) -> None:
    one, other = open_store(), open_store()
    with one.days.at_once():
        one.days.append(one.days.get("edge-1", WEDNESDAY), [opened])
        day = one.days.get("edge-1", WEDNESDAY)
        one.days.append(day, [priced(day, terms, 3)])
        one.days.append(one.days.get("edge-2", WEDNESDAY), [opened])
        one.days.append(day, [priced(day, terms, 4)])
        assert known(one) == [3, 4]
        assert other.days.get("edge-1", WEDNESDAY).version == 0
    assert (known(one), known(other), other.days.get("edge-2", WEDNESDAY).version) == ([3, 4], [3, 4], 1)
    told = [(entry.device, type(entry.event).__name__) for entry in other.ledger.after(0, 10)]
    assert told == [
        ("edge-1", "DayOpened"),
        ("edge-1", "ReadingsPriced"),
        ("edge-2", "DayOpened"),
        ("edge-1", "ReadingsPriced"),
    ]


def test_of_appends_at_once_nothing_is_stored_or_known_after_an_error_within(
    store: EventStore, opened: DayOpened, terms: Terms
) -> None:
    day = store.days.get("edge-1", WEDNESDAY)
    store.days.append(day, [opened])

    def fails_within() -> None:
        with store.days.at_once():
            store.days.append(day, [priced(day, terms, 3)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_within()
    assert known(store) == []
    day = store.days.get("edge-1", WEDNESDAY)
    store.days.append(day, [priced(day, terms, 4)])
    assert known(store) == [4]


def test_of_appends_at_once_nothing_is_stored_where_somebody_else_wrote(
    open_store: OpenStore, opened: DayOpened, terms: Terms
) -> None:
    one, other = open_store(), open_store()
    one.days.append(one.days.get("edge-1", WEDNESDAY), [opened])
    first, second = one.days.get("edge-1", WEDNESDAY), other.days.get("edge-1", WEDNESDAY)

    def collide() -> None:
        with one.days.at_once():
            one.days.append(one.days.get("edge-2", WEDNESDAY), [opened])
            one.days.append(first, [priced(first, terms, 3)])
            other.days.append(second, [priced(second, terms, 4)])

    with pytest.raises(SomeoneElseWrote, match="edge-2/2026-01-07 or metering-day/edge-1/2026-01-07 moved on"):
        collide()
    assert (known(one), one.days.get("edge-2", WEDNESDAY).version) == ([4], 0)
