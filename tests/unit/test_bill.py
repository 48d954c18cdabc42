"""The bill: lines that add up, percentages of what was printed, and a true-up that settles the rest."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.terms_of import TermsOf
from domain.bill import Coverage, make_bill, true_ups
from domain.determinants import Determinants
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

LOADS = st.builds(
    lambda night, day, varh, peak, intervals: Determinants([night, day], varh, [peak, peak], [None, None], intervals),
    *(st.integers(0, 10**11), st.integers(0, 10**11), st.integers(0, 10**11), st.integers(0, 10**9)),
    st.integers(0, 8640),
)


@pytest.fixture(scope="module")
def april(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 4, 1), mill.zone))


@given(d=LOADS)
def test_the_total_is_the_sum_of_the_printed_lines(april: Terms, d: Determinants) -> None:
    bill = make_bill("mill", d, april)
    assert bill.total == sum(line.amount for line in bill.lines)
    assert all(line.amount == round(line.amount, 2) for line in bill.lines)


@given(d=LOADS)
def test_a_percentage_is_taken_of_printed_lines_not_of_exact_ones(april: Terms, d: Determinants) -> None:
    bill = make_bill("mill", d, april)
    (tax,) = (line for line in bill.lines if line.code == "tax")
    assert tax.quantity == bill.total - tax.amount
    assert tax.amount == april.tariff.rounding(tax.quantity * 21 / 100)


@given(d=LOADS)
def test_live_and_true_up_are_the_bill_line_by_line(april: Terms, d: Determinants) -> None:
    live, codes = april.accrued_nano(d), april.tariff.line_codes
    bill = make_bill("mill", d, april)
    settled = true_ups(bill, dict(zip(codes, live, strict=True)))
    assert sum(live) + sum(settled.values()) == bill.total * NANO
    for code, nano in zip(codes, live, strict=True):
        assert (nano + settled[code]) == bill.amount_of(code) * NANO, code


def test_a_line_that_is_not_billed_takes_its_live_cost_back(april: Terms) -> None:
    bill = make_bill("mill", Determinants.nothing(2), april)  # without energy there is no power-factor line
    assert true_ups(bill, dict.fromkeys(april.tariff.line_codes, 7))["factor"] == -7


def test_a_total_that_is_not_the_sum_cannot_be_made(april: Terms) -> None:
    bill = make_bill("mill", Determinants.nothing(2), april)
    with pytest.raises(AssertionError, match="lines do not add up"):
        replace(bill, total=bill.total + Decimal("0.01"))


def test_an_amount_is_asked_for_by_group_charge_or_line(april: Terms) -> None:
    bill = make_bill("mill", Determinants([1_000_000, 3_000_000], 0, [0, 0], [None, None], 8640), april)
    assert bill.amount_of("energy.night") == Decimal(100)
    assert bill.amount_of("energy") == Decimal(700)
    assert bill.amount_of("use") == Decimal(900)
    assert bill.amount_of("nothing of the kind") == 0


def test_coverage_counts_what_is_missing(april: Terms) -> None:
    d = Determinants.nothing(2)
    d.intervals, d.estimated = 8000, 600
    coverage = make_bill("mill", d, april).coverage
    assert coverage == Coverage(expected=8640, measured=7400, estimated=600)
    assert (coverage.missing, coverage.complete) == (640, False)
    assert Coverage(8640, 8000, 640).complete


def test_the_bill_says_whose_it_is_and_by_which_rules(april: Terms) -> None:
    bill = make_bill("mill", Determinants.nothing(2), april)
    assert (bill.supply_point, bill.tariff, bill.tariff_version, bill.currency) == ("mill", "small", "1", "EUR")
    assert (bill.first, bill.end - timedelta(days=1), bill.timezone) == (
        date(2026, 4, 1),
        date(2026, 4, 30),
        "Europe/Madrid",
    )
    assert bill.zone == april.month.zone
