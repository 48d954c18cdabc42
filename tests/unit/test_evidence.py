"""The intervals that are named as the cause of a line are the ones that caused it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.arrays import Load, PricedLoad, evidence_of, price_load
from domain.charges import (
    Charge,
    ContractedPower,
    EnergyByPeriod,
    ExcessPower,
    ExcessRule,
    ExportCredit,
    IndexedPrice,
    LookBack,
    MaximumDemand,
    Percentage,
    PowerFactorDemand,
    PowerFactorEnergy,
    PriceSeries,
    Ratchet,
    ReactiveEnergy,
    ReactiveStep,
    TieredEnergy,
    TierScope,
    UnusedPower,
)
from domain.errors import NoPriceInForce
from domain.evidence import Evidence, LookedBack, months_in_words
from domain.terms import Contract, History
from tests.reference.workbench import hourly, tariff_of

START = datetime(2018, 1, 1, tzinfo=UTC)
HOURS = 744
NIGHT_AND_DAY = (("night", 8), ("day", 24))
NIGHT, DAY = (0, "night"), (1, "day")
CONTRACT = Contract({"all": Decimal(10)})


def behind(
    charges: Sequence[Charge],
    rates: Mapping[str, str],
    load: Load,
    history: History | None = None,
    series: PriceSeries | None = None,
) -> dict[str, Evidence]:
    """The evidence of January's lines by code."""
    priced = priced_by(charges, rates, load, history, series)
    [evidence] = evidence_of(priced)
    return {line.code: one for line, one in zip(priced.bills[0].lines, evidence, strict=True)}


def priced_by(
    charges: Sequence[Charge],
    rates: Mapping[str, str],
    load: Load,
    history: History | None = None,
    series: PriceSeries | None = None,
) -> PricedLoad:
    tariff = tariff_of(charges, [rates], NIGHT_AND_DAY)
    if series is not None:
        object.__setattr__(tariff, "series", (series,))
    return price_load(load, tariff, CONTRACT, ZoneInfo("UTC"), history=history or {})


def a_load(**kwh_at: int) -> Load:
    """A month of 1 kWh an hour, but for some hours of it: `h30=9`."""
    wh = [1000] * HOURS
    for name, kwh in kwh_at.items():
        wh[int(name.removeprefix("h"))] = kwh * 1000
    return hourly(wh)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def test_a_demand_line_names_the_block_that_set_it() -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (DAY,), round_up_kw=False)
    found = behind([demand], {"d": "5"}, a_load(h3=50, h34=20, h58=20))["d"]
    assert (found.counted, found.count) == ("blocks of 60 min in day", 31 * 16)
    assert (found.first, found.end) == (at(8), at(HOURS))
    [block] = found.named
    assert (block.start, block.quantity, block.unit) == (at(34), Decimal(20), "kW"), "the earlier of two equal ones"


def test_a_mean_of_the_highest_names_all_of_them() -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False, highest_blocks=3)
    found = behind([demand], {"d": "5"}, a_load(h3=50, h34=20, h58=20, h59=19))["d"]
    assert [block.start for block in found.named] == [at(3), at(34), at(58)]
    assert found.naming == "the 3 highest, of which the mean is taken"


def test_a_coincident_peak_names_the_highest_of_the_instants_that_were_given() -> None:
    only = tuple(int(at(hour).timestamp()) for hour in (10, 12))
    demand = MaximumDemand("d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False, only_s=only)
    found = behind([demand], {"d": "5"}, a_load(h3=50, h12=7))["d"]
    assert (found.count, found.named[0].start, found.named[0].quantity) == (2, at(12), Decimal(7))


def test_a_look_back_tells_the_months_it_knows_and_those_it_lacks() -> None:
    demand = MaximumDemand(
        "d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False, look_back=LookBack(2, 4), ratchet=None
    )
    history = {"d": {date(2017, 11, 1): Fraction(30), date(2016, 1, 1): Fraction(900)}}
    found = behind([demand], {"d": "5"}, a_load(h5=20), history)["d"]
    assert found.looked_back is not None
    assert found.looked_back.known == ((date(2017, 11, 1), Decimal(30)),)
    assert found.looked_back.unknown == (date(2017, 10, 1), date(2017, 12, 1))
    assert found.remembered == 20
    assert list(found.looking_back())[1] == "not known: 2017-10, 2017-12; give them with --history"


def test_the_months_of_a_load_remember_each_other() -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False, ratchet=Ratchet(Decimal(80), 1))
    priced = priced_by([demand], {"d": "5"}, hourly([50_000] + [1000] * 1000))
    january, february = (one[0].looked_back for one in evidence_of(priced))
    assert january == LookedBack((), (date(2017, 12, 1),))
    assert february == LookedBack(((date(2018, 1, 1), Decimal(50)),), ())


