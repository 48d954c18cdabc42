"""`wattledger ledger bill|explain`: a month's bill as the ledger has it, now or as it was known at any moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from adapters.bill_json import StoredBill, as_stored, bill_to_json
from application.load_of_ledger import load_of_ledger
from domain.arrays import evidence_of, price_month
from domain.bill import Bill
from domain.errors import BadOption
from domain.evidence import Evidence
from domain.kpi import kpis_of
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from entrypoints.explain import show as show_lines
from entrypoints.ledger_file import DEFAULT, AsJson, KnownAt, LedgerFile, Month, OpenLedger, Point, instant, month_of
from entrypoints.ledger_missing import without_reading
from entrypoints.ledger_shares import shares_of, shares_table, shares_values, warnings
from entrypoints.screen import OUT, show

BILL = """A month's bill: the one in force, an earlier one by its number, or what was known at a past moment.

A month that is open, or was open then, has a provisional bill: what its readings had made of it so far.
"""
EXPLAIN = """Explain the lines of a month's bill: quantity, rate, formula, law, and the intervals that made each.

As `wattledger explain`, for a bill of the ledger, also as it was known at a past moment.
"""

Number = Annotated[int | None, typer.Option(min=1, help="The month's first, second ... bill.")]
ByMeter = Annotated[
    bool, typer.Option("--by-meter", help="Who caused it: the meters behind the main one, and the rest.")
]
Line = Annotated[str | None, typer.Option("--line", help="All about this line, charge or group; or all.")]


@dataclass(frozen=True)
class Found:
    """A bill of the ledger: `number` counts from 1, 0 is provisional; `bills` is how many there were."""

    point: SupplyPoint
    month: BillingMonth
    bill: Bill
    number: int
    bills: int
    known_at: datetime | None

    @property
    def title(self) -> str:
        month = f"{self.point.id}, {self.month.first:%B %Y}"
        what = f"bill {self.number}" + (f" of {self.bills}" if self.bills > 1 else "")
        since = f", as known at {self.known_at:%Y-%m-%d %H:%M:%S} UTC" if self.known_at else ""
        return f"{month}: {what if self.number else 'provisional, the month is open'}{since}"


def bill(
    month: Month,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    known_at: KnownAt = None,
    number: Number = None,
    by_meter: ByMeter = False,
    as_json: AsJson = False,
) -> None:
    opened = OpenLedger(ledger)
    found = find(opened, point, month, known_at, number)
    shares = shares_of(opened, found.point, found.month, found.bill, found.number, found.known_at) if by_meter else None
    if as_json:
        behind = evidence_in(opened, found) or [Evidence("not told")] * len(found.bill.lines)
        value = bill_to_json(found.bill, behind) | {"number": found.number, "provisional": not found.number}
        value |= {} if shares is None else shares_values(shares)
        typer.echo(json.dumps(value, indent=1, ensure_ascii=False))
    elif shares is not None:
        show(f"{found.title}, by meter", shares_table(found.bill, shares), *warnings(shares))
    else:
        show(found.title, table_of(found), *covered(opened, found))


def explain(
    month: Month,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    known_at: KnownAt = None,
    number: Number = None,
    line: Line = None,
    as_json: AsJson = False,
) -> None:
    opened = OpenLedger(ledger)
    found = find(opened, point, month, known_at, number)
    behind = evidence_in(opened, found)
    if behind is None:
        typer.echo(
            "note: the intervals behind this bill were changed since; only how it was reckoned is told", err=True
        )
    stored = stored_bill(found, behind or [Evidence("not told")] * len(found.bill.lines))
    if not as_json:
        OUT.print(found.title, style="bold", highlight=False)
    show_lines([stored], line, as_json=as_json)


def find(opened: OpenLedger, name: str | None, month_text: str, known_at: str | None, number: int | None) -> Found:
    """The bill that the options ask for. Raises `BadOption`."""
    if known_at is not None and number is not None:
        raise BadOption("--as-known-at and --number name two bills; give one")
    point = opened.point(name)
    month, then = month_of(month_text, point), instant(known_at, "--as-known-at", point)
    if then is not None:
        point = opened.point(point.id, then)
    ask, bills = opened.bill_known_at(then), len(opened.store.periods.get(point.id, month, then).bills)
    if number is not None:
        asked = ask.numbered(point, month, number)
        if asked is None:
            raise BadOption(f"--number {number}: {point.id} had {bills or 'no'} bills of {month}")
        return Found(point, month, asked, number, bills, None)
    known = ask(point, month, then)
    if known.provisional and not known.bill.coverage.measured + known.bill.coverage.estimated:
        raise BadOption(f"--month {month}: the ledger has no reading of {point.id} in this month")
    return Found(point, month, known.bill, known.number, bills, then)


def evidence_in(opened: OpenLedger, found: Found) -> Sequence[Evidence] | None:
    """The intervals behind each line; None where the bill does not follow from the readings and terms of its moment."""
    load = load_of_ledger(opened.store.days, found.point, found.point.main_meter, found.month, found.known_at)
    parts = opened.terms_known_at(found.known_at).parts(found.point, found.month)
    priced = price_month(load, parts)
    [computed] = priced.bills
    if [(one.code, one.amount) for one in computed.lines] != [(one.code, one.amount) for one in found.bill.lines]:
        return None
    [behind] = evidence_of(priced)
    return behind


def stored_bill(found: Found, behind: Sequence[Evidence]) -> StoredBill:
    kpis = kpis_of([found.bill], found.point.step_minutes, found.bill.parts[0].demand_minutes)
    [stored] = as_stored([found.bill], kpis, [behind])
    return stored


def table_of(found: Found) -> Table:
    """The lines as they would be printed; the parts of a month under each other."""
    bill = found.bill
    table = Table(box=None, pad_edge=False)
    table.add_column("Line", style="dim", overflow="fold")
    for heading in ("Quantity", "Rate", f"Amount, {bill.currency}"):
        table.add_column(heading, justify="right", overflow="fold")
    for line in bill.lines:
        part = "" if line.part is None else f" ({bill.parts[line.part].first:%d %b} on)"
        cells = f"{line.quantity:,f} {line.unit}", f"{line.rate:,f} {line.rate_unit}", f"{line.amount:,f}"
        table.add_row(f"{line.code}{part}", *cells)
    table.add_section()
    table.add_row("[bold]Total[/bold]", "", "", f"[bold]{bill.total:,f}[/bold]")
    return table


def covered(opened: OpenLedger, found: Found) -> list[str]:
    """How much of the month was measured, and when it was not."""
    cover = found.bill.coverage
    told = f"{cover.measured + cover.estimated:,} of {cover.expected:,} intervals, {cover.estimated:,} estimated"
    in_force = found.number == found.bills or found.known_at is not None
    if cover.complete or not in_force:  # what an earlier bill lacked may have come since
        return [told]
    return [told, *without_reading(opened, found.point, found.month, found.known_at)]
