"""`wattledger edge probe` of a meter that pushes over MQTT: listen until it says something, and judge that."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adapters.meter_profiles import MeterProfiles
from adapters.mqtt_meters import Broker, MqttMeters, PushingMeter
from adapters.system_clock import SystemClock
from domain.errors import BadOption, MeterOutOfReach
from domain.meter_status import MeterState, MeterStatus
from domain.plausibility import Finding, Plausibility, judge, verdict_on
from domain.quantity import QUANTITIES
from entrypoints.edge_probe import EXIT_IMPLAUSIBLE, STYLES, value_row
from entrypoints.screen import OUT, say

if TYPE_CHECKING:
    from rich.table import Table

PORT, PORT_IN_CLEAR = 8883, 1883
LOOK_EVERY_S = 0.2
UNHEARD = (MeterState.SILENT, MeterState.STALE)


@dataclass(frozen=True, slots=True)
class Listening:
    """What the command line says of the broker, and how long to wait for a message."""

    host: str
    port: int | None
    tls: bool
    topic_device: str | None
    user: str | None
    password_file: Path | None
    authority: Path | None
    wait_s: int


def probe_pushed(told: Listening, profile: str, as_json: bool) -> None:
    """Listen, judge, show. Raises `MeterOutOfReach` when nothing usable comes."""
    if told.topic_device is None:
        raise BadOption(f"profile {profile} is of a meter that pushes; name it with --topic-device, as in its topic")
    on = PushingMeter("probe", told.topic_device, MeterProfiles().mqtt(profile))
    status = heard(told, on)
    findings = judge(status.values, on.profile.checks)
    if as_json:
        typer.echo(json.dumps(_as_json(told, on, status, findings), indent=1, ensure_ascii=False))
    else:
        _show(told, on, status, findings)
    if status.state is not MeterState.READ:
        raise typer.Exit(EXIT_IMPLAUSIBLE)


def heard(told: Listening, on: PushingMeter) -> MeterStatus:
    """The meter after its first usable message."""
    port = told.port or (PORT if told.tls else PORT_IN_CLEAR)
    broker = Broker(told.host, port, told.tls, told.authority, user=told.user, password_file=told.password_file)
    clock = SystemClock()
    meters = MqttMeters(f"wattledger-probe-{told.topic_device}", broker, [on], clock)
    meters.start()
    try:
        until = time.monotonic() + told.wait_s
        while True:
            meters.read(clock.now())
            status = meters.statuses[on.meter]
            if status.state not in UNHEARD:
                return status
            if time.monotonic() > until:
                refused = f" ({status.notes[-1]})" if status.notes and status.notes[-1] != status.said else ""
                raise MeterOutOfReach(f"{told.host}:{port}, {on.topic}, within {told.wait_s} s: {status.said}{refused}")
            time.sleep(LOOK_EVERY_S)
    finally:
        meters.close()


def _show(told: Listening, on: PushingMeter, status: MeterStatus, findings: tuple[Finding, ...]) -> None:
    say(on.profile.name, "bold")
    say(f"{on.profile.full_id} at {told.host}, {on.topic}")
    OUT.print(_table(status, findings))
    doubtful = [finding.said for finding in findings if finding.verdict is Plausibility.DOUBTFUL]
    for said in doubtful:
        say(f"doubtful: {said}", STYLES["doubtful"], len("doubtful: "))
    for note in _notes(on, status, doubtful):
        say(f"note: {note}", "dim", len("note: "))
    if status.state is not MeterState.READ:
        say(f"These values make no reading: {status.said}.", STYLES["impossible"], 0)
    elif doubtful:
        say("These values can be, and some are odd: compare them with the meter's display.", "bold", 0)
    else:
        say("These values are plausible: compare the energy with the meter's display, then connect it.", "bold", 0)


def _notes(on: PushingMeter, status: MeterStatus, told: Sequence[str] = ()) -> list[str]:
    return [note for note in (*status.notes, *on.profile.warnings, *on.profile.conflicts) if note not in told]


def _table(status: MeterStatus, findings: tuple[Finding, ...]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("quantity")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("is")
    for name, value in status.values.items():
        verdict = verdict_on(name, value, findings).value
        table.add_row(*value_row(name, value), f"[{STYLES[verdict]}]{verdict}[/]")
    return table


def _as_json(told: Listening, on: PushingMeter, status: MeterStatus, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "place": told.host,
        "topic": on.topic,
        "profile": on.profile.full_id,
        "plausible": status.state is MeterState.READ,
        "said": status.said,
        "values": [
            {
                "quantity": name,
                "value": None if value is None else format(value.normalize(), "f"),
                "unit": QUANTITIES[name].unit,
                "is": verdict_on(name, value, findings).value,
            }
            for name, value in status.values.items()
        ],
        "findings": [{"rule": f.rule, "is": f.verdict.value, "said": f.said} for f in findings],
        "notes": _notes(on, status),
    }
