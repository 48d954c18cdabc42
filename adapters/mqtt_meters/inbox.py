"""The newest values of every meter that pushes, and whether they are new enough for a poll.

Nothing old is ever given as new: a message counts for `longest_age` from when it was measured, or from its arrival
where it does not say; a retained message that does not say is not taken, because it may be of last year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock

from adapters.mqtt_meters.payload import BadMessage, understand
from domain.measurement import Reading
from domain.meter_status import MeterState, MeterStatus, reading_of
from domain.plausibility import Finding, Plausibility, judge
from domain.push_profile import PushProfile

MOST_AHEAD = timedelta(minutes=1)
"""A meter's clock may be this far ahead of ours before its time is no time."""


@dataclass(frozen=True, slots=True)
class PushingMeter:
    """A meter: its name, the name of the device in its topic, how its messages are understood, how old they may be."""

    meter: str
    device: str
    profile: PushProfile
    longest_age: timedelta = timedelta(minutes=5)

    @property
    def topic(self) -> str:
        return self.profile.topic_of(self.device)


@dataclass
class Seen:
    """What is known of one meter."""

    measured: datetime | None = None
    values: Mapping[str, Decimal | None] = field(default_factory=dict)
    serial: str = ""
    refused: int = 0
    last_refusal: str = ""


class Inbox:
    """Messages in, readings out; for two threads: one that receives and one that polls."""

    def __init__(self, meters: Sequence[PushingMeter]) -> None:
        self._meters = tuple(meters)
        self._seen = {on.meter: Seen() for on in meters}
        self._lock = Lock()

    def take(self, topic: str, data: bytes, retained: bool, now: datetime) -> None:
        """One message. What cannot be used is counted, with its reason, in the status of the meter it is about."""
        for on in self._meters:
            if on.topic == topic:
                with self._lock:
                    self._take(on, self._seen[on.meter], data, retained, now)

    def poll(self, at: datetime, without_line: str = "") -> list[tuple[Reading | None, MeterStatus]]:
        """Every meter at an instant. `without_line`: why nothing new can have come, where that is so."""
        with self._lock:
            return [_polled(on, self._seen[on.meter], at, without_line) for on in self._meters]

    @staticmethod
    def _take(on: PushingMeter, seen: Seen, data: bytes, retained: bool, now: datetime) -> None:
        try:
            message = understand(on.profile, data)
            if retained and message.measured is None:
                raise BadMessage("it was retained by the broker and does not say when it was measured")
            measured = message.measured or now
            if measured > now + MOST_AHEAD:
                raise BadMessage(
                    f"it was measured at {measured.isoformat()}, which is yet to come: set the meter's clock"
                )
        except BadMessage as fault:
            seen.refused += 1
            seen.last_refusal = str(fault)
            return
        if seen.measured is None or measured >= seen.measured:
            seen.measured, seen.values, seen.serial = measured, message.values, message.serial


def _polled(on: PushingMeter, seen: Seen, at: datetime, without_line: str) -> tuple[Reading | None, MeterStatus]:
    refusals = (f"{seen.refused} messages were not used, the last because {seen.last_refusal}",) if seen.refused else ()
    notes = tuple(note for note in (without_line, *refusals) if note)
    if seen.measured is None:
        said = without_line or f"nothing usable came on {on.topic}"
        return None, MeterStatus(on.meter, at, MeterState.SILENT, said, notes)
    age = at - seen.measured
    if age > on.longest_age:
        said = f"its last values are {_minutes(age)} old, and may be {_minutes(on.longest_age)}"
        return None, MeterStatus(on.meter, at, MeterState.STALE, said, notes)
    findings = judge(seen.values, on.profile.checks)
    impossible = _saying(findings, Plausibility.IMPOSSIBLE)
    if impossible:
        said = "; ".join(impossible[:3])
        return None, MeterStatus(on.meter, at, MeterState.IMPLAUSIBLE, said, notes, seen.values)
    reading = reading_of(on.meter, at, seen.values)
    if isinstance(reading, str):
        return None, MeterStatus(on.meter, at, MeterState.NO_VALUE, f"{reading} has no value", notes, seen.values)
    notes += _saying(findings, Plausibility.DOUBTFUL)
    notes += tuple(f"counts no {name}" for name in on.profile.uncounted if name == "reactive_energy_import")
    reading = replace(reading, serial=seen.serial)
    return reading, MeterStatus(on.meter, at, MeterState.READ, notes=notes, values=seen.values)


def _saying(findings: Sequence[Finding], verdict: Plausibility) -> tuple[str, ...]:
    return tuple(finding.said for finding in findings if finding.verdict is verdict)


def _minutes(age: timedelta) -> str:
    return f"{age / timedelta(minutes=1):.1f} min"
