"""`wattledger edge status`: what the running device says of itself."""

import json
from typing import Annotated, Any

import typer

from entrypoints.edge_run import SETTINGS, Config
from entrypoints.screen import OUT, complain

HELP = """
Today's kWh and cost, the current period, the peak so far; and how outbox, line, clock and meters do.

Exit code 1 when something is wrong, or when no device runs.
"""


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
        _show(status)
    if status["problems"]:
        raise typer.Exit(1)


def _show(status: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=status["device"], title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for label, text in [*_today(status), *_state(status)]:
        table.add_row(label, text)
    OUT.print(table)
    for problem in status["problems"]:
        OUT.print(f"! {problem}", style="bold red", markup=False, highlight=False, soft_wrap=True)


def _today(status: dict[str, Any]) -> list[tuple[str, str]]:
    today, period = status["today"], status["period"]
    if today is None:
        return [("Today", "nothing priced yet"), ("Period", period or "no tariff")]
    currency = today["currency"]
    peak = f"{today['peak_kw']} kW" + (f" at {today['peak_at']}" if today["peak_at"] else "")
    return [
        ("Today", f"{today['energy_wh'] / 1000:,.1f} kWh, {today['cost']} {currency} (provisional)"),
        ("Period", str(period)),
        ("Peak", f"{peak}; today {today['peak_today_kw']} kW"),
        ("Month", f"{today['month_energy_wh'] / 1000:,.1f} kWh, {today['month_cost']} {currency}"),
        *([("Assumed", today["assumption"])] if today["assumption"] else []),
        ("Known", f"{today['intervals']} of {today['intervals_expected']} intervals of the month so far"),
    ]


def _state(status: dict[str, Any]) -> list[tuple[str, str]]:
    outbox, clock, line = status["outbox"], status["clock"], status["line"]
    sent = "no line declared" if line is None else f"{line['outcome']}, {line['delivered']} delivered since the start"
    skew = clock["ahead_of_server_s"]
    silent = [meter["meter"] for meter in status["meters"] if not meter["answers"]]
    return [
        ("Outbox", f"{outbox['waiting']} cycles wait; last poll {outbox['last_poll'] or 'none yet'}"),
        ("Line", sent),
        ("Clock", f"{clock['now']}, {clock['state']}" + ("" if skew is None else f", {skew} s ahead of the server")),
        ("Meters", f"{len(status['meters']) - len(silent)} answer" + (f", silent: {', '.join(silent)}" * bool(silent))),
        ("Version", str(status["version"])),
    ]
