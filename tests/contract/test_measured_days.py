"""MeasuredDays: days without their costs say what the days themselves say, whatever happened to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import SetClock
from application.terms_of import TermsOf
from domain.events import DayClosed
from domain.measured_day import MeasuredDay
from domain.measurement import NO_EXTRA, Correction, Extra, Measurement, Quality
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

OpenStore = Callable[[], EventStore]
WEDNESDAY = date(2026, 1, 7)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)
STEP = timedelta(minutes=5)
Slots = dict[int, tuple[int, int, int, Extra]]


def said(day: MeasuredDay) -> Slots:
    """By slot, what is known."""
    rows = zip(day.wh, day.varh, day.quality, strict=True)
    return {
        slot: (wh, varh, quality, day.extra.get(slot, NO_EXTRA))
        for slot, (wh, varh, quality) in enumerate(rows)
        if quality != Quality.MISSING
    }


def itself(day: MeteringDay, meter: str) -> Slots:
    one = day.meters[day.index[meter]]
    return {
        slot: (wh, one.varh[slot], int(slot in one.estimated), one.extra[slot])
        for slot, wh in enumerate(one.wh)
        if wh is not None
    }


@pytest.fixture
def terms(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth.of(MIDNIGHT, mill.zone))


@pytest.fixture
def opened(store: EventStore, mill: SupplyPoint, terms: Terms) -> MeteringDay:
    day = store.days.get("edge-1", WEDNESDAY)
    store.days.append(day, [day.open(mill, terms, None)])
    return day


def record(store: EventStore, day: MeteringDay, terms: Terms, *taken: Measurement) -> None:
    event = day.record(f"s/{day.version}", list(taken), terms)
    assert event is not None
    store.days.append(day, [event])


def of(meter: str, slot: int, wh: int, extra: Extra = NO_EXTRA, quality: Quality = Quality.MEASURED) -> Measurement:
    return Measurement(meter, MIDNIGHT + STEP * slot, wh, wh // 3, quality, extra)


def test_a_day_that_was_never_opened_has_no_meter(store: EventStore) -> None:
    assert store.days.measured("edge-1", WEDNESDAY, ["main"]) == {}


def test_only_the_meters_that_were_asked_for_are_told(store: EventStore, opened: MeteringDay, terms: Terms) -> None:
    record(store, opened, terms, of("main", 3, 900), of("oven", 3, 600), of("press", 3, 30))
    found = store.days.measured("edge-1", WEDNESDAY, ["oven", "press", "nobody"])
    assert {meter: said(day) for meter, day in found.items()} == {
        "oven": itself(opened, "oven"),
        "press": itself(opened, "press"),
    }
    assert found["oven"].start == MIDNIGHT


def test_several_rows_of_one_meter_in_one_upload_are_all_told(
    store: EventStore, opened: MeteringDay, terms: Terms
) -> None:
    rows = [of("main", slot, 100 * slot, quality=Quality.ESTIMATED) for slot in (4, 5, 6)]
    record(store, opened, terms, of("oven", 4, 1), *rows, of("oven", 5, 1))
    assert said(store.days.measured("edge-1", WEDNESDAY, ["main"])["main"]) == itself(opened, "main")


def test_the_registers_of_an_exporting_plant_are_told(store: EventStore, opened: MeteringDay, terms: Terms) -> None:
    record(store, opened, terms, of("main", 3, 900, Extra(40, 5)), of("oven", 3, 600))
    record(store, opened, terms, of("main", 4, 800, Extra(None, 7)), of("press", 4, 1))
    for asked in (["main"], ["main", "oven"]):
        assert said(store.days.measured("edge-1", WEDNESDAY, asked)["main"]) == itself(opened, "main")


def test_a_correction_is_the_later_word(store: EventStore, opened: MeteringDay, terms: Terms) -> None:
    record(store, opened, terms, of("main", 3, 900, Extra(40), Quality.ESTIMATED))
    told = Correction("main", MIDNIGHT + 3 * STEP, 500, 9, "ana", "why", Extra(70))
    store.days.append(opened, [opened.correct(told, terms)])
    assert said(store.days.measured("edge-1", WEDNESDAY, ["main"])["main"]) == {3: (500, 9, 0, Extra(70))}
    assert itself(opened, "main") == {3: (500, 9, 0, Extra(70))}


def test_a_meter_that_joined_the_day_is_told_from_then_on(
    open_store: OpenStore, store: EventStore, mill: SupplyPoint, terms: Terms
) -> None:
    day = store.days.get("edge-1", WEDNESDAY)
    alone = replace(mill, meters={"main": mill.meters["main"]})
    store.days.append(day, [day.open(alone, terms, None)])
    record(store, day, terms, of("main", 3, 900))
    joined = day.join("oven", terms, None)
    assert joined is not None
    store.days.append(day, [joined])
    record(store, day, terms, of("oven", 4, 70), of("main", 4, 80))
    found = open_store().days.measured("edge-1", WEDNESDAY, ["oven", "main"])
    assert {meter: said(one) for meter, one in found.items()} == {
        "main": itself(day, "main"),
        "oven": itself(day, "oven"),
    }


def test_a_day_is_told_as_it_was_known(store: EventStore, opened: MeteringDay, terms: Terms, clock: SetClock) -> None:
    record(store, opened, terms, of("main", 3, 900))
    then = clock.instant
    clock.instant += STEP
    record(store, opened, terms, of("main", 4, 800))
    store.days.append(opened, [DayClosed(WEDNESDAY)])
    assert set(said(store.days.measured("edge-1", WEDNESDAY, ["main"], then)["main"])) == {3}
    assert set(said(store.days.measured("edge-1", WEDNESDAY, ["main"])["main"])) == {3, 4}
    assert store.days.measured("edge-1", WEDNESDAY, ["main"], then - 2 * STEP) == {}
