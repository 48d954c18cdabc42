"""The device's own code, storing: `edge_poller FOLDER DAYS LINE`. Prints what it wrote, JSON.

`LINE` is `up` or `down`.
"""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from tempfile import mkdtemp
from time import perf_counter

from adapters.memory import SetBootClock, SetClock
from adapters.sqlite_outbox import OutboxFolder
from application.ports import StreamRecord, Unavailable
from benchmarks.factory_polls import POLLS_A_DAY, bytes_written, polls
from domain.measurement import Reading
from edge.compose import edge


class Registers:
    """Meters that answer at once with what they were told."""

    now: Sequence[tuple[str, int, int]] = ()

    def read(self, at: datetime) -> Sequence[Reading]:
        return [Reading(name, at, wh, varh) for name, wh, varh in self.now]


class NoLine:
    """Stream: three months without."""

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        raise Unavailable("there is no line")


class ALine(NoLine):
    """Stream: one that takes everything."""

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        return [True] * len(records)


def main(folder: Path, days: int, line: str) -> None:
    meters, known = Registers(), [name for name, _, _ in next(polls(1))[1]]
    outbox = OutboxFolder(folder / "store")
    wall = SetClock(datetime.fromtimestamp(0, UTC))
    clock = SetBootClock(wall, "0f8fad5b-d9cb-469f-a165-70867728950e")
    runtime = edge("edge-1", meters, known, outbox, ALine() if line == "up" else NoLine(), clock)
    outbox.tend()  # the ballast is written once in a life
    written = [bytes_written()]
    took_s: list[float] = []
    for number, (at, meters.now) in enumerate(polls(days), 1):
        wall.instant = datetime.fromtimestamp(at, UTC)
        start = perf_counter()
        runtime.store_readings(wall.instant)
        took_s.append(perf_counter() - start)
        if line == "up":
            runtime.upload_outbox()
        if number % POLLS_A_DAY == 0:
            written.append(bytes_written())
    stored = outbox.last_seq
    outbox.close()
    a_day = [after - before for before, after in pairwise(written)]
    told = {
        "cycles": stored,
        "written_mb_a_day": max(a_day) / 1e6,
        "on_disk_mb": sum(part.stat().st_size for part in (folder / "store").iterdir() if part.is_file()) / 1e6,
        "cycle_ms": quantiles(took_s, n=100)[49] * 1e3,
        "slow_cycle_ms": quantiles(took_s, n=100)[98] * 1e3,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(mkdtemp(dir=sys.argv[1])), int(sys.argv[2]), sys.argv[3])
