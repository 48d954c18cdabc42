"""The library's recorder of a SQLite file, with less around the statements of an upload: three small reads and a write.

A SELECT reads one state of the file, and an INSERT of one event is all or nothing, without a transaction around it:
begin and end of one cost more than a small read itself.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, OperationalError, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore


def datastore(path: Path) -> SQLiteDatastore:
    """One connection, which waits for the disk at each commit whatever SQLite was built with."""
    found = SQLiteDatastore(str(path), originator_id_type="text", pool_size=1, max_overflow=0)
    with found.get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA synchronous = FULL")
    return found


class LedgerRecorder(SQLiteApplicationRecorder):
    """ApplicationRecorder, as the library's own tests have it."""

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        if lte is not None or desc or limit is not None:
            return super().select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)
        statement, after = self.select_events_statement, -1 if gt is None else gt
        statement += "AND originator_version > ? ORDER BY originator_version"
        with self._cursor(commit=False) as cursor:
            cursor.execute(statement, (_stream(originator_id), after))
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return [StoredEvent(originator_id, version, topic, state) for _, version, topic, state in rows]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        if len(stored_events) != 1:
            return super().insert_events(stored_events, **kwargs)
        [one] = stored_events
        row = (_stream(one.originator_id), one.originator_version, one.topic, one.state)
        with self._cursor(commit=True) as cursor:
            cursor.execute(self.insert_events_statement, row)
            return [cursor.lastrowid]

    @contextmanager
    def _cursor(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with self.datastore.get_connection(commit=commit) as connection:
            try:
                yield connection.cursor()
            except sqlite3.IntegrityError as error:
                raise IntegrityError(error) from error
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error
            except sqlite3.Error as error:
                raise PersistenceError(error) from error


def _stream(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id
