"""Several publications of one price series: which price counts, from when a block is, and who said so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.errors import NoPriceInForce
from domain.gauges import IndexedEnergy, TopBlocks, are_alike, of_a_day
from domain.price_series import PriceSeries, news_of, series_between

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(at: int, *prices: int | None, minutes: int = 60, source: str = "a", worth: str = "1") -> PriceSeries:
    """Prices from an hour of January on."""
    return PriceSeries("spot", minutes, START + at * HOUR, prices, source, Decimal(worth))


def between(first: int, end: int, *published: PriceSeries) -> PriceSeries:
    return series_between(published, START + first * HOUR, START + end * HOUR)


def test_what_was_published_once_is_given_as_it_is() -> None:
    once = told(0, 1, 2, 3)
    assert between(1, 2, once, told(10, 4)) is once
    assert between(50, 60, once) is once


def test_in_each_block_the_last_word_with_a_price_counts() -> None:
    found = between(0, 5, told(0, 1, 2, None, 4), told(1, 20, 30, source="b"), told(1, None, 33, source="c"))
    assert found.prices_micro == (1, 20, 33, 4, None)
    assert (found.start, found.minutes) == (START, 60)


def test_the_latest_source_is_named_first_and_one_that_counts_nowhere_is_not() -> None:
    found = between(0, 3, told(0, 1, 2, 3, source="a"), told(1, 4, source="b"), told(1, 5, source="c"))
    assert found.source == "c; a"
    daily = between(0, 6, *(told(day, day, source=f"day {day}") for day in range(6)))
    assert daily.source == "day 5; day 4; day 3; 3 earlier publications"


def test_quarters_of_an_hour_have_the_price_of_their_hour() -> None:
    found = between(0, 2, told(0, 10, 20), told(1, None, 21, minutes=15))
    assert (found.minutes, found.prices_micro) == (15, (10,) * 4 + (20, 21, 20, 20))
    later = between(0, 2, told(1, 1, 2, 3, 4, minutes=15), told(0, 10, 20))
    assert later.prices_micro == (10,) * 4 + (20,) * 4


def test_a_month_that_begins_within_an_hour_has_that_hour() -> None:
    half = timedelta(minutes=30)
    found = series_between([told(0, 1, 2), told(2, 3)], START + half, START + 2 * HOUR + half)
    assert (found.start, found.prices_micro) == (START, (1, 2, 3))
    quarters = [told(0, 1, 2), told(1, 5, minutes=15)]
    found = series_between(quarters, START + half, START + 2 * HOUR)
    assert (found.start, found.prices_micro) == (START + half, (1, 1, 5, 2, 2, 2))


def test_prices_of_one_month_at_two_rates_of_exchange_are_refused() -> None:
    first, other = told(0, 1, 2, worth="20"), told(1, 2, worth="20.5")
    with pytest.raises(NoPriceInForce, match=r"'spot': .* at the rates of exchange 20 and 20\.5, and a month has one"):
        between(0, 2, first, other)
    whole = told(0, 1, 2, worth="20.5")
    assert between(0, 2, first, other, whole).worth == Decimal("20.5"), "what counts no longer has no say"


def test_only_what_is_new_of_a_publication_is_news() -> None:
    known = [told(0, 1, 2, 3, 4)]
    assert news_of(told(0, 1, 2, 3, 4, source="b"), known) is None
    assert news_of(told(0, 1, None, 3, None), known) is None
    grown = news_of(told(0, 1, 9, 3, 8, 5, None), known)
    assert grown == told(1, 9, None, 8, 5)
    assert news_of(told(2, 3, worth="2"), known) == told(2, 3, worth="2"), "at another rate of exchange"
    again = told(1, 2)
    assert news_of(again, [*known, told(1, 7)]) == again, "back to what it was is news, too"


def test_blocks_of_another_length_are_all_news() -> None:
    quarters = told(0, 1, 1, 1, 1, minutes=15)
    assert news_of(quarters, [told(0, 1)]) == quarters


def test_a_day_keeps_its_own_prices() -> None:
    at = int(START.timestamp())
    month, top = IndexedEnergy(60, at, (1, 2, 3, 4)), TopBlocks(15, (0,))
    assert of_a_day([month, top], at + 3600, at + 3 * 3600) == (IndexedEnergy(60, at + 3600, (2, 3)), top)
    assert of_a_day([month], at - 7200, at) == (IndexedEnergy(60, at, ()),)
    assert of_a_day([month], at + 5 * 3600, at + 6 * 3600)[0].price_at(at + 5 * 3600) is None  # type: ignore[union-attr]


def test_gauges_are_alike_whatever_their_prices_and_in_nothing_else() -> None:
    one, other = IndexedEnergy(60, 0, (1, 2)), IndexedEnergy(60, 3600, (5,))
    assert are_alike([one], [other])
    assert not are_alike([one], [IndexedEnergy(15, 0, (1, 2))])
    assert not are_alike([one], [IndexedEnergy(60, 0, (1, 2), exported=True)])
    assert not are_alike([one], [one, one])
    assert not are_alike([TopBlocks(15, (0,))], [TopBlocks(15, (1,))])
