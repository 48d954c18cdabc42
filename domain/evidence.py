"""The intervals that made a bill line: when a peak was, which blocks broke the contract, which hours cost most."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from domain.money import plain

Say = Callable[[datetime], str]
"""How whoever shows it writes an instant."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One block or interval: its UTC start, what it had, and the price of a unit of it where prices differ.

    `estimated`: some of its energy was measured over a longer time than its own, so a peak there may be none.
    """

    start: datetime
    quantity: Decimal
    unit: str
    rate: Decimal | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class LookedBack:
    """What a line looks back upon: kW of earlier months that are known, and the months nobody told of."""

    known: tuple[tuple[date, Decimal], ...]
    unknown: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a line is what it is: `count` intervals of `minutes` each, in UTC from `first` to `end` (excluded).

    `counted` says which they are ("blocks of 15 min in peak beyond 450 kW"); of a line that no interval made, such as a
    fixed amount, it says so and `count` is 0. `named` are the ones that decided, or weigh most, the largest first;
    `naming` says how they were chosen. `lines` are the codes of the lines that a percentage is taken of. `remembered`
    is this month's figure (kW or kVA) that later months may look back upon.
    """

    counted: str
    count: int = 0
    minutes: int = 0
    first: datetime | None = None
    end: datetime | None = None
    naming: str = ""
    named: tuple[Moment, ...] = ()
    lines: tuple[str, ...] = ()
    looked_back: LookedBack | None = None
    remembered: Fraction | None = None

    def span(self, say: Say) -> str:
        """Which intervals, how many and from when to when."""
        if not self.count or self.first is None or self.end is None:
            return f"no {self.counted}" if self.minutes else self.counted
        return f"{self.count:,} {self.counted}, {say(self.first)} to {say(self.end)}"

    def deciding(self, say: Say, most: int | None = None) -> Iterator[str]:
        """The named moments in words, `most` of them."""
        for moment in self.named[:most]:
            at = "" if moment.rate is None else f" at {plain(moment.rate)}"
            flag = ", estimated" if moment.estimated else ""
            yield f"{say(moment.start)}: {plain(moment.quantity)} {moment.unit}{at}{flag}"

    def looking_back(self) -> Iterator[str]:
        """The earlier months in words: those known, then those missing."""
        if self.looked_back is None:
            return
        if self.looked_back.known:
            yield ", ".join(f"{month:%Y-%m} {plain(kw)}" for month, kw in self.looked_back.known)
        if self.looked_back.unknown:
            yield f"not known: {months_in_words(self.looked_back.unknown)}; give them with --history"


def months_in_words(months: tuple[date, ...]) -> str:
    """Months in order as spans: `2025-02 to 2025-11, 2026-01`."""
    spans: list[list[date]] = []
    for month in months:
        if spans and _number(month) == _number(spans[-1][-1]) + 1:
            spans[-1] = [spans[-1][0], month]
        else:
            spans.append([month])
    return ", ".join(" to ".join(f"{month:%Y-%m}" for month in span) for span in spans)


def _number(month: date) -> int:
    return month.year * 12 + month.month
