"""One meter within one metering day: its measurements by slot, and the sums that pricing needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from domain.determinants import Determinants
from domain.events import DayOpened
from domain.gauges import Gauge, Growth
from domain.measurement import NO_EXTRA, Extra


@dataclass(frozen=True, slots=True)
class Grid:
    """What each slot of the day belongs to: its tariff period, its demand block, and when each block begins (UTC)."""

    period_of_slot: tuple[int, ...]
    slots_per_block: int
    block_starts: tuple[datetime, ...]
    gauges: tuple[Gauge, ...] = ()
    start_s: int = 0
    step_minutes: int = 1

    @classmethod
    def of(cls, opened: DayOpened) -> Self:
        periods: list[int] = []
        for until, period in opened.period_until:
            periods += [period] * (until - len(periods))
        per_block, block = opened.demand_minutes // opened.step_minutes, timedelta(minutes=opened.demand_minutes)
        starts = tuple(opened.start + block * i for i in range(-(-opened.slots // per_block)))
        start_s = int(opened.start.timestamp())
        return cls(tuple(periods), per_block, starts, opened.gauges, start_s, opened.step_minutes)

    @classmethod
    def nothing(cls) -> Self:
        """Of a day that was not opened yet."""
        return cls((), 1, ())


@dataclass(slots=True)
class MeterDay:
    """`wh`, `varh` and `extra` by slot (None: unknown), energy of each demand block so far, and the month to date.

    `first` has, by slot, the first word (Wh, varh, extra) about what was corrected since.

    `before` and `before_nano` are the month and its bill to date as they were when the day opened; `month` and
    `accrued_nano` are what this day has made of them.
    """

    grid: Grid
    wh: list[int | None]
    varh: list[int]
    block_wh: list[int]
    before: Determinants
    month: Determinants
    before_nano: Sequence[int]
    accrued_nano: list[int]
    gaps: list[tuple[int, int]] = field(default_factory=list)
    estimated: set[int] = field(default_factory=set)
    extra: list[Extra] = field(default_factory=list)
    first: dict[int, tuple[int, int, Extra]] = field(default_factory=dict)

    @classmethod
    def opening(cls, grid: Grid, before: Determinants, accrued_nano: Sequence[int]) -> Self:
        slots = len(grid.period_of_slot)
        return cls(
            grid=grid,
            wh=[None] * slots,
            varh=[0] * slots,
            block_wh=[0] * len(grid.block_starts),
            before=before,
            month=before.copy(),
            before_nano=tuple(accrued_nano),
            accrued_nano=list(accrued_nano),
            extra=[NO_EXTRA] * slots,
        )

    @property
    def today(self) -> Determinants:
        """Today's determinants, without gauges."""
        month, before, grid = self.month, self.before, self.grid
        found = Determinants.nothing(len(month.energy_wh))
        found.energy_wh = [now - then for now, then in zip(month.energy_wh, before.energy_wh, strict=True)]
        found.reactive_varh = (month.reactive_varh or 0) - (before.reactive_varh or 0)
        found.intervals, found.estimated = month.intervals - before.intervals, month.estimated - before.estimated
        for block, block_wh in enumerate(self.block_wh):
            first = block * grid.slots_per_block
            if block_wh or any(known is not None for known in self.wh[first : first + grid.slots_per_block]):
                found.see_block(grid.period_of_slot[first], block_wh, grid.block_starts[block])
        return found

    @property
    def today_wh(self) -> int:
        """Energy of today alone, Wh."""
        return self.month.total_wh - self.before.total_wh

    @property
    def live_nano(self) -> list[int]:
        """What today's measurements cost, by line."""
        return [now - then for now, then in zip(self.accrued_nano, self.before_nano, strict=True)]

    def add(self, slot: int, wh: int, varh: int, estimated: int, extra: Extra = NO_EXTRA) -> None:
        """An interval's first energy."""
        grid, month = self.grid, self.month
        block, period = slot // grid.slots_per_block, grid.period_of_slot[slot]
        self.block_wh[block] = block_wh = self.block_wh[block] + wh
        self.wh[slot], self.varh[slot], self.extra[slot] = wh, varh, extra
        if estimated:
            self.estimated.add(slot)
        month.add_interval(period, wh, varh, estimated)
        month.see_block(period, block_wh, grid.block_starts[block])
        if grid.gauges:
            see_interval(slot, grid.gauges, grid, month.gauges, (self.wh, self.varh, self.extra))

    def replace(self, slot: int, wh: int, varh: int, extra: Extra = NO_EXTRA) -> None:
        """Other energy for a known interval. A maximum may fall, so today's are found again from the blocks."""
        grid, month = self.grid, self.month
        grown, reactive = wh - (self.wh[slot] or 0), varh - self.varh[slot]
        self.first.setdefault(slot, (self.wh[slot] or 0, self.varh[slot], self.extra[slot]))
        self.wh[slot], self.varh[slot], self.extra[slot] = wh, varh, extra
        self.block_wh[slot // grid.slots_per_block] += grown
        was_estimated = slot in self.estimated  # whoever corrects an estimate knows better
        self.estimated.discard(slot)
        month.estimated -= was_estimated
        month.energy_wh[grid.period_of_slot[slot]] += grown
        month.reactive_varh = (month.reactive_varh or 0) + reactive
        month.forget_blocks()
        month.see_blocks(self.before)
        month.see_blocks(self.today)
        if grid.gauges:
            month.gauges = [list(state) for state in self.before.gauges]
            self.see_intervals(grid.gauges, grid, month.gauges)

    def on(self, grid: Grid, periods: int) -> Determinants:
        """Today's determinants, without gauges, as the grid of other rules cuts the day."""
        ungauged = replace(grid, gauges=())
        cut = MeterDay.opening(ungauged, Determinants.nothing(periods), ())
        for slot, wh in enumerate(self.wh):
            if wh is not None:
                cut.add(slot, wh, self.varh[slot], int(slot in self.estimated))
        return cut.today

    def see_intervals(self, gauges: Sequence[Gauge], grid: Grid, states: list[list[int]]) -> None:
        """Gauges take in the whole day in the order of time, whatever the order of arrival was."""
        wh: list[int | None] = [None] * len(self.wh)
        for slot, known in enumerate(self.wh):
            if known is not None:
                wh[slot] = known
                see_interval(slot, gauges, grid, states, (wh, self.varh, self.extra))

    def add_cost(self, nano: Sequence[int]) -> None:
        """What today cost grows by these amounts, one per line code."""
        for line, amount in enumerate(nano):
            self.accrued_nano[line] += amount

    def copy(self) -> "MeterDay":
        return MeterDay(
            self.grid,
            list(self.wh),
            list(self.varh),
            list(self.block_wh),
            self.before,
            self.month.copy(),
            self.before_nano,
            list(self.accrued_nano),
            list(self.gaps),
            set(self.estimated),
            list(self.extra),
            dict(self.first),
        )


Columns = tuple[Sequence[int | None], Sequence[int], Sequence[Extra]]
"""Wh, varh and extra by slot."""


def see_interval(slot: int, gauges: Sequence[Gauge], grid: Grid, states: list[list[int]], intervals: Columns) -> None:
    """One interval is new: every gauge sees its block grow."""
    for gauge, state in zip(gauges, states, strict=True):
        gauge.see(state, _growth(slot, gauge.minutes, grid, *intervals))


def _growth(
    slot: int, minutes: int, grid: Grid, wh: Sequence[int | None], varh: Sequence[int], extra: Sequence[Extra]
) -> Growth:
    """The block of `minutes` (0: the interval itself) around a slot, before and after the slot's energy was known."""
    per_block = max(1, minutes // grid.step_minutes)
    first = slot - slot % per_block
    known = [i for i in range(first, min(first + per_block, len(wh))) if wh[i] is not None]
    total_wh, total_varh = sum(wh[i] or 0 for i in known), sum(varh[i] for i in known)
    return Growth(
        period=grid.period_of_slot[first],
        start_s=grid.start_s + first * grid.step_minutes * 60,
        wh_before=total_wh - (wh[slot] or 0),
        varh_before=total_varh - varh[slot],
        wh=total_wh,
        varh=total_varh,
        known_before=len(known) > 1,
        extra_before=_sum([extra[i] for i in known if i != slot]),
        extra=_sum([extra[i] for i in known], extra[slot]),
    )


def _sum(parts: Sequence[Extra], newest: Extra | None = None) -> Extra:
    """Of several intervals; what the newest one does not meter is not known of the block either."""
    if all(one is NO_EXTRA for one in parts):
        return NO_EXTRA
    exported, capacitive = (sum(one.of(name) for one in parts) for name in ("export_wh", "capacitive_varh"))
    return Extra(
        None if newest is not None and newest.export_wh is None else exported,
        None if newest is not None and newest.capacitive_varh is None else capacitive,
    )
