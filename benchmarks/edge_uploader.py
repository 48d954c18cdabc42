"""The device's backlog, sent by the device's own code to a stream on this machine: `edge_uploader SETTINGS STORE`.

`STORE` is the folder of an outbox, or the file of the naive table. Prints what it took, JSON.
"""

import json
import sqlite3
import sys
from pathlib import Path
from time import perf_counter

from adapters.device_clock import elapsed_s, wall
from adapters.kinesis import ServerTime
from adapters.messages import WattledgerWire
from adapters.sqlite_outbox import OutboxFolder
from application.ports import Stream, StreamRecord
from application.upload_outbox import Outcome, UploadOutbox
from application.upload_stores import UploadStores
from edge.compose import stream_of
from edge.settings import load_settings
from edge.store_thread import StoreThread

RECORDS_PER_CALL = 500


def main(config: Path, store: Path) -> None:
    settings = load_settings(config)
    if settings.upload is None:
        sys.exit(f"{config} declares no [upload]")
    stream = stream_of(settings, settings.upload, ServerTime(wall, elapsed_s))
    start = perf_counter()
    sent = ours(settings.device.id, store, stream) if store.is_dir() else naive(settings.device.id, store, stream)
    print(json.dumps({"sent": sent, "took_s": perf_counter() - start}))


def ours(device: str, folder: Path, stream: Stream) -> int:
    """As the device composes it, with no limit on the bytes."""
    store = StoreThread(lambda: OutboxFolder(folder))
    upload = UploadStores(UploadOutbox(device, store.shared, stream, WattledgerWire()), store.shared)
    done = upload.round()
    store.close()
    if done.outcome is not Outcome.DONE:
        sys.exit(f"not sent: {done.reason}")
    return done.delivered


def naive(device: str, path: Path, stream: Stream) -> int:
    """A record a reading, as many a call as a stream takes; each marked by its own result."""
    db, sent = sqlite3.connect(path, isolation_level=None), 0
    db.execute("PRAGMA synchronous = FULL")
    waiting = "SELECT id, body FROM reading WHERE sent = 0 ORDER BY at LIMIT ?"
    while found := db.execute(waiting, (RECORDS_PER_CALL,)).fetchall():
        taken = stream.put([StreamRecord(device, body.encode()) for _, body in found])
        db.execute("BEGIN")
        marks = [(key,) for (key, _), ok in zip(found, taken, strict=True) if ok]
        db.executemany("UPDATE reading SET sent = 1 WHERE id = ?", marks)
        db.execute("COMMIT")
        sent += len(marks)
    db.close()
    return sent


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
