"""What the terminal shows: progress while it works, a table a plant manager understands at the end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from domain.bill import Bill
from domain.kpi import Kpis

OUT = Console()
ERR = Console(stderr=True)


def complain(text: str) -> None:
    """An error on one line, as it is: no markup, no wrapping."""
    ERR.print(f"error: {' '.join(text.split())}", style="bold red", markup=False, highlight=False, soft_wrap=True)


def show(title: str, table: Table, *below: str) -> None:
    """A table under its title, which is as wide as the screen and not as the table, and lines below it."""
    OUT.print(f"\n{title}", style="bold", markup=False, highlight=False)
    OUT.print(table, highlight=False)
    for line in below:
        OUT.print(line, style="italic dim", markup=False, highlight=False)


def say(text: str, style: str | None = None, indent: int = 2) -> None:
    """A sentence; where it is too long for the screen its further lines stand `indent` to the right. No word is cut."""
    for line in wrap(text, OUT.width, subsequent_indent=" " * indent, break_on_hyphens=False, break_long_words=False):
        OUT.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(text: str) -> Iterator["Bar"]:
    """A progress bar on standard error; nothing but the end result is left when standard error is no terminal."""
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        yield Bar(bar, bar.add_task(text, total=None))


class Bar:
    """One bar; call it with (done, total)."""

    def __init__(self, bar: Progress, task: object) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)  # type: ignore[arg-type]  # rich's own TaskID

    def say(self, text: str) -> None:
        """What is being done now."""
        self._bar.update(self._task, description=text)  # type: ignore[arg-type]  # rich's own TaskID


def summary(
    title: str, kpis: Kpis, bills: Sequence[Bill], zone: ZoneInfo, extra: Sequence[tuple[str, str, str]] = ()
) -> Table:
    """Key figures, cost by charge and the total of some bills of one load."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column()
    table.add_row("Energy", f"{kpis.energy_kwh:,.0f}", "kWh")
    when = f"kW on {kpis.peak_at.astimezone(zone):%Y-%m-%d at %H:%M}" if kpis.peak_at else "kW"
    table.add_row("Peak", f"{kpis.peak_kw:,.0f}", when)
    table.add_row("Power factor", _or_unknown(kpis.power_factor_percent), "%")
    table.add_row("Load factor", _or_unknown(kpis.load_factor_percent), "%")
    for label, amount in _by_charge(bills).items():
        table.add_row(label, f"{amount:,.2f}", kpis.currency)
    table.add_section()
    table.add_row("[bold]Total[/bold]", f"[bold]{kpis.cost:,.2f}[/bold]", kpis.currency)
    table.add_row("Cost per kWh", _or_unknown(kpis.cost_per_kwh), f"{kpis.currency}/kWh")
    for row in extra:
        table.add_row(*row)
    return table


def wrote(paths: Sequence[Path]) -> None:
    """The files that are there now."""
    for path in paths:
        OUT.print(f"  wrote {path}", highlight=False, soft_wrap=True)


def _by_charge(bills: Sequence[Bill]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for bill in bills:
        for line in bill.lines:
            label = line.label.split(",")[0] if line.charge != line.code else line.label
            found[label] = found.get(label, Decimal(0)) + line.amount
    return found


def _or_unknown(value: Decimal | None) -> str:
    return "not measured" if value is None else f"{value:,f}"
