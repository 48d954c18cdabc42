"""`wattledger ledger record`: readings of a file into the ledger, by the same path as those of a device."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from adapters.meter_files import Declaration, MeterFile, OnBadRow, RegisterFile, read_meter_file, read_registers
from domain.errors import BadOption
from domain.events import GapDeclared, ReadingsPriced
from domain.supply_point import SupplyPoint
from entrypoints import price_options as opt
from entrypoints.ledger_dependents import tell_dependents
from entrypoints.ledger_file import DEFAULT, LedgerFile, OpenLedger, Point, check_said
from entrypoints.ledger_uploads import (
    Pairs,
    check_step,
    intervals_in,
    of_meter,
    pairs_of_loads,
    pairs_of_registers,
    uploads,
)
from entrypoints.screen import OUT, Bar, progress

HELP = """Record a file of readings (CSV or Parquet): interval energy or registers, declared as for `wattledger price`.

Each measurement is priced once: recording a file twice changes nothing, and of two words about an interval the first
counts. What cannot be accepted waits in quarantine with its reason. With --reopen, --by and --why readings of closed
months are recorded, too: the month is reopened and closed again, into its next bill.
"""
MOST_TOLD = 10

Meter = Annotated[str | None, typer.Option(help="The meter of the supply point that the file is of.")]
Reopen = Annotated[bool, typer.Option("--reopen", help="Change closed months; then say --by and --why.")]
MaybeBy = Annotated[str, typer.Option("--by", help="With --reopen: who gives the permission.")]
MaybeWhy = Annotated[str, typer.Option("--why", help="With --reopen: why.")]


@opt.declares_the_file
def command(
    readings: opt.Readings,
    facts: opt.Facts,
    ledger: LedgerFile = DEFAULT,
    point: Point = None,
    meter: Meter = None,
    reopen: Reopen = False,
    by: MaybeBy = "",
    why: MaybeWhy = "",
    on_bad_row: opt.BadRow = "stop",
) -> None:
    if reopen:
        check_said(by, why)
    opened = OpenLedger(ledger)
    supply = opened.point(point)
    with progress("Reading") as bar:
        told = read(supply, readings, opt.declaration_of(readings, facts), meter, on_bad_row)
        bar.say("Recording")
        records = list(uploads(supply, told.pairs, _name_of(readings)))
        before, waited = opened.store.ledger.last(), len(opened.quarantine.kept())
        _record(opened, records, (by, why) if reopen else None, bar)
    many, waits = intervals_in(told.pairs, supply.step_minutes), len(opened.quarantine.kept()) - waited
    for line in (_said(many, recorded_since(opened, before)), *told.notes):
        OUT.print(line, markup=False, highlight=False, soft_wrap=True)
    if waits:
        OUT.print(f"note: {waits:,} wait in quarantine: `wattledger ledger quarantine`", highlight=False)
    tell_dependents(opened, before)


@dataclass(frozen=True)
class Told:
    """What a file tells, and what is to be said about it."""

    pairs: Pairs
    notes: tuple[str, ...]


def read(point: SupplyPoint, path: Path, declared: Declaration, meter: str | None, on_bad_row: OnBadRow) -> Told:
    """Raises `BadReadings` or `BadOption`."""
    check_step(point, declared.step_minutes)
    if meter is not None and meter not in point.meters:
        known = ", ".join(sorted(point.meters))
        raise BadOption(f"--meter {meter!r}: {point.id} has the meters {known}; register it before its readings")
    if declared.kind == "register":
        registers = read_registers(path, declared, on_bad_row)
        return Told(of_meter(pairs_of_registers(registers.readings), meter), _notes(registers))
    file = read_meter_file(path, declared, on_bad_row)
    names = {load.meter: meter for load in file.loads} if meter and len(file.loads) == 1 else {}
    return Told(of_meter(pairs_of_loads(point, file.loads, names), meter), _notes(file))


def _notes(file: MeterFile | RegisterFile) -> tuple[str, ...]:
    """What was done to good rows, and what was not taken, with the reason."""
    left_out = [row.reason if not row.cells else f"line {row.line} was left out, {row.reason}" for row in file.rejected]
    more = [f"{len(left_out) - MOST_TOLD:,} more were left out"] if len(left_out) > MOST_TOLD else []
    return tuple(f"note: {text}" for text in (*file.notes, *left_out[:MOST_TOLD], *more))


def _record(opened: OpenLedger, records: list[bytes], said: tuple[str, str] | None, bar: Bar) -> None:
    for done, record in enumerate(records):
        if said is None:
            opened.price([record], vouched=True)  # by who runs this command; no device signed a file
            bar(done + 1, len(records))
    if said is not None:  # all at once: a month is reopened once, however many uploads it gets
        opened.late(records, *said)


def _name_of(readings: Path) -> str:
    """The same file is the same source, wherever it lies."""
    return f"file-{sha256(readings.read_bytes()).hexdigest()[:16]}"


@dataclass
class Recorded:
    """Intervals that the ledger got after a position: all, those that are estimated, and those in gaps."""

    new: int = 0
    estimated: int = 0
    in_gaps: int = 0


def recorded_since(opened: OpenLedger, position: int) -> Recorded:
    """Counted from the events."""
    found = Recorded()
    while entries := opened.store.ledger.after(position, 1000):
        for entry in entries:
            match entry.event:
                case ReadingsPriced(slots=slots, estimated=estimated):
                    found.new += len(slots)
                    found.estimated += sum(estimated)
                case GapDeclared(first=first, last=last):
                    found.in_gaps += last - first
        position = entries[-1].position
    return found


def _said(many: int, recorded: Recorded) -> str:
    """One line: what the file told, and what of it was new."""
    told = f"{many:,} measurements in the file, {recorded.new:,} of them new to the ledger"
    told += f", {recorded.estimated:,} estimated" if recorded.estimated else ""
    return told + (f"; {recorded.in_gaps:,} intervals are gaps" if recorded.in_gaps else "")
