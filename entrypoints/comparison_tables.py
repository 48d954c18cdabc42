"""A comparison of tariffs on the terminal: tariffs are lettered, so that their amounts fit beside each other."""

from collections.abc import Sequence
from decimal import Decimal
from string import ascii_uppercase

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.comparison import Comparison, Heading, Row, subtract
from domain.money import Rounding

UNKNOWN = "-"
CENTS = Rounding()
WIDE, BAR, WIDE_BAR = 110, 6, 14
"""Columns of a wide terminal, and of one side of a bar."""
LABEL = 24
"""Columns that the name of a line has at least; a longer one is folded."""

TableRow = tuple[str, list[str], str]
"""Name, cells and style."""


def totals_table(comparison: Comparison) -> Table:
    """What each tariff comes to, and what it costs beyond the first."""
    bills, first = comparison.first.bills, comparison.first
    kwh = Decimal(sum(bill.determinants.total_wh for bill in bills)).scaleb(-3)
    title = f"\n{bills[0].supply_point}, {bills[0].first} to {bills[-1].end} (end excluded), {kwh:,.0f} kWh"
    table = _table(title, ["", "tariff", "total", "", "per kWh", "less A", "in %"], left=(0, 1, 3))
    for letter, offer in zip(ascii_uppercase, comparison.offers, strict=False):
        difference = comparison.difference(offer)
        less, percent = UNKNOWN, UNKNOWN
        if difference is not None and offer is not first:
            less, percent = _signed(difference.total), _percent(difference.total, first.total)
        per_kwh = f"{offer.total / kwh:,.4f}" if kwh else UNKNOWN
        table.add_row(letter, offer.name, f"{offer.total:,.2f}", offer.tariff.currency, per_kwh, less, percent)
    return table


def lines_tables(comparison: Comparison, width: int) -> list[Table]:
    """Every line under each tariff, in its currency, with the sum of each heading, and what it is beyond the first.

    Amounts and differences stand in one table where they fit into so many columns, else in two.
    """
    letters = ascii_uppercase[: len(comparison.offers)]
    less = [f"{letter}-A" for letter, offer in zip(letters[1:], comparison.offers[1:], strict=True) if offer.worth]
    rows = _rows(comparison)
    sizes = [max(map(len, cells)) + 1 for cells in zip(*(cells for _, cells, _ in rows), strict=True)]
    if LABEL + sum(sizes) <= width or not less:
        return [_lines_table("\nLine by line", [*letters, *less], rows)]
    cut = len(letters)
    currency = comparison.first.tariff.currency
    return [
        _lines_table("\nLine by line", list(letters), [(name, cells[:cut], style) for name, cells, style in rows]),
        _lines_table(
            f"\nLine by line, less A, {currency}", less, [(name, cells[cut:], style) for name, cells, style in rows]
        ),
    ]


def _rows(comparison: Comparison) -> list[TableRow]:
    rows: list[TableRow] = []
    for heading in comparison.headings:
        rows.append((heading.capitalize(), _cells(comparison, comparison.amounts(heading)), "bold"))
        rows += [
            (f"  {row.label}", _cells(comparison, row.amounts), "") for row in comparison.rows if row.heading is heading
        ]
    rows.append(("Total", _cells(comparison, [offer.total for offer in comparison.offers]), "bold"))
    return rows


def _lines_table(title: str, columns: list[str], rows: list[TableRow]) -> Table:
    table = _table(title, ["", *columns], left=(0,))
    for name, cells, style in rows:
        label = Padding(name.strip(), (0, 0, 0, len(name) - len(name.lstrip())))  # the second line of a long one too
        table.add_row(label, *cells, style=style)
    return table


def difference_tables(comparison: Comparison, width: int) -> list[Table]:
    """For each other tariff, where the difference to the first comes from, the largest part first, with bars."""
    tables, half = [], WIDE_BAR if width >= WIDE else BAR
    for letter, offer in zip(ascii_uppercase[1:], comparison.offers[1:], strict=False):
        difference = comparison.difference(offer)
        if difference is None:
            continue
        title = f"\nWhere {letter}-A comes from, {comparison.first.tariff.currency}"
        table = _table(title, [], left=(0, 2, 3))
        longest = max(abs(amount) for amount in (difference.total, *(amount for _, amount in difference.by_heading)))
        for heading, amount in difference.by_heading:
            if not amount:
                continue
            bar, most = bar_of(amount, longest, half), _most(comparison, heading, letter)
            table.add_row(heading.capitalize(), _signed(amount), bar, most)
        table.add_row("Total", _signed(difference.total), bar_of(difference.total, longest, half), "", style="bold")
        tables.append(table)
    return tables


def bar_of(amount: Decimal, longest: Decimal, half: int) -> Text:
    """A bar from the middle: to the left and green what is saved, to the right and red what is paid more."""
    size, little = round(half * abs(amount) / longest) if longest else 0, "▕" if amount < 0 else "▏"
    bar = "█" * size or (little if amount else "")
    saved, paid = (bar, "") if amount < 0 else ("", bar)
    return Text.assemble((saved.rjust(half), "green"), "│", (paid.ljust(half), "red"))


def _most(comparison: Comparison, heading: Heading, letter: str) -> str:
    """The line that makes the most of a heading's difference."""
    at = ascii_uppercase.index(letter)
    moved = [(_less(comparison, row, at), row.label) for row in comparison.rows if row.heading is heading]
    amount, label = max(moved, key=lambda one: abs(one[0]))
    return f"most: {label} {_signed(amount)}" if len(moved) > 1 and amount else ""


def _less(comparison: Comparison, row: Row, at: int) -> Decimal:
    first, other, worth = row.amounts[0], row.amounts[at], comparison.offers[at].worth
    return subtract(other or Decimal(0), worth or Decimal(1), first or Decimal(0))


def _cells(comparison: Comparison, amounts: Sequence[Decimal | None]) -> list[str]:
    """Amounts, each in its currency, then what each other one is beyond the first."""
    first = amounts[0] or Decimal(0)
    cells = [UNKNOWN if amount is None else f"{amount:,.2f}" for amount in amounts]
    for offer, amount in zip(comparison.offers[1:], amounts[1:], strict=True):
        if offer.worth is not None:
            both = amount is None and amounts[0] is None
            cells.append("" if both else _signed(subtract(amount or Decimal(0), offer.worth, first)))
    return cells


def _signed(amount: Decimal) -> str:
    return f"{CENTS(amount):+,.2f}" if CENTS(amount) else "0.00"


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:+.1f}" if whole else UNKNOWN


def _table(title: str, columns: list[str], left: tuple[int, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.show_header = bool(columns)
    for i in range(max(len(columns), 4)):
        name = columns[i] if i < len(columns) else ""
        table.add_column(name, justify="left" if i in left else "right", overflow="fold", no_wrap=i not in left)
    return table
