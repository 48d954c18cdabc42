"""`wattledger ledger verify|rebuild`: the ledger computed a second time, and its view drawn anew."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from adapters.ledger_view import TABLES, LedgerView
from adapters.sqlite_files import check_sqlite
from application.project import catch_up
from application.verify_ledger import VerifyLedger
from domain.errors import BadOption
from domain.verification import Compared, Verification
from entrypoints.ledger_file import DEFAULT, AsJson, LedgerFile, OpenLedger
from entrypoints.screen import OUT, progress, show

VERIFY = """Compute the ledger a second time, from its readings, by another engine, and compare every amount.

What each day began with, what its measurements cost, what each close settled, the bills in force and who caused them.
Every difference is named, and the command fails (exit 1).
"""
REBUILD = """Draw the view of the ledger anew, from its first event: energy, cost and bills for any SQLite tool.

The digest is that of all its rows: a view that followed the ledger all along has the same.
"""
EXIT_DIFFERS = 1
MOST_TOLD = 50


def verify(ledger: LedgerFile = DEFAULT, as_json: AsJson = False) -> None:
    opened = OpenLedger(ledger)
    last = opened.store.ledger.last()
    with progress("Computing the ledger again") as bar:
        found = VerifyLedger(
            opened.store.ledger,
            opened.store.periods,
            opened.terms_of,
            opened.parts_known_at,
            lambda position: bar(position, last),
        )(opened.points())
    if as_json:
        typer.echo(json.dumps(values_of(found), indent=1, ensure_ascii=False))
    else:
        show(f"{found.measurements:,} measurements in {found.events:,} events", table_of(found))
        for line in lines_of(found):
            OUT.print(line, markup=False, highlight=False, soft_wrap=True)
    if not found.holds:
        raise typer.Exit(EXIT_DIFFERS)


def rebuild(
    ledger: LedgerFile = DEFAULT,
    view: Annotated[Path | None, typer.Option(help="The view, a SQLite file; else LEDGER.view.sqlite.")] = None,
) -> None:
    opened, path = OpenLedger(ledger), view or ledger.with_suffix(".view.sqlite")
    if path.absolute() == ledger.absolute():
        raise BadOption(f"--view {path}: that is the ledger; a view is a file beside it")
    check_sqlite(path, "--view", "view of a ledger", TABLES)
    drawn = LedgerView(path)
    last = opened.store.ledger.last()
    with progress("Drawing the view") as bar:
        drawn.clear()
        while catch_up(opened.store.ledger, drawn):
            bar(drawn.position(), last)
    OUT.print(f"{path}: {drawn.position():,} events, digest {drawn.digest()}", highlight=False, soft_wrap=True)
    drawn.close()


def table_of(found: Verification) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Computed again", style="dim")
    table.add_column("Amounts", justify="right")
    table.add_column("Differ", justify="right")
    for what in Compared:
        differ = sum(one.what is what for one in found.differences)
        table.add_row(what, f"{found.compared[what]:,}", f"[bold red]{differ:,}[/bold red]" if differ else "0")
    return table


def lines_of(found: Verification) -> list[str]:
    """Each difference by its name, and what could not be compared."""
    told = [str(one) for one in found.differences[:MOST_TOLD]]
    if len(found.differences) > MOST_TOLD:
        told.append(f"and {len(found.differences) - MOST_TOLD:,} more; --json has them all")
    waiting = [
        f"{where}: right when it was billed; what is known since gives another bill: `wattledger ledger rerate`"
        for where in found.to_rerate
    ]
    return told + _not_compared(found) + waiting or ["the ledger is what its readings make it"]


def _not_compared(found: Verification) -> list[str]:
    """What lacks for the same reason is told once: an amended price leaves no day of its months to compare."""
    alike: dict[str, list[str]] = {}
    for text in found.not_compared:
        where, _, why = text.rpartition(": ")
        alike.setdefault(why, []).append(where)
    return [
        f"not compared: {where[0]}{f', and {len(where) - 1:,} more until {where[-1]}' if len(where) > 1 else ''}: {why}"
        for why, where in alike.items()
    ]


def values_of(found: Verification) -> dict[str, object]:
    return {
        "holds": found.holds,
        "events": found.events,
        "measurements": found.measurements,
        "compared": {str(what): found.compared[what] for what in Compared},
        "differences": [
            {"what": str(one.what), "where": one.where, "ledger": one.ledger, "computed": one.computed}
            for one in found.differences
        ],
        "not_compared": found.not_compared,
        "to_rerate": found.to_rerate,
    }
