"""What others worked out, and what paper can: tiers, ratchets, coincident peaks, an access invoice, excess of power."""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.arrays import price_load
from domain.arrays.load import Load
from domain.bill import Bill
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import (
    ContractedPower,
    EnergyByPeriod,
    ExcessPower,
    ExcessRule,
    Fixed,
    LookBack,
    MaximumDemand,
    Percentage,
    Ratchet,
    TieredEnergy,
    TierScope,
    TierUnit,
)
from domain.tariff import Tariff
from domain.terms import Contract, History
from tests.reference.workbench import hourly, tariff_of

GOLDEN = Path(__file__).parents[1] / "golden"
SHARED = Path(__file__).parents[3] / "shared" / "data"
LOAD, STEEL = SHARED / "tier_scope_load_2018_60min.csv", SHARED / "steel_2018_15min.csv"
UTC_ZONE = ZoneInfo("UTC")
ALL = ((0, "all"),)


def golden(name: str) -> dict[str, Any]:
    return tomllib.loads((GOLDEN / f"{name}.toml").read_text(encoding="utf-8"))


SCOPES, BY_HAND, RATCHETS = golden("tier-scopes-2018"), golden("tiers-by-hand")["case"], golden("us-ratchets")
INVOICE, EXCESS = golden("es-6-1b-2017"), golden("es-excess")


@pytest.mark.parametrize("scope", TierScope)
def test_the_year_of_2018_costs_this_under_a_tier_scope(scope: TierScope) -> None:
    if not LOAD.exists():
        pytest.skip("the load of the tier-scope case is not on this machine")
    with LOAD.open(encoding="utf-8", newline="") as file:
        load = hourly([int(row["energy_wh"]) for row in csv.DictReader(file)])
    assert int(load.energy_wh.sum()) == SCOPES["energy_wh"]
    bills = bills_of(load, scoped(scope))
    gross = [sum(line.gross for line in bill.lines) for bill in bills]
    assert [f"{round(amount, 6)}" for amount in gross] == SCOPES[scope]["months"]
    assert round(sum(gross), 2) == Decimal(SCOPES[scope]["year"])


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case["name"])
def test_tiers_by_hand(case: dict[str, Any]) -> None:
    wh = [0] * 744
    for hour, kwh in case["used"]:
        wh[hour] = round(kwh * 1000)
    periods = ((0, "a"), (1, "b"))
    unit, scope, limits = (
        TierUnit(case.get("unit", "kWh")),
        TierScope(case["scope"]),
        tuple(map(Decimal, case["limits"])),
    )
    kw = MaximumDemand("kw", "Demand", "power", "", periods, round_up_kw=False)
    kw_of = "kw" if unit is TierUnit.KWH_PER_KW else ""
    tiered = TieredEnergy("e", "Tiers", "energy", "", periods, scope, limits, case.get("banded", False), unit, kw_of)
    rates = {"kw": "0", "e.a.t1": "0.10", "e.a.t2": "0.20", "e.a.t3": "0.40"}
    rates |= {"e.b.t1": "0.30", "e.b.t2": "0.50", "e.b.t3": "0.90"}
    (bill,) = bills_of(hourly(wh), tariff_of([kw, tiered], [rates], [("a", 12), ("b", 24)]))
    lines = {line.code.removeprefix("e."): line for line in bill.lines if line.charge == "e"}
    assert {code: line.quantity for code, line in lines.items()} == {k: Decimal(v) for k, v in case["lines"].items()}
    assert sum(line.gross for line in lines.values()) == Decimal(case["total"])


