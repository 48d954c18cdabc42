"""`wattledger ledger history`: what happened to a month, when, by whom and why, and what it changed in money."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from application.bill_known_at import Happened, LineChange, MonthHistory, difference_of
from domain.bill import Bill
from domain.errors import BadOption, NoPriceInForce
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from entrypoints.ledger_file import DEFAULT, AsJson, LedgerFile, Month, OpenLedger, Point, instant, month_of
from entrypoints.screen import OUT, show

HELP = """What happened to a month: days that opened, readings, gaps, corrections, closes, reopenings and re-rates.

With --from, or --from and --to, only what was recorded between two moments, and by how much it changed the bill, line
by line: the difference of the bill as known at one moment and at the other.
"""

From = Annotated[str | None, typer.Option("--from", help="Only what was recorded after this instant.")]
To = Annotated[str | None, typer.Option("--to", help="Only what was recorded until this instant; else until now.")]
Every = Annotated[bool, typer.Option("--all", help="Days that opened, too, and each upload of readings alone.")]
QUIET = {"open", "readings", "join"}
"""Nothing to look at twice."""


@dataclass(frozen=True)
class Span:
    """The moments that the options name, `(after, until]`."""

    after: datetime | None
    until: datetime | None


def command(
    month: Month,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    after: From = None,
    until: To = None,
    every: Every = False,
    as_json: AsJson = False,
) -> None:
    opened = OpenLedger(ledger)
    supply = opened.point(point)
    of, span = month_of(month, supply), Span(instant(after, "--from", supply), instant(until, "--to", supply))
    if span.after is not None and span.until is not None and span.until < span.after:
        raise BadOption(f"--to {until} is earlier than --from {after}; give the earlier moment first")
    happened = MonthHistory(opened.store.histories)(supply, of, span.after, span.until)
    told = list(happened) if every else list(together(happened))
    changes, why_not = differences(opened, supply, of, span) if span.after is not None else ((), "")
    if as_json:
        values: dict[str, Any] = {"events": [_value(one) for one in told]}
        values |= {"no_difference": why_not} if why_not else {"difference": [_line_value(one) for one in changes]}
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    below = f"what changed is the bill to date of {supply.main_meter}"
    show(f"{supply.id}, {of.first:%B %Y}", table_of(told), below)
    if why_not:
        OUT.print(f"note: no difference is told: {why_not}", markup=False, highlight=False, soft_wrap=True)
    elif span.after is not None:
        show(difference_title(span), difference_table(changes))


def together(happened: Sequence[Happened]) -> Iterator[Happened]:
    """Uploads of one day that follow each other are told as one row, and days that opened by them not at all."""
    found: Happened | None = None
    uploads = intervals = 0
    for one in happened:
        if one.what == "open":
            continue
        if found is not None and one.what == "readings" and one.day == found.day:
            nano = {code: found.nano.get(code, 0) + one.nano.get(code, 0) for code in {*found.nano, *one.nano}}
            uploads, intervals = uploads + 1, intervals + _intervals(one)
            found = replace(found, nano=nano, text=f"{intervals:,} intervals in {uploads:,} uploads")
            continue
        if found is not None:
            yield found
        found = one if one.what == "readings" else None
        uploads, intervals = 1, _intervals(one) if found else 0
        if found is None:
            yield one
    if found is not None:
        yield found


def differences(
    opened: OpenLedger, point: SupplyPoint, month: BillingMonth, span: Span
) -> tuple[tuple[LineChange, ...], str]:
    """By how much the bill of one moment differs from that of the other, line by line; or why one of them is none."""
    bills: list[Bill] = []
    for at in (span.after, span.until):
        try:
            bills.append(opened.bill_known_at(at)(point, month, at).bill)
        except NoPriceInForce as refusal:
            when = f"at {at:%Y-%m-%d %H:%M:%S} UTC" if at else "now"
            return (), f"as known {when}, {str(refusal).partition(';')[0]}"
    return difference_of(*bills), ""


def table_of(happened: Sequence[Happened]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Recorded, UTC", no_wrap=True)
    table.add_column("What happened, by whom and why", overflow="fold", ratio=1)
    table.add_column("Changed", justify="right", no_wrap=True)
    for one in happened:
        of = " ".join(filter(None, (one.what, f"{one.day:%d %b}" if one.day else "", one.meter)))
        said = Text(": ".join(filter(None, (of, one.text))) + (f"; {one.by}: {one.why}" if one.by else ""))
        changed = f"{one.amount:+,.2f}" if any(one.nano.values()) else ""
        style = "dim" if one.what in QUIET else ""
        table.add_row(f"{one.at:%Y-%m-%d %H:%M:%S}", said, changed, style=style)
    return table


def difference_title(span: Span) -> str:
    until = f"at {span.until:%Y-%m-%d %H:%M:%S} UTC" if span.until else "now"
    return f"The bill as known at {span.after:%Y-%m-%d %H:%M:%S} UTC, and {until}"


def difference_table(changes: Sequence[LineChange]) -> Table:
    """What the bill came to at one moment and at the other, for the lines that moved."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Line", style="dim", overflow="fold")
    for heading in ("Then", "Later", "Changed"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in changes:
        table.add_row(one.code, f"{one.before:,.2f}", f"{one.after:,.2f}", f"{one.change:+,.2f}")
    total = sum((one.change for one in changes), Decimal(0))
    table.add_section()
    table.add_row("[bold]Together[/bold]", "", "", f"[bold]{total:+,.2f}[/bold]")
    return table


def _intervals(one: Happened) -> int:
    """How many intervals an upload brought, as its text begins."""
    first = one.text.partition(" ")[0].replace(",", "")
    return int(first) if first.isdecimal() else 0


def _value(one: Happened) -> dict[str, Any]:
    return {
        "recorded_at": one.at.isoformat(),
        "what": one.what,
        "day": one.day.isoformat() if one.day else None,
        "meter": one.meter or None,
        "text": one.text,
        "by": one.by or None,
        "why": one.why or None,
        "changed": f"{one.amount:f}",
    }


def _line_value(one: LineChange) -> dict[str, str]:
    return {"line": one.code, "then": f"{one.before:f}", "later": f"{one.after:f}", "changed": f"{one.change:f}"}
