"""`wattledger ledger record`: readings of a file into the ledger, by the same path as those of a device."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from adapters.messages import WattledgerWire
from adapters.meter_files import read_meter_file
from domain.arrays import Load
from domain.arrays.load import Int
from domain.errors import BadOption
from domain.events import ReadingsPriced
from domain.measurement import NO_EXTRA, Extra, Quality, Reading
from domain.supply_point import SupplyPoint
from domain.upload import ReadingPair
from entrypoints import price_options as opt
from entrypoints.ledger_dependents import tell_dependents
from entrypoints.ledger_file import DEFAULT, LedgerFile, OpenLedger, Point, check_said
from entrypoints.screen import OUT, Bar, progress

HELP = """Record a file of readings (CSV or Parquet): interval energy or registers, declared as for `wattledger price`.

Each measurement is priced once: recording a file twice changes nothing, and of two words about an interval the first
counts. What cannot be accepted waits in quarantine with its reason. With --reopen, --by and --why readings of closed
months are recorded, too: the month is reopened and closed again, into its next bill.
"""
READINGS_PER_UPLOAD = 2000

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
    with progress("Reading") as bar:
        file = read_meter_file(readings, opt.declaration_of(readings, facts), on_bad_row)
        loads = _of_meter(file.loads, meter)
        bar.say("Recording")
        records = list(records_of(opened.point(point), loads, _name_of(readings)))
        before, waited = opened.store.ledger.last(), len(opened.quarantine.kept())
        _record(opened, records, (by, why) if reopen else None, bar)
    told = sum(int((load.quality != Quality.MISSING).sum()) for load in loads)
    new, waits = _priced_since(opened, before), len(opened.quarantine.kept()) - waited
    OUT.print(f"{told:,} measurements in the file, {new:,} of them new to the ledger", highlight=False)
    for note in (*file.notes, *([f"{len(file.rejected):,} rows were left out"] if file.rejected else [])):
        OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if waits:
        OUT.print(f"note: {waits:,} wait in quarantine: `wattledger ledger quarantine`", highlight=False)
    tell_dependents(opened, before)


def records_of(point: SupplyPoint, loads: list[Load], source: str) -> Iterator[bytes]:
    """The file as uploads of a device, day after day, so that each day begins where the one before ended.

    A measurement becomes two register states; a run of estimated ones keeps its energy and is spread again.
    """
    wire, step = WattledgerWire(), timedelta(minutes=point.step_minutes)
    of_day: dict[datetime, list[ReadingPair]] = {}
    for load in loads:
        if load.step_minutes != point.step_minutes:
            raise BadOption(
                f"the file has readings of {load.step_minutes} minutes, and {point.id} is read every "
                f"{point.step_minutes}: register its step_minutes as they are"
            )
        for at, wh, varh, extra, steps in _runs(load):
            start = load.start + step * at
            local = start.astimezone(point.zone).replace(hour=0, minute=0, fold=0, tzinfo=None)
            before = Reading(load.meter, start, 0, 0, extra.nothing())
            pair = before, Reading(load.meter, start + step * steps, wh, varh, extra)
            of_day.setdefault(local, []).append(pair)
    seq = 0
    for _, pairs in sorted(of_day.items()):
        for first in range(0, len(pairs), READINGS_PER_UPLOAD):
            seq += 1
            yield wire.record(point.device, source, seq, wire.body(pairs[first : first + READINGS_PER_UPLOAD]))


def _runs(load: Load) -> Iterator[tuple[int, int, int, Extra, int]]:
    """(first interval, Wh, varh, what else it counts, how many); neighbouring estimated intervals come together."""
    varh = np.zeros_like(load.energy_wh) if load.reactive_varh is None else load.reactive_varh
    estimated = load.quality == Quality.ESTIMATED
    begins = (load.quality != Quality.MISSING) & ~(estimated & np.concatenate(([False], estimated[:-1])))
    for at in np.flatnonzero(begins).tolist():
        steps = 1
        if estimated[at]:
            rest = np.flatnonzero(~estimated[at:])
            steps = int(rest[0]) if len(rest) else len(estimated) - at
        span = slice(at, at + steps)
        extra = NO_EXTRA
        if load.export_wh is not None or load.capacitive_varh is not None:
            extra = Extra(_sum(load.export_wh, span), _sum(load.capacitive_varh, span))
        yield at, int(load.energy_wh[span].sum()), int(varh[span].sum()), extra, steps


def _sum(column: Int | None, span: slice) -> int | None:
    return None if column is None else int(column[span].sum())


def _of_meter(loads: tuple[Load, ...], meter: str | None) -> list[Load]:
    if meter is None or [load.meter for load in loads] == [meter]:
        return list(loads)
    chosen = [load for load in loads if load.meter == meter]
    if not chosen and len(loads) == 1:
        [one] = loads
        chosen = [replace(one, meter=meter)]
    if not chosen:
        raise BadOption(f"--meter {meter!r}: the file has the meters {', '.join(load.meter for load in loads)}")
    return chosen


def _record(opened: OpenLedger, records: list[bytes], said: tuple[str, str] | None, bar: Bar) -> None:
    for done, record in enumerate(records):
        if said is None:
            opened.price([record])
            bar(done + 1, len(records))
    if said is not None:  # all at once: a month is reopened once, however many uploads it gets
        opened.late(records, *said)


def _name_of(readings: Path) -> str:
    """The same file is the same source, wherever it lies."""
    return f"file-{sha256(readings.read_bytes()).hexdigest()[:16]}"


def _priced_since(opened: OpenLedger, position: int) -> int:
    found = 0
    while entries := opened.store.ledger.after(position, 1000):
        found += sum(len(entry.event.slots) for entry in entries if isinstance(entry.event, ReadingsPriced))
        position = entries[-1].position
    return found
