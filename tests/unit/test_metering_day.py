"""One device, one local day: what is recorded, what is refused, and that nothing counts twice."""

from datetime import UTC, date, datetime, timedelta

import pytest

from application.terms_of import TermsOf
from domain.determinants import Determinants
from domain.errors import BadReadings, NothingToCorrect, PeriodIsClosed
from domain.events import DayClosed, GapDeclared, ReadingCorrected, ReadingsPriced
from domain.measurement import Correction, Gap, Measurement, Quality, Verdict
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

WEDNESDAY = date(2026, 1, 7)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)
STEP = timedelta(minutes=5)
AT_SIX, AT_NINE = 6 * 12, 9 * 12
"""Slots of the day: 06:00 is night, 09:00 is day."""


@pytest.fixture
def terms(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 1, 1), mill.zone))


@pytest.fixture
def day(mill: SupplyPoint, terms: Terms) -> MeteringDay:
    found = MeteringDay(mill.device, WEDNESDAY)
    found.evolve(found.open(mill, terms, None))
    return found


def taken(
    slot: int, wh: int = 1000, varh: int = 300, meter: str = "main", quality: Quality = Quality.MEASURED
) -> Measurement:
    return Measurement(meter, MIDNIGHT + slot * STEP, wh, varh, quality)


def record(day: MeteringDay, terms: Terms, *measurements: Measurement, upload: str = "s/1") -> ReadingsPriced:
    event = day.record(upload, measurements, terms)
    assert event is not None
    day.evolve(event)
    return event


def live(event: ReadingsPriced, terms: Terms, row: int = 0) -> dict[str, int]:
    columns = zip(terms.tariff.line_codes, event.live_nano, strict=True)
    return {code: column[row] for code, column in columns if column and column[row]}


def test_energy_is_priced_by_the_period_it_was_used_in(day: MeteringDay, terms: Terms) -> None:
    event = record(day, terms, taken(AT_SIX), taken(AT_NINE))
    assert event.slots == (AT_SIX, AT_NINE)
    assert live(event, terms, 0)["energy.night"] == 100_000_000  # 1 kWh at 0.10, in nano
    assert live(event, terms, 1)["energy.day"] == 200_000_000
    assert "energy.day" not in live(event, terms, 0)


def test_zero_energy_costs_zero_energy_but_its_share_of_time(day: MeteringDay, terms: Terms) -> None:
    assert live(record(day, terms, taken(AT_NINE, wh=0, varh=0)), terms).keys() == {
        "supply",
        "power.night",
        "power.day",
    }


def test_the_first_kw_of_a_block_is_charged_when_it_is_reached(day: MeteringDay, terms: Terms) -> None:
    first = record(day, terms, taken(AT_NINE, wh=1000))  # 4 kW of a quarter of an hour
    second = record(day, terms, taken(AT_NINE + 1, wh=1000), upload="s/2")
    elsewhere = record(day, terms, taken(AT_NINE + 30, wh=1500), upload="s/3")
    assert (live(first, terms)["demand"], live(second, terms)["demand"]) == (40 * 10**9, 40 * 10**9)
    assert "demand" not in live(elsewhere, terms)


def test_a_repeated_upload_brings_nothing_new(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_SIX), taken(AT_NINE))
    assert day.record("s/1", [taken(AT_SIX), taken(AT_NINE)], terms) is None


def test_a_repeated_reading_costs_nothing_whatever_upload_brings_it(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_SIX))
    again = record(day, terms, taken(AT_SIX), taken(AT_NINE), upload="s/2")
    assert again.slots == (AT_NINE,)


def test_an_upload_that_says_an_interval_twice_is_taken_at_its_first_word(day: MeteringDay, terms: Terms) -> None:
    event = record(day, terms, taken(AT_SIX, wh=1000), taken(AT_SIX, wh=9000))
    assert (event.slots, event.wh) == ((AT_SIX,), (1000,))


def test_the_first_word_counts(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_SIX, wh=1000))
    assert day.record("s/2", [taken(AT_SIX, wh=9000)], terms) is None


def test_what_an_upload_could_not_bring_the_first_time_it_may_bring_later(day: MeteringDay, terms: Terms) -> None:
    # one meter's part was in quarantine; replayed, it comes under the name of the same upload
    record(day, terms, taken(AT_SIX, meter="main"))
    assert record(day, terms, taken(AT_SIX, meter="oven")).meters == (day.index["oven"],)


def test_meters_do_not_add_up_with_each_other(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_NINE, wh=5000, meter="oven"), taken(AT_NINE, wh=7000, meter="main"))
    assert day.meters[day.index["main"]].today.energy_wh == [0, 7000]
    assert day.meters[day.index["oven"]].today.energy_wh == [0, 5000]
    assert day.meters[day.index["press"]].today == Determinants.nothing(2)


