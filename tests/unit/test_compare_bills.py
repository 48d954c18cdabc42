"""The same load under several tariffs: differences add up, currencies do not mix, and nothing is assumed in silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.tariff_files import TariffFiles
from application.compare_bills import Candidate, compare_bills, wanted_by_all
from domain.arrays import Load, price_load
from domain.charges import UnusedPower
from domain.comparison import Comparison, Heading, heading_of
from domain.errors import BadOption, NoPriceInForce
from domain.tariff import Tariff
from domain.terms import Contract, midnight_utc

MEXICO = ZoneInfo("America/Mexico_City")
GOLFO, PENINSULAR, SPAIN = "mx-gdmth:golfo-centro", "mx-gdmth:peninsular", "es-6.1td"
DIST = "mx-dist:bajio"
"""Has rates of January 2020 alone."""
FIXED = {PENINSULAR: {"supplier_fixed": Decimal("500.00")}}
CONTRACT = Contract({"all": Decimal(800)})


def a_tariff(name: str) -> Tariff:
    return TariffFiles().get(name, None, FIXED.get(name, {}))


def candidates(*names: str) -> list[Candidate]:
    return [Candidate.of(a_tariff(name), CONTRACT) for name in names]


def a_load(first: date = date(2026, 1, 1), days: int = 31) -> Load:
    start, end = midnight_utc(first, MEXICO), midnight_utc(first + timedelta(days=days), MEXICO)
    size = int((end - start) / timedelta(minutes=15))
    wh = 60_000 + (np.arange(size, dtype=np.int64) * 7_919) % 50_000
    return Load("plant", start, 15, wh, wh // 4, np.zeros(size, dtype=np.uint8))


def a_comparison(*names: str, rates_of: date | None = None, worth: dict[str, Decimal] | None = None) -> Comparison:
    return compare_bills(a_load(), candidates(*names), MEXICO, rates_of, worth)


@pytest.mark.bills
def test_each_tariff_is_billed_as_if_alone() -> None:
    comparison = a_comparison(GOLFO, PENINSULAR)
    for offer in comparison.offers:
        alone = price_load(a_load(), offer.tariff, CONTRACT, MEXICO)
        assert offer.bills == alone.bills
        assert offer.total == sum(bill.total for bill in alone.bills)


def test_lines_add_up_to_headings_and_headings_to_totals() -> None:
    comparison = a_comparison(GOLFO, PENINSULAR, SPAIN, rates_of=date(2025, 1, 1))
    for i, offer in enumerate(comparison.offers):
        assert sum(row.amounts[i] or 0 for row in comparison.rows) == offer.total
        assert sum(comparison.amounts(heading)[i] or 0 for heading in Heading) == offer.total


def test_a_difference_is_the_sum_of_its_parts_with_the_largest_first() -> None:
    comparison = a_comparison(GOLFO, PENINSULAR)
    difference = comparison.difference(comparison.offers[1])
    assert difference is not None
    assert difference.total == comparison.offers[1].total - comparison.first.total
    assert sum(amount for _, amount in difference.by_heading) == difference.total
    sizes = [abs(amount) for _, amount in difference.by_heading]
    assert sizes == sorted(sizes, reverse=True)


def test_the_first_differs_from_itself_by_nothing() -> None:
    comparison = a_comparison(GOLFO, PENINSULAR)
    difference = comparison.difference(comparison.first)
    assert difference is not None
    assert difference.total == 0
    assert all(amount == 0 for _, amount in difference.by_heading)


def test_a_line_that_two_tariffs_share_is_one_row() -> None:
    comparison = a_comparison(GOLFO, PENINSULAR)
    assert len(comparison.rows) == len(comparison.first.bills[0].lines)
    assert all(None not in row.amounts for row in comparison.rows)


def test_a_line_of_one_tariff_alone_leaves_the_other_without_an_amount() -> None:
    comparison = a_comparison(GOLFO, SPAIN, rates_of=date(2025, 1, 1))
    [fixed] = [row for row in comparison.rows if row.code == "supplier_fixed"]
    assert fixed.amounts == (Decimal("461.75"), None)
    assert comparison.amounts(Heading.FIXED) == (Decimal("461.75"), None)


def test_another_currency_is_never_subtracted_unless_its_worth_is_said() -> None:
    unknown = a_comparison(GOLFO, SPAIN, rates_of=date(2025, 1, 1))
    assert not unknown.comparable
    assert unknown.difference(unknown.offers[1]) is None
    known = a_comparison(GOLFO, SPAIN, rates_of=date(2025, 1, 1), worth={"EUR": Decimal("20.9")})
    difference = known.difference(known.offers[1])
    assert difference is not None
    assert difference.total == known.offers[1].total * Decimal("20.9") - known.first.total
    assert known.offers[1].total == unknown.offers[1].total, "the bill itself stays in its currency"


def test_rates_are_assumed_only_where_a_tariff_has_none_of_its_own() -> None:
    comparison = a_comparison(GOLFO, DIST, rates_of=date(2020, 1, 1))
    assert [bool(offer.bills[0].assumption) for offer in comparison.offers] == [False, True]


def test_a_month_that_a_tariff_does_not_cover_is_refused() -> None:
    with pytest.raises(NoPriceInForce, match=r"mx-dist:bajio has no rates for 2026-01-01"):
        a_comparison(GOLFO, DIST)


def test_a_reading_is_wanted_when_every_tariff_prices_it() -> None:
    january = int(datetime(2026, 1, 15, tzinfo=UTC).timestamp())
    assert wanted_by_all(candidates(GOLFO, PENINSULAR), MEXICO, None, None, None).unpriced(january) == ""
    assert DIST in wanted_by_all(candidates(GOLFO, DIST), MEXICO, None, None, None).unpriced(january)
    assert wanted_by_all(candidates(GOLFO, DIST), MEXICO, None, None, date(2020, 1, 1)).unpriced(january) == ""
    assert wanted_by_all(candidates(GOLFO), MEXICO, date(2026, 2, 1), None, None).outside(january)


def test_each_candidate_has_its_own_contract() -> None:
    spain = a_tariff(SPAIN)
    half = replace(spain, id="es-6.1td-half")
    comparison = compare_bills(
        a_load(),
        [Candidate.of(spain, CONTRACT), Candidate.of(half, Contract({"all": Decimal(400)}))],
        MEXICO,
        date(2025, 1, 1),
    )
    whole, less = (sum(line.quantity for line in o.bills[0].lines if line.charge == "power") for o in comparison.offers)
    assert whole == 2 * less


@pytest.mark.parametrize(
    ("names", "worth", "told"),
    [
        ([GOLFO], {}, "name at least two"),
        ([GOLFO, GOLFO], {}, "called 'mx-gdmth:golfo-centro'"),
        ([GOLFO, PENINSULAR], {"USD": Decimal(17)}, "--rate-of-exchange USD is of no use"),
        ([GOLFO, SPAIN], {"MXN": Decimal(1)}, "--rate-of-exchange MXN is of no use"),
        ([GOLFO, SPAIN], {"EUR": Decimal(0)}, "makes that tariff free"),
        ([GOLFO] * 13, {}, "13 tariffs are too many"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(names: list[str], worth: dict[str, Decimal], told: str) -> None:
    with pytest.raises(BadOption, match=told):
        a_comparison(*names, worth=worth)


@pytest.mark.tariffs
@pytest.mark.parametrize("name", TariffFiles().ids())
def test_every_shipped_tariff_has_energy_and_its_percentages_are_taxes_or_adjustments(name: str) -> None:
    tariff = TariffFiles().get(name)
    headings = {charge.code: heading_of(charge) for charge in tariff.charges}
    assert Heading.ENERGY in headings.values()
    of_amounts = [c for c in tariff.charges if c.of and not isinstance(c, UnusedPower)]  # that is of others' kW
    assert all(headings[c.code] in {Heading.TAXES, Heading.ADJUSTMENTS} for c in of_amounts)
