"""Who caused a bill of the ledger: each meter behind the main one and the unmetered rest, with a bar for its part."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from rich.table import Table

from application.allocate_bill import allocate_loads
from application.load_of_ledger import loads_of_ledger
from domain.bill import Allocated, Bill
from domain.errors import BadOption
from domain.events import PeriodClosed, PeriodRerated
from domain.money import MICRO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from entrypoints.ledger_file import OpenLedger

LONGEST_BAR = 24


def shares_of(
    opened: OpenLedger, point: SupplyPoint, month: BillingMonth, bill: Bill, number: int, known_at: datetime | None
) -> Allocated:
    """As the bill of a number was shared when it was made; number 0: as a close would share the bill to date.

    Raises `BadOption` where there is nothing to share it among.
    """
    if len(point.meters) == 1:
        raise BadOption(f"--by-meter: {point.id} has no meter behind its main meter {point.main_meter}")
    if not number:
        parts = opened.terms_known_at(known_at).parts(point, month)
        loads = loads_of_ledger(opened.store.days, point, sorted(point.meters), month, known_at)
        return allocate_loads(loads, point, parts, bill)
    happened = (one.event for one in opened.store.histories.of_period(point.id, month))
    bills = [event for event in happened if isinstance(event, PeriodClosed | PeriodRerated)]
    told = bills[number - 1].allocated
    if not told.micro:
        raise BadOption(f"--by-meter: bill {number} was made when {point.id} had no meter behind its main meter")
    return told


def shares_table(bill: Bill, told: Allocated) -> Table:
    """The meters by what they bear, the dearest first; they add up to the bill."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Meter", overflow="fold")
    table.add_column(f"Amount, {bill.currency}", justify="right", no_wrap=True)
    table.add_column("%", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    amounts = {meter: sum(micro.values()) for meter, micro in told.micro.items()}
    most = max(map(abs, amounts.values()), default=0) or 1
    for meter, micro in sorted(amounts.items(), key=lambda one: -one[1]):
        percent = Decimal(micro) / MICRO / bill.total * 100 if bill.total else Decimal(0)
        bar = "█" * round(LONGEST_BAR * abs(micro) / most)
        table.add_row(meter, f"{Decimal(micro) / MICRO:,.2f}", f"{percent:.1f}", bar)
    table.add_section()
    table.add_row("[bold]Total[/bold]", f"[bold]{bill.total:,.2f}[/bold]", "", "")
    return table


def warnings(told: Allocated) -> list[str]:
    """What makes the shares doubtful."""
    if not told.oversubscribed:
        return []
    return [f"in {told.oversubscribed:,} intervals the meters had more than the main one: look at them"]


def shares_values(told: Allocated) -> dict[str, object]:
    """By meter and line, decimals as text; over the meters a line adds up to the bill's."""
    by_meter: Mapping[str, Mapping[str, int]] = told.micro
    return {
        "by_meter": {
            meter: {code: f"{Decimal(micro) / MICRO:f}" for code, micro in lines.items()}
            for meter, lines in by_meter.items()
        },
        "oversubscribed_intervals": told.oversubscribed,
    }
