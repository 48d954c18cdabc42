"""What the device knows about itself, as one JSON document: for the status command and the local health page."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.sqlite_outbox import Condition, OutboxFolder
from application.ports import Unavailable
from application.todays_figures import Today
from domain.upload import ClockState
from edge.watched_meters import WatchedMeter
from edge.workers import LineState


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Cycles that wait, cycles that the line will never take, and how the store is. `warnings` are for a person."""

    store: str
    waiting: int
    set_aside: int
    last_poll: datetime | None
    fault: str
    fullness_percent: int = 0
    broken_stores: int = 0
    salvaging: bool = False
    checking: bool = False
    disk_lies: bool = False
    warnings: tuple[str, ...] = ()


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
    meters: tuple[WatchedMeter, ...]
    problems: tuple[str, ...]


Ask = Callable[[], DeviceStatus]


def outbox_state(outbox: OutboxFolder, last_poll: datetime | None, fault: str) -> OutboxState:
    """Asks the store; a store that does not answer is a fault, not an exception."""
    try:
        found, aside = outbox.condition(), len(outbox.set_aside_cycles())
    except Unavailable as unavailable:
        return OutboxState("", 0, 0, last_poll, fault or str(unavailable))
    return OutboxState(
        store=found.store,
        waiting=found.backlog,
        set_aside=aside,
        last_poll=last_poll,
        fault=fault,
        fullness_percent=found.fullness_percent,
        broken_stores=found.broken_stores,
        salvaging=found.salvaging,
        checking=found.checking,
        disk_lies=found.disk_lies,
        warnings=warnings_of(found, aside),
    )


def warnings_of(store: Condition, set_aside: int) -> tuple[str, ...]:
    """What a person should know of a store, the worst first."""
    said = {
        "the disk said that readings were safe which were gone after a restart: replace it, then delete "
        "the file disk-lied in the store's folder": store.disk_lies,
        f"readings that wait take most of its room ({store.fullness_percent} % full): mend the line; from 90 % on the "
        "oldest are thinned to one in 15 minutes, then one an hour": store.filling,
        f"{set_aside} cycles were refused by the stream and set aside; their bytes are kept": set_aside,
        f"{len(store.quarantined)} rows were not what was written; their bytes are in quarantine": store.quarantined,
        f"{store.broken_stores} damaged stores were set aside; what can be saved is being read": store.salvaging,
        store.canary_fault: store.canary_fault,
        store.advice: store.advice,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)


def problems_of(
    outbox: OutboxState,
    clock: ClockReport,
    line: LineState | None,
    meters: tuple[WatchedMeter, ...],
    others: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """What a person should look at, the worst first."""
    found = [f"store: {outbox.fault}"] if outbox.fault else []
    found += [f"store: {said}" for said in outbox.warnings]
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
