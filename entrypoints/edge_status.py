"""`wattledger edge status`: what the running device says of itself."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from entrypoints.edge_run import SETTINGS, Config
from entrypoints.screen import OUT, complain, say

HELP = """
Today's kWh and cost, the current period, the peak so far; and how outbox, line, clock and meters do.

Exit code 1 when something is wrong, or when no device runs.
"""
METERS_SHOWN = 20
"""More than a screen of them is no overview: then only those that do not answer are named."""
EXACT_S = 1
LINE_DOES = {
    "done": "all sent",
    "more": "live cycles sent, the backlog at its pace",
    "left alone": "down, tried again soon",
    "not allowed": "refused, asked again every 15 minutes",
}
Status = dict[str, Any]


def command(
    config: Config = SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    from edge.health import ask_the_device
    from edge.settings import load_settings

    settings = load_settings(config)
    text = ask_the_device(settings.health.port)
    if text is None:
        complain(
            f"no device answers on port {settings.health.port}; start it with `systemctl start wattledger`, "
            "or see what is wrong with `wattledger edge doctor`"
        )
        raise typer.Exit(1)
    status = json.loads(text)
    if as_json:
        typer.echo(text)
    else:
        show(status, ZoneInfo(settings.device.zone))
    if status["problems"]:
        raise typer.Exit(1)


def show(status: Status, zone: ZoneInfo) -> None:
    """On the screen, with times of the factory."""
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for label, text in [*_today(status, zone), *_state(status, zone)]:
        table.add_row(label, text)
    say(f"{status['device']}, {datetime.fromisoformat(status['clock']['now']).astimezone(zone):%Y-%m-%d %H:%M}", "bold")
    OUT.print(table, highlight=False)
    for problem in status["problems"]:
        say(f"! {problem}", "bold red")


def _today(status: Status, zone: ZoneInfo) -> list[tuple[str, str]]:
    today, period = status["today"], status["period"]
    if today is None:
        return [("Today", "nothing priced yet"), ("Period", period or "no tariff")]
    currency = today["currency"]
    peak = f"{today['peak_kw']} kW" + (f", {_when(today['peak_at'], zone)}" if today["peak_at"] else "")
    known = f"{today['intervals']:,} of {today['intervals_expected']:,} intervals known"
    return [
        ("Today", f"{today['energy_wh'] / 1000:,.1f} kWh, {today['cost']} {currency} (provisional)"),
        ("Period", str(period)),
        ("Peak", f"{peak}; today {today['peak_today_kw']} kW"),
        ("Month", f"{today['month_energy_wh'] / 1000:,.1f} kWh, {today['month_cost']} {currency}; {known}"),
        *([("Assumed", today["assumption"])] if today["assumption"] else []),
    ]


def _state(status: Status, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    outbox = status["outbox"]
    last = _when(outbox["last_poll"], zone) if outbox["last_poll"] else "none yet"
    full = f", {outbox['set_aside']} set aside" if outbox["set_aside"] else ""
    broken = f", {_count(outbox['broken_stores'], 'damaged store')} kept" if outbox["broken_stores"] else ""
    yield "Outbox", f"{_count(outbox['waiting'], 'cycle')} waiting{full}, {outbox['fullness_percent']} % full{broken}"
    yield "Last poll", last
    yield "Line", _line(status["line"], zone)
    yield "Clock", _clock(status["clock"])
    yield from _meters(status)
    yield "Version", str(status["version"])


def _line(line: Status | None, zone: ZoneInfo) -> str:
    if line is None:
        return "none declared"
    last = f", last {_when(line['last_delivery'], zone)}" if line["last_delivery"] else ""
    does = LINE_DOES.get(line["outcome"], line["outcome"])
    return f"{does}; {_count(line['delivered'], 'cycle')} delivered{last}"


def _clock(clock: Status) -> str:
    skew = clock["ahead_of_server_s"]
    if skew is None:
        return str(clock["state"])
    if abs(skew) <= EXACT_S:
        return f"{clock['state']}; the server's time is the same"
    return f"{clock['state']}; {_count(abs(skew), 'second')} {'ahead of' if skew > 0 else 'behind'} the server"


def _meters(status: Status) -> Iterator[tuple[str, str]]:
    meters, today = status["meters"], status["today"]
    if not meters:
        yield "Meters", "not polled yet"
        return
    silent = [meter["meter"] for meter in meters if not meter["answers"]]
    said = f"{len(meters) - len(silent)} of {len(meters)} answer"
    yield "Meters", said + (f"; not: {', '.join(silent)}" if silent else "")
    if today and len(today["meters"]) <= METERS_SHOWN:
        for one in today["meters"]:
            yield "", f"{one['meter']}: {one['energy_wh'] / 1000:,.1f} kWh, {one['cost']} {today['currency']} today"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _when(instant: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(zone):%Y-%m-%d %H:%M}"