@pytest.mark.parametrize("case", RATCHETS["ratchet"], ids=lambda case: case["name"])
def test_a_ratchet_bills_a_share_of_earlier_peaks(case: dict[str, Any]) -> None:
    ratchet = Ratchet(Decimal(case["percent"]), case["months"], tuple(case["only_months"]))
    demand = MaximumDemand("demand", "Demand", "power", "", ALL, round_up_kw=False, ratchet=ratchet)
    tariff = tariff_of([demand], [{"demand": rate} for rate in case["rates"]])
    before = {date(2017, n, 1): Fraction(kw) for n, kw in enumerate(case["peak_kw"], 1)}
    bills = bills_of(hourly(peaks_of_the_year(case["peak_kw"])), tariff, history={"demand": before})
    assert [bill.lines[0].quantity for bill in bills] == case["billed_kw"]
    assert sum(bill.total for bill in bills) == Decimal(case["total"])


def test_a_year_that_knows_nothing_of_the_year_before_ratchets_from_its_own_months_on() -> None:
    case = RATCHETS["ratchet"][1]
    ratchet = Ratchet(Decimal(75), 12, (1, 4, 12))
    demand = MaximumDemand("demand", "Demand", "power", "", ALL, round_up_kw=False, ratchet=ratchet)
    bills = bills_of(hourly(peaks_of_the_year(case["peak_kw"])), tariff_of([demand], [{"demand": "1"}]))
    assert [bill.lines[0].quantity for bill in bills] == [200, 150, 150, 400, 300, 500, 300, 300, 300, 300, 300, 300]


@pytest.mark.parametrize("second_kw", [1, 2])
def test_coincident_peaks_cost_the_highest_of_their_group_once(second_kw: int) -> None:
    """A group that spans months is remembered, and billed in the month of its last hour."""
    case, charges, rates = RATCHETS["coincident"], [], [dict[str, str]() for _ in range(12)]
    start = datetime(case["year"], 1, 1, tzinfo=UTC)
    wh = [case["kw"] * 1000] * 8760
    wh[6000 - 1] *= second_kw
    for n, group in enumerate(case["groups"]):
        seconds = tuple(int((start + timedelta(hours=hour - 1)).timestamp()) for hour in group["hours"])
        back = LookBack(1, 12)
        charges.append(MaximumDemand(f"g{n}", "Peak", "power", "", ALL, False, only_s=seconds, look_back=back))
        for month, rate in enumerate(rates, 1):
            rate[f"g{n}"] = group["rate"] if month == group["billed_in"] else "0"
    bills = bills_of(hourly(wh), tariff_of(charges, rates))
    assert sum(bill.total for bill in bills) == Decimal(case["total"]) + (second_kw - 1) * 5


@pytest.fixture(scope="module")
def invoice() -> Bill:
    periods = tuple(enumerate(INVOICE["contracted_kw"]))
    charges = (
        ContractedPower("power", "Power", "power", "", periods, per="day"),
        EnergyByPeriod("energy", "Energy", "energy", "", periods[:3]),
        Fixed("excess", "Excess", "excess", "", "day"),
        Fixed("rent", "Meter rent", "rent", "", "day"),
        Percentage("vat", "VAT", "tax", "", ("power", "energy", "excess", "rent")),
    )
    windows = [(name, 4 * n) for n, name in enumerate(INVOICE["contracted_kw"], 1)]
    wh = [0] * 744
    for hour, kwh in zip((2, 6, 10), INVOICE["kwh"].values(), strict=True):
        wh[hour] = kwh * 1000
    start = datetime(2017, 4, 30, 22, tzinfo=UTC)
    contract = Contract({name: Decimal(kw) for name, kw in INVOICE["contracted_kw"].items()})
    tariff = tariff_of(charges, [INVOICE["rates"]], windows)
    (bill,) = price_load(hourly(wh, start), tariff, contract, ZoneInfo("Europe/Madrid")).bills
    return bill


def test_the_access_invoice_of_2017_is_right_line_by_line(invoice: Bill) -> None:
    assert {line.code: line.amount for line in invoice.lines} == {k: Decimal(v) for k, v in INVOICE["lines"].items()}
    assert invoice.lines[0].formula == "450 kW x 0.084989 x 31 days"


@pytest.mark.parametrize("group", ["power", "energy"])
def test_the_access_invoice_of_2017_adds_up_by_group(invoice: Bill, group: str) -> None:
    assert invoice.amount_of(group) == Decimal(INVOICE["totals"][group])


