"""`wattledger ledger quarantine|replay`: what was not accepted, why, and another try."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from application.ports import Kept, Reason
from entrypoints.ledger_dependents import tell_dependents
from entrypoints.ledger_file import DEFAULT, AsJson, LedgerFile, OpenLedger, check_said
from entrypoints.screen import OUT, progress, show

LIST = """What waits in quarantine: readings and corrections that could not be accepted, each with its reason."""
REPLAY = """Try again what waits in quarantine, once the cause is gone: a meter registered, rates published.

What is accepted now leaves quarantine; what is not stays. With --by and --why closed months are changed, too: they are
reopened and closed again, into their next bill.
"""

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+-]+Z?")
REMEDY = {Reason.CLOSED_PERIOD: ": `wattledger ledger replay --by WHO --why WHY` reopens it and closes it again"}
"""What these commands can do about it, where the text cannot know."""


def quarantine(ledger: LedgerFile = DEFAULT, as_json: AsJson = False) -> None:
    kept = OpenLedger(ledger).quarantine.kept()
    if as_json:
        values = [
            {"id": one.id, "kept_at": one.at.isoformat(), "reason": str(one.reason), "text": one.text} for one in kept
        ]
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    if not kept:
        OUT.print("nothing waits in quarantine")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("Many", justify="right")
    for heading in ("First, UTC", "Reason"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What is wrong, and what to do", overflow="fold", ratio=1)
    for (reason, _), alike in _alike(kept).items():
        table.add_row(f"{len(alike):,}", f"{alike[0].at:%Y-%m-%d %H:%M}", str(reason), Text(_first_of(alike)))
    show(f"{len(kept):,} in quarantine", table)


def replay(
    ledger: LedgerFile = DEFAULT,
    reason: Annotated[Reason | None, typer.Option(help="Only what waits for this reason.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who gives the permission to change closed months.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why they are changed.")] = "",
) -> None:
    if by or why:
        check_said(by, why)
    opened = OpenLedger(ledger)
    position = opened.store.ledger.last()
    with progress("Trying again"):
        found = opened.replay(reason, (by, why) if by else None)
    OUT.print(f"{found.tried:,} tried, {found.released:,} accepted", highlight=False)
    for alike in _alike([replace(kept, text=text) for kept, text in found.still_refused]).values():
        OUT.print(f"{len(alike):,} stay: {_first_of(alike)}", markup=False, highlight=False, soft_wrap=True)
    tell_dependents(opened, position)


def _alike(kept: Sequence[Kept]) -> dict[tuple[Reason, str], list[Kept]]:
    """What waits for the same reason in the same words, whatever instants they name: a meter that nobody registered is
    read 288 times a day.
    """
    found: dict[tuple[Reason, str], list[Kept]] = {}
    for one in kept:
        found.setdefault((one.reason, INSTANT.sub("", one.text)), []).append(one)
    return found


def _first_of(alike: Sequence[Kept]) -> str:
    """What the first says, with what these commands can do about it."""
    first, *others = alike
    told = first.text + REMEDY.get(first.reason, "")
    return f"{told} (the first of them)" if any(one.text != first.text for one in others) else told
