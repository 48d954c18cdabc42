"""A bill in words: every line in short on a few rows, or some lines in full, within the width of a terminal."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from shutil import get_terminal_size
from textwrap import wrap

import typer

from adapters.bill_json import StoredBill, StoredLine
from domain.evidence import Say

NARROW, USUAL, WIDE = 72, 100, 120
INDENT = 13
GAP = 2
NAMED_IN_SHORT = 1
MOST_DECIMALS = 9


def width_of() -> int:
    """Columns to write in: those of the terminal, within reason; 100 where there is none."""
    return min(max(get_terminal_size((USUAL, 24)).columns, NARROW), WIDE)


def overview(bill: StoredBill, width: int) -> Iterator[str]:
    """Every line on a few rows: what it comes to, how, and which intervals made it; sources beneath."""
    yield from _head(bill, width)
    sources = list(dict.fromkeys(line.source for line in bill.lines if line.source))
    yield ""
    yield _row(("Line", "Quantity", "Rate", f"Amount, {bill.currency}"), width)
    for line in bill.lines:
        yield _bold(_row((line.code, _quantity(line), _rate(line), f"{line.amount:,f}"), width))
        law = f" [{sources.index(line.source) + 1}]" if line.source else ""
        of_days = "" if line.part is None else f", {_days(bill, line.part)}"
        yield from _folded(f"{line.label}{of_days}: {line.formula} = {_number(line.gross)}{law}", width, "  ")
        for text in _made_by(bill, line):
            yield from _folded(text, width, "  ")
    yield _bold(_row(("Total", "", "", f"{bill.total:,f}"), width))
    yield ""
    for number, source in enumerate(sources, 1):
        yield from _folded(source, width, f"[{number}] ")
    yield "" if not sources else "\n`--line LINE` tells all about one of them, `--line all` about all.\n"


def in_full(bill: StoredBill, lines: Sequence[StoredLine], width: int) -> Iterator[str]:
    """Some lines with all that is known of each; of all of them, also the total."""
    if not lines:
        return
    yield from _head(bill, width)
    for line in lines:
        yield ""
        yield from _in_full(bill, line, width)
    if len(lines) == len(bill.lines):
        yield ""
        yield _heading("Total", bill.total, bill.currency, width)
        yield from _field("", f"the sum of these {len(bill.lines)} amounts", width)
    yield ""


def _head(bill: StoredBill, width: int) -> Iterator[str]:
    yield _bold(f"{bill.supply_point}, {bill.first:%B %Y}")
    for part in bill.parts:
        which = f"{part.first} to {part.end} (end excluded): " if len(bill.parts) > 1 else ""
        version = part.tariff_version.removeprefix("sha256:")[:12]
        said = f"{which}{part.tariff}, version {version}; local time of {bill.timezone}"
        yield from _field("part" if which else "tariff", said, width)
    if bill.assumption:
        yield from _field("assumed", bill.assumption, width)
    if bill.intervals.estimated:
        told = f"{bill.intervals.estimated:,} of {bill.intervals.expected:,} intervals: their sum was measured, their"
        yield from _field("estimated", f"{told} times were not", width)
    if bill.intervals.missing:
        lost = (
            f"{bill.intervals.missing:,} of {bill.intervals.expected:,} intervals are missing: this bill is not whole"
        )
        yield from _field("missing", lost, width)


def _made_by(bill: StoredBill, line: StoredLine) -> Iterator[str]:
    """The intervals behind a line, in short."""
    if line.of:
        yield f"of {', '.join(line.of)}"
        return
    evidence = line.evidence.to_domain()
    named = list(evidence.deciding(_local(bill), NAMED_IN_SHORT))
    yield evidence.span(_local(bill)) + (f"; {evidence.naming}: {named[0]}" if named else "")
    yield from (f"looks back: {text}" for text in evidence.looking_back())
    if line.note:
        yield line.note


def _in_full(bill: StoredBill, line: StoredLine, width: int) -> Iterator[str]:
    evidence = line.evidence.to_domain(line.of or ())
    yield _bold(_heading(f"{line.label}  [{line.code}]", line.amount, bill.currency, width))
    if line.part is not None:
        yield from _field("days", _days(bill, line.part), width)
    yield from _field("quantity", _quantity(line), width)
    yield from _field("rate", _rate(line), width)
    yield from _field("formula", line.formula, width)
    yield from _field("gross", f"{line.gross:,f} {bill.currency}, before rounding", width)
    yield from _field("rounded", f"{line.amount:,f} {bill.currency}", width)
    if line.of:
        yield from _field("percent of", _base(bill, line), width)
    else:
        yield from _field("made by", evidence.span(_local(bill)), width)
    if line.peak_at is not None:
        local = line.peak_at.astimezone(bill.zone)
        yield from _field("peak", f"began {local:%A, %Y-%m-%d at %H:%M}, local time of {bill.timezone}", width)
    if evidence.named:
        yield from _field("of these", evidence.naming, width)
        for text in evidence.deciding(_local(bill)):
            yield from _field("", text, width)
    for number, text in enumerate(evidence.looking_back()):
        yield from _field("" if number else "looks back", text, width)
    if line.note:
        yield from _field("note", line.note, width)
    if line.source:
        yield from _field("source", line.source, width)


def _days(bill: StoredBill, part: int) -> str:
    of = bill.parts[part]
    return f"{of.first} to {of.end} (end excluded), {of.days} days"


def _base(bill: StoredBill, line: StoredLine) -> str:
    """The lines a percentage is taken of, and their sum; of its own part, where it is of one."""
    parts = [one for one in bill.lines if one.code in (line.of or ()) and line.part in {None, one.part}]
    listed = ", ".join(f"{one.code} {one.amount:,f}" for one in parts)
    together = sum((one.amount for one in parts), Decimal(0))
    return f"{listed}; together {together:,f} {bill.currency}" if len(parts) > 1 else f"{listed} {bill.currency}"


def _local(bill: StoredBill) -> Say:
    """Instants in the local time of a bill."""
    return lambda instant: f"{instant.astimezone(bill.zone):%a %Y-%m-%d %H:%M}"


def _quantity(line: StoredLine) -> str:
    return f"{line.quantity:,f} {line.unit}"


def _rate(line: StoredLine) -> str:
    return f"{line.rate:,f} {line.rate_unit}"


def _number(value: Decimal) -> str:
    """Without zeros at its end, but never without the cents; what is endless is cut, and `in_full` has it whole."""
    whole, _, rest = f"{value:,f}".partition(".")
    shown = rest.rstrip("0")
    return f"{whole}.{shown:<02}" if len(shown) <= MOST_DECIMALS else f"{whole}.{shown[:MOST_DECIMALS]}…"


def _row(cells: tuple[str, str, str, str], width: int) -> str:
    """A name and three figures under each other. Figures too long for their columns move those to their left, and a
    name that is in the way then stands on a row of its own.
    """
    amount, figure = 18, (width - 18) * 2 // 7
    name, *figures = cells
    row, start = "", width + GAP
    for text, column_end in zip(reversed(figures), (width, width - amount, width - amount - figure), strict=True):
        if text:
            end = min(column_end, start - GAP)
            row = text + " " * (width - len(row) - end) + row
            start = end - len(text)
    if len(name) + GAP <= start:
        return name + row.rjust(width - len(name))
    return f"{name}\n{row.rjust(width)}"


def _heading(name: str, amount: Decimal, currency: str, width: int) -> str:
    money = f"{amount:,f} {currency}"
    room = width - len(money) - 2
    return f"{name[:room]:<{room}}  {money}"


def _field(name: str, text: str, width: int) -> Iterator[str]:
    """A named text, folded under itself."""
    yield from _folded(text, width, f"  {name:<{INDENT - 2}}")


def _folded(text: str, width: int, before: str) -> Iterator[str]:
    """A text after something, folded under its own beginning."""
    rows = wrap(text, width - len(before), break_on_hyphens=False) or [""]
    yield (before + rows[0]).rstrip()
    for row in rows[1:]:
        yield " " * len(before) + row


def _bold(text: str) -> str:
    return typer.style(text, bold=True)
