"""Shares of lines whose gradient is known: an excess by what each block has of it, a ladder by each interval's tier."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.arrays import PricedLoad, price_load
from domain.arrays.load import Load
from domain.charges import Charge, EnergyFlat, ExcessPower, ExcessRule, MaximumDemand, TieredEnergy, TierScope
from domain.errors import Refusal, TooLarge
from domain.money import Rounding
from domain.terms import Contract
from tests.reference.workbench import hourly, tariff_of

ALL = ((0, "all"),)
START = datetime(2018, 1, 10, tzinfo=UTC)
MICRO = 10**6


def priced(
    wh: Sequence[int], charge: Charge, rate: str = "1", step_minutes: int = 60, contracted_kw: int = 100
) -> PricedLoad:
    keys = [*charge.rate_keys]
    tariff = tariff_of([charge], [{key: rate if n == 0 else "3" for n, key in enumerate(keys)}])
    tariff = replace(tariff, demand_minutes=60, rounding=Rounding(6))
    load: Load = hourly(wh, START, step_minutes)
    return price_load(load, tariff, Contract({"all": Decimal(contracted_kw)}), ZoneInfo("UTC"))


def excess(rule: ExcessRule) -> ExcessPower:
    return ExcessPower("x", "Excess", "power", "", ALL, rule, minutes=60)


def test_a_linear_excess_is_shared_by_what_each_block_has_of_it() -> None:
    cost = priced([90_000, 110_000, 130_000, 100_000], excess(ExcessRule.BANDED)).cost_micro["x"]
    assert cost.tolist() == [0, round(7.5 * MICRO), round(22.5 * MICRO), 0]


def test_a_root_of_squares_is_shared_by_squares() -> None:
    cost = priced([90_000, 130_000, 140_000], excess(ExcessRule.QUADRATIC)).cost_micro["x"]
    assert cost.tolist() == [0, 18 * MICRO, 32 * MICRO]  # 50 kW: 30² and 40²


def test_inside_a_block_an_excess_is_shared_by_energy() -> None:
    cost = priced([20_000, 40_000, 60_000, 0], excess(ExcessRule.BANDED), step_minutes=15).cost_micro["x"]
    assert cost.tolist() == [3_333_333, 6_666_667, 10_000_000, 0]


@given(wh=st.lists(st.integers(0, 10**11), min_size=1, max_size=40), rule=st.sampled_from(ExcessRule))
@settings(max_examples=100)
def test_shares_of_any_excess_add_up_and_go_only_to_blocks_above_the_contract(wh: list[int], rule: ExcessRule) -> None:
    found = priced(wh, excess(rule))
    cost, (bill,) = found.cost_micro["x"], found.bills
    assert int(cost.sum()) == bill.total * MICRO
    assert [n for n, micro in enumerate(cost) if micro and wh[n] <= 100_000] == []


def test_a_tier_is_paid_by_the_intervals_that_used_it() -> None:
    ladder = TieredEnergy("x", "Tiers", "use", "", ALL, TierScope.POOLED_CHRONOLOGICAL, (Decimal(100), Decimal(150)))
    found = priced([60_000, 60_000, 60_000], ladder)
    assert [line.quantity for line in found.bills[0].lines] == [100, 50, 30]
    assert found.cost_micro["x"].tolist() == [60 * MICRO, (40 + 3 * 20) * MICRO, 3 * 60 * MICRO]


def test_a_pool_shared_in_proportion_is_still_paid_by_energy() -> None:
    ladder = TieredEnergy("x", "Tiers", "use", "", ALL, TierScope.POOLED_PROPORTIONAL, (Decimal(100),))
    cost = priced([60_000, 60_000, 60_000], ladder).cost_micro["x"].tolist()
    assert max(cost) - min(cost) <= 2
    assert sum(cost) == (100 + 3 * 80) * MICRO


def test_a_large_site_in_a_small_currency_is_billed_and_shared_exactly() -> None:
    """100 GWh at 100 CLP: 10,000 million, beyond what 64 bits hold of nano-currency."""
    wh = [10**11 // 500] * 500
    found = priced(wh, EnergyFlat("x", "Energy", "use", ""), rate="100")
    assert found.bills[0].total == Decimal(sum(wh)) / 10
    assert int(found.cost_micro["x"].sum()) == sum(wh) * 100_000


@pytest.mark.parametrize("wh", [10**8, 10**11])
def test_a_bill_beyond_what_can_be_shared_is_refused_with_its_numbers(wh: int) -> None:
    demand = MaximumDemand("x", "Demand", "power", "", ALL, round_up_kw=False)
    said = r"2018-01: the lines come to 1[0,]*\.0* USD, and 2,305,843,009,214 can be shared .* is 'Demand': maximum of"
    with pytest.raises(TooLarge, match=said):
        priced([wh], demand, rate="1000000000")
    assert issubclass(TooLarge, Refusal)


def test_the_largest_intervals_there_are_do_not_wrap_around() -> None:
    demand = MaximumDemand("x", "Demand", "power", "", ALL, round_up_kw=False)
    found = priced([10**11, 10**11 - 1, 1, 0] * 6, demand, rate="0.000001", step_minutes=15)
    cost = found.cost_micro["x"]
    assert (int(cost.min()) >= 0, int(cost.sum())) == (True, int(found.bills[0].total * MICRO))
