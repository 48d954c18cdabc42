"""One connection to one file, set so that a commit which returned survives a power cut; and what a refusal means."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from application.ports import StoreDamaged, StoreFull, Unavailable

IN_MEMORY = ":memory:"
PAGE_BYTES = 2048
"""Of a new file. A commit writes whole pages, most of them for a few bytes: at SQLite's 4096 a day wrote 10.8 MB."""
FEWEST_PAGES = 32
FIRST_SOUND_VERSION = (3, 51, 3)
"""From 3.7.0 to 3.51.2 two connections that write or checkpoint at once can corrupt a WAL database."""


class Rows(Protocol):
    """The answer of a statement."""

    def fetchone(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """What of `sqlite3.Connection` the outbox uses. Raises `sqlite3.Error` and nothing else."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows: ...
    def close(self) -> None: ...


Connect = Callable[[str], Connection]


def of_python(path: str) -> Connection:
    """Python's own SQLite. Whoever uses the outbox from several threads takes turns."""
    renew_wal(path, write_and_sync)
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)


def renew_wal(path: str, write: Callable[[Path, bytes], None]) -> None:
    """Write the WAL that is found once more, byte for byte, before SQLite trusts it.

    Its last process may have ended after a sync that failed. The system then takes what it holds for written, so that
    no later sync brings it to the disk, and a checkpoint over it could leave half of a commit in the main file.
    """
    wal = Path(f"{path}-wal")
    if path != IN_MEMORY and wal.exists() and (content := wal.read_bytes()):
        write(wal, content)


def write_and_sync(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settings(path: str, most_bytes: int, page_bytes: int, alone: bool) -> dict[str, str | int]:
    """The pragmas in the order in which they are set, and what each must read afterwards.

    `alone` locks the file for as long as it is open: SQLite then keeps its index of the WAL in memory instead of in a
    third file, and no second connection can be the writer that corrupts (see `FIRST_SOUND_VERSION`).
    """
    return {
        "locking_mode": "exclusive" if alone else "normal",
        "journal_mode": "memory" if path == IN_MEMORY else "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 256,
        "journal_size_limit": 4 << 20,
        "mmap_size": 0,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "auto_vacuum": 0,
        "max_page_count": max(most_bytes // page_bytes, FEWEST_PAGES),
    }


def set_up(db: Connection, path: str, most_bytes: int, alone: bool) -> None:
    """Set every pragma, read it back, and raise `Unavailable` for one that did not take: SQLite itself says nothing."""
    # First of all: once anything else has looked into the file, SQLite has made its index of the WAL a third file.
    db.execute(f"PRAGMA locking_mode = {'exclusive' if alone else 'normal'}").fetchone()
    # A new file becomes a WAL database under a rollback journal. Only EXTRA syncs the folder after deleting it; with
    # FULL the journal could return after a power cut in the first seconds, and undo the whole file.
    db.execute("PRAGMA synchronous = 3")
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    (page_bytes,) = db.execute("PRAGMA page_size").fetchone()  # of an older file it stays what it was
    for name, wanted in settings(path, most_bytes, page_bytes, alone).items():
        db.execute(f"PRAGMA {name} = {wanted}").fetchone()
        found = (db.execute(f"PRAGMA {name}").fetchone() or [0])[0]  # memory has no mmap_size
        if found != wanted and not (name == "max_page_count" and found > wanted):  # a file may be larger by now
            raise Unavailable(
                f"{path}: {name} is {found}, not {wanted}: a power cut could lose readings; another process may have "
                "the file open, or its disk cannot do what a store needs"
            )


def advice(version: tuple[int, int, int], alone: bool) -> str:
    """What to do about this SQLite; empty where there is nothing to do."""
    if alone or version >= FIRST_SOUND_VERSION:
        return ""
    found, sound = (".".join(map(str, one)) for one in (version, FIRST_SOUND_VERSION))
    return (
        f"SQLite {found} can corrupt a file that two connections write; this store is not opened alone: open it alone, "
        f"or install SQLite {sound} or newer"
    )


@contextmanager
def asking(fault: str) -> Iterator[None]:
    """What the disk refuses is `Unavailable`, with what it said; full and damaged have names of their own."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _meaning(error)(f"{fault} ({error})") from error


def _meaning(error: Exception) -> type[Unavailable]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreFull
    return StoreDamaged if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else Unavailable
