"""`wattledger simulate`: the whole house in one process, deterministic by seed, with proof at the end."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from adapters.simulated import FaultLevel
from adapters.tariff_files import TariffFiles
from domain.errors import BadOption
from domain.terms import Contract
from entrypoints.screen import OUT, progress
from entrypoints.simulation import Outcome, World, open_ended, simulate

HELP = """Simulate factories: meters, devices, a line that fails, pricing, ledger, bill; prove that nothing was lost.

The same seed gives the same ledger, byte for byte. The command fails (exit 1) when a single reading is lost or priced
twice, or when a bill is not the sum of its measurements and its true-up.
"""
EXIT_NOT_PROVEN = 1
FIRST_DAY = date(2026, 1, 1)
ZONE = ZoneInfo("America/Mexico_City")
CONTRACT = Contract(contracted_kw={"all": Decimal(800)})
TARIFF = "mx-gdmth:golfo-centro"


def command(
    factories: Annotated[int, typer.Option(min=1, max=1000, help="How many factories.")] = 2,
    meters: Annotated[
        int, typer.Option(min=1, max=500, help="Meters of each: one main meter, the rest behind it.")
    ] = 8,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days from 2026-01-01.")] = 7,
    seed: Annotated[int, typer.Option(help="Everything that happens follows from it.")] = 1,
    faults: Annotated[FaultLevel, typer.Option(help="How unkind the world is.")] = FaultLevel.TYPICAL,
    out: Annotated[Path | None, typer.Option(help="Keep outboxes and ledger as SQLite files here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    tariff = open_ended(TariffFiles().get(TARIFF), FIRST_DAY)
    folder = None if out is None else empty_folder(out)
    world = World(
        factories, meters, days, seed, faults, tariff, FIRST_DAY, ZONE, CONTRACT, folder, f"{TARIFF}@{FIRST_DAY:%Y-%m}"
    )
    with progress(f"Simulating {factories} factories x {meters} meters x {days} days") as bar:
        outcome = simulate(world, progress=bar)
    if as_json:
        typer.echo(json.dumps(as_values(outcome), indent=1))
    else:
        OUT.print(proof(outcome))
    if not outcome.reconciliation.holds:
        raise typer.Exit(EXIT_NOT_PROVEN)


def empty_folder(folder: Path) -> Path:
    """A folder for a run's files; a ledger of an earlier run in it is refused, not continued."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "ledger.sqlite").exists():
        raise BadOption(f"{folder} holds the ledger of an earlier run; name another folder or delete it")
    return folder


def proof(outcome: Outcome) -> Table:
    """The reconciliation as a table."""
    table = Table(title="\nReconciliation", title_justify="left", title_style="bold", show_header=False, box=None)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column()
    for label, value, comment in proof_rows(outcome):
        table.add_row(label, value, comment)
    return table


def proof_rows(outcome: Outcome) -> list[tuple[str, str, str]]:
    """What a plant manager asks: was anything lost, was anything charged twice?"""
    found = outcome.reconciliation
    ok = "[green]as it must be[/green]" if found.holds else "[bold red]NOT as it must be[/bold red]"
    return [
        ("Readings taken", f"{found.taken:,}", f"and {found.opening:,} first ones to start from"),
        ("Readings priced", f"{found.priced:,}", f"{found.estimated:,} intervals estimated across gaps"),
        ("Lost", f"{found.lost:,}", ok),
        ("Priced twice", f"{found.priced_twice:,}", f"though {outcome.repeated:,} uploads came again"),
        ("In quarantine", f"{outcome.quarantined:,}", ""),
        ("Longest backlog", f"{outcome.longest_backlog:,}", "polls waited on a device for the line"),
        ("Bills", f"{found.bills:,}", f"{len(found.bills_off)} differ from live cost + true-up"),
        ("Ledger", ledger_digest(outcome)[:16], "same seed, same digest"),
    ]


def as_values(outcome: Outcome) -> dict[str, object]:
    """The outcome for programs."""
    found = outcome.reconciliation
    return {
        "holds": found.holds,
        "taken": found.taken,
        "opening": found.opening,
        "priced": found.priced,
        "estimated": found.estimated,
        "lost": found.lost,
        "priced_twice": found.priced_twice,
        "quarantined": outcome.quarantined,
        "repeated_uploads": outcome.repeated,
        "longest_backlog": outcome.longest_backlog,
        "bills_off": list(found.bills_off),
        "totals": {f"{c.supply_point} {c.bill.first:%Y-%m}": f"{c.bill.total:f}" for c in outcome.closed},
        "ledger_sha256": ledger_digest(outcome),
    }


def ledger_digest(outcome: Outcome) -> str:
    """SHA-256 over every event of the ledger, in order."""
    return outcome.store.ledger.digest()
