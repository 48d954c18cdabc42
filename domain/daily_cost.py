"""What each meter used and cost on one local day, added up event by event: the view that people look at first.

It adds integers only, so the order of events, and how many are taken in at a time, change nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import add

from domain.events import DayEvent, DayOpened, GapDeclared, ReadingCorrected, ReadingsPriced
from domain.meter_day import Grid


@dataclass(frozen=True, slots=True)
class DailyCost:
    """Wh and varh by period, nano-currency by line code, and how many intervals were measured, estimated, in a gap.

    `live_nano` is provisional cost; `reversed_nano` is what corrections took back of it (zero or less, mostly).
    """

    wh: tuple[int, ...]
    varh: tuple[int, ...]
    live_nano: tuple[int, ...]
    reversed_nano: tuple[int, ...]
    measured: int
    estimated: int
    in_gaps: int
    corrections: int


Sums = list[list[int]]
"""By what is added up (a period, a line code), then by meter: an upload tells one slot of all meters, mostly."""


class DailyCosts:
    """All meters of one device and local day: how the day is priced, and what some of its events add."""

    def __init__(self, opened: DayOpened) -> None:
        self.opened = opened
        self._grid = Grid.of(opened)
        self._touched: set[int] = set()
        self._wh, self._varh = self._nothing(len(opened.periods)), self._nothing(len(opened.periods))
        self._live, self._reversed = self._nothing(len(opened.line_codes)), self._nothing(len(opened.line_codes))
        self._known, self._estimated, self._in_gaps, self._corrections = self._nothing(4)

    def see(self, event: DayEvent) -> None:
        """Take in an event of the day, once."""
        match event:
            case ReadingsPriced():
                self._priced(event)
            case ReadingCorrected():
                self._corrected(event)
            case GapDeclared():
                self._touched.add(event.meter)
                self._in_gaps[event.meter] += event.last - event.first
            case _:
                return

    def join(self, opened: DayOpened) -> None:
        """The day has another meter, behind the others."""
        self.opened = opened
        for sums in (self._wh, self._varh, self._live, self._reversed):
            for column in sums:
                column.append(0)
        for column in (self._known, self._estimated, self._in_gaps, self._corrections):
            column.append(0)

    def by_meter(self) -> Iterable[tuple[str, date, DailyCost]]:
        """The meters that some event told of."""
        for meter in sorted(self._touched):
            wh, varh, live, back = (
                tuple([column[meter] for column in sums]) for sums in (self._wh, self._varh, self._live, self._reversed)
            )
            estimated = self._estimated[meter]
            counts = self._known[meter] - estimated, estimated, self._in_gaps[meter], self._corrections[meter]
            yield self.opened.meters[meter], self.opened.day, DailyCost(wh, varh, live, back, *counts)

    def _nothing(self, many: int) -> Sums:
        return [[0] * len(self.opened.meters) for _ in range(many)]

    def _priced(self, event: ReadingsPriced) -> None:
        meters, slots = event.meters, event.slots
        self._touched.update(meters)
        if slots and slots.count(slots[0]) == len(slots) and meters == tuple(range(len(self.opened.meters))):
            self._priced_at_once(event, self._grid.period_of_slot[slots[0]])
            return
        for meter, slot, wh, varh, estimated in zip(meters, slots, event.wh, event.varh, event.estimated, strict=True):
            period = self._grid.period_of_slot[slot]
            self._wh[period][meter] += wh
            self._varh[period][meter] += varh
            self._estimated[meter] += estimated
            self._known[meter] += 1
        for sums, column in zip(self._live, event.live_nano, strict=True):
            for meter, nano in zip(meters, column, strict=False):  # a column of zeros is stored empty
                sums[meter] += nano

    def _priced_at_once(self, event: ReadingsPriced, period: int) -> None:
        """One slot of all the day's meters."""
        self._wh[period] = list(map(add, self._wh[period], event.wh))
        self._varh[period] = list(map(add, self._varh[period], event.varh))
        self._estimated = list(map(add, self._estimated, event.estimated))
        self._known = [known + 1 for known in self._known]
        for line, column in enumerate(event.live_nano):
            if column:  # a column of zeros is stored empty
                self._live[line] = list(map(add, self._live[line], column))

    def _corrected(self, event: ReadingCorrected) -> None:
        meter, period = event.meter, self._grid.period_of_slot[event.slot]
        self._touched.add(meter)
        self._corrections[meter] += 1
        self._wh[period][meter] += event.wh - event.wh_before
        self._varh[period][meter] += event.varh - event.varh_before
        for sums, amounts in ((self._live, event.live_nano), (self._reversed, event.reversed_nano)):
            for line, nano in enumerate(amounts):
                sums[line][meter] += nano
