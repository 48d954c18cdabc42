"""On the device: which serial number every meter told last, so that another meter in its place is seen.

A serial number is told in a meter's first reading since the start, again after a day of its readings, and whenever it
is another one; then the reading before it is told with the old one. What was told last is found in the store, so a
meter that was replaced while the device was off is seen, too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from application.ports import CannotUnderstand, Outbox, Wire
from domain.measurement import LONGEST_SPREAD, Reading
from domain.upload import ReadingPair

TOLD_EVERY = 288
"""Readings: a serial number takes as much room as a register, and stays the same for years."""


@dataclass
class MeterSerials:
    """What every meter told last, and how many of its readings ago."""

    outbox: Outbox
    wire: Wire
    _last: dict[str, str] = field(default_factory=dict, init=False)
    _told_ago: Counter[str] = field(default_factory=Counter, init=False)

    def told(self, pairs: Sequence[ReadingPair]) -> list[ReadingPair]:
        """The pairs of a poll with those serial numbers that are to be told. Raises `Unavailable`."""
        strangers = {after.meter for before, after in pairs if before and after.serial} - self._last.keys()
        if strangers:
            self._last.update(self._found_in_store(strangers, pairs[0][1].at))
        return [self._one(before and replace(before, serial=""), after) for before, after in pairs]

    def _one(self, before: Reading | None, after: Reading) -> ReadingPair:
        if not after.serial:
            return before, after
        last = self._last.get(after.meter, "")
        self._last[after.meter] = after.serial
        if before and last and last != after.serial:
            before = replace(before, serial=last)
        elif after.meter in self._told_ago and self._told_ago[after.meter] < TOLD_EVERY:
            self._told_ago[after.meter] += 1
            return before, replace(after, serial="")
        self._told_ago[after.meter] = 1
        return before, after

    def _found_in_store(self, wanted: set[str], now: datetime) -> dict[str, str]:
        """What these meters told last. A meter tells it at least once in so many readings: no need to look further."""
        found, looked_at = dict[str, str](), Counter[str]()
        for cycle in self.outbox.newest_first():
            try:
                readings = self.wire.readings(cycle.body)
            except CannotUnderstand:  # damaged on the disk: it is sent, and quarantined where people look
                continue
            for before, after in reversed(readings):
                looked_at[after.meter] += 1
                if serial := after.serial or (before.serial if before else ""):
                    found.setdefault(after.meter, serial)
            missing = {meter for meter in wanted - found.keys() if looked_at[meter] < TOLD_EVERY}
            if not missing or (readings and now - readings[-1][1].at > LONGEST_SPREAD):
                break
        return found
