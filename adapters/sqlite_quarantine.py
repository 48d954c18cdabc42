"""Quarantine in a table of a SQLite file, mostly the ledger's own: what waits, and what was released and when."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from application.ports import Clock, Kept, Reason, Unavailable

TABLE = """CREATE TABLE IF NOT EXISTS quarantine (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, data BLOB NOT NULL, reason TEXT NOT NULL,
    text TEXT NOT NULL, kept_at TEXT NOT NULL, released_at TEXT) STRICT"""
COLUMNS = "id, data, reason, text, kept_at"
LOCK_TIMEOUT_S = 5


class SqliteQuarantine:
    """Quarantine. One connection; several processes on one file take turns."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        with self._translated():
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(TABLE)

    def keep(self, data: bytes, reason: Reason, text: str) -> None:
        row = (sha256(data).hexdigest(), data, str(reason), text, self._clock.now().isoformat())
        with self._translated():  # in one statement: what waits keeps its row, what was released gets a new one
            self._connection.execute(
                f"INSERT INTO quarantine ({COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608
                "number = (SELECT max(number) + 1 FROM quarantine), reason = excluded.reason, text = excluded.text, "
                "kept_at = excluded.kept_at, released_at = NULL WHERE released_at IS NOT NULL",
                row,
            )

    def kept(self) -> Sequence[Kept]:
        with self._translated():
            found = self._connection.execute(
                f"SELECT {COLUMNS} FROM quarantine WHERE released_at IS NULL ORDER BY number"  # noqa: S608
            ).fetchall()
        return [_kept(row) for row in found]

    def release(self, kept: str) -> None:
        with self._translated():
            self._connection.execute(
                "UPDATE quarantine SET released_at = ? WHERE id = ? AND released_at IS NULL",
                (self._clock.now().isoformat(), kept),
            )

    def released(self) -> Sequence[tuple[Kept, datetime]]:
        with self._translated():
            found = self._connection.execute(
                f"SELECT {COLUMNS}, released_at FROM quarantine WHERE released_at IS NOT NULL "  # noqa: S608
                "ORDER BY released_at, number"
            ).fetchall()
        return [(_kept(row[:5]), datetime.fromisoformat(row[5])) for row in found]

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(f"the quarantine in {self._path} cannot be used now: {error}") from error


def _kept(row: tuple[str, bytes, str, str, str]) -> Kept:
    name, data, reason, text, at = row
    return Kept(name, data, Reason(reason), text, datetime.fromisoformat(at))