def test_energy_names_its_range_and_the_intervals_of_most_energy() -> None:
    energy = EnergyByPeriod("e", "Energy", "energy", "", (NIGHT, DAY))
    found = behind([energy], {"e.night": "1", "e.day": "2"}, a_load(h3=50, h34=20, h58=30))
    assert (found["e.night"].count, found["e.night"].first, found["e.night"].end) == (31 * 8, at(0), at(HOURS - 16))
    assert [one.start for one in found["e.day"].named] == [at(58), at(34), at(8)]
    assert found["e.day"].span(str) == "496 intervals of 60 min in day, " + f"{at(8)} to {at(HOURS)}"


@pytest.mark.parametrize("rule", ExcessRule)
def test_excess_names_every_block_beyond_the_contract_and_no_other(rule: ExcessRule) -> None:
    excess = ExcessPower("x", "Excess", "excess", "", (DAY,), rule, minutes=60)
    found = behind([excess], {"x.day": "1"}, a_load(h3=50, h34=20, h58=11, h59=10))["x.day"]
    assert found.count == 2, "10 kW is what was contracted, and the night is not counted"
    assert [(one.start, one.quantity) for one in found.named] == [(at(34), Decimal(20)), (at(58), Decimal(11))]
    assert found.counted == "blocks of 60 min in day above 10 kW"


def a_series(*prices: int | None) -> PriceSeries:
    return PriceSeries("spot", 60, START, prices, "by hand")


INDEXED = IndexedPrice("i", "Spot", "energy", "", "spot")
INDEXED_RATES = {"i.adder": "0", "i.factor": "100", "i.losses": "0"}


def test_energy_at_published_prices_names_the_hours_that_cost_most() -> None:
    prices = [100_000] * HOURS
    prices[50], prices[60], prices[70] = 500_000, 90_000, -100_000
    found = behind([INDEXED], INDEXED_RATES, a_load(h60=4, h9=0), series=a_series(*prices))["i"]
    assert (found.count, found.first, found.end) == (HOURS - 1, at(0), at(HOURS))
    assert [(one.start, one.quantity, one.rate) for one in found.named[:2]] == [
        (at(50), Decimal(1), Decimal("0.5")),
        (at(60), Decimal(4), Decimal("0.09")),
    ]


def test_an_hour_without_a_price_refuses_the_bill_and_is_named() -> None:
    prices = [100_000] * 40
    with pytest.raises(NoPriceInForce, match=r"series 'spot' has no price for 2018-01-02 16:00 UTC"):
        behind([INDEXED], INDEXED_RATES, a_load(), series=a_series(*prices))
    with pytest.raises(NoPriceInForce, match=r"give it with --series spot=FILE"):
        behind([INDEXED], INDEXED_RATES, a_load())


def test_a_tier_names_the_intervals_in_which_the_month_climbed_it() -> None:
    tiers = TieredEnergy(
        "t", "Tiers", "energy", "", (NIGHT, DAY), TierScope.POOLED_CHRONOLOGICAL, (Decimal("20.5"), Decimal(100))
    )
    rates = {f"t.{name}.t{n}": "1" for name in ("night", "day") for n in (1, 2, 3)}
    found = behind([tiers], rates, a_load())
    assert (found["t.day.t1"].first, found["t.day.t1"].end, found["t.day.t1"].count) == (at(8), at(21), 13)
    assert found["t.day.t1"].named[-1].quantity == 1
    assert found["t.day.t2"].first == at(20), "the hour in which a limit was crossed belongs to both"
    assert found["t.night.t2"].count + found["t.day.t2"].count == 80


def test_reactive_energy_by_the_hour_names_the_hours_that_had_too_much() -> None:
    charge = ReactiveEnergy(
        "r", "Reactive", "reactive", "", (NIGHT, DAY), Decimal(50), "hour", (ReactiveStep(Decimal(0), "all"),)
    )
    load = a_load()
    varh = np.full(HOURS, 400, dtype=np.int64)
    varh[12], varh[40] = 900, 700
    load = Load(load.meter, load.start, 60, load.energy_wh, varh, load.quality)
    found = behind([charge], {"r.all": "1"}, load)["r"]
    assert (found.count, [one.start for one in found.named]) == (2, [at(12), at(40)])
    assert found.named[0].quantity == Decimal("0.4")


def test_a_rolling_window_is_named_by_its_start_and_its_length() -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (DAY,), round_up_kw=False, minutes=120, rolling=True)
    found = behind([demand], {"d": "5"}, a_load(h7=30, h8=40, h40=60))["d"]
    assert (found.counted, found.count, found.minutes) == ("windows of 120 min in day", 31 * 16, 120)
    assert (found.first, found.end) == (at(8), at(HOURS))
    [window] = found.named
    assert (window.start, window.quantity) == (at(7), Decimal(35)), "it ends by day, and may begin by night"


def test_an_excess_of_all_periods_together_names_the_blocks_of_all() -> None:
    over = ExcessPower("x", "Excess", "p", "", (NIGHT, DAY), ExcessRule.BANDED, minutes=60, together=True)
    found = behind([over], {"x": "5"}, a_load(h3=11, h34=20))["x"]
    assert found.counted == "blocks of 60 min in night, day above 10 kW"
    assert [block.start for block in found.named] == [at(34), at(3)]


