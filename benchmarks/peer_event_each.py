"""The peer of the ledger's rows: the eventsourcing library, each measurement an event of its meter's day.

As in `peer_eventsourcing`: an aggregate per meter and day, a save per poll of 50 meters, the day's aggregates kept in
hand. It prices by one rule of three rates: no demand, no correction, no bill. Run `python -m benchmarks.peer_event_each
WHAT DAYS`; it prints one JSON object, figures of the units that ours have.
"""

import json
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from eventsourcing.persistence import Tracking, TrackingRecorder

from benchmarks.peer_eventsourcing import FIRST, STEPS_PER_DAY, Factory, MeterDay

METERS, DAYS_A_YEAR = 50, 365
NAMES = [f"meter-{number:02}" for number in range(METERS)]
A_DAY = METERS * STEPS_PER_DAY
PER_READ = 500
NEWLY = Decimal("1.001")


def app_in(folder: Path | None) -> Factory:
    if folder is None:
        return Factory()
    return Factory(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "peer.sqlite")})


def record(app: Factory, days: int) -> list[float]:
    """Thousand measurements a second, day by day."""
    found, registers_wh = list[float](), [1_000_000 * meter for meter in range(METERS)]
    for day in range(days):
        start, began = FIRST + timedelta(days=day), perf_counter()
        hands = [MeterDay(name, f"{start:%Y-%m-%d}", registers_wh[m]) for m, name in enumerate(NAMES)]
        for step in range(STEPS_PER_DAY):
            at = start + timedelta(minutes=5 * (step + 1))
            for meter, hand in enumerate(hands):
                registers_wh[meter] += 2_000 + (37 * step + 101 * meter) % 900
                hand.read(at, registers_wh[meter])
            app.save(*hands)
        found.append(A_DAY / (perf_counter() - began) / 1000)
    return found


def ingest(folder: Path, days: int) -> dict[str, list[float]]:
    figures = {"memory": record(app_in(None), days)}
    figures["sqlite"] = record(app_in(folder), days)
    file = folder / "peer.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return figures | {"bytes": [file.stat().st_size / (A_DAY * days)]}


def rerate(folder: Path, days: int) -> dict[str, list[float]]:
    """Every event read again and priced anew; nothing is stored of it. Seconds of a year, from some days."""
    record(app_in(folder), days)
    began, total, count = perf_counter(), Decimal(0), 0
    for _, events in priced(app_in(folder)):
        total += sum(event.cost * NEWLY for event in events)
        count += len(events)
    check(count, days)
    return {"rerate": [(perf_counter() - began) / days * DAYS_A_YEAR]}


def projection(folder: Path, days: int) -> dict[str, list[float]]:
    """The log, 500 events a transaction, added up by meter and day, with tracking: thousand measurements a second."""
    record(app_in(folder), days)
    view, count = sqlite3.connect(folder / "view.sqlite"), 0
    view.execute("CREATE TABLE cost(day TEXT PRIMARY KEY, cost TEXT NOT NULL) WITHOUT ROWID")
    app, began = app_in(folder), perf_counter()
    tracking: TrackingRecorder = app.factory.tracking_recorder()
    for position, events in priced(app):
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for event in events:
            sums[str(event.originator_id)] += event.cost
        for day, cost in sums.items():
            known = view.execute("SELECT cost FROM cost WHERE day = ?", (day,)).fetchone() or ("0",)
            view.execute("INSERT OR REPLACE INTO cost VALUES (?, ?)", (day, str(cost + Decimal(known[0]))))
        view.commit()
        tracking.insert_tracking(Tracking("costs", position))
        count += len(events)
    took = perf_counter() - began
    check(count, days)
    return {"projection": [count / took / 1000]}


def cold_load(folder: Path, days: int) -> dict[str, list[float]]:
    """The same day's 50 aggregates, from the file: milliseconds."""
    record(app_in(folder), days)
    took = list[float]()
    for number in range(5):
        app, day = app_in(folder), f"{FIRST + timedelta(days=number % days):%Y-%m-%d}"
        began = perf_counter()
        found: list[MeterDay] = [app.repository.get(MeterDay.create_id(name, day)) for name in NAMES]
        took.append((perf_counter() - began) * 1000)
        check(sum(one.version - 1 for one in found), 1)
    return {"cold": took}


def priced(app: Factory) -> Iterator[tuple[int, list[Any]]]:
    """The log in order: a position, and the events of measurements up to it."""
    position = 0
    while found := app.recorder.select_notifications(position, PER_READ, inclusive_of_start=False):
        position = found[-1].id
        yield position, [app.mapper.to_domain_event(one) for one in found if one.topic.endswith(".Priced")]


def check(count: int, days: int) -> None:
    if count != A_DAY * days:
        sys.exit(f"wrong answer: {count} measurements found, not {A_DAY * days}")


RUNS: dict[str, Callable[[Path, int], dict[str, list[float]]]] = {
    "ingest": ingest,
    "rerate": rerate,
    "projection": projection,
    "cold-load": cold_load,
}

if __name__ == "__main__":
    with TemporaryDirectory() as place:
        print(json.dumps({"figures": RUNS[sys.argv[1]](Path(place), int(sys.argv[2]))}))
