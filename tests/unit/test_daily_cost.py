"""Daily sums: an upload of all meters at once adds what its rows would add one by one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from application.terms_of import TermsOf
from domain.daily_cost import DailyCost, DailyCosts
from domain.events import DayJoined, DayOpened, GapDeclared, ReadingCorrected, ReadingsPriced
from domain.measurement import Correction, Measurement, Quality
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

WEDNESDAY = date(2026, 1, 7)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)
STEP = timedelta(minutes=5)


@pytest.fixture
def terms(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth.of(MIDNIGHT, mill.zone))


@pytest.fixture
def day(mill: SupplyPoint, terms: Terms) -> MeteringDay:
    found = MeteringDay("edge-1", WEDNESDAY)
    found.evolve(found.open(mill, terms, None))
    return found


def opened(day: MeteringDay) -> DayOpened:
    assert day.opened is not None
    return day.opened


def upload(day: MeteringDay, terms: Terms, slot: int, energies: dict[str, int]) -> ReadingsPriced:
    """Of some meters at one slot; the day has evolved by it."""
    quality = Quality.ESTIMATED if slot % 2 else Quality.MEASURED
    start = MIDNIGHT + slot * STEP
    taken = [Measurement(meter, start, wh, wh // 3, quality) for meter, wh in energies.items()]
    event = day.record(f"s/{slot}", taken, terms)
    assert event is not None
    day.evolve(event)
    return event


def rows(event: ReadingsPriced) -> list[ReadingsPriced]:
    """The same, an event a row."""
    columns = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, strict=True)
    return [
        ReadingsPriced("s/1", (m,), (slot,), (wh,), (varh,), (e,), tuple(c[row : row + 1] for c in event.live_nano))
        for row, (m, slot, wh, varh, e) in enumerate(columns)
    ]


def sums(opened: DayOpened, *events: ReadingsPriced | ReadingCorrected | GapDeclared) -> dict[str, DailyCost]:
    costs = DailyCosts(opened)
    for event in events:
        costs.see(event)
    return {meter: cost for meter, _, cost in costs.by_meter()}


def test_an_upload_of_all_meters_adds_what_its_rows_add(day: MeteringDay, terms: Terms) -> None:
    names = opened(day).meters
    assert len(names) >= 2
    events = [upload(day, terms, slot, {m: 900 + slot * n for n, m in enumerate(names)}) for slot in (7, 100, 130)]
    found = sums(opened(day), *events)
    assert found == sums(opened(day), *(row for event in reversed(events) for row in rows(event)))
    assert found.keys() == set(names)
    assert [(cost.measured, cost.estimated) for cost in found.values()] == [(2, 1)] * len(names)
    for name, cost in found.items():
        meter = day.meters[day.index[name]]
        assert list(cost.wh) == meter.today.energy_wh
        assert sum(cost.varh) == meter.today.reactive_varh
        assert list(cost.live_nano) == meter.live_nano
        assert any(cost.live_nano)


def test_only_meters_that_an_event_tells_of_are_told(day: MeteringDay, terms: Terms) -> None:
    first, second, *_ = opened(day).meters
    event = upload(day, terms, 3, {second: 600})
    assert sums(opened(day), event).keys() == {second}
    gap = GapDeclared("s/1", 0, 4, 9, "reset")
    assert sums(opened(day), gap)[first].in_gaps == 5


def test_a_correction_moves_energy_and_tells_what_it_took_back(day: MeteringDay, terms: Terms) -> None:
    name = opened(day).meters[0]
    event = upload(day, terms, 4, {name: 900})
    corrected = day.correct(Correction(name, MIDNIGHT + 4 * STEP, 500, 9, "ana", "why"), terms)
    found = sums(opened(day), event, corrected)[name]
    assert (sum(found.wh), sum(found.varh), found.corrections) == (500, 9, 1)
    assert found.reversed_nano == corrected.reversed_nano


def test_a_meter_that_joins_between_two_uploads_stands_behind_the_others(
    day: MeteringDay, terms: Terms, mill: SupplyPoint
) -> None:
    whole = opened(day)
    last = len(whole.meters) - 1
    before = replace(
        whole, meters=whole.meters[:last], opening=whole.opening[:last], opening_nano=whole.opening_nano[:last]
    )
    event = upload(day, terms, 8, dict.fromkeys(before.meters, 700))
    later = upload(day, terms, 10, dict.fromkeys(whole.meters, 800))
    costs = DailyCosts(before)
    costs.see(event)
    costs.join(before.joined_by(DayJoined(whole.meters[last], whole.opening[last], whole.opening_nano[last])))
    costs.see(later)
    assert {meter: cost for meter, _, cost in costs.by_meter()} == sums(whole, event, later)
