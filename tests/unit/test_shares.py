"""Shares of a bill line: fair by their rule, and exact to the last micro-unit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.arrays import Load, price_load
from domain.arrays.shares import AIRPORT_SCALE, airport, largest_remainder
from domain.errors import BadReadings, NoPriceInForce
from domain.measurement import Quality
from domain.money import MICRO
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff

HEIGHTS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=50).filter(any)


def ints(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    ("heights", "shares"),
    [
        ([8, 11, 13, 18], [2, 3, 4, 9]),
        ([40, 50, 60, 70, 80, 90], [6.6667, 8.6667, 11.1667, 14.5, 19.5, 29.5]),
        ([5, 5, 9, 1, 9, 3, 7], [0.8762, 0.8762, 2.5429, 0.1429, 2.5429, 0.4762, 1.5429]),
        ([7], [7]),
        ([0, 0, 0], [0, 0, 0]),
        ([4, 4, 4, 4], [1, 1, 1, 1]),
    ],
)
def test_the_airport_rule_has_its_known_answers(heights: list[int], shares: list[float]) -> None:
    assert airport(ints(heights)) / AIRPORT_SCALE == pytest.approx(shares, abs=1e-4)


@given(heights=HEIGHTS)
def test_the_airport_rule_is_the_shapley_value_of_a_maximum(heights: list[int]) -> None:
    players = range(len(heights))
    shapley = [Fraction(0)] * len(heights)
    for order in permutations(players):
        highest = 0
        for player in order:
            shapley[player] += max(0, heights[player] - highest)
            highest = max(highest, heights[player])
    expected = [float(value / factorial(len(heights))) for value in shapley]
    assert airport(ints(heights)) / AIRPORT_SCALE == pytest.approx(expected, abs=1e-4)


@given(heights=st.lists(st.integers(0, 10**9), min_size=1, max_size=200))
def test_airport_shares_add_up_to_the_maximum_but_for_what_integers_cut(heights: list[int]) -> None:
    assert 0 <= max(heights) * AIRPORT_SCALE - int(airport(ints(heights)).sum()) < len(heights) ** 2


def by_fractions(amount: int, weights: list[int]) -> list[int]:
    """Largest remainder as its definition reads, without a limit of size."""
    exact = [Fraction(weight * abs(amount), sum(weights)) for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in order[: abs(amount) - sum(shares)]:
        shares[i] += 1
    return shares if amount >= 0 else [-share for share in shares]


@given(amount=st.integers(-(10**15), 10**15), weights=WEIGHTS)
@example(amount=2**50 - 1, weights=[2**50 - 2, 1])  # the largest of what is estimated, and its product in 100 bits
@example(amount=2**50 - 1, weights=[1] * 3 + [2**49])
@example(amount=684469646802197, weights=[490061752458681, 257197180954154])  # estimated one too high
@example(amount=3, weights=[49, 48, 50])  # estimated one too low
def test_largest_remainder_is_its_definition(amount: int, weights: list[int]) -> None:
    assert largest_remainder(amount, ints(weights)).tolist() == by_fractions(amount, weights)


@given(
    amount=st.integers(-(2**62), 2**62),
    weights=st.lists(st.integers(0, 2**55), min_size=1, max_size=40).filter(any),
)
def test_largest_remainder_is_exact_where_products_exceed_64_bits(amount: int, weights: list[int]) -> None:
    found = largest_remainder(amount, ints(weights)).tolist()
    assert sum(found) == amount
    assert found == by_fractions(amount, weights)


def test_the_earlier_of_equal_remainders_gets_the_unit() -> None:
    assert largest_remainder(5, ints([1, 1, 1])).tolist() == [2, 2, 1]
    assert largest_remainder(-5, ints([1, 1, 1])).tolist() == [-2, -2, -1]


def test_who_has_no_weight_gets_nothing() -> None:
    assert largest_remainder(10**9 + 1, ints([0, 3, 0, 5])).tolist()[::2] == [0, 0]


@pytest.mark.parametrize("amount", [2**63, -(2**63), 10**30])
def test_an_amount_that_64_bits_cannot_hold_is_an_error_and_never_a_wrong_share(amount: int) -> None:
    with pytest.raises(OverflowError, match=str(abs(amount))):
        largest_remainder(amount, ints([1, 0]))


def test_weights_that_64_bits_cannot_add_are_an_error_and_never_a_wrong_share() -> None:
    with pytest.raises(OverflowError, match="beyond what 64-bit arrays can share"):
        largest_remainder(10, ints([2**61, 2**61 + 5]))


def random_load(seed: int, missing: float, reactive: bool) -> Load:
    """From 29 March to 2 April in quarters of an hour: an hour lost, a month's edge."""
    chance, size = np.random.default_rng(seed), 400
    quality = chance.choice(
        [Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING], size, p=[0.9 - missing, 0.1, missing]
    )
    wh = np.where(quality == Quality.MISSING, 0, chance.integers(0, chance.integers(1, 60_000), size))
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    return Load("main", start, 15, wh, wh // 3 if reactive else None, quality.astype(np.uint8))


@given(seed=st.integers(0, 10**6), missing=st.sampled_from([0.0, 0.3, 0.9]))
@settings(max_examples=40)
def test_what_the_intervals_cost_adds_up_to_each_charge_of_each_bill(
    small_tariff: Tariff, mill: SupplyPoint, seed: int, missing: float
) -> None:
    priced = price_load(random_load(seed, missing, True), small_tariff, mill.contract, mill.zone)
    april = (datetime(2026, 3, 31, 22, tzinfo=UTC) - priced.load.start) // timedelta(minutes=15)
    assert [bill.first for bill in priced.bills] == [date(2026, 3, 1), date(2026, 4, 1)]
    for bill, span in zip(priced.bills, (slice(0, april), slice(april, None)), strict=True):
        for charge in small_tariff.charges:
            billed = sum(line.amount for line in bill.lines if line.charge == charge.code)
            assert int(priced.cost_micro[charge.code][span].sum()) == billed * MICRO, (bill.first, charge.code)


def test_a_month_of_which_nothing_is_known_still_shares_its_fixed_charges(
    small_tariff: Tariff, mill: SupplyPoint
) -> None:
    load = random_load(1, 0.3, True)
    nothing = np.zeros_like(load.energy_wh)
    load = replace(load, energy_wh=nothing, reactive_varh=nothing, quality=np.full(400, 2, dtype=np.uint8))
    priced = price_load(load, small_tariff, mill.contract, mill.zone)
    assert (
        sum(int(cost.sum()) for cost in priced.cost_micro.values()) == sum(bill.total for bill in priced.bills) * MICRO
    )


def test_energy_costs_where_it_was_used_and_the_peak_where_it_was_reached(
    small_tariff: Tariff, mill: SupplyPoint
) -> None:
    wh = np.zeros(96, dtype=np.int64)
    wh[40], wh[60] = 5_000, 20_000  # 10:00 and 15:00 of a Wednesday
    load = Load("main", datetime(2026, 1, 6, 23, tzinfo=UTC), 15, wh, wh * 0, np.zeros(96, dtype=np.uint8))
    cost = price_load(load, small_tariff, mill.contract, mill.zone).cost_micro
    assert {i: int(nano) for i, nano in enumerate(cost["energy"]) if nano} == {40: 1_000_000, 60: 4_000_000}
    assert int(cost["demand"][40]) == 100_000_000  # half of the first 20 kW: 2.5 of 20 kWh
    assert int(cost["demand"][60]) == 700_000_000


def test_a_step_that_does_not_divide_the_demand_block_is_refused(small_tariff: Tariff, mill: SupplyPoint) -> None:
    load = replace(random_load(1, 0.0, True), step_minutes=60)
    with pytest.raises(
        BadReadings, match="blocks of 15 minutes; readings of 60 minutes cannot tell it: use readings of 5 minutes"
    ):
        price_load(load, small_tariff, mill.contract, mill.zone)


def test_a_month_without_rates_is_refused_unless_another_months_are_named(
    small_tariff: Tariff, mill: SupplyPoint
) -> None:
    (rates,) = small_tariff.rate_table.rates
    january = replace(rates, valid_from=date(2026, 1, 1), valid_to=date(2026, 2, 1))
    tariff = replace(small_tariff, rate_table=replace(small_tariff.rate_table, rates=(january,)))
    load = random_load(1, 0.0, True)
    with pytest.raises(NoPriceInForce, match="tariff small has no rates for 2026-03-01"):
        price_load(load, tariff, mill.contract, mill.zone)
    priced = price_load(load, tariff, mill.contract, mill.zone, rates_of=date(2026, 1, 15))
    assert {bill.assumption for bill in priced.bills} == {
        "What if: priced at the rates of 2026-01, not at those of its own month."
    }