def test_estimated_energy_is_counted_and_said(day: MeteringDay, terms: Terms) -> None:
    event = record(day, terms, taken(AT_SIX, quality=Quality.ESTIMATED), taken(AT_NINE))
    assert event.estimated == (1, 0)
    assert day.meters[day.index["main"]].today.estimated == 1


def test_deciding_changes_nothing(day: MeteringDay, terms: Terms) -> None:
    assert day.record("s/1", [taken(AT_SIX), taken(AT_NINE)], terms) == day.record(
        "s/1", [taken(AT_SIX), taken(AT_NINE)], terms
    )
    assert day.version == 1


@pytest.mark.parametrize("start", [MIDNIGHT - STEP, MIDNIGHT + 288 * STEP, MIDNIGHT + STEP / 2])
def test_a_measurement_of_another_day_is_refused(day: MeteringDay, terms: Terms, start: datetime) -> None:
    with pytest.raises(BadReadings, match=r"meter main: .* is no interval of edge-1 2026-01-07"):
        day.record("s/1", [Measurement("main", start, 1, 1)], terms)


def test_an_unknown_meter_is_refused_with_the_remedy(day: MeteringDay, terms: Terms) -> None:
    with pytest.raises(BadReadings, match="meter 'lathe' is not commissioned on edge-1; register it, then replay"):
        day.record("s/1", [taken(AT_SIX, meter="lathe")], terms)


def test_a_day_begins_where_the_month_stands(mill: SupplyPoint, day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_NINE, wh=3000))
    next_day = MeteringDay(mill.device, date(2026, 1, 8))
    opened = next_day.open(mill, terms, day.balance())
    next_day.evolve(opened)
    main = next_day.meters[next_day.index["main"]]
    assert main.month == day.meters[day.index["main"]].month
    assert main.today == Determinants.nothing(2)
    assert main.live_nano == [0] * len(terms.tariff.line_codes)
    lower = next_day.record("s/9", [Measurement("main", MIDNIGHT + timedelta(days=1, hours=9), 2000, 0)], terms)
    assert lower is not None
    assert "demand" not in live(lower, terms)  # yesterday's block was higher


@pytest.mark.parametrize(
    ("day_of", "slots"), [(date(2026, 3, 29), 276), (date(2026, 3, 30), 288), (date(2026, 10, 25), 300)]
)
def test_a_local_day_has_276_288_or_300_slots(mill: SupplyPoint, terms_of: TermsOf, day_of: date, slots: int) -> None:
    terms = terms_of(mill, BillingMonth(day_of.replace(day=1), mill.zone))
    opened = MeteringDay(mill.device, day_of).open(mill, terms, None)
    assert (opened.slots, opened.period_until[-1][0]) == (slots, slots)


def test_a_gap_says_which_slots_and_why(day: MeteringDay, terms: Terms) -> None:
    gap = Gap("oven", MIDNIGHT + 3 * STEP, MIDNIGHT + 7 * STEP, Verdict.RESET)
    event = day.declare("s/1", gap)
    assert event == GapDeclared("s/1", day.index["oven"], 3, 7, "reset")
    day.evolve(event)
    assert day.declare("s/1", gap) is None
    assert day.meters[day.index["oven"]].today == Determinants.nothing(2)


@pytest.mark.parametrize(
    ("first", "last", "slots"),
    [(-10, 5, (0, 5)), (280, 300, (280, 288)), (-10, 300, (0, 288)), (-10, 0, None), (288, 290, None)],
)
def test_a_day_takes_its_own_part_of_a_gap(
    day: MeteringDay, first: int, last: int, slots: tuple[int, int] | None
) -> None:
    event = day.declare("s/1", Gap("main", MIDNIGHT + first * STEP, MIDNIGHT + last * STEP, Verdict.JUMP))
    assert (None if event is None else (event.first, event.last)) == slots


def correct(day: MeteringDay, terms: Terms, slot: int, wh: int, varh: int = 0) -> ReadingCorrected:
    event = day.correct(corrected(MIDNIGHT + slot * STEP, wh, varh), terms)
    day.evolve(event)
    return event


def corrected(start: datetime, wh: int = 1, varh: int = 0) -> Correction:
    return Correction("main", start, wh, varh, "ana", "wrong ratio")


def test_a_correction_takes_the_old_cost_back_and_adds_the_new(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_NINE, wh=4000, varh=100))
    event = correct(day, terms, AT_NINE, wh=1000, varh=50)
    energy = terms.tariff.line_codes.index("energy.day")
    assert (event.reversed_nano[energy], event.live_nano[energy]) == (-800_000_000, 200_000_000)
    assert (event.wh_before, event.varh_before, event.wh, event.varh) == (4000, 100, 1000, 50)
    assert (event.by, event.why) == ("ana", "wrong ratio")
    main = day.meters[day.index["main"]]
    assert (main.today.energy_wh, main.today.reactive_varh, main.today.intervals) == ([0, 1000], 50, 1)


