"""On the device: poll the meters and store what they say, before anything else happens to it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import CannotUnderstand, Meters, Outbox, Unavailable, Wire
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
        """Poll at an instant and give how many readings were stored; none when the instant was polled before.

        Raises `Unavailable` when the disk refuses. Whether the cycle was stored is then unknown, so the next poll asks
        the store what came last.
        """
        last = self._last()
        if any(reading.at == at for reading in last.values()):
            return 0
        readings = self.meters.read(at)
        if not readings:
            return 0
        body = self.wire.body([(last.get(reading.meter), reading) for reading in readings])
        try:
            self.outbox.append(at.isoformat(), body)
        except Unavailable:
            self.last = None
            raise
        last.update({reading.meter: reading for reading in readings})
        return len(readings)

    def _last(self) -> dict[str, Reading]:
        if self.last is None:
            self.last = self._found_in_store()
        return self.last

    def _found_in_store(self) -> dict[str, Reading]:
        found: dict[str, Reading] = {}
        for cycle in self.outbox.newest_first():
            try:
                readings = self.wire.readings(cycle.body)
            except CannotUnderstand:  # damaged on the disk: it is sent, and quarantined where people look
                continue
            for _, reading in readings:
                found.setdefault(reading.meter, reading)
            if found.keys() >= set(self.known_meters):
                break
        return found
