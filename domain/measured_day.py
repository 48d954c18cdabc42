"""A day of one meter without what it cost: what bills of whole months are made from."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """What one meter measured on a day, in the order in which it was recorded: of two words about a slot the later
    counts. Slots count steps from `start` (UTC); energy is Wh and varh, `estimated` 0 or 1.
    """

    start: datetime
    step_minutes: int
    slots: list[int] = field(default_factory=list)
    wh: list[int] = field(default_factory=list)
    varh: list[int] = field(default_factory=list)
    estimated: list[int] = field(default_factory=list)

    def add(self, slot: int, wh: int, varh: int, estimated: int) -> None:
        """A measurement, or what it was corrected to."""
        self.slots.append(slot)
        self.wh.append(wh)
        self.varh.append(varh)
        self.estimated.append(estimated)
