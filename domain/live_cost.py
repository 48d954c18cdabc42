"""What measurements cost live, told with as little asking as the charges allow.

A live cost is what the bill to date grew by. One could ask every charge for its bill to date before and after each
measurement; most would answer the same again: so much a Wh, an even share, nothing. So each says what its bill to date
grows with (`Accrual`), and is asked once for all meters where that is enough. How much it is, only its own rule says.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from domain.charges.charge import Accrual
from domain.determinants import Determinants

if TYPE_CHECKING:
    from domain.terms import Terms

Accrue = Callable[[Determinants], tuple[int, ...]]
"""A charge's bill to date under some terms, nano-currency by line."""

Columns = Iterator[tuple[int, Sequence[int]]]
"""Lines that grew, and by how much: nano-currency, one amount a measurement."""


@dataclass(frozen=True, slots=True)
class LiveCost:
    """How the bill to date of a part of a month grows, by line of its tariff.

    `per_wh` has, of each line that grows with energy, the nano-currency per Wh of each period. `interval_...` are the
    lines that grow with each interval alike and their rules, `load_...` those that must be asked each time.
    """

    periods: int
    per_wh: tuple[tuple[int, tuple[int, ...]], ...]
    interval_lines: tuple[int, ...]
    load_lines: tuple[int, ...]
    interval_rules: tuple[Accrue, ...]
    load_rules: tuple[Accrue, ...]
    _known: dict[int, list[int]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, terms: "Terms") -> Self:
        periods, lines = len(terms.tariff.periods), list[Accrual]()
        per_wh = list[tuple[int, tuple[int, ...]]]()
        rules: dict[Accrual, list[Accrue]] = {kind: [] for kind in Accrual}
        for charge in terms.tariff.charges:
            accrue = charge.accrue(terms)
            if charge.accrues is Accrual.ENERGY:
                rates = zip(*(accrue(_one_wh(period, periods)) for period in range(periods)), strict=True)
                per_wh += enumerate(rates, len(lines))
            rules[charge.accrues].append(accrue)
            lines += [charge.accrues] * len(charge.line_codes)
        time, load = ([n for n, kind in enumerate(lines) if kind is one] for one in (Accrual.INTERVALS, Accrual.LOAD))
        of_time, of_load = tuple(rules[Accrual.INTERVALS]), tuple(rules[Accrual.LOAD])
        return cls(periods, tuple(per_wh), tuple(time), tuple(load), of_time, of_load)

    def of_energy(self, wh: Sequence[int], periods: Sequence[int]) -> Columns:
        """What energy costs, each in its period."""
        seen = set(periods)
        for line, rates in self.per_wh:
            if len(seen) == 1:  # an upload is mostly of one interval
                [period] = seen
                if rate := rates[period]:
                    yield line, [energy * rate for energy in wh]
            elif any(rates):
                yield line, [energy * rates[period] for energy, period in zip(wh, periods, strict=True)]

    def of_time(self, before: Sequence[int]) -> Columns:
        """What intervals cost, each by how many its meter had `before`; meters are mostly at the same number."""
        if self.interval_lines:
            shares = {count: self._share(count) for count in set(before)}
            columns = zip(*[shares[count] for count in before], strict=True)
            yield from zip(self.interval_lines, columns, strict=True)

    def of_load(self, months: Sequence[Determinants]) -> Columns:
        """The bills to date, not what they grew by, of the lines that must be asked for them."""
        lines = iter(self.load_lines)
        for accrue in self.load_rules:
            for column in zip(*[accrue(month) for month in months], strict=True):
                yield next(lines), column

    def _share(self, count: int) -> list[int]:
        """What the interval costs that comes after so many."""
        return [now - then for now, then in zip(self._of_intervals(count + 1), self._of_intervals(count), strict=True)]

    def _of_intervals(self, count: int) -> list[int]:
        """The bill to date of `interval_lines`, worked out once for all meters."""
        if count not in self._known:
            d = Determinants.nothing(self.periods)
            d.intervals = count
            self._known[count] = [nano for accrue in self.interval_rules for nano in accrue(d)]
        return self._known[count]


def _one_wh(period: int, periods: int) -> Determinants:
    d = Determinants.nothing(periods)
    d.energy_wh[period] = 1
    return d
