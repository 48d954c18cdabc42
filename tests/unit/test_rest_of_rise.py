"""A part of a thinned cycle had arrived before: what the registers rose by is in the ledger, all of it and once."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from application.close_period import ClosePeriod
from application.ports import MeteringDays, Reason
from application.price_uploads import PriceUploads
from application.reopen_period import AmendPeriod
from application.terms_of import TermsOf
from domain.errors import EnergyDisagrees
from domain.events import DayEvent
from domain.measurement import Correction, Extra, Measurement, Quality, Reading
from domain.metering_day import MeteringDay
from domain.rest_of_rise import Words, rest_of_rise
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from domain.thinning import joined
from domain.upload import ReadingPair

STEP = timedelta(minutes=5)
NINE = datetime(2026, 1, 7, 8, tzinfo=UTC)  # 09:00 in Madrid
MIDNIGHT = datetime(2026, 1, 31, 23, tzinfo=UTC)  # of 31 January, in Madrid
WIRE = WattledgerWire()


@dataclass
class Mill:
    """The cloud of one supply point; its device counts from `start`, where its registers show 50 kWh."""

    point: SupplyPoint
    terms_of: TermsOf
    start: datetime = NINE
    store: EventStore = field(default_factory=lambda: EventStore.in_memory(SetClock(NINE)))
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)
    sent: int = 0

    def reading(self, step: int, wh: int) -> Reading:
        return Reading("main", self.start + step * STEP, 50_000 + wh, 9_000 + wh // 4, Extra(wh // 10, wh // 20))

    def price(self, first: int, wh_before: int, last: int, wh: int) -> None:
        """The rise from one reading to another, counted in steps and Wh since the start, arrives."""
        self.send([(self.reading(first, wh_before), self.reading(last, wh))])

    def send(self, pairs: Sequence[ReadingPair], days: MeteringDays | None = None) -> None:
        self.sent += 1
        points, later = MemorySupplyPoints({self.point.device: self.point}), SetClock(self.start + timedelta(days=40))
        store, record = self.store, WIRE.record(self.point.device, "store-1", self.sent, WIRE.body(pairs))
        price = PriceUploads(days or store.days, store.periods, points, self.terms_of, WIRE, self.quarantine, later)
        price([record])

    def known(self, steps: int) -> list[Measurement]:
        """What holds of the intervals since the start."""
        found = []
        for start in (self.start + i * STEP for i in range(steps)):
            day = self.store.days.get(self.point.device, start.astimezone(self.point.zone).date())
            words = day.words("main", start)
            found += [words[1]] if words else []
        return found

    def energies(self, steps: int) -> list[int]:
        return [one.energy_wh for one in self.known(steps)]

    def totals(self, steps: int) -> tuple[int, int, int, int]:
        """Wh, varh, Wh exported, varh capacitive."""
        told = self.known(steps)
        return (
            sum(one.energy_wh for one in told),
            sum(one.reactive_varh for one in told),
            sum(one.extra.of("export_wh") for one in told),
            sum(one.extra.of("capacitive_varh") for one in told),
        )


@pytest.fixture
def mill_at_nine(mill: SupplyPoint, terms_of: TermsOf) -> Mill:
    return Mill(mill, terms_of)


def test_after_a_lost_reply_all_6400_wh_of_a_thinned_hour_are_priced(mill_at_nine: Mill) -> None:
    house = mill_at_nine
    house.price(0, 0, 1, 1_000)  # both arrived; their replies were lost, so the device thinned them, too
    house.price(1, 1_000, 2, 1_100)
    house.price(0, 0, 12, 6_400)
    assert house.energies(12) == [1_000, 100, *[530] * 10]
    assert house.totals(12) == (6_400, 1_600, 640, 320)
    assert house.quarantine.kept() == []


def test_what_is_left_is_estimated_and_what_was_measured_is_not(mill_at_nine: Mill) -> None:
    mill_at_nine.price(0, 0, 1, 1_000)
    mill_at_nine.price(0, 0, 4, 1_300)
    assert [one.quality for one in mill_at_nine.known(4)] == [Quality.MEASURED, *[Quality.ESTIMATED] * 3]


def test_a_thinned_cycle_that_comes_again_changes_nothing(mill_at_nine: Mill) -> None:
    mill_at_nine.price(1, 300, 2, 350)
    for _ in range(3):
        mill_at_nine.price(0, 0, 12, 6_400)
    events = mill_at_nine.store.ledger.after(0, 99)
    assert len(events) == 3  # the day was opened, and priced twice
    assert mill_at_nine.quarantine.kept() == []


def test_more_than_the_registers_rose_by_waits_in_quarantine_and_prices_nothing(mill_at_nine: Mill) -> None:
    mill_at_nine.price(0, 0, 1, 1_000)
    mill_at_nine.price(0, 0, 3, 900)
    assert mill_at_nine.energies(3) == [1_000]
    (kept,) = mill_at_nine.quarantine.kept()
    assert kept.reason is Reason.ENERGY_DISAGREES
    assert "rose by 900 Wh and 225 varh over the 3 intervals" in kept.text
    assert "1 of them, 0 estimated, are in the ledger with 1000 Wh and 250 varh" in kept.text


def test_another_measurement_of_a_known_interval_waits_and_costs_no_neighbour(mill_at_nine: Mill) -> None:
    house = mill_at_nine
    house.price(0, 0, 1, 1_000)
    house.price(0, 0, 1, 700)  # its clock was set back by five minutes
    house.price(1, 700, 2, 900)
    assert house.energies(2) == [1_000, 200]
    (kept,) = house.quarantine.kept()
    assert kept.reason is Reason.ENERGY_DISAGREES
    assert "700 Wh and 175 varh were read from" in kept.text
    assert "1000 Wh and 250 varh are in the ledger, measured" in kept.text


def test_what_contradicts_the_ledger_is_accepted_once_it_was_corrected_so(mill_at_nine: Mill) -> None:
    house = mill_at_nine
    house.price(0, 0, 1, 1_000)
    house.price(0, 0, 1, 700)
    correct(house, 0, 700, 175, Extra(70, 35))
    (kept,) = house.quarantine.kept()
    house.quarantine.release(kept.id)
    house.send(WIRE.upload(kept.data).readings)
    assert house.quarantine.kept() == []


def test_a_measurement_against_an_outage_s_estimate_waits_and_a_thinned_one_s_own_does_not(mill_at_nine: Mill) -> None:
    house = mill_at_nine
    house.price(0, 0, 3, 900)
    house.price(1, 300, 2, 400)
    (kept,) = house.quarantine.kept()
    assert "300 Wh and 75 varh are in the ledger, estimated" in kept.text


def test_known_intervals_that_do_not_add_up_wait_until_they_were_corrected(mill_at_nine: Mill) -> None:
    house = mill_at_nine
    house.price(0, 0, 1, 1_000)
    house.price(1, 1_000, 2, 1_100)
    house.price(0, 0, 2, 1_200)
    (kept,) = house.quarantine.kept()
    assert kept.reason is Reason.ENERGY_DISAGREES
    correct(house, 1, 200, 50, Extra(20, 10))
    house.send(WIRE.upload(kept.data).readings)
    assert (house.energies(2), len(house.quarantine.kept())) == ([1_000, 200], 1)


def correct(house: Mill, step: int, wh: int, varh: int, extra: Extra) -> None:
    day = house.store.days.get(house.point.device, date(2026, 1, 7))
    month = BillingMonth(date(2026, 1, 1), house.point.zone)
    correction = Correction("main", house.start + step * STEP, wh, varh, "Eva", "misread", extra)
    house.store.days.append(day, [day.correct(correction, house.terms_of(house.point, month, day.day))])


def test_a_correction_does_not_make_the_thinned_cycle_spread_less(mill_at_nine: Mill) -> None:
    mill_at_nine.price(0, 0, 1, 1_000)
    correct(mill_at_nine, 0, 1_500, 250, Extra(100, 50))
    for _ in range(2):
        mill_at_nine.price(0, 0, 3, 1_400)
    assert mill_at_nine.energies(3) == [1_500, 200, 200]
    assert mill_at_nine.quarantine.kept() == []


def test_over_month_end_what_the_one_day_knows_is_not_spread_in_the_other(mill: SupplyPoint, terms_of: TermsOf) -> None:
    house = Mill(mill, terms_of, MIDNIGHT - 3 * STEP)
    house.price(4, 900, 5, 1_700)  # the second interval of February
    house.price(0, 0, 1, 100)
    for _ in range(2):
        house.price(0, 0, 6, 2_100)
    assert house.energies(6) == [100, 300, 300, 300, 800, 300]
    assert house.quarantine.kept() == []


def test_what_a_closed_month_refuses_is_not_spread_over_the_open_one(mill: SupplyPoint, terms_of: TermsOf) -> None:
    house = Mill(mill, terms_of, MIDNIGHT - 2 * STEP)
    house.price(0, 0, 1, 100)
    close = ClosePeriod(house.store.days, house.store.periods, terms_of)
    january = BillingMonth(date(2026, 1, 1), mill.zone)
    close(mill, january)
    house.price(0, 0, 4, 1_000)
    assert house.energies(4) == [100, 300, 300]
    (kept,) = house.quarantine.kept()
    assert kept.reason is Reason.CLOSED_PERIOD
    AmendPeriod.of(close)(mill, january, ("Eva", "late"), lambda: house.send(WIRE.upload(kept.data).readings))
    assert house.energies(4) == [100, 300, 300, 300]


@dataclass
class OtherConsumer:
    """MeteringDays in which another consumer prices something just before the first write to a day."""

    real: MeteringDays
    day: date
    meanwhile: Callable[[], None] | None

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        return self.real.get(device, day, known_at)

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        if day.day == self.day and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        self.real.append(day, events)


@pytest.mark.parametrize("written", [date(2026, 1, 31), date(2026, 2, 1)])
def test_two_consumers_at_midnight_price_the_rise_once(
    mill: SupplyPoint, terms_of: TermsOf, written: date, tmp_path: Path
) -> None:
    one, other = (
        Mill(mill, terms_of, MIDNIGHT - 3 * STEP, EventStore.sqlite(tmp_path / "ledger.sqlite", SetClock(NINE)))
        for _ in range(2)
    )
    days = OtherConsumer(one.store.days, written, lambda: other.price(4, 900, 5, 1_000))
    one.send([(one.reading(0, 0), one.reading(6, 1_800))], days)
    assert days.meanwhile is None
    assert one.totals(6) == other.totals(6) == (1_800, 450, 180, 90)
    assert one.quarantine.kept() == []


def nested(chance: Random, first: int, last: int) -> list[tuple[int, int]]:
    """What may be sent of some steps: them as one, and whatever they had been before they were thinned."""
    found = [(first, last)] * chance.randint(0, 2)
    if last - first > 1:
        cuts = sorted({first, last, *(chance.randrange(first, last) for _ in range(chance.randint(1, 3)))})
        if len(cuts) > 2:
            found += [one for begin, end in itertools.pairwise(cuts) for one in nested(chance, begin, end)]
    return found


@given(
    growth=st.lists(st.integers(0, 900), min_size=2, max_size=14),
    chance=st.randoms(use_true_random=False),
    midnight=st.integers(0, 14),
)
@settings(max_examples=150, deadline=None)
def test_any_order_of_thinned_and_unthinned_cycles_prices_what_the_registers_rose_by(
    mill: SupplyPoint, terms_of: TermsOf, growth: list[int], chance: Random, midnight: int
) -> None:
    """The whole is told at least once; what was sent of it before, in whatever pieces and however often."""
    house = Mill(mill, terms_of, MIDNIGHT - midnight * STEP)
    wh, steps = [0, *itertools.accumulate(growth)], len(growth)
    sent = [(0, steps), *nested(chance, 0, steps)]
    chance.shuffle(sent)
    for first, last in sent:
        house.price(first, wh[first], last, wh[last])
    whole = house.reading(steps, wh[-1])
    risen = (wh[-1], whole.reactive_varh - 9_000, whole.extra.of("export_wh"), whole.extra.of("capacitive_varh"))
    assert house.totals(steps) == risen
    assert {kept.reason for kept in house.quarantine.kept()} <= {Reason.ENERGY_DISAGREES}


def words(wh: int, extra: Extra | None = None) -> Words:
    one = Measurement("main", NINE, wh, 0, extra=extra or Extra())
    return one, one


def rise(*wh: int, extra: Extra | None = None) -> list[Measurement]:
    return [
        Measurement("main", NINE + i * STEP, one, 0, Quality.ESTIMATED, extra or Extra()) for i, one in enumerate(wh)
    ]


def test_a_register_that_a_known_interval_does_not_have_is_not_compared() -> None:
    assert rest_of_rise(rise(5, 5, extra=Extra(3)), [words(4), words(6)]) == (None, None)
    with pytest.raises(EnergyDisagrees):
        rest_of_rise(rise(5, 5, extra=Extra(3)), [words(4, Extra(1)), words(6, Extra(1))])


def test_a_delivery_that_the_known_intervals_exceed_is_refused_though_the_consumption_fits() -> None:
    with pytest.raises(EnergyDisagrees):
        rest_of_rise(rise(5, 5, extra=Extra(1)), [words(4, Extra(3)), None])


def test_nothing_is_joined_across_a_delivery_register_that_fell_or_appeared() -> None:
    def pairs(*extras: Extra) -> list[list[ReadingPair]]:
        told = [Reading("main", NINE + i * STEP, i, i, extra) for i, extra in enumerate(extras)]
        return [[pair] for pair in itertools.pairwise(told)]

    for extras in ((Extra(5), Extra(2), Extra(4)), (Extra(), Extra(2), Extra(4))):
        assert len(joined(pairs(*extras))) == 2
    assert len(joined(pairs(Extra(1), Extra(2), Extra(4)))) == 1
