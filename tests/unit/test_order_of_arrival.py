"""Whatever order, repetition or grouping readings arrive in, a day ends the same; and stored events tell it again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.event_codec import decode, encode
from application.terms_of import TermsOf
from domain.events import DayEvent
from domain.measurement import Correction, Gap, Measurement, Quality, Verdict
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

WEDNESDAY = date(2026, 1, 7)
MIDNIGHT = datetime(2026, 1, 6, 23, tzinfo=UTC)
STEP = timedelta(minutes=5)
SLOTS = [*range(90, 105), 0, 287]
"""Around 08:00, where night ends, and the ends of the day; few and near, so that demand blocks are shared."""

ENERGY = st.dictionaries(
    st.tuples(st.sampled_from(["main", "oven"]), st.sampled_from(SLOTS)),
    st.tuples(st.sampled_from([0, 1000, 2000, 3000]), st.integers(0, 500), st.sampled_from(list(Quality)[:2])),
    min_size=1,
    max_size=20,
)


def measurements(energy: dict[tuple[str, int], tuple[int, int, Quality]]) -> list[Measurement]:
    return [Measurement(meter, MIDNIGHT + slot * STEP, *rest) for (meter, slot), rest in energy.items()]


def opened(mill: SupplyPoint, terms: Terms) -> MeteringDay:
    day = MeteringDay(mill.device, WEDNESDAY)
    day.evolve(day.open(mill, terms, None))
    return day


def january(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 1, 1), mill.zone))


def record(day: MeteringDay, uploads: Sequence[Sequence[Measurement]], terms: Terms) -> None:
    for number, upload in enumerate(uploads):
        if event := day.record(f"s/{number}", upload, terms):
            day.evolve(event)


@given(energy=ENERGY, data=st.data())
def test_the_order_of_uploads_changes_neither_determinants_nor_cost(
    mill: SupplyPoint, terms_of: TermsOf, energy: dict[tuple[str, int], tuple[int, int, Quality]], data: st.DataObject
) -> None:
    terms, taken = january(mill, terms_of), measurements(energy)
    one, other = opened(mill, terms), opened(mill, terms)
    record(one, [taken], terms)
    shuffled = data.draw(st.permutations(taken))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(taken)))) | {0, len(taken)})
    uploads = [shuffled[a:b] for a, b in pairwise(cuts)]
    repeated = data.draw(st.lists(st.sampled_from(uploads))) if uploads else []
    record(other, [*uploads, *repeated], terms)
    for a, b in zip(one.meters, other.meters, strict=True):
        assert (a.today, a.month, a.live_nano, a.accrued_nano) == (b.today, b.month, b.live_nano, b.accrued_nano)
        assert (a.wh, a.varh, a.block_wh) == (b.wh, b.varh, b.block_wh)


@given(energy=ENERGY)
def test_what_the_measurements_cost_live_is_what_the_bill_grew_by(
    mill: SupplyPoint, terms_of: TermsOf, energy: dict[tuple[str, int], tuple[int, int, Quality]]
) -> None:
    terms, day = january(mill, terms_of), opened(mill, january(mill, terms_of))
    record(day, [[one] for one in measurements(energy)], terms)
    for meter in day.meters:
        assert meter.live_nano == terms.accrued_nano(meter.month) == meter.accrued_nano


def steps(day: MeteringDay, terms: Terms, taken: list[Measurement], data: st.DataObject) -> list[DayEvent]:
    """A day's events as they were decided, corrections, gaps and the close among them."""
    events: list[DayEvent] = []

    def happened(event: DayEvent | None) -> None:
        if event is not None:
            day.evolve(event)
            events.append(event)

    for number, one in enumerate(taken):
        happened(day.record(f"s/{number}", [one], terms))
        if data.draw(st.booleans()):
            chosen = data.draw(st.sampled_from(taken[: number + 1]))
            wh = data.draw(st.integers(0, 4000))
            happened(day.correct(Correction(chosen.meter, chosen.start, wh, 7, "ana", "wrong ratio"), terms))
    happened(day.declare("s/gap", Gap("press", MIDNIGHT, MIDNIGHT + 3 * STEP, Verdict.RESET)))
    happened(day.close())
    return events


@given(energy=ENERGY, data=st.data())
def test_stored_events_tell_the_same_day_again(
    mill: SupplyPoint, terms_of: TermsOf, energy: dict[tuple[str, int], tuple[int, int, Quality]], data: st.DataObject
) -> None:
    terms, decided = january(mill, terms_of), MeteringDay(mill.device, WEDNESDAY)
    first = decided.open(mill, terms, None)
    decided.evolve(first)
    loaded = MeteringDay(mill.device, WEDNESDAY)
    for event in [first, *steps(decided, terms, measurements(energy), data)]:
        loaded.evolve(decode(*encode(event)))  # type: ignore[arg-type]  # a day's events are day events again
    assert loaded == decided


@given(energy=ENERGY, data=st.data())
def test_after_any_corrections_the_live_cost_is_still_the_bill_to_date(
    mill: SupplyPoint, terms_of: TermsOf, energy: dict[tuple[str, int], tuple[int, int, Quality]], data: st.DataObject
) -> None:
    terms, day = january(mill, terms_of), opened(mill, january(mill, terms_of))
    steps(day, terms, measurements(energy), data)
    for meter in day.meters:
        assert meter.live_nano == terms.accrued_nano(meter.month) == meter.accrued_nano
        assert sum(wh for wh in meter.wh if wh is not None) == meter.today.total_wh
