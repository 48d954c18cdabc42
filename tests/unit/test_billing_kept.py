"""What is prepared for a tariff is shared by all meters, and nothing of one meter stays in it; bills are read later."""

import gc
import pickle
from collections.abc import Callable
from copy import copy
from dataclasses import fields, replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from domain.arrays import Billing, Load, bill_load
from domain.bill import Bill
from domain.money import NANO
from tests.reference.cases import CONTRACT, DAYS, MONTHS, Case
from tests.reference.workbench import hourly


@given(case=DAYS | MONTHS, share=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_a_kept_billing_bills_each_meter_as_if_it_were_the_only_one(case: Case, share: int) -> None:
    other = replace(case.load, meter="other", energy_wh=case.load.energy_wh * share // 100)
    kept = Billing.of(case.tariff, CONTRACT, case.zone, history=case.history)
    first, second, again = kept.bills(case.load), kept.bills(other), kept.bills(case.load)  # read when all are billed
    assert second == alone(case, other)
    assert first == again == alone(case, case.load)


@given(case=DAYS | MONTHS)
@settings(max_examples=60, deadline=None)
def test_the_amounts_of_a_bill_are_known_before_its_lines_are_read_and_are_theirs(case: Case) -> None:
    for bill in alone(case, case.load):
        assert "lines" not in vars(bill)
        amounts, total = list(bill.amounts), bill.total
        assert amounts == [line.amount for line in bill.lines]
        assert total == sum(amounts) == sum(line.amount for line in replace(bill).lines)
        assert sum(bill.nano_by_code().values()) == total * NANO


@given(case=DAYS)
@settings(max_examples=40, deadline=None)
def test_a_charge_that_says_it_remembers_nothing_leaves_nothing(case: Case) -> None:
    for part in (part for bill in case.priced().billed for part in bill):
        silent = [charge for charge in part.terms.tariff.charges if not charge.remembers]
        assert [charge for charge in silent if charge.remembered(part.month.determinants, part.terms)] == []


def alone(case: Case, load: Load) -> tuple[Bill, ...]:
    return bill_load(load, case.tariff, CONTRACT, case.zone, history=case.history)


@pytest.fixture
def gdmth() -> Billing:
    """With a tax, a power factor and months of two parts."""
    tariff = TariffFiles().get("mx-gdmth:golfo-centro")
    return Billing.of(tariff, CONTRACT, ZoneInfo(tariff.timezone), date(2026, 1, 1))


@pytest.fixture
def load() -> Load:
    """The year 2018 by the quarter of an hour, in UTC: months that begin six hours before their first local day."""
    by_hour = hourly([1000 + 7 * n % 900 for n in range(8760)])
    return replace(
        by_hour,
        step_minutes=15,
        energy_wh=by_hour.energy_wh.repeat(4) // 4,
        reactive_varh=by_hour.energy_wh.repeat(4) // 12,
        quality=by_hour.quality.repeat(4),
    )


def test_months_of_two_parts_are_among_those_bills(gdmth: Billing, load: Load) -> None:
    assert {len(bill.parts) for bill in gdmth.bills(load)} == {1, 2}


@pytest.mark.parametrize("again", [copy, lambda bill: pickle.loads(pickle.dumps(bill))])  # noqa: S301  (our own bytes)
def test_a_copy_of_an_unread_bill_has_its_lines_and_not_the_way_to_form_them(
    gdmth: Billing, load: Load, again: Callable[[Bill], Bill]
) -> None:
    copies = [again(bill) for bill in gdmth.bills(load)]
    assert all(set(vars(bill)) == {each.name for each in fields(Bill)} for bill in copies)
    assert tuple(copies) == gdmth.bills(load)


def test_a_bill_that_nobody_keeps_is_gone_at_once(gdmth: Billing, load: Load) -> None:
    """Else a fleet would fill the memory until the collector of cycles comes by, which takes its time for it."""
    gdmth.bills(load)
    gc.collect()
    gc.disable()
    try:
        assert gdmth.bills(load)[3].total > 0
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_a_bill_does_not_have_is_still_an_error(gdmth: Billing, load: Load) -> None:
    with pytest.raises(AttributeError, match="Bill has no colour"):
        gdmth.bills(load)[0].colour  # type: ignore[attr-defined]  # noqa: B018
