"""THE agreement: a load reduced as an array and the same load taken in reading by reading give the same bill."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.terms_of import TermsOf
from domain.arrays.determinants import months_of
from domain.arrays.load import Load
from domain.arrays.periods import local_offsets, periods_of
from domain.bill import make_bill
from domain.determinants import Determinants
from domain.measurement import Measurement, Quality
from domain.metering_day import Balance, MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # a day of 23 hours follows, then the month ends
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)  # a day of 25 hours follows, then the month ends
DAYS = {SPRING: 4, AUTUMN: 8}
UPLOADS_OF = 40


@dataclass(frozen=True)
class Example:
    """A load drawn from a seed: small heights so that peaks tie, runs of missing and estimated intervals."""

    start: datetime
    step_minutes: int
    seed: int
    highest_wh: int

    def load(self) -> Load:
        chance = np.random.default_rng(self.seed)
        size = DAYS[self.start] * 1440 // self.step_minutes - int(chance.integers(0, 60))
        quality = np.repeat(chance.choice([0, 0, 0, 1, 2], size // 7 + 1), 7)[:size].astype(np.uint8)
        known = quality != Quality.MISSING
        wh, varh = (np.where(known, chance.integers(0, top + 1, size), 0) for top in (self.highest_wh, 500))
        first = self.start + timedelta(minutes=self.step_minutes) * int(chance.integers(0, 60))
        return Load("main", first, self.step_minutes, wh, varh, quality)


EXAMPLES = st.builds(
    Example,
    st.sampled_from([SPRING, AUTUMN]),
    st.sampled_from([5, 15]),
    st.integers(0, 10**6),
    st.sampled_from([0, 1, 3, 2000]),
)


def measurements(load: Load) -> list[Measurement]:
    step = timedelta(minutes=load.step_minutes)
    assert load.reactive_varh is not None
    rows = enumerate(zip(load.energy_wh.tolist(), load.reactive_varh.tolist(), load.quality.tolist(), strict=True))
    return [
        Measurement("main", load.start + i * step, wh, varh, Quality(quality))
        for i, (wh, varh, quality) in rows
        if quality != Quality.MISSING
    ]


def by_array(load: Load, point: SupplyPoint, terms_of: TermsOf) -> dict[date, Determinants]:
    tariff = terms_of.tariffs.get(point.tariff)
    period = periods_of(tariff.calendar, load.grid, local_offsets(point.zone, load.grid))
    return {part.month.first: part.determinants for part in months_of(load, period, tariff, point.zone)}


def by_uploads(taken: Iterable[Measurement], point: SupplyPoint, terms_of: TermsOf) -> dict[date, list[MeteringDay]]:
    """Days that take measurements in the order given, some at a time; each begins where the month stands."""
    days: dict[date, MeteringDay] = {}
    for number, upload in enumerate(_cut(list(taken))):
        parts: dict[date, list[Measurement]] = defaultdict(list)
        for one in upload:
            parts[one.start.astimezone(point.zone).date()].append(one)
        for local, part in parts.items():
            terms = terms_of(point, BillingMonth(local.replace(day=1), point.zone))
            if local not in days:
                days[local] = MeteringDay(point.device, local)
                days[local].evolve(days[local].open(point, terms, _balance(days, local)))
            event = days[local].record(f"s/{number}", part, terms)
            assert event is not None
            days[local].evolve(event)
    months: dict[date, list[MeteringDay]] = defaultdict(list)
    for local, day in sorted(days.items()):
        months[local.replace(day=1)].append(day)
    return months


def _cut(taken: list[Measurement]) -> list[list[Measurement]]:
    return [taken[i : i + UPLOADS_OF] for i in range(0, len(taken), UPLOADS_OF)]


def _balance(days: dict[date, MeteringDay], local: date) -> Balance | None:
    before = [day for day in days if day < local and day.replace(day=1) == local.replace(day=1)]
    return days[max(before)].balance() if before else None


@given(example=EXAMPLES)
@settings(max_examples=40)
def test_an_array_and_uploads_in_any_order_give_the_same_determinants_and_bill(
    mill: SupplyPoint, terms_of: TermsOf, example: Example
) -> None:
    point, load = replace(mill, step_minutes=example.step_minutes), example.load()
    taken = measurements(load)
    Random(example.seed).shuffle(taken)  # a repeatable order
    days, found = by_uploads(taken, point, TermsOf(terms_of.tariffs)), by_array(load, point, terms_of)
    for first, expected in found.items():
        total = Determinants.nothing(2)
        for day in days.get(first, []):
            total.add(day.meters[day.index["main"]].today)
        assert total == expected
        terms = TermsOf(terms_of.tariffs)(point, BillingMonth(first, point.zone))
        assert make_bill("mill", total, terms) == make_bill("mill", expected, terms)


@given(example=EXAMPLES)
@settings(max_examples=20)
def test_in_order_the_last_day_of_a_month_holds_the_whole_month(
    mill: SupplyPoint, terms_of: TermsOf, example: Example
) -> None:
    point, load = replace(mill, step_minutes=example.step_minutes), example.load()
    days = by_uploads(measurements(load), point, TermsOf(terms_of.tariffs))
    for first, expected in by_array(load, point, terms_of).items():
        if first in days:
            assert days[first][-1].balance()["main"] == expected


@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_the_examples_cross_a_month_and_a_changed_clock_with_gaps_and_estimates(
    start: datetime, mill: SupplyPoint
) -> None:
    load = Example(start, 5, 1, 3).load()
    local = [(load.start + timedelta(minutes=5) * i).astimezone(mill.zone) for i in (0, len(load.energy_wh) - 1)]
    assert local[0].utcoffset() != local[1].utcoffset()
    assert local[0].month != local[1].month
    assert set(load.quality.tolist()) == {0, 1, 2}