def test_the_access_invoice_of_2017_adds_up(invoice: Bill) -> None:
    assert invoice.total - invoice.amount_of("tax") == Decimal(INVOICE["totals"]["base"])
    assert invoice.total == Decimal(INVOICE["totals"]["total"])


@pytest.mark.parametrize("case", EXCESS["by_hand"], ids=lambda case: f"{case['excess_kw']} kW")
def test_excess_of_power_by_hand_is_the_root_of_the_sum_of_squares(case: dict[str, Any]) -> None:
    bill = excess_bill([kw * 250 for kw in case["kw"]], case["contracted_kw"])
    assert [line.quantity for line in bill.lines] == [Decimal(kw) for kw in [case["excess_kw"]] if kw != "0"]


def test_excess_of_power_of_the_steel_plant() -> None:
    if not STEEL.exists():
        pytest.skip("the steel plant's load is not on this machine")
    steel, wh = EXCESS["steel"], list[int]()
    with STEEL.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            end = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
            end += timedelta(days=1) if (end.hour, end.minute) == (0, 0) else timedelta()
            if (end - timedelta(minutes=15)).date() >= steel["first_day"]:
                wh.append(int(Decimal(row["Usage_kWh"]) * 1000) * steel["times"])
    wh = wh[: steel["blocks"]]
    assert sum(1 for one in wh if one * 4 > 1000 * Decimal(steel["contracted_kw"])) == steel["blocks_beyond"]
    (line,) = excess_bill(wh, steel["contracted_kw"]).lines
    assert (line.quantity, round(line.gross, 6)) == (Decimal(steel["kw"]), Decimal(steel["kw"]))


def bills_of(load: Load, tariff: Tariff, history: History | None = None) -> Sequence[Bill]:
    return price_load(load, tariff, Contract(), UTC_ZONE, history=history or {}).bills


def peaks_of_the_year(peak_kw: Sequence[int]) -> list[int]:
    """2018 by the hour: each month's first hour has its peak."""
    wh = [0] * 8760
    for n, kw in enumerate(peak_kw, 1):
        wh[(date(2018, n, 1) - date(2018, 1, 1)).days * 24] = kw * 1000
    return wh


def scoped(scope: TierScope) -> Tariff:
    """Period 3 on weekdays 12 to 18 h from June to October, else 2 on weekdays 8 to 20 h, else 1."""
    periods, limits = ((0, "1"), (1, "2"), (2, "3")), (Decimal(SCOPES["limit_kwh"]),)
    tiered = TieredEnergy("energy", "Energy", "energy", "", periods, scope, limits)
    weekend, winter = (Window(0, 1440, "1"),), (Window(0, 480, "1"), Window(480, 1200, "2"), Window(1200, 1440, "1"))
    summer = (*winter[:1], Window(480, 720, "2"), Window(720, 1080, "3"), Window(1080, 1200, "2"), *winter[2:])
    calendar = Calendar(
        ("1", "2", "3"),
        (Season("winter", FixedDay(11, 1)), Season("summer", FixedDay(6, 1))),
        ("workday",) * 5 + ("weekend",) * 2,
        None,
        (),
        {
            ("winter", "workday"): winter,
            ("summer", "workday"): summer,
            ("winter", "weekend"): weekend,
            ("summer", "weekend"): weekend,
        },
    )
    bench = tariff_of([], [SCOPES["rates"]], [("1", 8), ("2", 16), ("3", 24)])
    return replace(bench, calendar=calendar, charges=(tiered,))


def excess_bill(wh: Sequence[int], contracted_kw: str) -> Bill:
    excess = ExcessPower("excess", "Excess", "power", "", ALL, ExcessRule.QUADRATIC)
    tariff = tariff_of([excess], [{"excess.all": "1"}], demand_minutes=15)
    contract = Contract({"all": Decimal(contracted_kw)})
    (bill,) = price_load(hourly(wh, step_minutes=15), tariff, contract, UTC_ZONE).bills
    return bill
