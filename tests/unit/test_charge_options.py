"""Options of charges that few tariffs use: rounding of kW, the maximum of past months, another power-factor formula."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.arrays import price_load
from domain.arrays.load import Load
from domain.bill import BillLine
from domain.charges import (
    AdjustedEnergy,
    Band,
    Charge,
    EnergyFlat,
    ExcessPower,
    ExcessRule,
    KwRounding,
    LookBack,
    MaximumDemand,
    MinimumBill,
    PowerFactorAdjustment,
    Ratchet,
    Slopes,
    TieredEnergy,
    TierScope,
    UnusedPower,
)
from domain.money import of_fraction
from domain.terms import Contract
from tests.reference.workbench import hourly, tariff_of

ALL = ((0, "all"),)
START = datetime(2018, 6, 10, tzinfo=UTC)
DEMAND = MaximumDemand("x", "Demand", "power", "", ALL, round_up_kw=False)


def line(
    of: Load,
    charges: Sequence[Charge],
    rates: Mapping[str, str],
    history: Mapping[str, Mapping[date, Fraction]] | None = None,
) -> BillLine:
    """The last line of the first bill."""
    priced = price_load(of, tariff_of(charges, [rates]), Contract(), ZoneInfo("UTC"), history=history or {})
    return priced.bills[0].lines[-1]


@pytest.mark.parametrize(
    ("rounding", "wh", "kw"),
    [
        (None, 12_345_678, "12345.678"),
        (KwRounding.HALF_UP, 12_500, "13"),
        (KwRounding.HALF_UP, 12_499, "12"),
        (KwRounding.TWO_DECIMALS, 12_345, "12.35"),
        (KwRounding.TWO_DECIMALS, 12_344, "12.34"),
    ],
)
def test_kw_are_rounded_as_the_tariff_says_before_they_are_priced(
    rounding: KwRounding | None, wh: int, kw: str
) -> None:
    found = line(hourly([wh], START), [replace(DEMAND, round_kw=rounding)], {"x": "2"})
    assert (found.quantity, found.gross) == (Decimal(kw), 2 * Decimal(kw))


def test_the_maximum_of_the_last_months_is_a_look_back_at_one() -> None:
    charge = replace(DEMAND, look_back=LookBack(1, 12))
    before = {date(2017, 7, 1): Fraction(80), date(2017, 6, 1): Fraction(999), date(2018, 5, 1): Fraction(70)}
    assert line(hourly([50_000], START), [charge], {"x": "1"}, {"x": before}).quantity == 80
    assert line(hourly([90_000], START), [charge], {"x": "1"}, {"x": before}).quantity == 90


def test_prices_of_a_season_share_the_peaks_of_the_whole_year() -> None:
    """Dearer in June, July and August; 80 % of the highest of the year before, whenever that was."""
    ratchet = Ratchet(Decimal(80), 11)
    summer, winter = (
        replace(DEMAND, code=code, ratchet=ratchet, in_months=months)
        for code, months in (("summer", (6, 7, 8)), ("winter", (1, 2, 3, 4, 5, 9, 10, 11, 12)))
    )
    tariff, load = tariff_of([summer, winter], [{"summer": "3", "winter": "1"}]), hourly([100_000], START)
    load = replace(load, energy_wh=np.array([100_000] + [10_000] * 24 * 90, dtype=np.int64))
    load = replace(load, reactive_varh=None, quality=np.zeros(len(load.energy_wh), dtype=np.uint8))
    june, july, _, september = price_load(load, tariff, Contract(), ZoneInfo("UTC")).bills
    assert [(line.code, line.gross) for line in june.lines] == [("summer", Decimal(300))]
    assert [(line.code, line.gross) for line in july.lines] == [("summer", Decimal(240))]
    assert [(line.code, line.gross) for line in september.lines] == [("winter", Decimal(80))]
    assert {code: next(iter(kw.values())) for code, kw in june.remembered.items()} == {"summer": 100, "winter": 100}


@pytest.mark.parametrize(
    ("slopes", "percent"),
    [
        (Slopes(), "7.1"),  # 60 x (95 / 85 - 1) = 7.0588
        (Slopes(penalty_percent=Decimal(100), percent_places=3), "11.765"),
        (Slopes(penalty_percent=Decimal(100), penalty_at_most=Decimal(10)), "10.0"),
    ],
)
def test_a_power_factor_has_the_slopes_caps_and_threshold_that_it_is_given(slopes: Slopes, percent: str) -> None:
    of = replace(hourly([85_000], START), reactive_varh=np.array([52_678], dtype=np.int64))
    energy = EnergyFlat("energy", "Energy", "use", "")
    adjustment = PowerFactorAdjustment("pf", "Power factor", "tax", "", ("use",), slopes=slopes)
    found = line(of, [energy, adjustment], {"energy": "1", "pf.threshold": "95"})
    assert (found.rate, found.gross) == (Decimal(percent), 85 * Decimal(percent) / 100)


def test_a_part_of_the_price_follows_an_index() -> None:
    """Cuba: K is the fuel price / 95, and 0.0356 of the price follows it."""
    found = line(
        hourly([1_000_000], START),
        [AdjustedEnergy("x", "Energy", "use", "", ALL)],
        {"x.all": "0.1500", "x.adjusted": "0.0356", "x.factor": "113.5"},
    )
    assert (found.rate, found.gross) == (Decimal("0.154806"), Decimal("154.806"))
    assert found.formula == "1,000 kWh x ((0.1500 - 0.0356) + 0.0356 x 113.5 %)"


def test_a_rate_of_a_day_or_of_a_year_is_billed_for_the_days_of_the_month() -> None:
    load = hourly([10_000], START)
    daily, yearly = (line(load, [replace(DEMAND, per=per)], {"x": "0.1"}) for per in ("day", "year"))
    assert (daily.gross, daily.rate_unit) == (Decimal(30), "USD/kW and day")
    assert daily.formula == "maximum of 60 min in all: 10 kW x 0.1 x 30 days"
    assert yearly.gross == of_fraction(Decimal("0.1"), Fraction(10 * 30, 365))
    assert yearly.formula.endswith("x 0.1 x 30/365 days")


def test_a_price_per_mwh_has_room_for_a_ten_millionth_per_kwh() -> None:
    charge = TieredEnergy("x", "Energy", "use", "", ALL, TierScope.PER_PERIOD, (), per_mwh=True)
    found = line(hourly([1_234_567], START), [charge], {"x.all.t1": "27.6354"})
    assert (found.gross, found.rate, found.rate_unit) == (
        Decimal("1234.567") * Decimal("0.0276354"),
        Decimal("0.0276354"),
        "USD/kWh",
    )
    assert (found.label, found.formula) == ("Energy, all", "1,234.567 kWh x 0.0276354")


@pytest.mark.parametrize(("per", "rate", "owed"), [("month", "60", "50"), ("day", "2.5", "65"), ("day", "0.3", None)])
def test_a_minimum_of_a_day_is_owed_for_the_days_of_the_month(
    per: Literal["month", "day"], rate: str, owed: str | None
) -> None:
    energy, minimum = EnergyFlat("e", "Energy", "use", ""), MinimumBill("x", "Minimum", "min", "", ("use",), per)
    found = line(hourly([10_000], START), [energy, minimum], {"e": "1", "x": rate})
    assert (found.gross if found.code == "x" else None) == (None if owed is None else Decimal(owed))
    if per == "day" and owed:
        assert (found.quantity, found.rate_unit) == (Decimal(30), "USD/day")
        assert found.formula == "minimum 2.5 x 30 days - 10.00"


@pytest.mark.parametrize(("kw", "billed_kw"), [(70, 85), (85, 85), (95, 95), (105, 105), (120, 150)])
def test_three_charges_bill_demand_as_the_old_spanish_three_period_tariff_did(kw: int, billed_kw: int) -> None:
    """Of 100 kW contracted: 85 % at least, the measured up to 105 %, and beyond it the measured plus twice the rest."""
    charges = (
        MaximumDemand("measured", "Measured", "power", "", ALL, round_up_kw=False, per="day"),
        ExcessPower(
            *("beyond", "Beyond 105 %", "power", "", ALL, ExcessRule.BANDED, (Band(None, Decimal(2)),), Decimal(5)),
            whole=False,
            per_day=True,
            minutes=60,
        ),
        UnusedPower("least", "Least", "power", "", ALL, ("measured",), Decimal(85), "day"),
    )
    rates = {"measured": "0.1", "beyond.all": "0.1", "least": "0.1"}
    tariff, contract = tariff_of(charges, [rates]), Contract({"all": Decimal(100)})
    [bill] = price_load(hourly([kw * 1000], START), tariff, contract, ZoneInfo("UTC")).bills
    assert bill.total == Decimal(billed_kw) * 30 / 10
