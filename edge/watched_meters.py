"""Meters, and when each of them answered last: a meter that falls silent must be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import Meters
from domain.measurement import Reading


@dataclass(frozen=True, slots=True)
class MeterState:
    """One meter at the last poll. `said` is the reason why it gave no reading."""

    meter: str
    answers: bool
    last_reading: datetime | None
    said: str = ""


@dataclass
class WatchedMeters:
    """Meters. Adapters that can tell why a meter is silent do so in a mapping `statuses` of things with a `said`."""

    meters: Meters
    known: Sequence[str]
    states: Mapping[str, MeterState] = field(default_factory=dict, init=False)

    def read(self, at: datetime) -> Sequence[Reading]:
        readings = self.meters.read(at)
        answered = {reading.meter: reading.at for reading in readings}
        statuses: Mapping[str, object] = getattr(self.meters, "statuses", {})
        self.states = {name: self._state(name, answered.get(name), statuses.get(name)) for name in self.known}
        return readings

    def _state(self, name: str, at: datetime | None, status: object) -> MeterState:
        before = self.states.get(name)
        last = at or (before.last_reading if before else None)
        said = "" if at else str(getattr(status, "said", "")) or "it does not answer"
        return MeterState(name, at is not None, last, said)
