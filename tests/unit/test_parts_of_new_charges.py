"""Months of several parts: what energy delivered, contracted power and reactive demand cost on some days of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings

from domain.agreements import Agreements
from domain.arrays import Billing, Load, PricedLoad, price_load
from domain.bill import Bill, BillLine, bill_of_parts
from domain.charges import (
    AdjustedEnergy,
    Charge,
    EnergyFlat,
    ExcessPower,
    ExcessRule,
    ExportCredit,
    MaximumDemand,
    NetMetering,
    PowerFactorAdjustment,
    PowerFactorDemand,
    UnusedPower,
)
from domain.determinants import Determinants
from domain.errors import TooLarge
from domain.tariff import Rates, Tariff
from domain.terms import Contract, Terms
from tests.reference.cases import CONTRACT, DAYS, Case
from tests.reference.uploads import by_uploads, closed
from tests.reference.workbench import hourly, tariff_of

ZONE = ZoneInfo("UTC")
ALL = ((0, "all"),)
CUT = date(2018, 1, 11)  # 10 days, and 21 days
KW_100 = Contract({"all": Decimal(100)})
DEMAND = MaximumDemand("demand", "Demand", "power", "", ALL, round_up_kw=False)
NET = NetMetering("net", "Net", "use", "", ALL)
FLAT = EnergyFlat("flat", "Flat", "use", "")
SOLD = ExportCredit("sold", "Sold", "credit", "", ALL, limited_to=("use",))


def tariff(charges: Sequence[Charge], before: Mapping[str, str], after: Mapping[str, str], cut: date = CUT) -> Tariff:
    """Rates of 1 (of a percentage: 90) but for those told, and others from a day within January on."""
    usual = {key: "1" for one in charges for key in one.rate_keys}
    usual |= {key: "90" for one in charges for key in one.percent_keys}
    found = tariff_of(charges, [{**usual, **before}, {**usual, **after}])
    first, second = found.rate_table.rates
    dated = (replace(first, valid_to=cut), replace(second, valid_from=cut, valid_to=None))
    return replace(found, rate_table=replace(found.rate_table, rates=dated))


def load(drawn: Mapping[int, int], out: Mapping[int, int], varh: Mapping[int, int] | None = None) -> Load:
    """January and February, of kWh at noon of some days (from 0), and nothing else."""
    columns = [np.zeros(59 * 24, dtype=np.int64) for _ in range(3)]
    for column, kwh_of in zip(columns, (drawn, out, varh or {}), strict=True):
        for day, kwh in kwh_of.items():
            column[day * 24 + 12] = kwh * 1000
    found = hourly(columns[0].tolist(), datetime(2018, 1, 1, tzinfo=UTC))
    return replace(found, export_wh=columns[1], reactive_varh=columns[2])


def priced(of: Load, by: Tariff, contract: Contract = KW_100) -> PricedLoad:
    found = price_load(of, by, contract, ZONE)
    assert Billing(Agreements.of(by, contract), ZONE).bills(of) == found.bills
    return found


def lines(bill: Bill, charge: str) -> list[BillLine]:
    return [line for line in bill.lines if line.charge == charge]


def test_a_bank_goes_from_part_to_part_and_on_to_the_next_month() -> None:
    by = tariff([NET], {"net.all": "1"}, {"net.all": "2"})
    january, february = priced(load({2: 10, 20: 30, 40: 50}, {3: 60}), by).bills
    assert [(line.part, line.quantity) for line in january.lines] == [(0, Decimal(0)), (1, Decimal(0))]
    assert january.remembered == {"net.all": {date(2018, 1, 1): Fraction(50), CUT: Fraction(20)}}
    assert [line.quantity for line in february.lines] == [30]


def test_a_bank_ends_with_the_last_part_of_its_month() -> None:
    by = tariff([replace(NET, expires_in_month=1, buy_out=True)], {"net.all": "1"}, {"net.all": "2"})
    january, february = priced(load({20: 30, 40: 50}, {3: 60}), by).bills
    bought = [(line.part, line.quantity, line.amount) for line in january.lines if line.code == "net.buy_out"]
    assert bought == [(1, Decimal(30), Decimal(-30))]
    assert february.lines[0].quantity == 50


@pytest.mark.parametrize(
    ("drawn", "out", "credited"),
    [
        ({2: 80, 20: 50}, {3: 100, 21: 10}, [-80, -30]),  # too much at first; the room of later days takes it
        ({2: 80, 20: 40}, {3: 50, 21: 60}, [-50, -60]),  # room that the first days left
        ({2: 10, 20: 20}, {3: 100, 21: 100}, [-10, -20]),  # never more than the month's energy
    ],
)
def test_the_limit_of_a_credit_is_one_of_the_whole_month(
    drawn: dict[int, int], out: dict[int, int], credited: list[int]
) -> None:
    by = tariff([FLAT, SOLD], {"flat": "1"}, {"flat": "1", "sold.all": "1.000001"})
    january, february = priced(load(drawn | {40: 5}, out | {41: 2}), by).bills
    assert [line.amount for line in lines(january, "sold")] == credited
    assert [line.amount for line in lines(february, "sold")] == [-2], "what one month leaves is lost to the next"


def test_a_credit_says_what_earlier_days_left() -> None:
    by = tariff([FLAT, SOLD], {"flat": "1"}, {"flat": "2"})
    january = priced(load({2: 80, 20: 50}, {3: 100, 21: 10}), by).bills[0]
    _, second = lines(january, "sold")
    assert second.formula == "-(10 kWh delivered x 1) - 20 not credited on earlier days"


def test_power_not_used_and_demand_displaced_bear_their_days_of_the_rate() -> None:
    unused = UnusedPower("unused", "Unused", "unused", "", ALL, ("demand",))
    dre = PowerFactorDemand("dre", "DRE", "reactive", "", ALL, 92, kw_of=("demand",))
    by = tariff([DEMAND, unused, dre], {"unused": "31", "dre": "31"}, {"unused": "62", "dre": "62"})
    january = priced(load({2: 60, 20: 30}, {}, {2: 80}), by).bills[0]
    first, second = lines(january, "unused")
    assert (first.amount, second.amount) == (Decimal(40 * 10), Decimal(70 * 2 * 21))
    assert first.formula == "(100 contracted - 60 billed) kW x 31 x 10/31 of the month"
    (displaced,) = lines(january, "dre")
    assert (displaced.part, displaced.amount) == (0, Decimal(32 * 10))  # 60 kW at 0.6 would carry 92 kW at 0.92
    assert displaced.formula.endswith("kW x 31 x 10/31 of the month")


def test_an_excess_of_all_periods_together_bears_its_days_and_a_root_is_of_its_days_already() -> None:
    for rule, paid in ((ExcessRule.BANDED, [10 * 10, 30 * 21]), (ExcessRule.QUADRATIC, [10 * 31, 50 * 31])):
        over = ExcessPower("over", "Over", "power", "", ALL, rule, minutes=60, together=True)
        by = tariff([over, FLAT], {"over": "31"}, {"over": "31", "flat": "2"})
        kw = {2: 110, 20: 130} | ({21: 140} if rule is ExcessRule.QUADRATIC else {})
        assert [line.amount for line in lines(priced(load(kw, {}), by).bills[0], "over")] == paid


def test_energy_that_follows_an_index_bears_no_share() -> None:
    fuel = AdjustedEnergy("fuel", "Fuel", "use", "", ALL)
    by = tariff([fuel], {"fuel.adjusted": "1"}, {"fuel.adjusted": "0", "fuel.all": "3"})
    assert [line.amount for line in priced(load({2: 10, 20: 10}, {}), by).bills[0].lines] == [9, 30]


def test_a_window_does_not_reach_into_the_part_before() -> None:
    rolling = replace(DEMAND, rolling=True, minutes=120)
    peak = load({}, {})
    cut_at = 10 * 24
    peak.energy_wh[[cut_at - 1, cut_at]] = 40_000
    by = tariff([rolling], {"demand": "1"}, {"demand": "2"})
    assert [line.quantity for line in priced(peak, by).bills[0].lines] == [20, 20]
    whole = tariff([rolling], {"demand": "1"}, {"demand": "1"})
    assert [line.quantity for line in priced(peak, whole).bills[0].lines] == [40]


def test_a_power_factor_of_a_dated_rate_settles_the_month_once_where_the_rate_stays() -> None:
    factor = PowerFactorAdjustment("factor", "Power factor", "x", "", ("use",))
    for asked, parts in (("90", [None]), ("95", [0, 1])):
        by = tariff([FLAT, factor], {"flat": "1"}, {"flat": "2", "factor.threshold": asked})
        assert [line.part for line in lines(priced(load({2: 10, 20: 10}, {}), by).bills[0], "factor")] == parts


def test_a_bill_too_large_to_be_shared_is_refused_without_sharing_too() -> None:
    dear = tariff([DEMAND], {"demand": "900000000"}, {"demand": "900000000"})
    huge = load({2: 10**9}, {})
    for price in (priced, lambda of, by: Billing(Agreements.of(by, KW_100), ZONE).bills(of)):
        with pytest.raises(TooLarge, match="can be shared among intervals"):
            price(huge, dear)


def cut_within(case: Case) -> Case:
    """The same tariff, one of whose rates changes in the middle of the load."""
    first = case.tariff.rate_table.rates[0]
    half = case.load.start + timedelta(minutes=case.load.step_minutes) * (len(case.load.energy_wh) // 2)
    key = Random(len(case.load.energy_wh)).choice(sorted(first.values))  # repeatable
    other = dict(first.values) | {key: first.values[key] / 2}
    other = other if all(Decimal(value) == round(Decimal(value), 6) for value in other.values()) else dict(first.values)
    day = half.astimezone(case.zone).date()
    dated = (replace(first, valid_to=day), Rates(day, None, other, "half"))
    return replace(case, tariff=replace(case.tariff, rate_table=replace(case.tariff.rate_table, rates=dated)))


@given(case=DAYS)
@settings(max_examples=80)
def test_any_tariff_bills_its_parts_alike_by_arrays_by_fleets_and_by_uploads(case: Case) -> None:
    case = cut_within(case)
    found = case.priced()
    agreements = Agreements.of(case.tariff, CONTRACT)
    assert Billing(agreements, case.zone, history=case.history).bills(case.load) == found.bills
    for bill, billed in zip(found.bills, found.billed, strict=True):
        uploaded = [(of_uploads(case, one.terms), one.terms) for one in billed]
        again = bill_of_parts("main", uploaded)
        assert [one.determinants for one in again.parts] == [one.determinants for one in bill.parts]
        assert again == bill
    for charge in case.tariff.charges:
        paid = sum(
            (line.amount for bill in found.bills for line in bill.lines if line.charge == charge.code), Decimal(0)
        )
        assert int(found.cost_micro[charge.code].sum()) == paid * 10**6, charge.code


def of_uploads(case: Case, terms: Terms) -> Determinants:
    """The part's days taken in reading by reading; the load may have nothing of it."""
    if terms.end_utc <= case.load.start or case.load.end <= terms.start_utc:
        return closed([], terms)[0]
    return closed(by_uploads(replace(case, load=case.load.between(terms.start_utc, terms.end_utc)), terms), terms)[0]
