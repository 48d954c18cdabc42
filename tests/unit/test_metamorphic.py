"""What must hold for any tariff and any load, whatever they cost: no second engine is needed to see it broken."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import charges as kinds
from domain.arrays import price_load
from domain.arrays.load import Load
from domain.bill import Bill, make_bill
from domain.calendar import Window
from domain.charges import Charge
from domain.measurement import Quality
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract, joined
from tests.reference import chance
from tests.reference.cases import CONTRACT, DAYS, FAMILIES, SEEDS, Case, case_of, drawn
from tests.reference.uploads import as_it_comes, closed, measured

PERIODS, MICRO = chance.PERIODS, 10**6
OF_ENERGY = ("flat", "energy", "tiers", "index", "ere")
ON_MONEY = ("limited", "minimum", "factor", "steps", "points", "pis", "icms", "low_side", "discount", "tax", "whole")
LINEAR: tuple[Charge, ...] = (
    kinds.EnergyFlat("flat", "Flat", "use", ""),
    kinds.EnergyByPeriod("energy", "Energy", "use", "", PERIODS),
    kinds.MaximumDemand("kw", "Demand", "power", "", PERIODS, round_up_kw=False),
    kinds.MaximumDemand("kva", "Apparent", "power", "", PERIODS, False, highest_blocks=3, apparent=True),
    kinds.ExcessPower("banded", "Excess", "power", "", PERIODS, kinds.ExcessRule.BANDED),
    kinds.ExcessPower("root", "Excess", "power", "", PERIODS, kinds.ExcessRule.QUADRATIC),
    kinds.ReactiveEnergy(
        "kvarh", "Reactive", "use", "", PERIODS, Decimal(33), "hour", (kinds.ReactiveStep(Decimal(0), "any"),)
    ),
)


@given(case=DAYS, times=st.integers(2, 9))
@settings(max_examples=50)
def test_rates_times_n_make_every_line_that_is_no_percentage_times_n(case: Case, times: int) -> None:
    percents = {key for charge in case.tariff.charges for key in charge.percent_keys}
    dearer = with_rates(
        case.tariff,
        {key: rate if key in percents else rate * times for key, rate in values_of(case.tariff).items()},
    )
    cheap, dear = gross_of(case), gross_of(replace(case, tariff=dearer))
    for key in cheap.keys() - {key for key in cheap if key[1] in (*ON_MONEY, "index", "fuel") or key[2] == "credit"}:
        assert nearly(dear[key], cheap[key] * times), key


@given(case=DAYS, times=st.integers(2, 9))
@settings(max_examples=50)
def test_a_load_and_contract_times_n_make_energy_demand_and_excess_times_n(case: Case, times: int) -> None:
    tariff = linear(case.tariff)
    assert case.load.reactive_varh is not None
    load = replace(case.load, energy_wh=case.load.energy_wh * times, reactive_varh=case.load.reactive_varh * times)
    small = price_load(case.load, tariff, Contract({"all": Decimal(100)}), case.zone).bills
    large = price_load(load, tariff, Contract({"all": Decimal(100 * times)}), case.zone).bills
    for before, after in zip(small, large, strict=True):
        assert [line.code for line in before.lines] == [line.code for line in after.lines]
        for one, many in zip(before.lines, after.lines, strict=True):
            assert nearly(Fraction(many.gross), Fraction(one.gross) * times, Fraction(1, 10**9)), one.code


@given(seed=SEEDS, load_seed=SEEDS, families=FAMILIES, days=st.integers(1, 9))
@settings(max_examples=40)
def test_readings_of_5_or_of_15_minutes_give_the_same_bill(
    seed: int, load_seed: int, families: set[str], days: int
) -> None:
    zone = ZoneInfo("Europe/Madrid")
    start = BillingMonth(date(2026, 3, 1), zone).start_utc + timedelta(days=25)
    fine = drawn(Random(load_seed), start, 5, days * 288)  # repeatable
    fine.quality[:] = Quality.MEASURED
    case = case_of(Random(seed), families, of_15_minutes(fine), zone)  # repeatable
    case = replace(case, tariff=unrolled(case.tariff))
    found = [replace(case, load=load).priced().bills for load in (fine, case.load)]
    for one, other in zip(*found, strict=True):
        assert one.lines == other.lines


@given(case=DAYS, seed=SEEDS)
@settings(max_examples=30)
def test_the_order_of_arrival_does_not_change_the_bill(case: Case, seed: int) -> None:
    case = replace(case, load=case.load.between(case.load.start, case.load.start + timedelta(days=2)))
    bill = case.priced().bills[0]
    terms = case.terms(bill.first, case.history)
    taken = measured(case, terms)
    Random(seed).shuffle(taken)  # a repeatable order
    total, _ = closed(as_it_comes(case, taken, terms), terms)
    assert make_bill("main", total, terms) == bill


@given(case=DAYS)
@settings(max_examples=30)
def test_no_energy_costs_nothing_by_energy(case: Case) -> None:
    nothing = np.zeros_like(case.load.energy_wh)
    idle = replace(case, load=replace(case.load, energy_wh=nothing, reactive_varh=nothing, capacitive_varh=nothing))
    assert {key: gross for key, gross in gross_of(idle).items() if key[1] in OF_ENERGY and gross} == {}


@given(case=DAYS)
@settings(max_examples=80)
def test_the_parts_of_every_charge_add_up_to_the_bills(case: Case) -> None:
    priced = case.priced()
    for charge in case.tariff.charges:
        billed = sum(
            (line.amount for bill in priced.bills for line in bill.lines if line.charge == charge.code), Decimal(0)
        )
        assert int(priced.cost_micro[charge.code].sum()) == billed * MICRO, charge.code


@given(case=DAYS)
@settings(max_examples=30)
def test_two_halves_of_a_load_at_the_month_s_end_have_the_bills_of_the_whole(case: Case) -> None:
    whole = case.priced().bills
    history = {code: dict(months) for code, months in case.history.items()}
    halves: list[Bill] = []
    for bill in whole:
        month = BillingMonth(bill.first, case.zone)
        part = replace(case, load=case.load.between(month.start_utc, month.end_utc), history=history)
        halves += part.priced().bills
        history = joined(history, halves[-1].remembered)
    assert halves == list(whole)


@given(case=DAYS, hour=st.integers(1, 23))
@settings(max_examples=50)
def test_a_period_cut_in_two_at_equal_rates_costs_the_same(case: Case, hour: int) -> None:
    """Where periods share one ladder, too; only a ladder of its own would be climbed twice."""
    ladder = kinds.TieredEnergy(
        "tiers", "Tiers", "use", "", PERIODS, kinds.TierScope.POOLED_CHRONOLOGICAL, (Decimal(50), Decimal(700))
    )
    rates = {key: Decimal(key[-1]) for key in ladder.rate_keys}
    plain = linear(case.tariff)
    plain = with_rates(replace(plain, charges=(*LINEAR[:4], ladder)), {**values_of(plain), **rates})
    before = price_load(case.load, plain, CONTRACT, case.zone).bills
    after = price_load(case.load, cut_base(plain, hour), CONTRACT, case.zone).bills
    for one, two in zip(before, after, strict=True):
        for charge in plain.charges:
            assert nearly(charged(one, charge.code), charged(two, charge.code)), charge.code


def unrolled(tariff: Tariff) -> Tariff:
    """Finer readings roll a window in finer steps, so it may find a higher mean: here windows stand on the clock."""
    demands = (replace(one, rolling=False) if isinstance(one, kinds.MaximumDemand) else one for one in tariff.charges)
    return replace(tariff, charges=tuple(demands))


def linear(tariff: Tariff) -> Tariff:
    """Only charges that are proportional to the load and the contract, each at a rate of its own."""
    keys = [key for charge in LINEAR for key in charge.rate_keys]
    return with_rates(replace(tariff, charges=LINEAR), {key: Decimal(n) / 8 for n, key in enumerate(keys, 1)})


def with_rates(tariff: Tariff, values: Mapping[str, Decimal]) -> Tariff:
    rates = Rates(date(2000, 1, 1), None, values, "drawn")
    return replace(tariff, rate_table=replace(tariff.rate_table, rates=(rates,)))


def values_of(tariff: Tariff) -> Mapping[str, Decimal]:
    return tariff.rate_table.rates[0].values


def cut_base(tariff: Tariff, hour: int) -> Tariff:
    """What is "base" from an hour of the day on is a period of its own, at the rates of "base"."""
    calendar = tariff.calendar
    schedules = {key: tuple(cut_windows(windows, hour * 60)) for key, windows in calendar.schedules.items()}
    periods = (*PERIODS, (3, "late"))
    charges = tuple(replace(one, periods=periods) if hasattr(one, "periods") else one for one in tariff.charges)  # type: ignore[type-var]  # every charge is a dataclass
    late = {key.replace(".base", ".late"): rate for key, rate in values_of(tariff).items()}
    return replace(
        with_rates(tariff, {**values_of(tariff), **late}),
        calendar=replace(calendar, periods=(*calendar.periods, "late"), schedules=schedules),
        charges=charges,
    )


def cut_windows(windows: tuple[Window, ...], minute: int) -> Iterator[Window]:
    for one in windows:
        edge = min(max(minute, one.from_minute), one.to_minute) if one.period == "base" else one.to_minute
        if one.from_minute < edge:
            yield replace(one, to_minute=edge)
        if edge < one.to_minute:
            yield Window(edge, one.to_minute, "late")


def of_15_minutes(load: Load) -> Load:
    """Three readings in one."""
    columns = (load.energy_wh, load.reactive_varh, load.export_wh, load.capacitive_varh)
    wh, varh, out, capacitive = (column.reshape(-1, 3).sum(axis=1) for column in columns if column is not None)
    return Load(load.meter, load.start, 15, wh, varh, load.quality[::3], out, capacitive)


def gross_of(case: Case) -> dict[tuple[date, str, str], Fraction]:
    """By month, charge and line."""
    bills = case.priced().bills
    return {(bill.first, line.charge, line.code): Fraction(line.gross) for bill in bills for line in bill.lines}


def charged(bill: Bill, charge: str) -> Fraction:
    return sum((Fraction(line.gross) for line in bill.lines if line.charge == charge), Fraction(0))


def nearly(found: Fraction, expected: Fraction, close: Fraction = Fraction(1, 10**50)) -> bool:
    """Equal but for digits beyond those that an exact decimal has."""
    return abs(found - expected) <= abs(expected) * close
