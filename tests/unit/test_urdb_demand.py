"""Demand of URDB records: prices of a season, what they look back upon, and units. Shapes as real records have them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.tariff_files import TariffFiles
from adapters.urdb import Record, import_record, to_toml
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.charges import MaximumDemand, Ratchet, TieredEnergy
from domain.errors import InvalidTariff
from domain.tariff import Tariff
from domain.terms import Contract, History

ALWAYS = [[0] * 24] * 12
ENERGY: dict[str, Any] = {
    "label": "5D1",
    "energyratestructure": [[{"rate": 0}]],
    "energyweekdayschedule": ALWAYS,
    "energyweekendschedule": ALWAYS,
}
SEASONS: dict[str, Any] = {
    **ENERGY,
    "flatdemandstructure": [[{"rate": 10, "adj": Decimal("0.5")}], [{"rate": 4}]],
    "flatdemandmonths": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1],
    "flatdemandunit": "kW",
    "demandwindow": 15,
}
"""Dearer from May to October, as of a Connecticut town."""
SUMMER_COUNTS = [False] * 5 + [True] * 4 + [False] * 3
PEAKS_KW = (200, 100, 100, 400, 100, 500, 100, 100, 100, 100, 100, 300)
RATES = (10, 10, 20, 50, 20, 10, 20, 20, 20, 20, 20, 5)


def tariff_of(fields: Mapping[str, Any], **changed: Any) -> Tariff:
    return import_record(Record("rates.json", {**fields, **changed}), "Etc/UTC")


def bills_of(tariff: Tariff, kw: tuple[int, ...], history: History | None = None) -> list[Bill]:
    """The months of 2018: one quarter of an hour at so many kW in each, and nothing else."""
    wh = np.zeros(365 * 96, dtype=np.int64)
    for month, peak in enumerate(kw, 1):
        wh[((date(2018, month, 15) - date(2018, 1, 1)).days) * 96 + 50] = peak * 250
    load = Load("m", datetime(2018, 1, 1, tzinfo=UTC), 15, wh, np.zeros_like(wh), np.zeros(len(wh), dtype=np.uint8))
    return list(price_load(load, tariff, Contract(), ZoneInfo("UTC"), history=history or {}).bills)


def demands(tariff: Tariff) -> list[MaximumDemand]:
    return [charge for charge in tariff.charges if isinstance(charge, MaximumDemand)]


def test_a_ratchet_looks_back_across_the_seasons_of_its_price() -> None:
    tariff = tariff_of(SEASONS, demandratchetpercentage=[Decimal("0.35")] * 12)
    assert [(one.code, one.in_months, one.ratchet) for one in demands(tariff)] == [
        ("flat_m01", (1, 2, 3, 4, 11, 12), Ratchet(Decimal(35), 11)),
        ("flat_m05", (5, 6, 7, 8, 9, 10), Ratchet(Decimal(35), 11)),
    ]
    bills = bills_of(tariff, (1000, 100, 0, 0, 0, 800, 0, 0, 0, 0, 0, 0))
    assert [bill.amount_of("flat_demand") for bill in bills] == [
        Decimal(4000),
        *[Decimal(350) * 4] * 3,  # 35 % of January's 1,000 kW, at the winter's price
        Decimal("350") * Decimal("10.5"),
        Decimal("800") * Decimal("10.5"),
        *[Decimal("350") * Decimal("10.5")] * 4,
        Decimal(350) * 4,
        Decimal(350) * 4,  # December still looks back upon January
    ]


def test_a_month_without_a_price_counts_for_those_that_have_one() -> None:
    tariff = tariff_of(
        SEASONS,
        flatdemandstructure=[[{"rate": 0}], [{"rate": 4}]],
        lookbackpercent=Decimal("0.6"),
        lookbackrange=0,
        lookbackmonths=SUMMER_COUNTS,
    )
    [charge] = demands(tariff)
    assert charge.ratchet == Ratchet(Decimal(60), 11, (6, 7, 8, 9))
    assert any("the months whose peaks count" in note for note in tariff.notes)
    bills = bills_of(tariff, (50, 50, 50, 50, 999, 500, 0, 0, 0, 999, 100, 100))
    assert [bill.amount_of("flat_demand") for bill in bills] == [200] * 4 + [0] * 6 + [1200] * 2


@pytest.mark.parametrize(
    ("fields", "billed_kw", "total"),
    [
        (
            {"lookbackmonths": [1, 0, 0, 1] + [0] * 7 + [1]},
            [300, 300, 300, 400, 300, 500, 300, 300, 300, 300, 300, 300],
            "74500.00",
        ),
        ({"lookbackrange": 6}, [225, 225, 225, 400, 300, 500, 375, 375, 375, 375, 375, 375], "79375.00"),
    ],
)
def test_twelve_prices_share_one_ratchet(fields: dict[str, Any], billed_kw: list[int], total: str) -> None:
    """The two bills of REopt's tests that `us-ratchets` has, here from records."""
    structure = [[{"rate": rate}] for rate in sorted(set(RATES))]
    months = [sorted(set(RATES)).index(rate) for rate in RATES]
    tariff = tariff_of(
        SEASONS, flatdemandstructure=structure, flatdemandmonths=months, lookbackpercent=Decimal("0.75"), **fields
    )
    before = {date(2017, n, 1): Fraction(kw) for n, kw in enumerate(PEAKS_KW, 1)}
    bills = bills_of(tariff, PEAKS_KW, {one.code: before for one in demands(tariff)})
    assert [line.quantity for bill in bills for line in bill.lines if line.group == "flat_demand"] == billed_kw
    assert sum(bill.total for bill in bills) == Decimal(total)


