"""The exact cost of every interval's energy adds up to the energy lines of the bills, before they are rounded."""

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings

from domain.arrays import Billing, Load, energy_cost
from domain.charges import EnergyByPeriod
from domain.errors import BadReadings
from domain.money import nano_to_decimal
from domain.terms import Contract
from tests.reference.cases import CONTRACT, DAYS, Case
from tests.reference.workbench import hourly, tariff_of

ENERGY = EnergyByPeriod("energy", "Energy", "supply", "by hand", ((0, "night"), (1, "day")))
RATES = {"energy.night": "0.000001", "energy.day": "2.5"}
TARIFF = tariff_of((ENERGY,), (RATES,), (("night", 8), ("day", 24)))


def billing() -> Billing:
    return Billing.of(TARIFF, Contract(), ZoneInfo("UTC"))


@given(case=DAYS)
@settings(max_examples=60, deadline=None)
def test_the_cost_of_the_intervals_of_a_load_is_that_of_its_energy_lines(case: Case) -> None:
    ready = Billing.of(case.tariff, CONTRACT, case.zone, history=case.history)
    found = energy_cost(case.load, ready)
    lines = [line for bill in ready.bills(case.load) for line in bill.lines if line.code in found.lines]
    assert nano_to_decimal(int(found.nano.sum())) == sum((line.gross for line in lines), Decimal(0))


def test_each_interval_costs_its_watt_hours_at_the_price_of_its_period() -> None:
    found = energy_cost(hourly([3] * 7 + [5] * 3), billing())
    assert found.lines == ("energy.night", "energy.day")
    assert found.nano.tolist() == [3] * 7 + [5] + [12_500_000] * 2


def test_no_energy_costs_no_energy_charge() -> None:
    assert not energy_cost(hourly([0] * 900), billing()).nano.any()


def test_energy_beyond_64_bits_of_money_is_refused() -> None:
    load = hourly([1] * 10)
    absurd: Load = replace(load, energy_wh=load.energy_wh * np.int64(2**61))
    with pytest.raises(BadReadings, match=r"an interval of 2,305,843,009,213,693,952 Wh in 2018-01 costs more than 64"):
        energy_cost(absurd, billing())
