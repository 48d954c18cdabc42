"""`wattledger ledger quarantine|replay`: what was not accepted, why, another try, and what is pointless by now."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from application.ports import Kept, Quarantine, Reason, SetAside
from domain.errors import BadOption
from entrypoints.ledger_dependents import tell_dependents
from entrypoints.ledger_file import DEFAULT, AsJson, LedgerFile, OpenLedger, check_said
from entrypoints.screen import OUT, progress, show

LIST = """What waits in quarantine: readings and corrections that could not be accepted, each with its reason.

What became pointless (a jump whose intervals were recorded by hand) is set aside with --set-aside, --by and --why: it
waits no longer and is not tried again. Nothing is deleted; --all shows it with who and why.
"""
REPLAY = """Try again what waits in quarantine, once the cause is gone: a meter registered, rates published.

What is accepted now leaves quarantine; what is not stays. With --by and --why closed months are changed, too: they are
reopened and closed again, into their next bill.
"""

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+-]+Z?")
REMEDY = {Reason.CLOSED_PERIOD: ": `wattledger ledger replay --by WHO --why WHY` reopens it and closes it again"}
"""What these commands can do about it, where the text cannot know."""


Ids = Annotated[
    list[str] | None,
    typer.Option("--set-aside", help="The id of what is pointless by now: it waits no longer. May repeat."),
]
Alike = Annotated[
    bool, typer.Option("--alike", help="With --set-aside: also what waits for the same reason in the same words.")
]
Everything = Annotated[bool, typer.Option("--all", help="Also what was set aside, by whom and why.")]
ID_SHOWN = 12
"""An id is a hash: so much of it is enough to name one, and what is told in a table."""


def quarantine(
    ledger: LedgerFile = DEFAULT,
    set_aside: Ids = None,
    alike: Alike = False,
    by: Annotated[str, typer.Option("--by", help="Who sets it aside; the ledger keeps it.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why; the ledger keeps it.")] = "",
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    if set_aside is None and (alike or by or why):
        raise BadOption("--alike, --by and --why say what is set aside; name it with --set-aside ID")
    opened = OpenLedger(ledger)
    if set_aside is not None:
        check_said(by, why)
        _set_aside(opened.quarantine, set_aside, alike, (by, why))
        return
    kept, aside = opened.quarantine.kept(), opened.quarantine.aside() if everything else ()
    if as_json:
        values = [*map(_value, kept), *(_value(one.kept) | {"set_aside": _said(one)} for one in aside)]
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    if kept:
        show(f"{len(kept):,} in quarantine", _table(_alike(kept)))
    else:
        OUT.print("nothing waits in quarantine")
    if aside:
        show(f"{len(aside):,} set aside", _table_aside(aside))


def _set_aside(quarantine: Quarantine, ids: Sequence[str], alike: bool, said: tuple[str, str]) -> None:
    """All of them or, where one is not there, none. Raises `BadOption`."""
    kept = quarantine.kept()
    named = [_named(quarantine, kept, name) for name in ids]
    found = {one.id: one for one in named}
    for group in _alike(kept).values() if alike else ():
        if any(one.id in found for one in group):
            found |= {one.id: one for one in group}
    for one in found:
        quarantine.set_aside(one, *said)
    OUT.print(f"{len(found):,} set aside, {len(kept) - len(found):,} in quarantine", highlight=False)


def _named(quarantine: Quarantine, kept: Sequence[Kept], name: str) -> Kept:
    """What waits under an id, or under the beginning of one. Raises `BadOption`."""
    found = [one for one in kept if one.id.startswith(name)] if name else []
    if len(found) == 1:
        return found[0]
    if found:
        raise BadOption(f"--set-aside {name}: {len(found):,} ids begin like this; give {ID_SHOWN} characters or more")
    aside = next((one for one in quarantine.aside() if name and one.kept.id.startswith(name)), None)
    if aside is not None:
        raise BadOption(
            f"--set-aside {name}: was set aside at {aside.at:%Y-%m-%d %H:%M} UTC by {aside.by}: {aside.why}"
        )
    listed = "`wattledger ledger quarantine` lists what waits, with its id"
    raise BadOption(f"--set-aside {name!r}: nothing waits under this id; {listed}")


def _value(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, "kept_at": kept.at.isoformat(), "reason": str(kept.reason), "text": kept.text}


def _said(aside: SetAside) -> dict[str, str]:
    return {"at": aside.at.isoformat(), "by": aside.by, "why": aside.why}


def _table(alike: Mapping[tuple[Reason, str], Sequence[Kept]]) -> Table:
    """A row for all that wait for the same reason in the same words, with the id of the first."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Many", justify="right")
    for heading in ("First, UTC", "Reason"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What is wrong, and what to do", overflow="fold", ratio=1)
    for (reason, _), group in alike.items():
        cells = f"{len(group):,}", f"{group[0].at:%Y-%m-%d %H:%M}", str(reason)
        table.add_row(*cells, Text(f"{_first_of(group)} [{group[0].id[:ID_SHOWN]}]"))
    return table


def _table_aside(aside: Sequence[SetAside]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("When, UTC", "Reason"):
        table.add_column(heading, no_wrap=True)
    table.add_column("By whom, and why", overflow="fold", ratio=1)
    for one in aside:
        told = f"{one.by}: {one.why} ({one.kept.text}) [{one.kept.id[:ID_SHOWN]}]"
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", str(one.kept.reason), Text(told))
    return table


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
