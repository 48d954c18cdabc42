"""The power-factor table: bonus, penalty, their limits, and which threshold is in force."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.terms_of import TermsOf
from domain.bill import make_bill
from domain.charges import PowerFactorAdjustment, Threshold
from domain.charges.power_factor import bonus_or_penalty_percent, power_factor_percent
from domain.determinants import Determinants
from domain.errors import BadReadings, NoPriceInForce
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Contract, Terms

NINETY = Decimal(90)
THRESHOLDS = (
    Threshold(date(2018, 1, 1), Decimal(90), Decimal(0), "all"),
    Threshold(date(2024, 1, 1), Decimal(95), Decimal(1000), "from 1 MW"),
)


@pytest.mark.parametrize(
    ("factor", "percent"),
    [
        ("0", "120"),
        ("0.01", "120"),
        ("29.99", "120"),
        ("30", "120.0"),
        ("30.01", "119.9"),
        ("45", "60.0"),
        ("60", "30.0"),
        ("80", "7.5"),
        ("89.99", "0.0"),
        ("90", "0.0"),
        ("90.1", "0.0"),
        ("95", "-1.3"),
        ("99.99", "-2.5"),
        ("100", "-2.5"),
    ],
)
def test_under_ninety_the_bill_grows_and_over_it_shrinks(factor: str, percent: str) -> None:
    found = bonus_or_penalty_percent(Decimal(factor), NINETY)
    assert found == Decimal(percent)
    assert not str(found).startswith("-0.0")


@given(factor=st.decimals(0, 100, places=2), threshold=st.sampled_from([Decimal(90), Decimal(95), Decimal(97)]))
def test_a_penalty_is_at_most_120_percent_and_a_bonus_at_most_two_and_a_half(
    factor: Decimal, threshold: Decimal
) -> None:
    percent = bonus_or_penalty_percent(factor, threshold)
    assert Decimal("-2.5") <= percent <= 120
    assert percent >= 0 if factor < threshold else percent <= 0


@pytest.mark.parametrize(
    ("kwh", "kvarh", "factor"),
    [(3, 4, "60.00"), (4, 3, "80.00"), (1, 0, "100.00"), (0, 1, "0.00"), (1, 10_000, "0.01"), (100, 48, "90.15")],
)
def test_the_power_factor_is_kwh_over_the_apparent_energy(kwh: int, kvarh: int, factor: str) -> None:
    assert power_factor_percent(kwh * 1000, kvarh * 1000) == Decimal(factor)


@given(wh=st.integers(1, 10**12), varh=st.integers(0, 10**12))
def test_the_power_factor_is_exact_at_any_size(wh: int, varh: int) -> None:
    hundredths = int(power_factor_percent(wh, varh) * 100)
    twice = isqrt(4 * (10_000 * wh) ** 2 // (wh * wh + varh * varh))  # 2 x the factor in hundredths, cut
    assert hundredths == (twice + 1) // 2


@pytest.fixture(scope="module")
def march(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 3, 1), mill.zone))


@pytest.mark.parametrize(
    ("month", "kw", "percent"),
    [
        (date(2023, 12, 1), "5000", "90"),
        (date(2024, 1, 1), "5000", "95"),
        (date(2024, 1, 1), "1000", "95"),
        (date(2024, 1, 1), "999", "90"),
    ],
)
def test_the_strictest_threshold_of_the_month_and_size_counts(march: Terms, month: date, kw: str, percent: str) -> None:
    terms = replace(march, month=BillingMonth(month, march.month.zone), contract=Contract({"all": Decimal(kw)}))
    charge = PowerFactorAdjustment("factor", "Power factor", "adjustment", "", ("use",), THRESHOLDS)
    assert charge.threshold(terms).percent == Decimal(percent)


def test_before_the_first_threshold_there_is_no_price(march: Terms) -> None:
    terms = replace(march, month=BillingMonth(date(2017, 12, 1), march.month.zone))
    charge = PowerFactorAdjustment("factor", "Power factor", "adjustment", "", ("use",), THRESHOLDS)
    with pytest.raises(NoPriceInForce, match="no power-factor threshold is in force in 2017-12"):
        charge.threshold(terms)


def load(wh: int, varh: int | None) -> Determinants:
    return Determinants([wh, 0], varh, [wh, 0], [None, None], 8916)


def test_a_poor_factor_is_a_line_more_and_a_good_one_a_line_less(march: Terms) -> None:
    poor = next(line for line in make_bill("mill", load(30_000, 40_000), march).lines if line.code == "factor")
    good = next(line for line in make_bill("mill", load(30_000, 0), march).lines if line.code == "factor")
    assert (poor.rate, good.rate) == (Decimal("30.0"), Decimal("-2.5"))
    assert poor.amount > 0 > good.amount
    assert poor.formula.startswith("power factor 60.00 %, threshold 90 %")


def test_no_energy_has_no_power_factor_and_no_line(march: Terms) -> None:
    assert [line.code for line in make_bill("mill", load(0, 0), march).lines if line.code == "factor"] == []


def test_without_reactive_energy_it_is_refused_with_the_option_to_give(march: Terms) -> None:
    with pytest.raises(BadReadings, match="no reactive energy in 2026-03; name its column with --reactive-column"):
        make_bill("mill", load(30_000, None), march)
