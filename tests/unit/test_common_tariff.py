"""The tariff that other engines can express too costs what was worked out for it, exactly, at every step."""

from zoneinfo import ZoneInfo

import pytest

from benchmarks import common_tariff as common
from domain.arrays import bill_load, price_load
from domain.terms import Contract


@pytest.mark.parametrize("step", common.STEPS)
def test_the_common_load_is_the_one_that_was_worked_out(step: int) -> None:
    assert int(common.watts(step).sum()) == common.SUM_OF_WATTS[step]


@pytest.mark.parametrize("step", common.STEPS)
def test_a_year_on_the_common_tariff_costs_exactly_this(step: int) -> None:
    bills = bill_load(common.load(step), common.tariff(step), Contract(), ZoneInfo("UTC"))
    assert common.by_group(bills, step) == common.EXPECTED[step]
    assert len(bills) == 12


def test_sharing_the_common_tariff_changes_nothing() -> None:
    arguments = common.load(60), common.tariff(60), Contract(), ZoneInfo("UTC")
    assert price_load(*arguments).bills == bill_load(*arguments)
