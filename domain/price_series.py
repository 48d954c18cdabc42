"""Published prices of consecutive hours or quarters of an hour, and what several publications of them say together.

Prices come a day or a month at a time, late, and revised. In each block the last word that has a price counts: one that
leaves a block empty says nothing about it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.errors import NoPriceInForce
from domain.money import plain

MOST_CITED = 3
"""A bill's line names so many publications; of prices that come daily there are thirty a month."""


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Published prices of consecutive blocks, in micro-currency per kWh; None where unknown.

    A series for another unit of energy is converted where it is read. One in another currency keeps it: `worth` is one
    unit of its currency in the tariff's, and its source says so.
    """

    name: str
    minutes: int
    start: datetime
    prices_micro: tuple[int | None, ...]
    source: str
    worth: Decimal = Decimal(1)

    @property
    def step_s(self) -> int:
        return self.minutes * 60

    @property
    def start_s(self) -> int:
        return int(self.start.timestamp())

    @property
    def end_s(self) -> int:
        return self.start_s + len(self.prices_micro) * self.step_s

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes * len(self.prices_micro))


Held = tuple[int, PriceSeries] | None
"""The price that counts in a block, and who published it; None where nobody did."""


def series_between(published: Sequence[PriceSeries], start: datetime, end: datetime) -> PriceSeries:
    """What all publications of one series, in their order, say of the time from `start` to `end`: a series itself.

    One that was published once is given as it is. Where hours and quarters of an hour meet, the quarters of an hour
    have the hour's price. Raises `NoPriceInForce` where prices of that time have different rates of exchange.
    """
    start_s, end_s = int(start.timestamp()), int(end.timestamp())
    within = [one for one in published if one.start_s < end_s and start_s < one.end_s] or [published[-1]]
    if len(within) == 1:
        return within[0]
    minutes = min(one.minutes for one in within)
    step_s = minutes * 60
    first_s = start_s - start_s % step_s
    held = _held(within, minutes, first_s, -((first_s - end_s) // step_s))
    used = list({id(one[1]): one[1] for one in held if one is not None}.values())
    in_order = [one for one in within if any(one is other for other in used)] or within[-1:]
    prices = tuple(None if one is None else one[0] for one in held)
    source, worth = _sources(in_order), _worth(in_order, start)
    return PriceSeries(within[0].name, minutes, datetime.fromtimestamp(first_s, UTC), prices, source, worth)


def news_of(series: PriceSeries, published: Sequence[PriceSeries]) -> PriceSeries | None:
    """What a publication says that those before it did not; None where that is nothing.

    Blocks whose price is in force already are left empty, so that a file that grows is stored once. Where those before
    have blocks of another length, it is all taken as new.
    """
    before = [one for one in published if one.start_s < series.end_s and series.start_s < one.end_s]
    new: list[int | None] = list(series.prices_micro)
    if all(one.minutes == series.minutes for one in before):
        held = _held(before, series.minutes, series.start_s, len(new))
        for block, known in enumerate(held):
            if known is not None and (known[0], known[1].worth) == (new[block], series.worth):
                new[block] = None
    said = [block for block, price in enumerate(new) if price is not None]
    if not said:
        return None
    first, end = said[0], said[-1] + 1
    start = series.start + timedelta(minutes=series.minutes * first)
    return replace(series, start=start, prices_micro=tuple(new[first:end]))


def _held(published: Sequence[PriceSeries], minutes: int, first_s: int, many: int) -> list[Held]:
    """What counts in each of `many` blocks of `minutes`, which divide those of every publication."""
    held: list[Held] = [None] * many
    for one in published:
        for at_s, price in _told(one, first_s, first_s + many * minutes * 60):
            block = (at_s - first_s) // (minutes * 60)
            for each in range(max(block, 0), min(block + one.minutes // minutes, many)):
                held[each] = price, one
    return held


def _told(series: PriceSeries, start_s: int, end_s: int) -> Iterator[tuple[int, int]]:
    """Its prices between two instants, each with its block's start."""
    first = max(0, (start_s - series.start_s) // series.step_s)
    end = max(first, -((series.start_s - end_s) // series.step_s))
    for block, price in enumerate(series.prices_micro[first:end], first):
        if price is not None:
            yield series.start_s + block * series.step_s, price


def _worth(published: Sequence[PriceSeries], start: datetime) -> Decimal:
    found = sorted({one.worth for one in published})
    if len(found) > 1:
        told = " and ".join(map(plain, found))
        raise NoPriceInForce(
            f"series {published[0].name!r}: its prices from {start:%Y-%m-%d %H:%M} UTC on were published at the rates "
            f"of exchange {told}, and a month has one; publish all its prices again at one --rate-of-exchange"
        )
    return found[0]


def _sources(published: Sequence[PriceSeries]) -> str:
    """The latest first: it is the one that may have been revised."""
    named = list(dict.fromkeys(one.source for one in reversed(published)))
    more = len(named) - MOST_CITED
    return "; ".join((*named[:MOST_CITED], *((f"{more} earlier publications",) if more > 0 else ())))