def test_energy_delivered_names_the_intervals_that_delivered_most() -> None:
    out = np.zeros(HOURS, dtype=np.int64)
    out[[3, 36, 37]] = 9000, 2000, 5000
    sold = ExportCredit("s", "Sold", "credit", "", (NIGHT, DAY))
    found = behind([sold], {"s.night": "1", "s.day": "1"}, replace(a_load(), export_wh=out))["s.day"]
    assert (found.counted, found.count) == ("intervals of 60 min in day that delivered to the grid", 2)
    assert [(block.start, block.quantity) for block in found.named] == [(at(37), Decimal(5)), (at(36), Decimal(2))]


def test_a_poor_power_factor_names_the_hours_by_the_reactive_energy_that_counts_in_them() -> None:
    inductive, capacitive = np.zeros(HOURS, dtype=np.int64), np.zeros(HOURS, dtype=np.int64)
    inductive[[3, 34]], capacitive[[4, 35]] = 9000, 2000
    load = replace(a_load(), reactive_varh=inductive, capacitive_varh=capacitive)
    ere = PowerFactorEnergy("ere", "ERE", "r", "", (NIGHT, DAY), 92, 60, (0, 360))
    dre = PowerFactorDemand("dre", "DRE", "r", "", (NIGHT, DAY), 92, 60, (0, 360))
    found = behind([ere, dre], {"ere": "1", "dre": "1"}, load)
    assert [block.start for block in found["ere"].named] == [at(34), at(4)]
    [block] = found["dre"].named
    assert (block.start, block.quantity, block.unit) == (at(34), Decimal("8.331"), "kW")  # 0.92 x sqrt(1 + 81)


def test_capacitive_energy_names_the_intervals_that_had_most_of_it() -> None:
    capacitive = np.zeros(HOURS, dtype=np.int64)
    capacitive[[5, 30]] = 700_000, 300_000
    charge = ReactiveEnergy(
        "r", "Reactive", "r", "", (NIGHT,), Decimal(33), "period", (ReactiveStep(Decimal(0), "any"),), capacitive=True
    )
    found = behind([charge], {"r.any": "1"}, replace(a_load(), capacitive_varh=capacitive))["r.night"]
    assert (found.named[0].start, found.named[0].unit) == (at(5), "capacitive kvarh")


def test_power_that_was_not_used_was_used_by_no_interval() -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False)
    unused = UnusedPower("u", "Unused", "power", "", (NIGHT, DAY), ("d",))
    found = behind([demand, unused], {"d": "5", "u": "5"}, a_load(h3=4))["u"]
    assert (found.counted, found.count) == ("no interval: power that was contracted, and that none of them used", 0)


def test_what_no_interval_made_says_so_and_a_percentage_names_its_lines() -> None:
    power = ContractedPower("p", "Power", "power", "", (DAY,))
    tax = Percentage("tax", "Tax", "tax", "", ("power",))
    found = behind([power, tax], {"p.day": "3", "tax": "10"}, a_load())
    assert found["p.day"].span(str) == "no interval: it is owed for 31 days from 2018-01-01, whatever is used"
    assert found["tax"].lines == ("p.day",)


@given(st.lists(st.integers(0, 9_000), min_size=30, max_size=80), st.integers(1, 5))
def test_the_named_blocks_are_those_that_a_sort_would_find(wh: list[int], highest: int) -> None:
    demand = MaximumDemand("d", "Demand", "power", "", (NIGHT, DAY), round_up_kw=False, highest_blocks=highest)
    excess = ExcessPower("x", "Excess", "excess", "", (NIGHT, DAY), ExcessRule.BANDED, minutes=60)
    contract = Contract({"all": Decimal(4)})
    tariff = tariff_of([demand, excess], [{"d": "5", "x.night": "1", "x.day": "1"}], NIGHT_AND_DAY)
    priced = price_load(hourly(wh), tariff, contract, ZoneInfo("UTC"))
    [evidence] = evidence_of(priced)
    found = {line.code: one for line, one in zip(priced.bills[0].lines, evidence, strict=True)}
    order = sorted(range(len(wh)), key=lambda i: (-wh[i], i))[:highest]
    assert [one.start for one in found["d"].named] == [at(i) for i in order]
    for code, hours in (("x.night", range(8)), ("x.day", range(8, 24))):
        beyond = {at(i) for i in range(len(wh)) if wh[i] > 4000 and i % 24 in hours}
        assert {one.start for one in found[code].named} == beyond if beyond else code not in found


def test_months_are_told_as_spans() -> None:
    months = tuple(date(*month, 1) for month in ((2025, 2), (2025, 3), (2025, 4), (2025, 12), (2026, 1), (2026, 3)))
    assert months_in_words(months) == "2025-02 to 2025-04, 2025-12 to 2026-01, 2026-03"
