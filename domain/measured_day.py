"""A day of one meter without what it cost: what bills of whole months are made from."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.measurement import NO_EXTRA, Extra


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """What one meter measured on a day, in the order in which it was recorded: of two words about a slot the later
    counts. Slots count steps from `start` (UTC); energy is Wh and varh, `estimated` 0 or 1. `extra` is
    by slot, of a meter that counts more than two registers.
    """

    start: datetime
    step_minutes: int
    slots: list[int] = field(default_factory=list)
    wh: list[int] = field(default_factory=list)
    varh: list[int] = field(default_factory=list)
    estimated: list[int] = field(default_factory=list)
    extra: dict[int, Extra] = field(default_factory=dict)

    def add(self, slot: int, wh: int, varh: int, estimated: int, extra: Extra = NO_EXTRA) -> None:
        """A measurement, or what it was corrected to."""
        self.slots.append(slot)
        self.wh.append(wh)
        self.varh.append(varh)
        self.estimated.append(estimated)
        if extra is not NO_EXTRA or slot in self.extra:
            self.extra[slot] = extra
