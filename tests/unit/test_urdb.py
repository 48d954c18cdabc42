"""Small URDB records, billed by hand, and what becomes of their fields."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from adapters.urdb import Record, import_record, to_toml
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.charges import MaximumDemand, Ratchet
from domain.tariff import Tariff
from domain.terms import Contract

ZONE = "Etc/GMT+8"
JANUARY = datetime(2018, 1, 1, 8, tzinfo=UTC)
DAY_AND_NIGHT = [[0] * 8 + [1] * 12 + [0] * 4] * 12
ALWAYS = [[0] * 24] * 12

SIMPLE: dict[str, Any] = {
    "label": "5B1",
    "name": "General service",
    "utility": "Small Electric Co",
    "startdate": 1514764800,
    "energyratestructure": [
        [{"rate": Decimal("0.09"), "adj": Decimal("0.01"), "unit": "kWh"}],
        [{"rate": Decimal("0.2")}],
    ],
    "energyweekdayschedule": DAY_AND_NIGHT,
    "energyweekendschedule": ALWAYS,
    "flatdemandstructure": [[{"rate": 5}], [{"rate": 10}]],
    "flatdemandmonths": [0] * 5 + [1] * 3 + [0] * 4,
    "flatdemandunit": "kW",
    "demandwindow": 30,
    "fixedchargefirstmeter": 30,
    "fixedchargeunits": "$/month",
}
TIERED: dict[str, Any] = {
    "label": "5B2",
    "energyratestructure": [
        [{"rate": Decimal("0.1"), "max": 37200}, {"rate": Decimal("0.2")}],
        [{"rate": Decimal("0.3"), "max": 37200}, {"rate": Decimal("0.4"), "max": Decimal("1e38")}],
    ],
    "energyweekdayschedule": DAY_AND_NIGHT,
    "energyweekendschedule": ALWAYS,
}


def tariff_of(fields: Mapping[str, Any], **changed: Any) -> Tariff:
    record = {name: value for name, value in {**fields, **changed}.items() if value is not None}
    return import_record(Record("rates.json", record), ZONE)


def bills_of(tariff: Tariff, *kw: int, varh_per_wh: int | None = None) -> tuple[Bill, ...]:
    """The months of 2018 from January on, each at a constant power. January: 23 weekdays, 744 hours."""
    days = (date(2018, len(kw) + 1, 1) - date(2018, 1, 1)).days
    local = [date(2018, 1, 1) + timedelta(days=n // 96) for n in range(days * 96)]
    wh = np.array([kw[day.month - 1] * 250 for day in local], dtype=np.int64)
    reactive = None if varh_per_wh is None else wh * varh_per_wh
    load = Load("mill", JANUARY, 15, wh, reactive, np.zeros(len(wh), dtype=np.uint8))
    return price_load(load, tariff, Contract(), ZoneInfo(ZONE)).bills


def amounts(bill: Bill) -> dict[str, Decimal]:
    return {line.code: line.amount for line in bill.lines if line.amount}


def test_time_of_use_flat_demand_and_a_fixed_charge_add_up() -> None:
    (january,) = bills_of(tariff_of(SIMPLE), 100)
    # 23 weekdays x 12 h x 100 kW = 27,600 kWh by day; 74,400 - 27,600 = 46,800 kWh by night
    assert amounts(january) == {
        "fixed": Decimal("30.00"),
        "flat_m01": Decimal("500.00"),
        "energy.p0": Decimal("4680.00"),
        "energy.p1": Decimal("5520.00"),
    }
    assert january.total == Decimal("10730.00")


def test_the_demand_of_june_has_the_price_of_june() -> None:
    june = bills_of(tariff_of(SIMPLE), 1, 1, 1, 1, 1, 7)[-1]
    assert june.amount_of("flat_demand") == Decimal("70.00")
    assert amounts(june)["flat_m06"] == Decimal("70.00")


@pytest.mark.parametrize(
    ("unit", "limit"), [("kWh", 37200), ("kWh daily", 1200), ("kWh/kW", 372), (None, Decimal("37200.0"))]
)
def test_a_month_climbs_one_ladder_and_every_period_has_its_mix(unit: str | None, limit: Decimal) -> None:
    # 74,400 kWh in 31 days at 100 kW: half of it under the limit, half above, by day and by night
    structure = [
        [{"rate": Decimal(low), "max": limit, "unit": unit}, {"rate": Decimal(high), "unit": unit}]
        for low, high in (("0.1", "0.2"), ("0.3", "0.4"))
    ]
    tariff = tariff_of(TIERED, energyratestructure=structure)
    (january,) = bills_of(tariff, 100)
    assert amounts(january) == {
        "energy.p0.t1": Decimal("2340.00"),  # 23,400 kWh x 0.1
        "energy.p0.t2": Decimal("4680.00"),
        "energy.p1.t1": Decimal("4140.00"),  # 13,800 kWh x 0.3
        "energy.p1.t2": Decimal("5520.00"),
    }
    assert any("pooled_proportional" in note for note in tariff.notes)


def test_a_period_without_tiers_has_its_price_in_each_of_them() -> None:
    structure = [[{"rate": Decimal("0.1")}], TIERED["energyratestructure"][1]]
    (january,) = bills_of(tariff_of(TIERED, energyratestructure=structure), 100)
    assert january.total == Decimal("4680.00") + Decimal("4140.00") + Decimal("5520.00")


def test_limits_may_differ_between_seasons() -> None:
    structure = [*[TIERED["energyratestructure"][0]] * 7, [{"rate": 1, "max": 5}, {"rate": 2}]]
    rows = [[0] * 24, *[[7] * 24] * 11]
    tariff = tariff_of(TIERED, energyratestructure=structure, energyweekdayschedule=rows, energyweekendschedule=rows)
    january, february = bills_of(tariff, 100, 1)
    assert amounts(january) == {"energy_m01.p0.t1": Decimal("3720.00"), "energy_m01.p0.t2": Decimal("7440.00")}
    assert amounts(february) == {"energy_m02.p7.t1": Decimal("5.00"), "energy_m02.p7.t2": Decimal("1334.00")}


def test_fuel_adjustments_are_in_the_price_of_their_month() -> None:
    fuel = [Decimal("0.05"), Decimal("-0.05")] + [Decimal(0)] * 10
    january, february = bills_of(tariff_of(SIMPLE, fueladjustmentsmonthly=fuel), 100, 100)
    assert january.amount_of("energy") == Decimal("10200.00") + Decimal("3720.00")
    assert february.amount_of("energy") == Decimal("9120.00") - Decimal("3360.00")  # 67,200 kWh, 20 weekdays


def test_equal_fuel_adjustments_make_no_groups_of_months() -> None:
    tariff = tariff_of(TIERED, fueladjustmentsmonthly=[Decimal("0.01")] * 12)
    assert tariff.periods == ("p0", "p1")
    assert tariff.rate_table.rates[0].values["energy.p0.t1"] == Decimal("0.11")


def test_demand_by_time_of_use_has_its_own_maximum() -> None:
    tariff = tariff_of(
        SIMPLE,
        demandratestructure=[[{"rate": 0}], [{"rate": 3, "max": 40}, {"rate": 4}]],
        demandweekdayschedule=DAY_AND_NIGHT,
        demandweekendschedule=ALWAYS,
    )
    assert tariff.periods == ("p0", "p1")  # demand follows energy: no part of the name
    (january,) = bills_of(tariff, 100)
    assert january.amount_of("tou_demand") == Decimal("360.00")  # 40 x 3 + 60 x 4


def test_demand_that_cuts_an_energy_period_cuts_its_line() -> None:
    halves = [[0] * 12 + [1] * 12] * 12
    tariff = tariff_of(
        SIMPLE,
        flatdemandmonths=[0] * 12,
        demandratestructure=[[{"rate": 0}], [{"rate": 3}]],
        demandweekdayschedule=halves,
        demandweekendschedule=halves,
    )
    assert tariff.periods == ("p0-d0", "p0-d1", "p1-d0", "p1-d1")
    (january,) = bills_of(tariff, 100)
    assert january.total == Decimal("10730.00") + Decimal("300.00")


def test_apparent_demand_is_billed_in_kva() -> None:
    (january,) = bills_of(tariff_of(SIMPLE, flatdemandunit="kVA"), 300, varh_per_wh=0)
    assert january.amount_of("flat_demand") == Decimal("1500.00")
    assert next(line for line in january.lines if line.code == "flat_m01").unit == "kVA"


@pytest.mark.parametrize("percent", [75, Decimal("0.75")])
def test_a_look_back_of_months_is_a_ratchet(percent: Decimal) -> None:
    tariff = tariff_of(SIMPLE, flatdemandmonths=[0] * 12, lookbackpercent=percent, lookbackrange=6)
    january, february = bills_of(tariff, 100, 10)
    assert january.amount_of("flat_demand") == Decimal("500.00")
    assert february.amount_of("flat_demand") == Decimal("375.00")  # 75 kW


def test_listed_months_of_a_look_back_are_a_ratchet_of_a_year() -> None:
    tariff = tariff_of(
        SIMPLE, flatdemandmonths=[0] * 12, lookbackpercent=75, lookbackmonths=[True] + [False] * 10 + [1]
    )
    (demand,) = (charge for charge in tariff.charges if isinstance(charge, MaximumDemand))
    assert demand.ratchet == Ratchet(Decimal(75), 11, (1, 12))


def test_twelve_equal_ratchet_percentages_are_a_ratchet_of_a_year() -> None:
    tariff = tariff_of(SIMPLE, flatdemandmonths=[0] * 12, demandratchetpercentage=[60] * 12)
    (demand,) = (charge for charge in tariff.charges if isinstance(charge, MaximumDemand))
    assert demand.ratchet == Ratchet(Decimal(60), 11)


def test_a_minimum_tops_the_bill_up() -> None:
    (january,) = bills_of(tariff_of(SIMPLE, mincharge=500, minchargeunits="$/month"), 1)
    # 276 kWh x 0.2 + 468 kWh x 0.1 + 5 + 30 = 137.00
    assert amounts(january)["minimum"] == Decimal("363.00")
    assert january.total == Decimal("500.00")


@pytest.mark.parametrize(
    ("fields", "january"),
    [
        ({"fixedchargefirstmeter": Decimal("1.5"), "fixedchargeunits": "$/day"}, "46.50"),
        ({"fixedchargefirstmeter": 1200, "fixedchargeunits": "$/year"}, "100.00"),
        ({"fixedchargefirstmeter": None, "fixedchargeunits": None, "fixedmonthlycharge": 80}, "80.00"),
        ({"fixedchargefirstmeter": 0, "fixedchargeunits": None}, "0"),
    ],
)
def test_fixed_charges_come_by_day_month_or_year(fields: dict[str, Any], january: str) -> None:
    (bill,) = bills_of(tariff_of(SIMPLE, **fields), 1)
    assert bill.amount_of("fixed") == Decimal(january)


@pytest.mark.parametrize(
    ("start", "end", "first", "stop"),
    [
        (1514764800, 1546214400, date(2018, 1, 1), date(2019, 1, 1)),
        ("2014-04-30T17:00:00.000Z", "2015-02-27T17:00:00.000Z", date(2014, 4, 30), date(2015, 2, 28)),
        ("2017-01-01T01:00:00.000Z", "2017-01-01T01:00:00.000Z", date(2017, 1, 1), date(2017, 1, 2)),
        (None, None, date(1970, 1, 1), None),
    ],
)
def test_the_last_day_of_a_record_is_inside(start: object, end: object, first: date, stop: date | None) -> None:
    (rates,) = tariff_of(SIMPLE, startdate=start, enddate=end).rate_table.rates
    assert (rates.valid_from, rates.valid_to) == (first, stop)


SOLD: dict[str, Any] = {
    "label": "5B3",
    "energyratestructure": [
        [{"rate": Decimal("0.1"), "sell": Decimal("0.03")}],
        [{"rate": Decimal("0.2"), "sell": 0}],
    ],
    "energyweekdayschedule": DAY_AND_NIGHT,
    "energyweekendschedule": ALWAYS,
    "dgrules": "Net Billing Instantaneous",
}


def test_energy_sold_by_instantaneous_net_billing_is_credited_in_its_period() -> None:
    tariff = tariff_of(SOLD)
    assert [charge.code for charge in tariff.charges] == ["energy", "sold"]
    intervals = 31 * 96
    drawn, quality = np.full(intervals, 1000, dtype=np.int64), np.zeros(intervals, dtype=np.uint8)
    load = Load("m", JANUARY, 15, drawn, None, quality, export_wh=drawn * 2)
    [bill] = price_load(load, tariff, Contract(), ZoneInfo(ZONE)).bills
    days_of_work, kwh_an_hour = 23, 8
    by_night = Decimal((31 * 24 - days_of_work * 12) * kwh_an_hour)
    assert bill.amount_of("sold") == -by_night * Decimal("0.03")
    assert [line.rate for line in bill.lines if line.charge == "sold"] == [Decimal("-0.03"), Decimal(0)]
    assert any("--leave-out sell" in note for note in tariff.notes)
    assert not any("not billed (dgrules)" in note for note in tariff.notes)


def test_energy_sold_can_be_left_out_and_then_needs_no_register() -> None:
    tariff = import_record(Record("rates.json", SOLD), ZONE, ["sell"])
    assert [charge.code for charge in tariff.charges] == ["energy"]


def test_instantaneous_net_billing_that_pays_nothing_has_no_charge_for_it() -> None:
    tariff = tariff_of(SIMPLE, dgrules="Net Billing Instantaneous")
    assert "sold" not in [charge.code for charge in tariff.charges]
    assert any("pays nothing for energy delivered" in note for note in tariff.notes)


def test_what_is_said_and_not_billed_is_in_the_notes() -> None:
    tariff = tariff_of(
        SIMPLE,
        demandattrs=[{"Power factor": "$0.005"}],
        dgrules="Net Metering",
        servicetype="Delivery",
        demandwindow=None,
    )
    notes = "\n".join(tariff.notes)
    for text in ("Power factor: $0.005", "Net Metering", "prices Delivery", "blocks of 15 minutes are assumed"):
        assert text in notes


def test_the_noise_of_binary_fractions_is_no_price() -> None:
    structure = [[{"rate": Decimal("0.10479999999999999")}], [{"rate": Decimal("0.2")}]]
    assert tariff_of(SIMPLE, energyratestructure=structure).rate_table.rates[0].values["energy.p0"] == Decimal("0.1048")


HOURS_OF_USE = [{"rate": Decimal("0.1"), "max": 5, "unit": "kWh/kW"}, {"rate": 1}]
VARIANTS: list[dict[str, Any]] = [
    {key: SOLD[key] for key in ("energyratestructure", "dgrules")},
    {"mincharge": 5, "minchargeunits": "$/month", "description": 'a "quoted"\r\nline \\ \x7f'},
    {"energyratestructure": [HOURS_OF_USE, HOURS_OF_USE], "flatdemandunit": "kVA"},
    {
        "flatdemandstructure": [[{"rate": 1, "max": Decimal("40.5")}, {"rate": 2}]],
        "flatdemandmonths": [0] * 12,
        "lookbackpercent": 75,
        "lookbackmonths": [0] * 11 + [1],
    },
]


@pytest.mark.parametrize("changed", VARIANTS)
@pytest.mark.parametrize("fields", [SIMPLE, TIERED])
def test_a_record_is_the_same_tariff_when_read_from_its_file(
    fields: dict[str, Any], changed: dict[str, Any], tmp_path: Path
) -> None:
    tariff, path = tariff_of(fields, **changed), tmp_path / "own.toml"
    path.write_text(to_toml(tariff), encoding="utf-8")
    assert replace(TariffFiles().get(str(path)), version=tariff.version) == tariff


@settings(max_examples=30)
@given(st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 3))
def test_every_hour_has_the_price_of_its_schedule(dice: Random, energies: int, demands: int) -> None:
    weekday, weekend = ([[dice.randrange(energies) for _ in range(24)] for _ in range(12)] for _ in range(2))
    demand = [[dice.randrange(demands) for _ in range(24)] for _ in range(12)]
    flat = [dice.randrange(2) for _ in range(12)]
    tariff = tariff_of(
        SIMPLE,
        energyratestructure=[[{"rate": Decimal(n).scaleb(-2)}] for n in range(energies)],
        energyweekdayschedule=weekday,
        energyweekendschedule=weekend,
        demandratestructure=[[{"rate": n + 1}] for n in range(demands)],
        demandweekdayschedule=demand,
        demandweekendschedule=demand,
        flatdemandmonths=flat,
    )
    values = tariff.rate_table.rates[0].values
    demand_charges = [charge for charge in tariff.charges if isinstance(charge, MaximumDemand)]
    at = {charge.code: {n for n, _ in charge.periods} for charge in demand_charges}
    months = {charge.code: charge.in_months or range(1, 13) for charge in demand_charges}
    for start in (date(2024, month, 1) for month in range(1, 13)):
        for day in (start, start + timedelta(days=3), start + timedelta(days=5)):
            rows, month = (weekday if day.weekday() < 5 else weekend), day.month - 1
            for hour in range(24):
                period = tariff.calendar.period_at(day, hour * 60)
                asked = {code for code, periods in at.items() if period in periods and day.month in months[code]}
                assert values[f"energy.{tariff.periods[period]}"] == Decimal(rows[month][hour]).scaleb(-2)
                assert f"demand_d{demand[month][hour]}" in asked
                assert sum(values[code] for code in asked if code.startswith("flat")) == (5, 10)[flat[month]]
                assert len(asked) == 2
