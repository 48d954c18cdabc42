"""`wattledger edge probe`: is this the meter that the profile is for, and are its values what they seem?"""

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import BadOption, MeterOutOfReach

if TYPE_CHECKING:
    from rich.table import Table

    from adapters.modbus import MeterOnLine, SerialPlace, TcpPlace
    from adapters.modbus.decoding import Decoded
    from adapters.modbus.examining import Examination

EXIT_IMPLAUSIBLE = 1
LONGEST_PROBE_S = 60.0
STYLES = {"plausible": "green", "doubtful": "yellow", "impossible": "bold red", "no value": "dim"}
HELP = """
Read one meter once, and show every value with its unit, its raw registers and how plausible it is.

HOST is the address of a meter or gateway, or a serial port such as /dev/ttyUSB0; for a meter that pushes, that of the
MQTT broker. Nothing is written to the meter.
Exit code 1: a value is impossible, so the profile does not fit, or its word order does not.
"""


def command(
    host: Annotated[str, typer.Argument(help="Address of the meter or gateway, or the path of a serial port.")],
    profile: Annotated[str, typer.Option("--profile", help="Id of a profile (docs/meters.md), or a .toml path.")],
    port: Annotated[
        int | None, typer.Option("--port", help="TCP port: 502, or that of MQTT.", min=1, max=65535)
    ] = None,
    unit: Annotated[int, typer.Option("--unit", help="Unit number of the meter.", min=0, max=255)] = 1,
    ratio: Annotated[str, typer.Option("--ratio", help="Of a current transformer the meter does not know.")] = "1",
    rtu_over_tcp: Annotated[bool, typer.Option("--rtu-over-tcp", help="The gateway passes RTU frames on.")] = False,
    baud: Annotated[int, typer.Option("--baud", help="Of the serial port.", min=300, max=1_000_000)] = 9600,
    parity: Annotated[str, typer.Option("--parity", help="N, E or O, of the serial port.")] = "N",
    stop_bits: Annotated[int, typer.Option("--stop-bits", help="1 or 2, of the serial port.", min=1, max=2)] = 1,
    topic_device: Annotated[str | None, typer.Option("--topic-device", help="MQTT: its name in the topic.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="MQTT: user at the broker.")] = None,
    password_file: Annotated[Path | None, typer.Option("--password-file", help="MQTT: file, mode 600.")] = None,
    authority: Annotated[
        Path | None, typer.Option("--authority", help="MQTT: PEM file that signed the broker.")
    ] = None,
    in_clear: Annotated[bool, typer.Option("--in-clear", help="MQTT: without TLS.")] = False,
    wait_s: Annotated[int, typer.Option("--wait", help="MQTT: seconds to wait for it to push.", min=1, max=600)] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read, judge, show."""
    from adapters.meter_profiles import MeterProfiles

    if MeterProfiles().pushes(profile):
        from entrypoints.edge_probe_pushed import Listening, probe_pushed

        told = Listening(host, port, not in_clear, topic_device, user, password_file, authority, wait_s)
        probe_pushed(told, profile, as_json)
        return
    from adapters.modbus import MeterOnLine, SerialPlace, TcpPlace

    if parity not in {"N", "E", "O"}:
        raise BadOption(f"--parity {parity!r}: write N, E or O")
    on = MeterOnLine("probe", unit, MeterProfiles().modbus(profile), _ratio(ratio))
    is_serial = host.startswith("/")
    place = SerialPlace(host, baud, parity, stop_bits) if is_serial else TcpPlace(host, port or 502, rtu_over_tcp)
    seen, said_of_itself = probe(place, on)
    if as_json:
        typer.echo(json.dumps(_as_json(place, on, seen, said_of_itself), indent=1, ensure_ascii=False))
    else:
        _show(place, on, seen, said_of_itself)
    if seen.impossible:
        raise typer.Exit(EXIT_IMPLAUSIBLE)


def probe(place: "TcpPlace | SerialPlace", on: "MeterOnLine") -> "tuple[Examination, str]":
    """One reading of one meter, examined, and what its identity says. Raises `MeterOutOfReach`."""
    import time

    from adapters.modbus import LineFault, ModbusLine
    from adapters.modbus.examining import examine
    from adapters.modbus.polling import Asking

    line = ModbusLine(place, on.profile.transport.timeout_ms / 1000)
    asking = Asking(line, time.monotonic() + LONGEST_PROBE_S)
    try:
        words = asking.words(on)
    except LineFault as fault:
        raise MeterOutOfReach(f"{place}, unit {on.unit}, {on.profile.full_id}: {fault}") from fault
    finally:
        line.close()
    return examine(on.profile, words, on.ratio), asking.identified[on.meter]


def _ratio(text: str) -> Decimal:
    try:
        ratio = Decimal(text)
    except ArithmeticError:
        ratio = Decimal(0)
    if not ratio.is_finite() or not Decimal("0.001") <= ratio <= Decimal(1_000_000):
        raise BadOption(f"--ratio {text!r}: write a number between 0.001 and 1000000, like 40 for a transformer 200/5")
    return ratio


def _show(place: object, on: "MeterOnLine", seen: "Examination", said_of_itself: str) -> None:
    from entrypoints.screen import OUT, say

    say(on.profile.name, "bold")
    say(f"{on.profile.full_id} at {place}, unit {on.unit}")
    OUT.print(_table(seen))
    for finding in seen.doubtful if not seen.impossible else ():  # of what cannot be, the sums say nothing
        say(f"doubtful: {finding.said}", STYLES["doubtful"], len("doubtful: "))
    for note in _notes(on, seen, said_of_itself):
        say(f"note: {note}", "dim", len("note: "))
    say(_conclusion(on, seen), STYLES["impossible"] if seen.impossible else "bold", 0)


def _table(seen: "Examination") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("quantity")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("registers")
    table.add_column("is")
    for one in seen.decoded:
        verdict = _verdict(one, seen)
        table.add_row(*value_row(one.register.quantity, one.value), one.raw, f"[{STYLES[verdict]}]{verdict}[/]")
    return table


def value_row(name: str, value: Decimal | None) -> tuple[str, str, str]:
    """Name, value and unit, energies in k as a meter's display has them."""
    from domain.plausibility import shown
    from domain.quantity import QUANTITIES

    quantity = QUANTITIES[name]
    if value is None:
        return quantity.name, "none", ""
    if quantity.counter:
        return quantity.name, _in_thousands(value / 1000), f"k{quantity.unit}"
    return quantity.name, shown(value), quantity.unit.removeprefix("1")


def _in_thousands(value: Decimal) -> str:
    """To the unit, as a display has it; what is no energy at all, such as 10^-40, is seen for what it is."""
    if value and not Decimal("0.0005") <= abs(value) < 10**10:
        return f"{value:.3e}"
    return f"{value:,.3f}"


def _verdict(one: "Decoded", seen: "Examination") -> str:
    from domain.plausibility import verdict_on

    return verdict_on(one.register.quantity, one.value, seen.findings).value


def _notes(on: "MeterOnLine", seen: "Examination", said_of_itself: str) -> list[str]:
    profile = on.profile
    of_the_values = () if seen.impossible else (*seen.coarse, *profile.warnings)
    return [*filter(None, [said_of_itself]), *of_the_values, *profile.conflicts]


def _conclusion(on: "MeterOnLine", seen: "Examination") -> str:
    words = on.profile.transport.words.value
    if seen.better_words and (seen.impossible or seen.doubtful):
        better = seen.better_words.value
        return (
            f'These values would be plausible with words = "{better}"; the profile has words = "{words}". Run '
            f"`wattledger edge profiles {on.profile.id} > mine.toml`, change that line, "
            "and probe with --profile mine.toml."
        )
    if seen.impossible:
        return "These values cannot be: the profile does not fit this meter, or the addresses are shifted."
    if seen.doubtful:
        return "These values can be, and some are odd: compare them with the meter's display."
    return "These values are plausible: compare the energy with the meter's display, then connect it."


def _as_json(place: object, on: "MeterOnLine", seen: "Examination", said_of_itself: str) -> dict[str, Any]:
    from domain.quantity import QUANTITIES

    return {
        "place": str(place),
        "unit": on.unit,
        "profile": on.profile.full_id,
        "words": on.profile.transport.words.value,
        "better_words": seen.better_words.value if seen.better_words else None,
        "plausible": not seen.impossible,
        "values": [
            {
                "quantity": one.register.quantity,
                "value": None if one.value is None else format(one.value.normalize(), "f"),
                "unit": QUANTITIES[one.register.quantity].unit,
                "address": one.register.address,
                "type": one.register.type.value,
                "registers": one.raw,
                "is": _verdict(one, seen),
            }
            for one in seen.decoded
        ],
        "findings": [{"rule": f.rule, "is": f.verdict.value, "said": f.said} for f in seen.findings],
        "notes": _notes(on, seen, said_of_itself),
    }
