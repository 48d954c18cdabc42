"""The device's outbox in one SQLite file: what was committed survives a power cut.

WAL with synchronous=FULL, read back and asserted, on one connection: with Python's defaults a power cut loses the last
commit (the rollback journal's deletion is not synced), and with NORMAL everything since the last checkpoint. At one
commit every five minutes FULL costs nothing. AUTOINCREMENT, because without it a `seq` could be given twice.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from application.ports import StoredCycle, Unavailable

SYNCHRONOUS_FULL = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS cycle(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    poll TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS pending ON cycle(seq) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS identity(store TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS aside(seq INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;
"""
STORE_ONCE = "INSERT INTO cycle(poll, body) VALUES (?, ?) ON CONFLICT(poll) DO NOTHING RETURNING seq"


class SqliteOutbox:
    """Outbox. One process, one connection, one writer. Raises `Unavailable` when the disk refuses."""

    def __init__(self, path: Path | str, store: str | None = None) -> None:
        """Open or create the file. `store` names a new store; by default its name is random."""
        with _asking(f"the outbox {path} cannot be opened"):
            # one caller at a time; on a device that is a thread, and another one may end what is left
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._prepare()
            if self._db.execute("SELECT store FROM identity").fetchone() is None:
                self._db.execute("INSERT INTO identity VALUES (?)", (store or token_hex(8),))
            (self._store,) = self._db.execute("SELECT store FROM identity").fetchone()
            (synchronous,) = self._db.execute("PRAGMA synchronous").fetchone()
        if synchronous != SYNCHRONOUS_FULL:
            raise Unavailable(f"{path}: synchronous is {synchronous}, not FULL: a power cut would lose readings")

    @property
    def store(self) -> str:
        return str(self._store)

    def append(self, poll: str, body: bytes) -> int:
        with _asking(f"poll {poll} may or may not be stored; store it again"):
            stored = self._db.execute(STORE_ONCE, (poll, body)).fetchone()
            known = stored or self._db.execute("SELECT seq FROM cycle WHERE poll = ?", (poll,)).fetchone()
        return int(known[0])

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        with _asking("what is pending cannot be read"):
            found = self._db.execute("SELECT seq, body FROM cycle WHERE sent = 0 ORDER BY seq LIMIT ?", (limit,))
            return [StoredCycle(*row) for row in found]

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        with _asking("what is pending cannot be read"):
            found = self._db.execute("SELECT seq, body FROM cycle WHERE sent = 0 ORDER BY seq DESC LIMIT ?", (limit,))
            return [StoredCycle(*row) for row in found]

    def set_aside(self, seq: int, reason: str) -> None:
        with _asking("a cycle could not be set aside; it will be sent again"), self._all_or_nothing():
            if self._db.execute("UPDATE cycle SET sent = 2 WHERE seq = ? AND sent = 0", (seq,)).rowcount:
                self._db.execute("INSERT INTO aside VALUES (?, ?) ON CONFLICT(seq) DO NOTHING", (seq, reason))

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        with _asking("what was set aside cannot be read"):
            found = self._db.execute("SELECT seq, body, reason FROM aside JOIN cycle USING (seq) ORDER BY seq")
            return [(StoredCycle(seq, body), reason) for seq, body, reason in found]

    def acknowledge(self, seqs: Iterable[int]) -> None:
        with _asking("a delivery could not be marked; it will be sent again"), self._all_or_nothing():
            self._db.executemany("UPDATE cycle SET sent = 1 WHERE seq = ? AND sent = 0", [(seq,) for seq in seqs])

    def newest_first(self) -> Iterator[StoredCycle]:
        with _asking("what was stored cannot be read"):
            for row in self._db.execute("SELECT seq, body FROM cycle ORDER BY seq DESC"):
                yield StoredCycle(*row)

    def backlog(self) -> int:
        with _asking("what is pending cannot be counted"):
            (count,) = self._db.execute("SELECT count(*) FROM cycle WHERE sent = 0").fetchone()
        return int(count)

    def close(self) -> None:
        """End the connection, as a power cut would: what was committed stays."""
        self._db.close()

    def __del__(self) -> None:
        if hasattr(self, "_db"):  # not when the file could not even be opened
            self._db.close()  # Python 3.13 warns of connections that nobody closed; a power cut closes none

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN")
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        for pragma in (
            "synchronous = FULL",
            "wal_autocheckpoint = 256",
            "journal_size_limit = 4194304",
            "mmap_size = 0",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(SCHEMA)


@contextmanager
def _asking(fault: str) -> Iterator[None]:
    """What the disk refuses is `Unavailable`, with what it said."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"{fault} ({error})") from error
