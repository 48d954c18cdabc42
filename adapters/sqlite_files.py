"""Whether a SQLite file is what a command takes it for, before anything in it is touched.

Opening a ledger or a view makes the tables that it lacks. They have no business in somebody else's file, and a view
that is drawn anew empties its tables first.
"""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from domain.errors import BadOption

MAGIC = b"SQLite format 3\x00"


def check_sqlite(path: Path, option: str, what: str, tables: Collection[str]) -> None:
    """That a file may be opened as `what`: it is not there or empty, or has these tables. Raises `BadOption`."""
    named = f"{option} {path}"
    if path.is_dir():
        raise BadOption(f"{named}: a folder; name the file of the {what} in it")
    if not path.exists():
        if not path.absolute().parent.is_dir():
            raise BadOption(f"{named}: there is no folder {path.parent}; make it, or name another file")
        return
    with path.open("rb") as file:
        begins = file.read(len(MAGIC))
    if begins and begins != MAGIC:
        raise BadOption(f"{named}: no SQLite file, so no {what}; name another")
    found = _tables(path, named)
    if found and not found.issuperset(tables):
        raise BadOption(f"{named}: a SQLite file of something else, and no {what}; name another")


def _tables(path: Path, named: str) -> set[str]:
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except sqlite3.Error as error:
        raise BadOption(f"{named}: {trouble(str(error))}") from error
    return {name for (name,) in rows if not name.startswith("sqlite_")}


TROUBLES = {
    "malformed": "the file is damaged; restore it from a copy",
    "not a database": "the file is damaged; restore it from a copy",
    "locked": "another process is writing to it; try again when that has ended",
    "readonly": "it may not be written; check its permissions and those of its folder",
    "unable to open": "it cannot be opened; check the path and its permissions",
    "full": "the disk is full; make room, then try again",
}


def trouble(said: str) -> str:
    """What SQLite said, with the remedy."""
    remedies = (f"{said}: {remedy}" for part, remedy in TROUBLES.items() if part in said)
    return next(remedies, said)
