"""A line works out its numbers at once and forms its words when they are read; nobody can tell from outside."""

import pickle
from collections.abc import Callable
from copy import copy
from dataclasses import asdict, replace
from datetime import UTC, date, datetime

import pytest

from application.terms_of import TermsOf
from domain.bill import Bill, BillLine, make_bill
from domain.charges import EnergyFlat
from domain.determinants import Determinants
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms

AT = datetime(2026, 4, 8, 9, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def april(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    return terms_of(mill, BillingMonth(date(2026, 4, 1), mill.zone))


@pytest.fixture
def bill(april: Terms) -> Bill:
    """New for each test, because who looks at a line changes what stands in it."""
    return bill_of(500_000, april)


def bill_of(wh: int, terms: Terms) -> Bill:
    return make_bill("mill", Determinants([wh, 2 * wh], wh, [500, 900], [AT, AT], 8640), terms)


def early(line: BillLine) -> BillLine:
    """The same line with everything said from the start."""
    return BillLine(**{name: getattr(line, name) for name in BillLine.__dataclass_fields__})


def test_words_that_nobody_read_are_not_formed(bill: Bill) -> None:
    assert all("formula" not in vars(line) for line in bill.lines if line.charge == "energy")


def test_a_line_is_equal_to_itself_with_its_words_given_from_the_start(bill: Bill, april: Terms) -> None:
    unread = bill_of(500_000, april)
    assert unread.lines == tuple(early(line) for line in bill.lines)
    assert all(line.formula for line in bill.lines)


def test_two_lines_that_differ_only_in_their_words_are_not_equal(bill: Bill) -> None:
    line = bill.lines[0]
    assert line != replace(line, formula="something else")


@pytest.mark.parametrize("again", [copy, lambda line: pickle.loads(pickle.dumps(line))])  # noqa: S301  (our own bytes)
def test_a_copy_of_an_unread_line_has_its_words_and_not_the_way_to_form_them(
    bill: Bill, april: Terms, again: Callable[[BillLine], BillLine]
) -> None:
    copies = [again(line) for line in bill.lines]
    assert all(set(vars(line)) == set(BillLine.__dataclass_fields__) for line in copies)
    assert tuple(copies) == bill_of(500_000, april).lines


def test_a_line_as_a_dictionary_has_its_words(bill: Bill) -> None:
    assert asdict(bill.lines[0])["formula"] == bill.lines[0].formula


def test_what_a_line_does_not_have_is_still_an_error(bill: Bill) -> None:
    with pytest.raises(AttributeError, match="BillLine has no colour"):
        bill.lines[0].colour  # type: ignore[attr-defined]  # noqa: B018


def test_words_are_those_of_the_meter_that_the_line_was_made_for(april: Terms) -> None:
    small, large = bill_of(1_000, april), bill_of(7_000_000, april)
    formulas = [[line.formula for line in bill.lines if line.charge == "energy"] for bill in (small, large)]
    assert formulas[0][0].startswith("1 kWh")
    assert formulas[1][0].startswith("7,000 kWh")


def test_charges_of_one_code_under_the_same_terms_are_not_taken_for_each_other(april: Terms) -> None:
    d = Determinants([1_000, 2_000], 0, [0, 0], [None, None])
    labels = [EnergyFlat("network", label, "use", "").lines(d, april, ())[0].label for label in ("One", "Another")]
    assert labels == ["One", "Another"]
