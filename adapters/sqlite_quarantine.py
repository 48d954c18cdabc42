"""Quarantine in a table of a SQLite file, mostly the ledger's own: what waits, was released, or was set aside."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from application.ports import Clock, Kept, Reason, SetAside, Unavailable

TABLE = """CREATE TABLE IF NOT EXISTS quarantine (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, data BLOB NOT NULL, reason TEXT NOT NULL,
    text TEXT NOT NULL, kept_at TEXT NOT NULL, released_at TEXT) STRICT"""
ASIDE = """CREATE TABLE IF NOT EXISTS quarantine_aside (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, said_by TEXT NOT NULL, why TEXT NOT NULL,
    aside_at TEXT NOT NULL) STRICT"""
"""Beside the other: a quarantine that is older than it is read as it is."""
WAITS = "released_at IS NULL AND id NOT IN (SELECT id FROM quarantine_aside)"
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
            self._connection.execute(ASIDE)

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
                f"SELECT {COLUMNS} FROM quarantine WHERE {WAITS} ORDER BY number"  # noqa: S608
            ).fetchall()
        return [_kept(row) for row in found]

    def release(self, kept: str) -> None:
        with self._translated():
            self._connection.execute(
                f"UPDATE quarantine SET released_at = ? WHERE id = ? AND {WAITS}",  # noqa: S608
                (self._clock.now().isoformat(), kept),
            )

    def released(self) -> Sequence[tuple[Kept, datetime]]:
        with self._translated():
            found = self._connection.execute(
                f"SELECT {COLUMNS}, released_at FROM quarantine WHERE released_at IS NOT NULL "  # noqa: S608
                "ORDER BY released_at, number"
            ).fetchall()
        return [(_kept(row[:5]), datetime.fromisoformat(row[5])) for row in found]

    def set_aside(self, kept: str, by: str, why: str) -> None:
        with self._translated():
            self._connection.execute(
                "INSERT INTO quarantine_aside (id, said_by, why, aside_at) "  # noqa: S608
                f"SELECT id, ?, ?, ? FROM quarantine WHERE id = ? AND {WAITS}",
                (by, why, self._clock.now().isoformat(), kept),
            )

    def aside(self) -> Sequence[SetAside]:
        with self._translated():
            found = self._connection.execute(
                f"SELECT {COLUMNS}, said_by, why, aside_at FROM quarantine JOIN quarantine_aside USING (id) "  # noqa: S608
                "ORDER BY quarantine_aside.number"
            ).fetchall()
        return [SetAside(_kept(row[:5]), row[5], row[6], datetime.fromisoformat(row[7])) for row in found]

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
