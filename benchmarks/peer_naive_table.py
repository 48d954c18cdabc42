"""A peer: one row a reading under a random text key, JSON, one commit a poll, as durable as ours. Prints JSON."""

import json
import sqlite3
import sys
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import mkdtemp
from time import perf_counter
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.factory_polls import bytes_written, polls  # also run from a folder of its own


def main(folder: Path, days: int) -> None:
    db = sqlite3.connect(folder / "readings.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE reading(id TEXT PRIMARY KEY, at INTEGER, body TEXT, sent INTEGER DEFAULT 0)")
    db.execute("CREATE INDEX waiting ON reading(sent, at)")
    chance = Random(1)  # noqa: S311  # repeatable
    took_s, before = list[float](), bytes_written()
    for at, registers in polls(days):
        start = perf_counter()
        rows = [
            (str(UUID(int=chance.getrandbits(128))), at, json.dumps({"meter": name, "at": at, "wh": wh, "varh": varh}))
            for name, wh, varh in registers
        ]
        db.execute("BEGIN")
        db.executemany("INSERT INTO reading(id, at, body) VALUES (?, ?, ?)", rows)
        db.execute("COMMIT")
        took_s.append(perf_counter() - start)
    (stored,) = db.execute("SELECT count(*) FROM reading").fetchone()
    written = bytes_written() - before
    db.close()
    told = {
        "cycles": stored // 100,
        "written_mb_a_day": written / 1e6 / days,
        "on_disk_mb": (folder / "readings.sqlite").stat().st_size / 1e6,
        "cycle_ms": quantiles(took_s, n=100)[49] * 1e3,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(mkdtemp(dir=sys.argv[1])), int(sys.argv[2]))
