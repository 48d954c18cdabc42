"""Sentences are read exactly, or not at all."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tests.bdd.as_printed import instant, month, number, rows_of, thousandths, whole

MADRID = ZoneInfo("Europe/Madrid")
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.50", "1234.50"), ("1234.5", "1234.5"), ("0", "0"), ("-2,625.51", "-2625.51"), ("0.0014986", "0.0014986")],
)
def test_a_number_is_read_to_its_last_digit(text: str, value: str) -> None:
    assert str(number(text)) == value


@pytest.mark.parametrize("text", ["", "1.234,50", "12,34", "1,2345", "7.5 %", "1e3", "NaN", ".5", "1 000", "²"])
def test_what_no_bill_prints_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is no number as a bill prints it"):
        number(text)


def test_energy_is_read_to_the_watt_hour() -> None:
    assert thousandths("999,999.999") == 999_999_999


def test_energy_finer_than_a_watt_hour_is_not_cut() -> None:
    with pytest.raises(ValueError, match=r"'0\.0001' is finer than can be counted here"):
        thousandths("0.0001")


def test_half_a_measurement_is_not_cut() -> None:
    with pytest.raises(ValueError, match=r"'1\.5' is finer than can be counted here"):
        whole("1.5")


def test_a_month_is_read_by_its_first_day() -> None:
    assert month("February 2026") == date(2026, 2, 1)


def test_a_local_time_is_an_instant() -> None:
    assert instant(AUTUMN, time(12), MADRID) == datetime(2025, 10, 26, 11, tzinfo=UTC)


def test_a_time_that_comes_twice_has_two_instants() -> None:
    first, second = (instant(AUTUMN, time(2, 30), MADRID, fold) for fold in (0, 1))
    assert (first.hour, second.hour) == (0, 1)


def test_a_time_that_the_clock_skips_is_refused() -> None:
    with pytest.raises(ValueError, match="no clock in Europe/Madrid shows 02:30 on 2025-03-30"):
        instant(SPRING, time(2, 30), MADRID)


def test_a_time_that_comes_once_has_no_second_instant() -> None:
    with pytest.raises(ValueError, match="clocks in Europe/Madrid show 12:00 only once"):
        instant(AUTUMN, time(12), MADRID, fold=1)


def test_a_swapped_column_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="columns are"):
        rows_of([["amount", "line"], ["1", "VAT"]], "line", "amount")
