"""The children of `ledger_trials`: each checks its answer, times its own work, and prints one JSON object.

Run `python -m benchmarks.ledger_runs WHAT PLACE DAYS`: a folder for `ingest`, else a ledger file.
"""

import json
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from adapters.ledger_view import LedgerView
from application.project import catch_up
from application.rerate_periods import RerateMonth, ReratePeriods
from application.verify_ledger import VerifyLedger
from benchmarks.ledger_plant import FIRST, METERS, POINT, STEPS_A_DAY, TARIFF, Plant, months, uploads
from domain.terms import BillingMonth

A_DAY = METERS * STEPS_A_DAY
SAID = ("the benchmark", "prices became known late")
LOADS = 5
DELIVERED = 96
"""Uploads that come together: a stream delivers up to a hundred records at once."""


def ingest(folder: Path, days: int) -> dict[str, Any]:
    """The bytes of uploads into events: thousand measurements a second, day by day; bytes a measurement on the disk.

    Into a file twice: what a stream delivers at once as one write, and a write an upload.
    """
    records, figures = list(uploads(days)), dict[str, list[float]]()
    with TemporaryDirectory(dir=folder) as place:
        path, alone = Path(place) / "ledger.sqlite", Path(place) / "alone.sqlite"
        for name, plant, at_once in (
            ("memory", Plant(), DELIVERED),
            ("sqlite", Plant(path), DELIVERED),
            ("alone", Plant(alone), 1),
        ):
            wall, cpu = rates(plant, records, at_once)
            figures |= {name: wall, f"{name}_cpu": cpu}
            check(not plant.quarantine.kept(), f"{name}: something was refused")
            last = plant.store.days.get(POINT.device, FIRST + timedelta(days=days - 1))
            check(last.version == STEPS_A_DAY + 1, f"{name}: the last day has {last.version} events")
        figures["bytes"] = [bytes_on_disk(path) / (A_DAY * days)]
    return {"figures": figures, "measurements": A_DAY * days}


def rates(plant: Plant, records: list[tuple[datetime, bytes]], at_once: int) -> tuple[list[float], list[float]]:
    """Thousand measurements a second of a day, and a second of the processor."""
    wall, cpu = list[float](), list[float]()
    for first in range(0, len(records), STEPS_A_DAY):
        began, used = perf_counter(), process_time()
        for begin in range(first, first + STEPS_A_DAY, at_once):
            plant.take_all(records[begin : min(begin + at_once, first + STEPS_A_DAY)])
        wall.append(A_DAY / (perf_counter() - began) / 1000)
        cpu.append(A_DAY / (process_time() - used) / 1000)
    return wall, cpu


def bytes_on_disk(path: Path) -> int:
    """Everything that the ledger takes: streams' names, index and all, nothing left in the log beside it."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def make(path: Path, days: int) -> dict[str, Any]:
    """A ledger file of some days, its whole months closed."""
    plant = Plant(path)
    coming = uploads(days)
    while delivered := list(islice(coming, DELIVERED)):
        plant.take_all(delivered)
    for month in months(days):
        plant.close(month)
    check(not plant.quarantine.kept(), "something was refused")
    return {"bytes": bytes_on_disk(path) / (A_DAY * days)}


def rerate(path: Path, days: int) -> dict[str, Any]:
    """Every closed month billed again at prices that were not known before: seconds from the file to the new bills."""
    prices = Plant(path)
    terms = prices.terms_of(POINT, BillingMonth(FIRST, POINT.zone))
    values = {key: value + Decimal("0.001") for key, value in terms.rates.values.items()}
    prices.store.rates.publish(TARIFF, replace(terms.rates, values=values, valid_from=FIRST))
    wanted, began, used = months(days), perf_counter(), process_time()
    plant = Plant(path)
    found = ReratePeriods(RerateMonth(plant.store.days, plant.store.periods, plant.terms_of))(POINT, wanted, *SAID)
    took, cpu = perf_counter() - began, process_time() - used
    check(len(found) == len(wanted), f"{len(found)} months changed, not {len(wanted)}")
    for event in found:
        check(bool(event.allocated.micro), f"the bill of {event.bill.first} is not shared among the meters")
        intervals = sum(part.determinants.intervals for part in event.bill.parts)
        check(intervals == STEPS_A_DAY * (event.bill.end - event.bill.first).days, f"{intervals} intervals billed")
    return {"figures": {"rerate": [took], "cpu": [cpu]}, "months": len(found), "measurements": A_DAY * days}


def projection(path: Path, days: int) -> dict[str, Any]:
    """A new view catches up with a ledger: thousand measurements a second."""
    wall, cpu, digests = list[float](), list[float](), set[str]()
    with TemporaryDirectory() as folder:
        for number in range(3):
            plant, view = Plant(path), LedgerView(Path(folder) / f"{number}.sqlite")
            began, used = perf_counter(), process_time()
            catch_up(plant.store.ledger, view)
            wall.append(A_DAY * days / (perf_counter() - began) / 1000)
            cpu.append(A_DAY * days / (process_time() - used) / 1000)
            digests.add(view.digest())
            check(view.position() == plant.store.ledger.last(), "the view is not at the ledger's end")
            view.close()
    check(len(digests) == 1, "two views of one ledger differ")
    return {"figures": {"projection": wall, "cpu": cpu}, "measurements": A_DAY * days}


def cold_load(path: Path, days: int) -> dict[str, Any]:
    """The busiest stream: a day of 50 meters and 288 uploads, from the file to a day that goes on; milliseconds."""
    wall, cpu = list[float](), list[float]()
    for number in range(LOADS):
        plant = Plant(path)  # as a process that begins: nothing is warm but the code
        began, used = perf_counter(), process_time()
        day = plant.store.days.get(POINT.device, FIRST + timedelta(days=number % days))
        wall.append((perf_counter() - began) * 1000)
        cpu.append((process_time() - used) * 1000)
        known = sum(wh is not None for meter in day.meters for wh in meter.wh)
        check(known == A_DAY, f"{known} measurements loaded, not {A_DAY}")
    return {"figures": {"cold": wall, "cpu": cpu}, "measurements": A_DAY}


def verify(path: Path, days: int) -> dict[str, Any]:
    """Every amount computed a second time: thousand measurements a second."""
    plant = Plant(path)
    began, used = perf_counter(), process_time()
    found = VerifyLedger(plant.store.ledger, plant.store.periods, plant.terms_of)([POINT])
    took, cpu = perf_counter() - began, process_time() - used
    check(found.holds and not found.not_compared, f"differs: {[*found.differences[:3], *found.not_compared[:3]]}")
    check(found.measurements == A_DAY * days, f"{found.measurements} measurements verified")
    figures = {"verify": [found.measurements / took / 1000], "cpu": [found.measurements / cpu / 1000]}
    return {"figures": figures, "measurements": found.measurements, "amounts": found.compared.total()}


def check(holds: bool, otherwise: str) -> None:
    """Ends the child with a sentence where an answer is wrong: how fast it was is then no matter."""
    if not holds:
        sys.exit(f"wrong answer: {otherwise}")


RUNS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "ingest": ingest,
    "make": make,
    "rerate": rerate,
    "projection": projection,
    "cold-load": cold_load,
    "verify": verify,
}

if __name__ == "__main__":
    print(json.dumps(RUNS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
