"""Demand of a window that moves on with every reading: what it finds that blocks on the clock do not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.arrays import price_load
from domain.arrays.load import Load
from domain.bill import Bill
from domain.charges import MaximumDemand
from domain.growth import Growth
from domain.rolling import RollingPeak
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.cases import Case
from tests.reference.uploads import as_it_comes, by_uploads, closed, measured
from tests.reference.workbench import hourly, tariff_of

UTC_ZONE = ZoneInfo("UTC")
MIDNIGHT = datetime(2018, 1, 1, tzinfo=UTC)
NIGHT_AND_DAY = (("night", 8), ("day", 24))


def tariff(rolling: bool = True, periods: Sequence[tuple[int, str]] = ((0, "all"),), **options: object) -> Tariff:
    charge = MaximumDemand("kw", "Demand", "power", "", tuple(periods), False, minutes=15, rolling=rolling)
    windows = NIGHT_AND_DAY if len(periods) > 1 or periods[0][1] != "all" else (("all", 24),)
    return tariff_of([replace(charge, **options)], [{"kw": "1"}], windows, demand_minutes=5)  # type: ignore[arg-type]


def load(wh: dict[int, int], size: int = 288, start: datetime = MIDNIGHT) -> Load:
    energy = [wh.get(slot, 0) for slot in range(size)]
    return hourly(energy, start, step_minutes=5)


def bill(of: Load, by: Tariff) -> Bill:
    return price_load(of, by, Contract(), UTC_ZONE).bills[0]


def test_a_rolling_window_finds_the_peak_that_two_blocks_share() -> None:
    peak = load({13: 1000, 14: 2000, 15: 3000})  # 01:05, 01:10 and 01:15: two blocks on the clock
    (on_the_clock,), (rolling,) = (bill(peak, tariff(on)).lines for on in (False, True))
    assert (on_the_clock.quantity, rolling.quantity) == (
        Decimal(12),
        Decimal(24),
    )  # 3 and 6 kWh in a quarter of an hour
    assert rolling.peak_at == datetime(2018, 1, 1, 1, 5, tzinfo=UTC)
    assert rolling.formula == "maximum of 15 min, rolling, in all: 24 kW x 1"


def test_a_window_belongs_to_the_period_in_which_it_ends() -> None:
    around_eight = load({94: 4000, 95: 4000, 96: 1000})
    night, day = (bill(around_eight, tariff(periods=[(n, name)])).lines[0] for n, name in enumerate(("night", "day")))
    assert (night.quantity, day.quantity) == (Decimal(32), Decimal(36))  # up to 08:00, and from 07:50 to 08:05
    assert day.peak_at == datetime(2018, 1, 1, 7, 50, tzinfo=UTC)


def test_a_window_goes_on_past_midnight_and_not_past_the_month() -> None:
    over_midnight = load({287: 2000, 288: 2000}, size=576)
    assert bill(over_midnight, tariff()).lines[0].quantity == 16
    over_new_year = load({287: 2000, 288: 2000}, size=576, start=datetime(2018, 1, 31, tzinfo=UTC))
    one, two = price_load(over_new_year, tariff(), Contract(), UTC_ZONE).bills
    assert (one.lines[0].quantity, two.lines[0].quantity) == (Decimal(8), Decimal(8))


def test_two_metering_days_hand_the_open_window_on() -> None:
    case = Case(tariff(), load({286: 1000, 287: 2000, 288: 3000}, size=576), UTC_ZONE, {})
    terms = case.terms(MIDNIGHT.date(), {})
    days = by_uploads(case, terms)
    assert days[-1].balance()["main"].gauges == bill(case.load, case.tariff).determinants.gauges
    assert days[-1].meters[0].accrued_nano == [24 * 10**9]


@given(wh=st.dictionaries(st.integers(270, 300), st.integers(0, 9), max_size=20), order=st.randoms())
@settings(max_examples=40)
def test_whatever_comes_late_is_settled_at_the_close(wh: dict[int, int], order: object) -> None:
    case = Case(tariff(apparent=True), load(wh, size=576), UTC_ZONE, {})
    terms = case.terms(MIDNIGHT.date(), {})
    taken = [one for one in measured(case, terms) if one.energy_wh]
    order.shuffle(taken)  # type: ignore[attr-defined]
    total, _ = closed(as_it_comes(case, taken, terms), terms)
    known = case.load.energy_wh > 0
    gaps = replace(case.load, quality=np.where(known, 0, 2).astype(np.uint8))
    assert total.gauges == bill(gaps, case.tariff).determinants.gauges


@given(wh=st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_a_rolling_peak_is_never_lower_than_the_same_block_on_the_clock(wh: list[int]) -> None:
    of = load(dict(enumerate(wh)))
    on_the_clock, rolling = (bill(of, tariff(on)).lines[0].quantity for on in (False, True))
    assert rolling >= on_the_clock


def test_an_interval_that_fills_a_hole_raises_the_windows_that_end_after_it() -> None:
    gauge, state = RollingPeak(15, (0,)), list[int]()
    for slot, wh in ((0, 5), (2, 7), (1, 100)):
        gauge.see(state, Growth(0, slot * 300, 0, 0, wh, 0, known_before=False))
    assert gauge.pairs(state) == [112, 0]


def test_nothing_measured_is_no_demand() -> None:
    nothing = replace(load({}), quality=np.full(288, 2, dtype=np.uint8))
    assert bill(nothing, tariff()).lines[0].quantity == 0
    assert bill(load({}), tariff(periods=[(1, "day")])).lines[0].quantity == 0


@pytest.mark.parametrize("step", [5, 15])
def test_readings_as_long_as_the_window_roll_like_blocks(step: int) -> None:
    of = hourly([3, 1, 4, 1, 5, 9, 2, 6], step_minutes=step)
    by = tariff(minutes=step)
    by = replace(by, demand_minutes=step)
    assert bill(of, by).lines[0].quantity == Decimal(9 * 60) / step / 1000
    assert bill(of, by).lines[0].peak_at == MIDNIGHT + timedelta(minutes=5 * step)
