"""One poll by column: what most uploads bring is judged and measured at once, the rest pair by pair.

All readings of a poll share their instant, and mostly the instant before it. Then grid, order and period are those of
one pair, and a row needs no more than two differences. What is steady by these is what `measure` calls steady; any row
that is not, for whatever reason, is left to `measure`, which tells why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import sub
from typing import overload

from domain.measurement import EPOCH, Measurement, Reading
from domain.supply_point import SupplyPoint
from domain.upload import ReadingPair


@dataclass(frozen=True, slots=True, eq=False)
class Poll(Sequence[ReadingPair]):
    """Readings of one UTC instant, each with one of another instant before it; no meter twice, two registers each.

    A pair is made when somebody asks for it. Serial numbers are empty columns where no meter told one.
    """

    before: datetime
    at: datetime
    meters: Sequence[str]
    wh_before: Sequence[int]
    varh_before: Sequence[int]
    wh: Sequence[int]
    varh: Sequence[int]
    serials_before: Sequence[str] = ()
    serials: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.meters)

    @overload
    def __getitem__(self, row: int) -> ReadingPair: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[ReadingPair]: ...
    def __getitem__(self, row: int | slice) -> ReadingPair | Sequence[ReadingPair]:
        if isinstance(row, slice):
            return tuple(self[one] for one in range(*row.indices(len(self))))
        meter, old, new = self.meters[row], "", ""
        if self.serials:
            old, new = self.serials_before[row], self.serials[row]
        return (
            Reading(meter, self.before, self.wh_before[row], self.varh_before[row], serial=old),
            Reading(meter, self.at, self.wh[row], self.varh[row], serial=new),
        )

    def __iter__(self) -> Iterator[ReadingPair]:
        return (self[row] for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Poll | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, slots=True)
class MeasuredInterval:
    """Measured energy over one interval that begins at `start` (UTC), by column: Wh and varh; no meter twice."""

    start: datetime
    meters: Sequence[str]
    wh: Sequence[int]
    varh: Sequence[int]

    def __iter__(self) -> Iterator[Measurement]:
        rows = zip(self.meters, self.wh, self.varh, strict=True)
        return (Measurement(meter, self.start, wh, varh) for meter, wh, varh in rows)


def steady(poll: Poll, point: SupplyPoint) -> tuple[MeasuredInterval, Sequence[int]]:
    """What a poll tells beyond doubt, and the rows that need a closer look."""
    wh, varh = list(map(sub, poll.wh, poll.wh_before)), list(map(sub, poll.varh, poll.varh_before))
    if poll.at - poll.before != point.step or (poll.at - EPOCH) % point.step:
        return MeasuredInterval(poll.before, (), (), ()), range(len(poll))
    most = point.most_a_step
    if unusual := point.unusual_over(poll.before, poll.at):
        most = {meter: energy for meter, energy in most.items() if meter not in unusual}
    doubtful = [
        row
        for row, (meter, active, reactive) in enumerate(zip(poll.meters, wh, varh, strict=True))
        if not (0 <= active <= most.get(meter, -1) and 0 <= reactive <= most[meter])
    ]
    if poll.serials != poll.serials_before:
        others = enumerate(zip(poll.serials_before, poll.serials, strict=True))
        doubtful = sorted({*doubtful, *(row for row, (before, after) in others if before != after)})
    if not doubtful:
        return MeasuredInterval(poll.before, poll.meters, wh, varh), ()
    certain = sorted(set(range(len(poll))) - set(doubtful))
    meters = [poll.meters[row] for row in certain]
    return MeasuredInterval(poll.before, meters, [wh[row] for row in certain], [varh[row] for row in certain]), doubtful
