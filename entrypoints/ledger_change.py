"""`wattledger ledger close|correct|rerate`: what makes a bill, and what changes one."""

from datetime import UTC
from decimal import Decimal
from typing import Annotated

import typer

from application.correct_reading import check_changes
from application.rerate_periods import RerateMonth, ReratePeriods
from domain.bill import Bill
from domain.errors import BadOption, PeriodIsClosed
from domain.measurement import Correction, Extra
from domain.money import nano_to_decimal
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from entrypoints.ledger_dependents import tell_dependents
from entrypoints.ledger_file import (
    DEFAULT,
    By,
    LedgerFile,
    Month,
    OpenLedger,
    Point,
    Why,
    check_said,
    instant,
    month_of,
)
from entrypoints.ledger_missing import without_reading
from entrypoints.screen import OUT, progress

CLOSE = """Close a billing month: its days are shut, it gets its bill, and what the live costs lacked is settled.

A month that was reopened closes into its next bill; every bill that ever was stays readable.
"""
CORRECT = """Correct the energy of one recorded interval; who, why and the first word stay in the ledger.

START is the interval's beginning, as 2026-01-15T10:00 in local time or with its offset. A closed month is corrected
with --reopen only: it is reopened and closed again, into its next bill.
"""
RERATE = """Re-rate closed months: bill their measurements by the rates, tariffs and contracts that are known by now.

Only what changed moves, by new events; the bills that were stay readable. Nothing changed: nothing is stored. Open
months are billed by what is in force when they close.
"""

Start = Annotated[str, typer.Argument(help="When the interval begins.")]
Exported = Annotated[int | None, typer.Option(min=0, help="Energy delivered to the grid, Wh; else as it was.")]
Capacitive = Annotated[int | None, typer.Option(min=0, help="Capacitive reactive energy, varh; else as it was.")]
Reopen = Annotated[bool, typer.Option("--reopen", help="Also in a closed month, which closes again.")]


def close(month: Month, ledger: LedgerFile = DEFAULT, point: Point = None) -> None:
    opened = OpenLedger(ledger)
    supply = opened.point(point)
    of = month_of(month, supply)
    if not any(opened.store.days.measured(supply.device, day, supply.meters) for day in of.every_day):
        raise BadOption(f"--month {of}: the ledger has no reading of {supply.id} in this month; nothing to close")
    if opened.clock.now() < of.end_utc:
        ends = f"{of.end_utc.astimezone(supply.zone):%Y-%m-%d %H:%M}"
        raise BadOption(
            f"--month {of}: it ends at {ends}, and what is read until then belongs to it; `wattledger ledger bill` "
            "tells the bill to date"
        )
    position = opened.store.ledger.last()
    with progress("Closing"):
        closed = opened.close(supply, of)
    number = len(opened.store.periods.get(supply.id, of).bills)
    _say(supply, of, f"bill {number}: {_money(closed.bill)}")
    live = nano_to_decimal(sum(closed.live_nano.values()))
    _say(supply, of, f"known live {live:,.2f}, settled by the close {closed.bill.total - live:+,.2f}")
    if not closed.bill.coverage.complete:
        for line in without_reading(opened, supply, of):
            OUT.print(f"note: {line}", markup=False, highlight=False, soft_wrap=True)
    tell_dependents(opened, position)


def correct(
    meter: Annotated[str, typer.Argument(help="The meter.")],
    start: Start,
    wh: Annotated[int, typer.Option("--wh", min=0, help="Active energy of the interval, Wh.")],
    varh: Annotated[int, typer.Option("--varh", min=0, help="Inductive reactive energy, varh.")],
    by: By,
    why: Why,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    reopen: Reopen = False,
    export_wh: Exported = None,
    capacitive_varh: Capacitive = None,
) -> None:
    check_said(by, why)
    opened = OpenLedger(ledger)
    supply = opened.point(point)
    at = instant(start, "START", supply)
    if at is None:
        raise BadOption("START is empty; give the beginning of the interval, as 2026-01-15T10:00")
    before = _bill(opened, supply, BillingMonth.of(at, supply.zone))
    position = opened.store.ledger.last()
    told = Correction(meter, at.astimezone(UTC), wh, varh, by, why, Extra(export_wh, capacitive_varh))
    check_changes(opened.store.days, supply, told)
    try:
        event = opened.correct(supply, told, reopen)
    except PeriodIsClosed as closed:
        raise PeriodIsClosed(f"{closed}; with --reopen it is reopened, and closed again into its next bill") from closed
    local = f"{at.astimezone(supply.zone):%Y-%m-%d %H:%M}"
    said = f"{meter} at {local}: {event.wh_before:,} Wh and {event.varh_before:,} varh before, now {wh:,} and {varh:,}"
    OUT.print(said, markup=False, highlight=False, soft_wrap=True)
    after = _bill(opened, supply, BillingMonth.of(at, supply.zone))
    if before is not None and after is not None:
        _changed(supply, BillingMonth.of(at, supply.zone), before, after)
    tell_dependents(opened, position)


def rerate(
    by: By,
    why: Why,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    first: Annotated[str | None, typer.Option("--from", help="The first month, YYYY-MM; else all closed ones.")] = None,
) -> None:
    check_said(by, why)
    opened = OpenLedger(ledger)
    supply = opened.point(point)
    begin = None if first is None else month_of(first, supply, "--from")
    months = [month for month in opened.closed_months(supply) if begin is None or month.first >= begin.first]
    rerate_all = ReratePeriods(RerateMonth(opened.store.days, opened.store.periods, opened.terms_of))
    changed = 0
    with progress("Re-rating") as bar:
        for done, month in enumerate(months):
            before = _bill(opened, supply, month)
            events = rerate_all(supply, [month], by, why)
            bar(done + 1, len(months))
            if before is not None and events:
                changed += 1
                _changed(supply, month, before, events[0].bill)
    told = f"closed months billed again: {len(months)}, changed: {changed}"
    OUT.print(f"{supply.id}: {told}", markup=False, highlight=False, soft_wrap=True)


def _bill(opened: OpenLedger, point: SupplyPoint, month: BillingMonth) -> Bill | None:
    return opened.store.periods.get(point.id, month).bill


def _changed(point: SupplyPoint, month: BillingMonth, before: Bill, after: Bill) -> None:
    change: Decimal = after.total - before.total
    _say(point, month, f"{before.total:,f} before, now {_money(after)}, {change:+,f}")


def _money(bill: Bill) -> str:
    return f"{bill.total:,f} {bill.currency}"


def _say(point: SupplyPoint, month: BillingMonth, text: str) -> None:
    OUT.print(f"{point.id} {month}: {text}", markup=False, highlight=False, soft_wrap=True)