def test_demand_by_time_of_use_that_is_the_same_all_day_is_flat_demand_to_a_ratchet() -> None:
    rows = [[0] * 24] * 5 + [[1] * 24] * 4 + [[2] * 24] * 3
    tariff = tariff_of(
        ENERGY,
        demandratestructure=[[{"rate": 3, "unit": "kW"}], [{"rate": 7, "unit": "kW"}], [{"rate": 3, "unit": "kW"}]],
        demandweekdayschedule=rows,
        demandweekendschedule=rows,
        demandrateunit="kW",
        lookbackpercent=50,
        lookbackrange=11,
    )
    assert [(one.code, one.in_months) for one in demands(tariff)] == [
        ("flat_m01", (1, 2, 3, 4, 5, 10, 11, 12)),
        ("flat_m06", (6, 7, 8, 9)),
    ]
    bills = bills_of(tariff, (0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0))
    assert [bill.total for bill in bills] == [0] * 4 + [600] + [700] * 4 + [300] * 3


BOTH: dict[str, Any] = {
    **SEASONS,
    "demandratestructure": [[{"rate": 0}], [{"rate": 6}]],
    "demandweekdayschedule": [[0] * 12 + [1] * 12] * 12,
    "demandweekendschedule": ALWAYS,
    "lookbackpercent": 50,
    "lookbackrange": 11,
}


def test_a_user_may_say_that_flat_demand_alone_looks_back() -> None:
    with pytest.raises(InvalidTariff, match="which of its demands look back; --ratchet-on flat: flat demand alone"):
        tariff_of(BOTH)
    tariff = import_record(Record("rates.json", BOTH), "Etc/UTC", ratchet_on="flat")
    assert {one.code: one.ratchet is not None for one in demands(tariff)} == {
        "flat_m01": True,
        "flat_m05": True,
        "demand_d1": False,
    }
    assert any("flat demand alone, as you said" in note for note in tariff.notes)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({key: value for key, value in BOTH.items() if not key.startswith("flat")}, "which of its demands look back$"),
        (SEASONS, "--ratchet-on flat: the record has no ratchet; drop the option"),
    ],
)
def test_a_ratchet_cannot_be_put_on_flat_demand_that_is_not_there(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidTariff, match=reason):
        import_record(Record("rates.json", fields), "Etc/UTC", ratchet_on="flat")


HOURS_OF_USE = [[{"rate": Decimal("0.1"), "max": 200, "unit": "kWh/kW"}, {"rate": Decimal("0.02")}]]


@pytest.mark.parametrize("priced", [False, True])
def test_hours_of_use_are_those_of_the_billed_demand(priced: bool) -> None:
    """A power-and-light rate without a demand charge: its ratchet widens the dear tier of the months after."""
    tariff = tariff_of(
        SEASONS if priced else ENERGY,
        energyratestructure=HOURS_OF_USE,
        lookbackpercent=50,
        lookbackrange=11,
    )
    [energy] = [charge for charge in tariff.charges if isinstance(charge, TieredEnergy)]
    assert energy.kw_of == "use_demand"  # the priced ones are billed in some months only
    january, february = bills_of(tariff, (4000, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))[:2]
    assert [line.quantity for line in january.lines if line.code == "use_demand"] == [4000]
    assert [line.quantity for line in february.lines if line.code == "use_demand"] == [2000]


