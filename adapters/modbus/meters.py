"""START HERE. Meters over Modbus: every meter of every line, at one poll; who is left out is said, and why.

A reading is given only where the meter said who it is, answered everything, and nothing of it is impossible. What a
silent, refusing or implausible meter did is in `statuses`, never a zero. One dead meter takes no one else's time twice:
it is asked last, and once; a dead line fails at once for all that are on it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from adapters.modbus.examining import Examination, examine
from adapters.modbus.line import Declined, Line, LineFault, ModbusLine, SerialPlace, TcpPlace, Unreachable
from adapters.modbus.polling import Asking, MeterOnLine, OutOfTime, WrongDevice
from adapters.modbus.serials import Serials
from domain.errors import BadOption
from domain.measurement import Reading
from domain.meter_status import MeterState, MeterStatus, reading_of

LONGEST_POLL_S = 60.0
FIRST = (MeterState.NOT_ASKED, MeterState.READ, MeterState.IMPLAUSIBLE, MeterState.NO_VALUE)


class Bus:
    """All meters on one line; one asker, one question at a time."""

    def __init__(
        self,
        line: Line,
        meters: Sequence[MeterOnLine],
        longest_poll_s: float = LONGEST_POLL_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.line = line
        self.meters = tuple(meters)
        self._longest_poll_s = longest_poll_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._identified: dict[str, str] = {}
        self._states: dict[str, MeterState] = {}
        self._serials = Serials()

    def poll(self, at: datetime) -> list[tuple[Reading | None, MeterStatus]]:
        """Every meter once. The line is let go afterwards: many gateways serve one client only."""
        until_s = self._monotonic() + self._longest_poll_s
        asking = Asking(self.line, until_s, self._monotonic, self._sleep, self._identified)
        found: list[tuple[Reading | None, MeterStatus]] = []
        try:
            for on in sorted(self.meters, key=self._turn):
                found.append(self._one(asking, on, at, _dead_line(found)))
        finally:
            self.line.close()
        self._states = {status.meter: status.state for _, status in found}
        return found

    def _turn(self, on: MeterOnLine) -> int:
        """Those who missed their turn first, those who were silent last."""
        state = self._states.get(on.meter, MeterState.READ)
        return FIRST.index(state) if state in FIRST else len(FIRST)

    def _one(
        self, asking: Asking, on: MeterOnLine, at: datetime, dead: MeterStatus | None
    ) -> tuple[Reading | None, MeterStatus]:
        if dead:
            return None, replace(dead, meter=on.meter)
        patient = self._states.get(on.meter) is not MeterState.SILENT
        try:
            words = asking.words(on, patient)
        except LineFault as fault:
            self._identified.pop(on.meter, None)
            return None, MeterStatus(on.meter, at, _state_of(fault), f"{self.line.name}, unit {on.unit}: {fault}")
        reading, status = _judged(on, at, examine(on.profile, words, on.ratio), self._identified[on.meter])
        if reading is None:
            return None, status
        serial, note = self._serials.of(on, asking.serial)
        notes = (*status.notes, note) if note else status.notes
        return replace(reading, serial=serial) if serial else reading, replace(status, notes=notes)


class ModbusMeters:
    """Meters on any number of lines, asked at the same time. `statuses` tells what became of the last poll."""

    def __init__(self, buses: Sequence[Bus]) -> None:
        names = [on.meter for bus in buses for on in bus.meters]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BadOption(f"meter {twice[0]!r} is there twice; give every meter a name of its own")
        self.buses = tuple(buses)
        self._statuses: dict[str, MeterStatus] = {}

    def read(self, at: datetime) -> Sequence[Reading]:
        if not self.buses:
            return []
        with ThreadPoolExecutor(len(self.buses), thread_name_prefix="bus") as askers:
            found = [one for results in askers.map(lambda bus: bus.poll(at), self.buses) for one in results]
        self._statuses = {status.meter: status for _, status in found}
        readings = {reading.meter: reading for reading, _ in found if reading is not None}
        return [readings[on.meter] for bus in self.buses for on in bus.meters if on.meter in readings]

    @property
    def statuses(self) -> Mapping[str, MeterStatus]:
        """By meter, of the last poll; empty before the first."""
        return self._statuses


def open_bus(
    place: TcpPlace | SerialPlace, meters: Sequence[MeterOnLine], longest_poll_s: float = LONGEST_POLL_S
) -> Bus:
    """A bus over a real line; it waits as long as its slowest kind of meter needs."""
    timeout_ms = max((on.profile.transport.timeout_ms for on in meters), default=1000)
    return Bus(ModbusLine(place, timeout_ms / 1000), meters, longest_poll_s)


def _judged(
    on: MeterOnLine, at: datetime, seen: Examination, said_of_itself: str
) -> tuple[Reading | None, MeterStatus]:
    if seen.impossible:
        said = "; ".join(finding.said for finding in seen.impossible[:3])
        if seen.better_words:
            said += f"; it would be plausible with words = {seen.better_words.value}"
        return None, MeterStatus(on.meter, at, MeterState.IMPLAUSIBLE, said, values=seen.values)
    reading = reading_of(on.meter, at, seen.values)
    if isinstance(reading, str):
        said = f"the meter marks {reading} as having no value; if it never has one, list it as uncounted in a profile"
        return None, MeterStatus(on.meter, at, MeterState.NO_VALUE, said, values=seen.values)
    notes = [said_of_itself] if said_of_itself else []
    notes += [finding.said for finding in seen.doubtful]
    notes += seen.coarse
    notes += [f"counts no {name}" for name in on.profile.uncounted if name == "reactive_energy_import"]
    return reading, MeterStatus(on.meter, at, MeterState.READ, notes=tuple(notes), values=seen.values)


def _state_of(fault: LineFault) -> MeterState:
    match fault:
        case OutOfTime():
            return MeterState.NOT_ASKED
        case WrongDevice():
            return MeterState.WRONG_DEVICE
        case Declined():
            return MeterState.REFUSING
        case Unreachable():
            return MeterState.UNREACHABLE
        case _:
            return MeterState.SILENT


def _dead_line(found: Sequence[tuple[Reading | None, MeterStatus]]) -> MeterStatus | None:
    """The status of the last meter, if its line could not even be opened."""
    return found[-1][1] if found and found[-1][1].state is MeterState.UNREACHABLE else None
