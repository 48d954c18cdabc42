"""Sub-meters share the main meter's bill: exactly, by what they used when it cost, and the rest is shown."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.arrays.allocation import REST, allocate, cut_columns
from domain.errors import BadReadings

METERS, INTERVALS = 3, 5
AMOUNTS = st.lists(st.integers(-(10**15), 10**15), min_size=INTERVALS, max_size=INTERVALS)
ENERGY = st.lists(
    st.lists(st.sampled_from([0, 1, 7, 12_345, 10**9]), min_size=INTERVALS, max_size=INTERVALS),
    min_size=METERS,
    max_size=METERS,
)


def ints(values: object) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def test_an_interval_is_shared_by_energy_and_the_rest_takes_part() -> None:
    found = allocate(ints([1000]), {"energy": ints([900])}, {"oven": ints([500]), "press": ints([200])})
    assert found.meters == ("oven", "press", REST)
    assert found.totals_micro() == {"oven": {"energy": 450}, "press": {"energy": 180}, REST: {"energy": 270}}


def test_a_meter_pays_the_price_of_the_hour_in_which_it_ran() -> None:
    cheap_then_dear = {"energy": ints([100, 900])}
    found = allocate(ints([10, 10]), cheap_then_dear, {"night": ints([10, 0]), "day": ints([0, 10])})
    assert found.totals_micro() == {"night": {"energy": 100}, "day": {"energy": 900}, REST: {"energy": 0}}


def test_sub_meters_that_count_more_than_the_main_meter_share_its_cost_and_are_counted() -> None:
    found = allocate(ints([100, 100]), {"energy": ints([60, 60])}, {"a": ints([100, 50]), "b": ints([50, 50])})
    assert found.totals_micro() == {"a": {"energy": 70}, "b": {"energy": 50}, REST: {"energy": 0}}
    assert found.oversubscribed == 1


def test_what_costs_without_energy_belongs_to_nobody_but_the_rest() -> None:
    found = allocate(ints([0]), {"fixed": ints([7])}, {"oven": ints([0])})
    assert found.totals_micro() == {"oven": {"fixed": 0}, REST: {"fixed": 7}}


def test_a_supply_point_without_sub_meters_is_all_rest() -> None:
    found = allocate(ints([5, 6]), {"energy": ints([50, 60])}, {})
    assert found.totals_micro() == {REST: {"energy": 110}}


def test_energy_that_no_meter_can_count_is_refused_and_never_wraps() -> None:
    with pytest.raises(BadReadings, match="6000000000 Wh in one interval are beyond what can be shared"):
        cut_columns(ints([1]), ints([[2 * 10**9]] * 3))


@given(amounts=AMOUNTS, energy=ENERGY)
def test_every_column_adds_up_and_no_share_is_a_unit_off_its_due(amounts: list[int], energy: list[list[int]]) -> None:
    cut = cut_columns(ints(amounts), ints(energy))
    assert cut.sum(axis=0).tolist() == amounts
    for column, amount in enumerate(amounts):
        whole = sum(row[column] for row in energy)
        for row in range(METERS):
            due = Fraction(amount * energy[row][column], whole) if whole else Fraction(amount * (row == METERS - 1))
            assert abs(int(cut[row, column]) - due) < 1


@given(amounts=AMOUNTS, energy=ENERGY)
def test_a_credit_is_shared_as_the_same_charge_would_be(amounts: list[int], energy: list[list[int]]) -> None:
    credit = cut_columns(-ints(amounts), ints(energy))
    assert (credit == -cut_columns(ints(amounts), ints(energy))).all()
