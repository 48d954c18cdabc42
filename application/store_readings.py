"""On the device: poll the meters and store what they say, before anything else happens to it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import Meters, Outbox, Wire
from domain.measurement import Reading


@dataclass
class StoreReadings:
    """One poll of all meters becomes one stored cycle, each reading with the one before it.

    What came before is remembered between polls and, after a restart, found in the store itself.
    """

    meters: Meters
    outbox: Outbox
    wire: Wire
    known_meters: Collection[str]
    last: dict[str, Reading] | None = field(default=None, init=False)

    def __call__(self, at: datetime) -> int:
        """Poll at an instant and give how many readings were stored. Raises `Unavailable` when the disk refuses."""
        readings = self.meters.read(at)
        if not readings:
            return 0
        last = self._last()
        body = self.wire.body([(last.get(reading.meter), reading) for reading in readings])
        self.outbox.append(at.isoformat(), body)
        last.update({reading.meter: reading for reading in readings})
        return len(readings)

    def _last(self) -> dict[str, Reading]:
        if self.last is None:
            self.last = {}
            for cycle in self.outbox.newest_first():
                for _, reading in self.wire.readings(cycle.body):
                    self.last.setdefault(reading.meter, reading)
                if self.last.keys() >= set(self.known_meters):
                    break
        return self.last