def test_a_corrected_peak_falls_to_the_next_highest_block(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_NINE, wh=3000), taken(AT_NINE + 6, wh=2000))
    correct(day, terms, AT_NINE, wh=500)
    assert day.meters[day.index["main"]].month.peak([1]) == (2000, MIDNIGHT + (AT_NINE + 6) * STEP)


def test_a_corrected_peak_may_leave_the_month_with_the_one_of_another_day(
    mill: SupplyPoint, day: MeteringDay, terms: Terms
) -> None:
    record(day, terms, taken(AT_NINE, wh=3000))
    thursday, start = MeteringDay(mill.device, date(2026, 1, 8)), MIDNIGHT + timedelta(days=1, hours=9)
    thursday.evolve(thursday.open(mill, terms, day.balance()))
    record(thursday, terms, Measurement("main", start, 8000, 0))
    thursday.evolve(thursday.correct(corrected(start, wh=500), terms))
    assert thursday.meters[thursday.index["main"]].month.peak([1]) == (3000, MIDNIGHT + AT_NINE * STEP)


def test_a_corrected_day_costs_what_the_right_readings_would_have(
    mill: SupplyPoint, day: MeteringDay, terms: Terms
) -> None:
    record(day, terms, taken(AT_NINE, wh=9000, varh=300), taken(AT_NINE + 1, wh=2000))
    correct(day, terms, AT_NINE, wh=1000, varh=300)
    right = MeteringDay(mill.device, WEDNESDAY)
    right.evolve(right.open(mill, terms, None))
    record(right, terms, taken(AT_NINE, wh=1000), taken(AT_NINE + 1, wh=2000))
    main, other = day.meters[day.index["main"]], right.meters[right.index["main"]]
    assert (main.today, main.month, main.live_nano) == (other.today, other.month, other.live_nano)


def test_what_was_never_recorded_cannot_be_corrected(day: MeteringDay, terms: Terms) -> None:
    for start in (MIDNIGHT, MIDNIGHT - STEP, MIDNIGHT + STEP / 2):
        with pytest.raises(NothingToCorrect, match="meter main: nothing was recorded at 2026-01-06"):
            day.correct(corrected(start), terms)


@pytest.mark.parametrize(("wh", "varh"), [(-1, 0), (0, -1)])
def test_a_correction_cannot_make_energy_negative(wh: int, varh: int) -> None:
    with pytest.raises(BadReadings, match=rf"gives {wh} Wh and {varh} varh; imported energy is 0 or more"):
        corrected(MIDNIGHT, wh, varh)


@pytest.mark.parametrize(("by", "why"), [("", "ratio"), ("ana", " ")])
def test_a_correction_says_who_and_why(by: str, why: str) -> None:
    with pytest.raises(BadReadings, match="does not say who corrects and why"):
        Correction("main", MIDNIGHT, 1, 0, by, why)


def test_on_a_day_without_readings_there_is_nothing_to_correct(terms: Terms) -> None:
    with pytest.raises(NothingToCorrect, match="edge-1 2026-01-07: nothing was recorded on this day"):
        MeteringDay("edge-1", WEDNESDAY).correct(corrected(MIDNIGHT), terms)


def test_a_day_without_readings_is_shut_too(terms: Terms) -> None:
    day = MeteringDay("edge-1", WEDNESDAY)
    assert day.close() == DayClosed(WEDNESDAY)


def test_a_closed_day_takes_no_new_gap_and_knows_its_old_ones(day: MeteringDay) -> None:
    known, new = (Gap("main", MIDNIGHT, MIDNIGHT + slots * STEP, Verdict.RESET) for slots in (3, 4))
    declared = day.declare("s/1", known)
    assert declared is not None
    day.evolve(declared)
    day.evolve(DayClosed(WEDNESDAY))
    assert day.declare("s/1", known) is None
    with pytest.raises(PeriodIsClosed):
        day.declare("s/2", new)


def test_a_closed_day_refuses_new_readings_and_corrections_and_closes_once(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_SIX))
    closed = day.close()
    assert closed == DayClosed(WEDNESDAY)
    day.evolve(closed)
    assert day.close() is None
    with pytest.raises(PeriodIsClosed, match="edge-1 2026-01-07 belongs to a closed month"):
        day.record("s/2", [taken(AT_NINE)], terms)
    with pytest.raises(PeriodIsClosed, match="needs a correction of that month"):
        day.correct(corrected(MIDNIGHT + AT_SIX * STEP), terms)


def test_what_a_closed_day_knows_already_may_come_again(day: MeteringDay, terms: Terms) -> None:
    record(day, terms, taken(AT_SIX))
    day.evolve(DayClosed(WEDNESDAY))
    assert day.record("s/1", [taken(AT_SIX)], terms) is None
    assert day.record("s/2", [taken(AT_SIX)], terms) is None
