"""Money: exact integers inside, and one place that rounds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidTariff
from domain.money import Rounding, RoundingMode, decimal_to_nano, micro, nano_to_decimal

AMOUNTS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=9)


@pytest.mark.parametrize(
    ("gross", "amount"),
    [
        ("2.675", "2.68"),
        ("2.665", "2.67"),
        ("2.6649999999", "2.66"),
        ("-2.675", "-2.68"),
        ("-2.665", "-2.67"),
        ("-2.6649999999", "-2.66"),
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("125024.475", "125024.48"),
    ],
)
def test_halves_round_away_from_zero_on_both_sides(gross: str, amount: str) -> None:
    assert Rounding()(Decimal(gross)) == Decimal(amount)


@pytest.mark.parametrize(("gross", "amount"), [("2.675", "2.68"), ("2.665", "2.66"), ("-2.665", "-2.66")])
def test_halves_round_to_even_where_a_tariff_says_so(gross: str, amount: str) -> None:
    assert Rounding(mode=RoundingMode.HALF_EVEN)(Decimal(gross)) == Decimal(amount)


@pytest.mark.parametrize(("places", "amount"), [(0, "3"), (1, "2.7"), (3, "2.675"), (4, "2.6750")])
def test_a_tariff_chooses_its_decimals(places: int, amount: str) -> None:
    assert str(Rounding(places)(Decimal("2.675"))) == amount


def test_what_rounds_to_nothing_is_zero_and_not_minus_zero() -> None:
    assert str(Rounding()(Decimal("-0.004"))) == "0.00"


@given(gross=AMOUNTS)
def test_rounding_moves_an_amount_by_half_a_cent_at_most(gross: Decimal) -> None:
    assert abs(Fraction(Rounding()(gross)) - Fraction(gross)) <= Fraction(1, 200)
    assert Rounding()(-gross) == -Rounding()(gross)


@given(nano=st.integers(-(10**24), 10**24))
def test_nano_currency_becomes_decimal_and_back_without_loss(nano: int) -> None:
    assert decimal_to_nano(nano_to_decimal(nano)) == nano


@given(amount=AMOUNTS)
def test_decimals_of_nine_places_become_nano_exactly(amount: Decimal) -> None:
    assert Fraction(decimal_to_nano(amount), 10**9) == Fraction(amount)


def test_parts_finer_than_nano_are_cut_towards_zero() -> None:
    assert decimal_to_nano(Decimal("0.0000000019")) == 1
    assert decimal_to_nano(Decimal("-0.0000000019")) == -1


@pytest.mark.parametrize(
    ("rate", "parts"), [("0.8066", 806_600), ("392.20", 392_200_000), ("-0.000001", -1), ("0", 0), ("1E+3", 10**9)]
)
def test_a_rate_is_an_integer_of_micro_currency(rate: str, parts: int) -> None:
    assert micro(Decimal(rate), "energy") == parts


def test_a_rate_finer_than_micro_is_refused_by_name() -> None:
    with pytest.raises(InvalidTariff, match=r"rate energy = 0\.1234567: more than 6 decimals"):
        micro(Decimal("0.1234567"), "energy")
