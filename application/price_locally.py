"""On the device: price what was stored, by the same rules as the cloud, for whoever stands in front of the device.

It looks at the outbox, never at the meters: what was polled before a restart is priced again from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import CannotUnderstand, Outbox, StoredCycle, Wire
from application.price_uploads import PriceUploads

MOST_CYCLES = 600
"""Two days of polls; a restart looks back no further, and holds no more in memory."""


@dataclass
class PriceLocally:
    """Price the cycles that are new. `since` is how far back the first call looks."""

    device: str
    outbox: Outbox
    wire: Wire
    price: PriceUploads
    since: datetime
    priced_to: int | None = field(default=None, init=False)

    def __call__(self) -> int:
        """Give how many cycles were priced. Raises `Unavailable` when the store cannot be read."""
        new = self._new()
        for cycle in reversed(new):
            self.price([self.wire.record(self.device, self.outbox.store, cycle.seq, cycle.body)])
            self.priced_to = cycle.seq
        return len(new)

    def _new(self) -> Sequence[StoredCycle]:
        """The newest first."""
        found: list[StoredCycle] = []
        for cycle in self.outbox.newest_first():
            known = self.priced_to is not None and cycle.seq <= self.priced_to
            if known or len(found) == MOST_CYCLES or (self.priced_to is None and self._too_old(cycle)):
                break
            found.append(cycle)
        return found

    def _too_old(self, cycle: StoredCycle) -> bool:
        try:
            return all(after.at <= self.since for _, after in self.wire.readings(cycle.body))
        except CannotUnderstand:  # damaged on the disk; what is older may well be whole
            return False
