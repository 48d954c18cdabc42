"""What the device knows about itself, as one JSON document: for the status command and the local health page."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from application.ports import Outbox, Unavailable
from application.todays_figures import Today
from domain.upload import ClockState
from edge.watched_meters import MeterState
from edge.workers import LineState


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Cycles that wait, and cycles that the line will never take."""

    store: str
    waiting: int
    set_aside: int
    last_poll: datetime | None
    fault: str


@dataclass(frozen=True, slots=True)
class ClockReport:
    """The time as the device stamps it, who vouches for it, and how far it is from the server's (None: not known)."""

    now: datetime
    state: str
    ahead_of_server_s: int | None


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """All of it. `problems` are sentences for a person; the device is well when there is none."""

    device: str
    version: str
    today: Today | None
    period: str | None
    outbox: OutboxState
    clock: ClockReport
    line: LineState | None
    meters: tuple[MeterState, ...]
    problems: tuple[str, ...]


Ask = Callable[[], DeviceStatus]


def outbox_state(outbox: Outbox, last_poll: datetime | None, fault: str) -> OutboxState:
    """Asks the store; a store that does not answer is a fault, not an exception."""
    try:
        return OutboxState(outbox.store, outbox.backlog(), len(outbox.set_aside_cycles()), last_poll, fault)
    except Unavailable as unavailable:
        return OutboxState("", 0, 0, last_poll, fault or str(unavailable))


def problems_of(
    outbox: OutboxState,
    clock: ClockReport,
    line: LineState | None,
    meters: tuple[MeterState, ...],
    others: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """What a person should look at, the worst first."""
    found = [f"store: {outbox.fault}"] if outbox.fault else []
    if outbox.set_aside:
        found.append(f"store: {outbox.set_aside} cycles were refused by the stream and set aside; their bytes are kept")
    found += [f"meter {one.meter}: {one.said}" for one in meters if not one.answers]
    if line is not None and line.reason:
        found.append(f"line: {line.reason}")
    if clock.state == ClockState.UNSYNCED.name.lower():
        found.append("clock: nobody vouches for it; times are estimates until the network sets it")
    return (*found, *(text for text in others if text))


def as_json(status: DeviceStatus) -> str:
    """The document; amounts as text, so that nobody reads money as a float."""
    return json.dumps(asdict(status), default=_plain, indent=2, ensure_ascii=False)


def _plain(value: object) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
    raise TypeError(f"{type(value).__name__} is not part of a status")
