"""What a demand charge remembers of earlier months: look-backs, which mean their maxima, and ratchets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.calendar import months_in_words
from domain.money import Ratio, plain


@dataclass(frozen=True, slots=True)
class LookBack:
    """Billed is the mean of the `highest` highest monthly maxima of the last `months` months, this one included.

    With `in_months` only in those calendar months, and of the other months alone: the season before (Chile, peak
    demand). In those others this month's own maximum is billed.
    """

    highest: int
    months: int
    in_months: tuple[int, ...] = ()

    def kw(self, now: Ratio, month: date, before: Sequence[tuple[date, Fraction]]) -> Ratio:
        if self.in_months and month.month not in self.in_months:
            return now
        window = _recent(before, month, self.months - 1)
        if self.in_months:
            season = _highest_by_month([(first, kw) for first, kw in window if first.month not in self.in_months])
            return self._mean(season) if season else now
        return self._mean([now, *_highest_by_month(window)])

    def __str__(self) -> str:
        highest = f"mean of the {self.highest} highest" if self.highest > 1 else "highest"
        others = f", in {months_in_words(self.in_months)} of the other months among them" if self.in_months else ""
        return f"{highest} of {self.months} months{others}"

    def _mean(self, maxima: Sequence[Ratio]) -> Ratio:
        best = sorted(maxima, reverse=True)[: self.highest]
        return sum(map(Fraction, best), Fraction(0)) / len(best)


@dataclass(frozen=True, slots=True)
class Ratchet:
    """Billed is at least `percent` of the highest maximum of the `months` before, or of listed ones among them."""

    percent: Decimal
    months: int
    only_months: tuple[int, ...] = ()

    def kw(self, now: Ratio, month: date, before: Sequence[tuple[date, Fraction]]) -> Ratio:
        window = _recent(before, month, self.months)
        counted = [kw for first, kw in window if not self.only_months or first.month in self.only_months]
        return max([now, *(kw * Fraction(self.percent) / 100 for kw in counted)])

    def __str__(self) -> str:
        only = f", of {months_in_words(self.only_months)} among them" if self.only_months else ""
        return f"at least {plain(self.percent)} % of the highest of {self.months} months before{only}"


def _recent(before: Sequence[tuple[date, Fraction]], month: date, months: int) -> list[tuple[date, Fraction]]:
    """Those of the last so many months before a month."""
    now = month.year * 12 + month.month
    return [(first, kw) for first, kw in before if 0 < now - (first.year * 12 + first.month) <= months]


def _highest_by_month(recent: Sequence[tuple[date, Fraction]]) -> list[Fraction]:
    """A month of several parts has one maximum, the highest of theirs."""
    found: dict[date, Fraction] = {}
    for first, kw in recent:
        month = first.replace(day=1)
        found[month] = max(kw, found.get(month, kw))
    return list(found.values())
