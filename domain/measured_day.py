"""A day of one meter without what it cost: what bills of whole months are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.measurement import Extra


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """What one meter measured on a day, slot by slot: `wh`, `varh` and `quality` (`Quality`) have all slots of the day.

    Slots count steps from `start` (UTC); a slot that is MISSING has no energy. What was corrected is told as it holds
    now. `extra` is by slot, of a meter that counts more than two registers.
    """

    start: datetime
    step_minutes: int
    wh: Sequence[int]
    varh: Sequence[int]
    quality: Sequence[int]
    extra: Mapping[int, Extra] = field(default_factory=dict)
