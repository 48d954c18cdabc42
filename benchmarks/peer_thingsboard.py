"""A peer: the SQLite storage of thingsboard-gateway, a message a meter and poll, as its service does. Prints JSON.

Run by a Python that has the package. It commits in a thread of its own, so a poll waits until that thread is done; the
time of that says nothing, and is not told.
"""

import json
import logging
import sqlite3
import sys
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from time import sleep

from thingsboard_gateway.storage.sqlite.sqlite_event_storage import SQLiteEventStorage  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.factory_polls import bytes_written, polls  # also run where nothing of ours is installed

logging.Logger.trace = lambda *_: None  # type: ignore[attr-defined]  # its own start-up adds this


def main(folder: Path, days: int) -> None:
    path = folder / "data" / ""
    storage = SQLiteEventStorage({"data_file_path": f"{path}/"}, logging.getLogger("storage"), Event())
    before, expected = bytes_written(), 0
    reader = sqlite3.connect(folder / "data" / "data.db")
    for at, registers in polls(days):
        for name, wh, varh in registers:
            values = {"ts": at * 1000, "values": {"wh": wh, "varh": varh}}
            storage.put(
                json.dumps({"deviceName": name, "deviceType": "default", "attributes": [], "telemetry": [values]})
            )
        expected += len(registers)
        while reader.execute("SELECT count(*) FROM messages").fetchone()[0] < expected:
            sleep(0.005)
    written = bytes_written() - before
    on_disk_mb = sum(part.stat().st_size for part in (folder / "data").iterdir()) / 1e6
    print(json.dumps({"cycles": expected // 100, "written_mb_a_day": written / 1e6 / days, "on_disk_mb": on_disk_mb}))
    reader.close()
    storage.stop()


if __name__ == "__main__":
    main(Path(mkdtemp(dir=sys.argv[1])), int(sys.argv[2]))
