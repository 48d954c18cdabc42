"""`wattledger explain`: why a line of a bill is what it is, for a person."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Annotated

import typer

from adapters.bill_json import StoredBill, StoredLine, read_bills
from domain.errors import BadOption
from entrypoints import price_options as opt

HELP = """Explain the lines of a bill: quantity, rate, formula, rounding, peak, law; the file is one that `price` wrote.

    wattledger explain bill/bill.json capacity --month 2026-01
"""
COLUMNS, INDENT = 100, 13

BillFile = Annotated[Path, typer.Argument(help="A bill.json that `wattledger price` or `wattledger demo` wrote.")]
LineCode = Annotated[str | None, typer.Argument(help="Only this line, or the lines of this charge or group.")]
Month = Annotated[str | None, typer.Option(help="Only the bill of this month, YYYY-MM.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the lines as JSON, as they stand in the file.")]


def command(bill: BillFile, line_code: LineCode = None, month: Month = None, as_json: AsJson = False) -> None:
    bills = of_month(read_bills(bill), opt.month(month, "--month"))
    chosen = [(one, lines_of(one, line_code)) for one in bills]
    if not any(lines for _, lines in chosen):
        codes = dict.fromkeys(line.code for one in bills for line in one.lines)
        raise BadOption(f"no line, charge or group is called {line_code!r}; the lines are {', '.join(codes)}")
    if as_json:
        values = [{"month": one.month, "line": line.model_dump(mode="json")} for one, lines in chosen for line in lines]
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    for one, lines in chosen:
        for text in explained(one, lines, whole=line_code is None):
            typer.echo(text)


def of_month(bills: tuple[StoredBill, ...], first: date | None) -> tuple[StoredBill, ...]:
    """The bills of a month, or all. Raises `BadOption`."""
    found = tuple(one for one in bills if first is None or one.month == f"{first:%Y-%m}")
    if not found:
        months = ", ".join(one.month for one in bills)
        raise BadOption(f"--month {first:%Y-%m} has no bill in the file; it holds {months}")
    return found


def lines_of(bill: StoredBill, name: str | None) -> list[StoredLine]:
    """The lines that a code, a charge or a group names; all of them where no name is given."""
    return [line for line in bill.lines if name is None or name in {line.code, line.charge, line.group}]


def explained(bill: StoredBill, lines: list[StoredLine], *, whole: bool) -> Iterator[str]:
    """A bill and some of its lines in words, none longer than 100 columns; `whole` adds the total."""
    if not lines:
        return
    yield f"{bill.supply_point}, {bill.first:%B %Y}"
    for part in bill.parts:
        which = f"{part.first} to {part.end} (end excluded): " if len(bill.parts) > 1 else ""
        version = part.tariff_version.removeprefix("sha256:")[:12]
        yield from _field("part" if which else "tariff", f"{which}{part.tariff}, version {version}")
    if bill.assumption:
        yield from _field("assumed", bill.assumption)
    if bill.intervals.missing:
        lost = (
            f"{bill.intervals.missing:,} of {bill.intervals.expected:,} intervals are missing: this bill is not whole"
        )
        yield from _field("missing", lost)
    for line in lines:
        yield ""
        yield from _line(bill, line)
    if whole:
        yield ""
        yield _heading("Total", bill.total, bill.currency)
        yield from _field("", f"the sum of these {len(bill.lines)} amounts")
    yield ""


def _line(bill: StoredBill, line: StoredLine) -> Iterator[str]:
    yield _heading(f"{line.label}  [{line.code}]", line.amount, bill.currency)
    if line.part is not None:
        part = bill.parts[line.part]
        yield from _field("days", f"{part.first} to {part.end} (end excluded), {part.days} days")
    yield from _field("quantity", f"{line.quantity:,f} {line.unit}")
    yield from _field("rate", f"{line.rate:,f} {line.rate_unit}")
    yield from _field("formula", line.formula)
    yield from _field("gross", f"{line.gross:,f} {bill.currency}, before rounding")
    yield from _field("rounded", f"{line.amount:,f} {bill.currency}")
    if line.of:
        yield from _field("percent of", _base(bill, line))
    if line.peak_at is not None:
        local = line.peak_at.astimezone(bill.zone)
        yield from _field("peak", f"began {local:%A, %Y-%m-%d at %H:%M}, local time of {bill.timezone}")
    if line.note:
        yield from _field("note", line.note)
    if line.source:
        yield from _field("source", line.source)


def _base(bill: StoredBill, line: StoredLine) -> str:
    """The lines a percentage is taken of, and their sum; of its own part, where it is of one."""
    parts = [one for one in bill.lines if one.code in (line.of or ()) and line.part in (None, one.part)]
    listed = ", ".join(f"{one.code} {one.amount:,f}" for one in parts)
    together = sum((one.amount for one in parts), Decimal(0))
    return f"{listed}; together {together:,f} {bill.currency}" if len(parts) > 1 else f"{listed} {bill.currency}"


def _heading(name: str, amount: Decimal, currency: str) -> str:
    money = f"{amount:,f} {currency}"
    room = COLUMNS - len(money) - 2
    return f"{name[:room]:<{room}}  {money}"


def _field(name: str, text: str) -> Iterator[str]:
    """A named text, folded under itself."""
    rows = wrap(text, COLUMNS - INDENT, break_on_hyphens=False) or [""]
    yield f"  {name:<{INDENT - 2}}{rows[0]}"
    for row in rows[1:]:
        yield " " * INDENT + row
