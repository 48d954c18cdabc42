"""Options of charges that few tariffs use: rounding of kW, the maximum of past months, another power-factor formula."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.arrays import price_load
from domain.arrays.load import Load
from domain.bill import BillLine
from domain.charges import (
    AdjustedEnergy,
    Charge,
    EnergyFlat,
    KwRounding,
    LookBack,
    MaximumDemand,
    PowerFactorAdjustment,
    Slopes,
)
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
