"""What one meter used and cost on one local day, added up event by event: the view that people look at first.

It adds integers only, so the order of events, and how many are taken in at a time, change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from domain.events import DayEvent, DayOpened, GapDeclared, ReadingCorrected, ReadingsPriced
from domain.meter_day import Grid


@dataclass(slots=True)
class DailyCost:
    """Wh and varh by period, nano-currency by line code, and how many intervals were measured, estimated, in a gap.

    `live_nano` is provisional cost; `reversed_nano` is what corrections took back of it (zero or less, mostly).
    """

    wh: list[int]
    varh: list[int]
    live_nano: list[int]
    reversed_nano: list[int]
    measured: int = 0
    estimated: int = 0
    in_gaps: int = 0
    corrections: int = 0


@dataclass(slots=True)
class DailyCosts:
    """All meters of one device and local day: how the day is priced, and what some of its events add."""

    opened: DayOpened
    grid: Grid = field(init=False)
    found: dict[int, DailyCost] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grid = Grid.of(self.opened)

    def see(self, event: DayEvent) -> None:
        """Take in an event of the day, once."""
        match event:
            case ReadingsPriced():
                self._priced(event)
            case ReadingCorrected():
                self._corrected(event)
            case GapDeclared():
                self._of(event.meter).in_gaps += event.last - event.first
            case _:
                return

    def by_meter(self) -> Iterable[tuple[str, date, DailyCost]]:
        for index, cost in sorted(self.found.items()):
            yield self.opened.meters[index], self.opened.day, cost

    def _of(self, meter: int) -> DailyCost:
        if meter not in self.found:
            periods, lines = len(self.opened.periods), len(self.opened.line_codes)
            self.found[meter] = DailyCost([0] * periods, [0] * periods, [0] * lines, [0] * lines)
        return self.found[meter]

    def _priced(self, event: ReadingsPriced) -> None:
        costs, period_of = [self._of(meter) for meter in event.meters], self.grid.period_of_slot
        rows = zip(costs, event.slots, event.wh, event.varh, event.estimated, strict=True)
        for cost, slot, wh, varh, estimated in rows:
            period = period_of[slot]
            cost.wh[period] += wh
            cost.varh[period] += varh
            cost.estimated += estimated
            cost.measured += 1 - estimated
        for line, column in enumerate(event.live_nano):
            for cost, nano in zip(costs, column, strict=False):  # a column of zeros is stored empty
                cost.live_nano[line] += nano

    def _corrected(self, event: ReadingCorrected) -> None:
        cost, period = self._of(event.meter), self.grid.period_of_slot[event.slot]
        cost.corrections += 1
        cost.wh[period] += event.wh - event.wh_before
        cost.varh[period] += event.varh - event.varh_before
        for line, nano in enumerate(event.live_nano):
            cost.live_nano[line] += nano
        for line, nano in enumerate(event.reversed_nano):
            cost.reversed_nano[line] += nano
