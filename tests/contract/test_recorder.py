"""The ledger's recorder of a SQLite file gives what the library's own gives, also where several write at once."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from adapters.event_store.sqlite import LedgerRecorder, datastore


@pytest.fixture
def recorder(tmp_path: Path) -> LedgerRecorder:
    found = LedgerRecorder(datastore(tmp_path / "ledger.sqlite"))
    found.create_table()
    return found


def stored(version: int, stream: str = "day/1", state: bytes = b"state") -> StoredEvent:
    return StoredEvent(stream, version, "DayClosed.v1", state)


def test_what_one_read_gives_is_what_the_librarys_gives(recorder: LedgerRecorder) -> None:
    for version in (0, 1, 2, 3):
        recorder.insert_events([stored(version)])
    recorder.insert_events([stored(1, "day/2"), stored(2, "day/2")])
    theirs = SQLiteApplicationRecorder(recorder.datastore)
    for stream in ("day/1", "day/2", "day/3"):
        for after in (None, 0, 2, 9):
            assert recorder.select_events(stream, gt=after) == theirs.select_events(stream, gt=after)
        assert recorder.select_events(stream, lte=2, desc=True, limit=1) == theirs.select_events(
            stream, lte=2, desc=True, limit=1
        )


def test_a_version_that_exists_is_refused_and_nothing_changes(recorder: LedgerRecorder) -> None:
    assert recorder.insert_events([stored(1)]) == [1]
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(1, state=b"another")])
    assert recorder.select_events("day/1") == [stored(1)]
    assert recorder.insert_events([stored(2)]) == [2]


def test_an_event_that_was_stored_survives_the_power(tmp_path: Path) -> None:
    recorder = LedgerRecorder(datastore(tmp_path / "ledger.sqlite"))
    recorder.create_table()
    recorder.insert_events([stored(1)])
    with recorder.datastore.get_connection(commit=False) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == 2  # FULL
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as another:
        assert another.execute("SELECT count(*) FROM stored_events").fetchone() == (1,)


def test_a_file_that_is_locked_or_no_ledger_is_the_librarys_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    recorder = LedgerRecorder(SQLiteDatastore(str(path), originator_id_type="text", lock_timeout=0))
    with pytest.raises(OperationalError, match="no such table"):
        recorder.select_events("day/1")
    with pytest.raises(OperationalError, match="no such table"):
        recorder.insert_events([stored(1)])


def test_of_several_writers_one_gets_a_version_and_the_log_has_no_holes(recorder: LedgerRecorder) -> None:
    def write(writer: int) -> int:
        won = 0
        for version in range(1, 51):
            try:
                recorder.insert_events([stored(version, state=b"%d" % writer)])
                won += 1
            except IntegrityError:
                assert recorder.select_events("day/1", gt=version - 1)[0].state != b"%d" % writer
        return won

    with ThreadPoolExecutor(4) as writers:
        assert sum(writers.map(write, range(4))) == 50
    assert [one.originator_version for one in recorder.select_events("day/1")] == list(range(1, 51))
    assert [one.id for one in recorder.select_notifications(1, 100)] == list(range(1, 51))
