"""`wattledger tariffs list|show`: the tariffs that ship, readable."""

import json
from datetime import date
from typing import Annotated, Any

import typer
from rich.table import Table

from adapters.tariff_files import TariffFiles
from domain.calendar import clock
from domain.tariff import Tariff
from entrypoints import import_tariff
from entrypoints.screen import OUT

app = typer.Typer(help="The tariffs that ship: list them, show one in full, or import one.", no_args_is_help=True)
app.command("import", help=import_tariff.HELP)(import_tariff.command)


@app.command("list")
def list_tariffs(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every tariff that ships: its id (for --tariff), where it holds, and the dates its rates cover."""
    files = TariffFiles()
    found = [files.get(tariff) for tariff in files.ids()]
    if as_json:
        typer.echo(json.dumps([_brief(tariff) for tariff in found], indent=1, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "name", "rates for"):
        table.add_column(column, overflow="fold")
    for tariff in found:
        table.add_row(tariff.id, f"{tariff.name} ({tariff.country}, {tariff.currency})", tariff.rate_table.coverage)
    OUT.print(table)
    OUT.print("\nShow one in full: wattledger tariffs show ID", style="dim", highlight=False)


@app.command("show")
def show(
    tariff: Annotated[str, typer.Argument(help="A tariff id from `tariffs list`, or the path of a tariff file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One tariff: periods of each kind of day, charges, the latest rates and their sources."""
    found = TariffFiles().get(tariff)
    if as_json:
        typer.echo(json.dumps(_full(found), indent=1, ensure_ascii=False))
        return
    OUT.print(f"[bold]{found.id}[/bold]  {found.name}", highlight=False)
    OUT.print(
        f"{found.country}, {found.currency}, {found.timezone}; demand in blocks of {found.demand_minutes} minutes"
    )
    OUT.print(f"Source: {found.source}", highlight=False)
    for note in found.notes:
        OUT.print(f"Note: {note}", highlight=False)
    OUT.print(_periods(found), _charges(found))


def _periods(tariff: Tariff) -> Table:
    table = Table(title="\nPeriods", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("season", "day", "periods"):
        table.add_column(column, overflow="fold")
    for (season, day_type), windows in tariff.calendar.schedules.items():
        spans = (f"{clock(w.from_minute)}-{clock(w.to_minute)} {w.period}" for w in windows)
        table.add_row(season, day_type, ", ".join(spans))
    return table


def _charges(tariff: Tariff) -> Table:
    rates = tariff.rate_table.rates[-1]
    title = f"\nCharges, rates from {rates.valid_from} to {rates.valid_to or 'today'}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("charge", "what", "rate"):
        table.add_column(column, overflow="fold")
    for charge in tariff.charges:
        keys = (*charge.rate_keys, *charge.percent_keys)
        values = [f"{key.removeprefix(charge.code + '.')} {rates.values.get(key, 'not known')}" for key in keys]
        single = len(keys) == 1
        table.add_row(
            charge.code, charge.label, str(rates.values.get(keys[0], "not known")) if single else ", ".join(values)
        )
    return table


def _brief(tariff: Tariff) -> dict[str, Any]:
    return {
        "id": tariff.id,
        "name": tariff.name,
        "country": tariff.country,
        "currency": tariff.currency,
        "rates": [{"from": _day(rates.valid_from), "to": _day(rates.valid_to)} for rates in tariff.rate_table.rates],
        "version": tariff.version,
    }


def _full(tariff: Tariff) -> dict[str, Any]:
    return _brief(tariff) | {
        "timezone": tariff.timezone,
        "source": tariff.source,
        "notes": list(tariff.notes),
        "demand_minutes": tariff.demand_minutes,
        "periods": [
            {"season": season, "day": day, "from": clock(w.from_minute), "to": clock(w.to_minute), "period": w.period}
            for (season, day), windows in tariff.calendar.schedules.items()
            for w in windows
        ],
        "charges": [{"code": c.code, "label": c.label, "group": c.group} for c in tariff.charges],
        "rates": [
            {
                "from": _day(rates.valid_from),
                "to": _day(rates.valid_to),
                "source": rates.source,
                "values": {key: f"{value:f}" for key, value in rates.values.items()},
            }
            for rates in tariff.rate_table.rates
        ],
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
