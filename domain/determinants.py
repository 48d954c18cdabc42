"""What charges multiply: the sums and maxima of one meter's load, and nothing else.

Every view of cost (one measurement live, a whole month, an array of a million) first reduces a load to these few
numbers; the charges never see the load. So there is one rule and as many speeds as there are ways to add.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from domain.gauges import Gauge


@dataclass(slots=True)
class Determinants:
    """Running totals of one meter within one billing month; lists are indexed by the calendar's periods.

    `energy_wh`      active energy by period, Wh
    `reactive_varh`  inductive reactive energy, varh; None where it is not metered
    `peak_wh`        highest energy of one demand block by period, Wh; a block in progress counts with what it has
    `peak_at`        UTC start of that block (the earliest on ties), None while nothing was measured
    `intervals`      intervals with energy, measured or estimated; `estimated` of them are estimated
    `gauges`         states of the tariff's gauges (`domain.gauges`), in order; those of parts of a month do not add up
    """

    energy_wh: list[int]
    reactive_varh: int | None
    peak_wh: list[int]
    peak_at: list[datetime | None]
    intervals: int = 0
    estimated: int = 0
    gauges: list[list[int]] = field(default_factory=list)

    @classmethod
    def nothing(cls, periods: int, gauges: Iterable[Gauge] = ()) -> Self:
        """Of a month without a measurement yet."""
        states = [gauge.empty() for gauge in gauges]
        return cls([0] * periods, 0, [0] * periods, [None] * periods, gauges=states)

    def copy(self) -> "Determinants":
        return Determinants(
            list(self.energy_wh),
            self.reactive_varh,
            list(self.peak_wh),
            list(self.peak_at),
            self.intervals,
            self.estimated,
            [list(state) for state in self.gauges],
        )

    def grown(
        self, period: int, wh: int, varh: int, estimated: int, block_wh: int, block_at: datetime
    ) -> "Determinants":
        """These totals with one more interval; its demand block then has `block_wh`. Gauges are still to see it."""
        energy_wh = self.energy_wh.copy()
        energy_wh[period] += wh
        found = Determinants(
            energy_wh,
            (self.reactive_varh or 0) + varh,
            self.peak_wh,
            self.peak_at,
            self.intervals + 1,
            self.estimated + estimated,
            [list(state) for state in self.gauges] if self.gauges else [],
        )
        if block_wh >= self.peak_wh[period]:  # else what is higher may be shared
            found.peak_wh, found.peak_at = self.peak_wh.copy(), self.peak_at.copy()
            found.see_block(period, block_wh, block_at)
        return found

    @property
    def total_wh(self) -> int:
        return sum(self.energy_wh)

    def peak(self, periods: Iterable[int]) -> tuple[int, datetime | None]:
        """Highest block (Wh) over some periods and when it began; the earliest on ties."""
        best_wh, best_at, peak_wh, peak_at = 0, None, self.peak_wh, self.peak_at
        for period in periods:
            wh, at = peak_wh[period], peak_at[period]
            if at is not None and (best_at is None or wh > best_wh or (wh == best_wh and at < best_at)):
                best_wh, best_at = wh, at
        return best_wh, best_at

    def see_block(self, period: int, wh: int, at: datetime) -> None:
        """A demand block (Wh so far) may be the highest of its period."""
        best_at = self.peak_at[period]
        if best_at is None or wh > self.peak_wh[period] or (wh == self.peak_wh[period] and at < best_at):
            self.peak_wh[period], self.peak_at[period] = wh, at

    def add_interval(self, period: int, wh: int, varh: int, estimated: int) -> None:
        """One more interval's energy; its demand block is told by `see_block`."""
        self.energy_wh[period] += wh
        self.reactive_varh = (self.reactive_varh or 0) + varh
        self.intervals += 1
        self.estimated += estimated

    def over(self, indexes: Sequence[int], count: int) -> "Determinants":
        """The same totals where period p stands at `indexes[p]` of `count`; without gauges."""
        found = Determinants(
            [0] * count, self.reactive_varh, [0] * count, [None] * count, self.intervals, self.estimated
        )
        for p, at in enumerate(indexes):
            found.energy_wh[at], found.peak_wh[at], found.peak_at[at] = (
                self.energy_wh[p],
                self.peak_wh[p],
                self.peak_at[p],
            )
        return found

    def see_blocks(self, other: "Determinants") -> None:
        """The highest blocks of another part of the month."""
        for period, at in enumerate(other.peak_at):
            if at is not None:
                self.see_block(period, other.peak_wh[period], at)

    def forget_blocks(self) -> None:
        """Before the blocks are looked at again, because one of them became smaller."""
        self.peak_wh = [0] * len(self.peak_wh)
        self.peak_at = [None] * len(self.peak_at)

    def add(self, other: "Determinants") -> None:
        """Take in another part of the same month (a demand block lies wholly in one part)."""
        for period, wh in enumerate(other.energy_wh):
            self.energy_wh[period] += wh
        self.see_blocks(other)
        both = self.reactive_varh is not None and other.reactive_varh is not None
        self.reactive_varh = (self.reactive_varh or 0) + (other.reactive_varh or 0) if both else None
        self.intervals += other.intervals
        self.estimated += other.estimated