@pytest.mark.parametrize(("unit", "dear_kwh"), [("kWh/kVA", 400), ("kWh/kW", 320)])
def test_hours_of_use_may_be_those_of_kva(unit: str, dear_kwh: int) -> None:
    """A constant 0.8 kW and 0.6 kvar are 1 kVA."""
    structure = [[{"rate": 1, "max": 400, "unit": unit}, {"rate": Decimal("0.5"), "unit": unit}]]
    tariff = tariff_of(ENERGY, energyratestructure=structure)
    wh = np.full(31 * 96, 200, dtype=np.int64)
    load = Load("m", datetime(2018, 1, 1, tzinfo=UTC), 15, wh, wh * 3 // 4, np.zeros(len(wh), dtype=np.uint8))
    [bill] = price_load(load, tariff, Contract(), ZoneInfo("UTC")).bills
    assert [line.quantity for line in bill.lines if line.charge == "energy"] == [
        dear_kwh,
        Decimal("595.2") - dear_kwh,
    ]


@pytest.mark.parametrize("said", [{"flatdemandunit": "kVA"}, {}])
def test_the_tiers_may_say_the_unit_of_demand(said: dict[str, str]) -> None:
    structure = [[{"rate": 5, "max": 100, "unit": "kVA"}, {"rate": 6, "unit": "kVA"}]]
    fields = {key: value for key, value in SEASONS.items() if key != "flatdemandunit"}
    tariff = tariff_of({**fields, **said}, flatdemandstructure=structure, flatdemandmonths=[0] * 12)
    assert [one.apparent for one in demands(tariff)] == [True]
    assert not any("kW are assumed" in note for note in tariff.notes)


def test_a_window_of_zero_is_no_window() -> None:
    tariff = tariff_of(SEASONS, demandwindow=0)
    assert tariff.demand_minutes == 15
    assert any("states no demand window" in note for note in tariff.notes)


@pytest.mark.parametrize(
    "fields",
    [
        {**SEASONS, "demandratchetpercentage": [50] * 12},
        {**SEASONS, "mincharge": Decimal("1.5"), "minchargeunits": "$/day"},
        {**ENERGY, "energyratestructure": HOURS_OF_USE, "lookbackpercent": 80, "lookbackrange": 11},
        {**SEASONS, "energyratestructure": [[{"rate": Decimal("0.0276354")}]]},
        {**SEASONS, "energyratestructure": [[{"rate": Decimal("0.0276354"), "max": 500}, {"rate": 1}]]},
    ],
)
def test_what_a_record_asks_is_in_its_file(fields: dict[str, Any], tmp_path: Path) -> None:
    tariff, path = tariff_of(fields), tmp_path / "own.toml"
    path.write_text(to_toml(tariff), encoding="utf-8")
    assert replace(TariffFiles().get(str(path)), version=tariff.version) == tariff


def test_a_minimum_of_a_day_is_owed_for_each_day() -> None:
    tariff = tariff_of(SEASONS, mincharge=Decimal("1.5"), minchargeunits="$/day")
    january, february = bills_of(tariff, (10,) * 12)[:2]
    assert [january.amount_of("minimum"), february.amount_of("minimum")] == [Decimal("6.50"), Decimal("2.00")]


def test_prices_finer_than_a_millionth_are_billed_exactly() -> None:
    """A fuel clause of seven decimals makes both prices of the record as fine."""
    tariff = tariff_of(
        ENERGY,
        energyratestructure=[[{"rate": Decimal("0.05")}], [{"rate": Decimal("0.0276354")}]],
        energyweekdayschedule=[[0] * 12 + [1] * 12] * 12,
        fueladjustmentsmonthly=[Decimal("0.0000001")] * 12,
    )
    assert tariff.rate_table.rates[0].values == {"energy.p0.t1": Decimal("50.0001"), "energy.p1.t1": Decimal("27.6355")}
    wh = np.full(31 * 96, 250_000, dtype=np.int64)
    load = Load("m", datetime(2018, 1, 1, tzinfo=UTC), 15, wh, None, np.zeros(len(wh), dtype=np.uint8))
    [bill] = price_load(load, tariff, Contract(), ZoneInfo("UTC")).bills
    by_day, of_weekday_evenings = (744 - 23 * 12) * 1000, 23 * 12 * 1000
    assert [line.gross for line in bill.lines] == [
        by_day * Decimal("0.0500001"),
        of_weekday_evenings * Decimal("0.0276355"),
    ]


def test_a_record_that_nobody_approved_says_so() -> None:
    assert any("not approved" in note for note in tariff_of(SEASONS, approved=False).notes)
    assert not any("not approved" in note for note in tariff_of(SEASONS, approved=True).notes)
