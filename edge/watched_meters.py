"""Meters, and when each of them answered last: a meter that falls silent must be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from application.ports import Meters
from domain.measurement import Reading
from domain.meter_status import MeterState, MeterStatus


@dataclass(frozen=True, slots=True)
class WatchedMeter:
    """One meter at the last poll. `said` is the reason why it gave no reading, `notes` what to know where it did."""

    meter: str
    answers: bool
    last_reading: datetime | None
    said: str = ""
    state: str = MeterState.READ.value
    notes: tuple[str, ...] = ()


@dataclass
class WatchedMeters:
    """Meters. Adapters tell what became of each in a mapping `statuses`; one without is read or silent."""

    meters: Meters
    known: Sequence[str]
    states: Mapping[str, WatchedMeter] = field(default_factory=dict, init=False)

    def read(self, at: datetime) -> Sequence[Reading]:
        readings = self.meters.read(at)
        answered = {reading.meter: reading.at for reading in readings}
        statuses: Mapping[str, MeterStatus] = getattr(self.meters, "statuses", {})
        self.states = {name: self._state(name, answered.get(name), statuses.get(name)) for name in self.known}
        return readings

    def _state(self, name: str, at: datetime | None, status: MeterStatus | None) -> WatchedMeter:
        before = self.states.get(name)
        if at is not None:
            return WatchedMeter(name, True, at, notes=status.notes if status else ())
        last = before.last_reading if before else None
        if status is None:
            return WatchedMeter(name, False, last, "it does not answer", MeterState.SILENT.value)
        return WatchedMeter(name, False, last, status.said or status.state.value, status.state.value, status.notes)
