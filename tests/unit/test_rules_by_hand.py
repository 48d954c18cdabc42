"""Single rules where they are awkward, each worked out by hand: exact sums, ties, limits that move, totals."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.price_files import read_price_series
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.calendar import EasterDay
from domain.charges import (
    AdjustedEnergy,
    CapAlone,
    Charge,
    EnergyFlat,
    ExportCredit,
    IndexedPrice,
    LookBack,
    MaximumDemand,
    MinimumBill,
    PriceSeries,
    TieredEnergy,
    TierScope,
    TotalRounding,
)
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.steady_plant import amounts
from tests.reference.workbench import hourly, tariff_of

ALL, UTC_ZONE = ((0, "all"),), ZoneInfo("UTC")


def bill_of(tariff: Tariff, wh: list[int], first: str = "2018-01-01") -> Bill:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return price_load(hourly(wh, start), tariff, Contract(), UTC_ZONE).bills[0]


def test_an_indexed_price_is_not_rounded_before_it_meets_the_energy() -> None:
    """5 MWh an hour at 0.033333 x 1.07 x 1.0333 + 0.0041: to the micro it were 0.040954 a kWh, and a cent too much."""
    charge = IndexedPrice("spot", "Spot", "energy", "", "omie")
    prices = PriceSeries("omie", 60, datetime(2018, 1, 1, tzinfo=UTC), (33_333,) * 744, "by hand")
    tariff = tariff_of([charge], [{"spot.adder": "0.0041", "spot.factor": "107", "spot.losses": "3.33"}])
    bill = bill_of(_with(tariff, prices), [5_000_000] * 744)
    exact = 3_720_000 * (Decimal("0.033333") * Decimal("1.07") * Decimal("1.0333") + Decimal("0.0041"))
    assert bill.lines[0].gross == exact
    assert bill.total == Decimal("152348.87")
    assert bill.total != 3_720_000 * Decimal("0.040954")


def test_a_price_in_another_currency_is_exchanged_once_and_not_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "spot.csv"
    rows = "".join(f"2018-01-01T{hour:02d}:00Z,45.37\n" for hour in range(24))
    path.write_text(f"start,EUR/MWh\n{rows}", encoding="utf-8")
    series = read_price_series(path, "omie", "USD", {"EUR": Decimal("1.12345")})
    charge = IndexedPrice("spot", "Spot", "energy", "", "omie")
    tariff = tariff_of([charge], [{"spot.adder": "0", "spot.factor": "100", "spot.losses": "0"}])
    bill = bill_of(_with(tariff, series), [10_000_000] * 24)
    assert bill.lines[0].gross == 240_000 * Decimal("0.04537") * Decimal(
        "1.12345"
    )  # 12,233.0222...; by the block 12,233.04
    assert bill.total == Decimal("12233.02")


def test_an_adjusted_price_is_not_rounded_before_it_meets_the_energy() -> None:
    """Cuba: K = fuel price / 95, here 101.37 / 95 = 106.705263 %, a = 0.0356."""
    charge = AdjustedEnergy("energy", "Energy", "energy", "", ALL)
    rates = {"energy.all": "0.0917", "energy.adjusted": "0.0356", "energy.factor": "106.705263"}
    bill = bill_of(tariff_of([charge], [rates]), [10_000_000] * 744)
    price = Decimal("0.0917") - Decimal("0.0356") + Decimal("0.0356") * Decimal("1.06705263")
    assert bill.lines[0].gross == 7_440_000 * price
    assert bill.total == Decimal("700007.83")  # at 0.094087, to the micro, 700,007.28


@pytest.mark.parametrize(
    ("to", "kwh", "rounding"),
    [
        ("100", 1249, "-49"),
        ("100", 1250, "50"),  # a tie goes away from zero
        ("10", 1244, "-4"),
        ("100", 1300, None),
        ("0.5", 7, None),
    ],
)
def test_a_total_is_rounded_by_a_line_of_its_own(to: str, kwh: int, rounding: str | None) -> None:
    charges: list[Charge] = [
        EnergyFlat("energy", "Energy", "energy", ""),
        TotalRounding("whole", "Rounded", "x", "", ("energy",), Decimal(to)),
    ]
    bill = bill_of(tariff_of(charges, [{"energy": "1"}]), [kwh * 1000])
    assert amounts(bill).get("whole") == (None if rounding is None else Decimal(rounding))
    assert bill.total % Decimal(to) == 0


def test_a_step_that_crosses_two_limits_is_cut_at_both_and_keeps_all_its_energy() -> None:
    charge = TieredEnergy("e", "E", "e", "", ALL, TierScope.POOLED_CHRONOLOGICAL, (Decimal(100), Decimal(200)))
    rates = {"e.all.t1": "1", "e.all.t2": "2", "e.all.t3": "3"}
    bill = bill_of(tariff_of([charge], [rates]), [90_000, 130_000, 0, 1])
    assert amounts(bill) == {"e.all.t1": 100, "e.all.t2": 200, "e.all.t3": Decimal("60.00")}
    assert sum(line.quantity for line in bill.lines) == Decimal("220.001")


@pytest.mark.parametrize(
    ("first", "hours", "limit"),
    [("2020-02-01", 29 * 24, "290"), ("2019-02-01", 28 * 24, "280"), ("2019-03-01", 31 * 24, "310")],
)
def test_limits_of_a_normal_month_move_with_the_days_billed(first: str, hours: int, limit: str) -> None:
    charge = TieredEnergy("e", "E", "e", "", ALL, TierScope.PER_PERIOD, (Decimal(300),), normal_days=30)
    bill = bill_of(tariff_of([charge], [{"e.all.t1": "1", "e.all.t2": "2"}]), [1000] * hours, first)
    assert [line.quantity for line in bill.lines] == [Decimal(limit), hours - Decimal(limit)]


@pytest.mark.parametrize(
    ("alone", "periods", "kw"),
    [
        (None, (1,), 10),
        (CapAlone.ALWAYS, (1,), 25),
        (CapAlone.WITHOUT_HOURS, (1,), 10),
        (CapAlone.WITHOUT_HOURS, (2,), 25),
    ],
)
def test_a_cap_may_be_billed_alone(alone: CapAlone | None, periods: tuple[int, ...], kw: int) -> None:
    """10 kW day and night: the cap of load factor 0.4 is 25 kW. Period 2 has no hours."""
    named = tuple((p, ("night", "day", "never")[p]) for p in periods)
    charge = MaximumDemand("d", "D", "d", "", named, True, Decimal("0.4"), cap_alone=alone)
    tariff = tariff_of([charge], [{"d": "1"}], (("night", 8), ("day", 24)))
    calendar = tariff.calendar
    tariff = replace(tariff, calendar=replace(calendar, periods=(*calendar.periods, "never")))
    assert bill_of(tariff, [10_000] * 744).lines[0].quantity == kw


def test_a_minimum_tops_up_what_a_credit_took_off_too() -> None:
    charges: list[Charge] = [
        ExportCredit("sold", "Sold", "sold", "", ALL),
        MinimumBill("minimum", "Minimum", "m", "", ("sold",)),
    ]
    tariff = tariff_of(charges, [{"sold.all": "2", "minimum": "10"}])
    load = hourly([0] * 24)
    load = replace(load, export_wh=load.energy_wh + 1000)
    [bill] = price_load(load, tariff, Contract(), UTC_ZONE).bills
    assert amounts(bill) == {"sold.all": -48, "minimum": 58}


@pytest.mark.parametrize(
    ("known", "billed"),
    [({}, 0), ({9: 80}, 80), ({4: 60, 6: 80, 9: 70}, 75), ({1: 500, 11: 400, 9: 70}, 70)],
)
def test_a_look_back_on_a_season_counts_no_month_outside_it(known: dict[int, int], billed: int) -> None:
    look_back = LookBack(2, 12, in_months=(1, 2, 3, 10, 11, 12))
    december = date(2025, 12, 1)
    before = [(date(2025, month, 1), Fraction(kw)) for month, kw in known.items()]
    assert look_back.kw(0, december, before) == billed
    assert look_back.kw(33, date(2026, 6, 1), before) == 33


@pytest.mark.parametrize(
    ("year", "day"), [(2008, "03-23"), (2011, "04-24"), (2019, "04-21"), (2038, "04-25"), (2100, "03-28")]
)
def test_easter_is_where_the_church_puts_it(year: int, day: str) -> None:
    assert EasterDay(0).day_in(year) == date.fromisoformat(f"{year}-{day}")
    assert EasterDay(60).day_in(year) == date.fromisoformat(f"{year}-{day}") + timedelta(days=60)


def _with(tariff: Tariff, series: PriceSeries) -> Tariff:
    return replace(tariff, series=(series,))
