"""Stores that broke: moved aside as they are, read page by page in the background, and sent under their old names."""

import json
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from adapters.sqlite_outbox.connecting import Connect
from adapters.sqlite_outbox.database import SqliteOutbox
from adapters.sqlite_outbox.pages import name_in, rows_in
from application.ports import Unavailable

ROWS_AT_ONCE = 200
STORE, NAME, SAVED, DONE = "store.sqlite", "name.json", "salvaged.sqlite", "salvaged"
SET_ASIDE = "set-aside.sqlite"
Background = Callable[[Callable[[], None]], None]


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="salvage", daemon=True).start()


class Salvage:
    """A folder of broken stores, numbered, and what was saved of each."""

    def __init__(self, folder: Path, connect: Connect, background: Background) -> None:
        self._folder, self._connect, self._background = folder, connect, background
        self._open: dict[Path, SqliteOutbox] = {}
        self._running: set[Path] = set()

    def move_aside(self, database: Path, store: str | None) -> Path:
        """Take the files of a store out of the way; its WAL first, which no fresh store must find beside itself."""
        place = self._folder / str(1 + max((int(one.name) for one in self._places()), default=0))
        place.mkdir(parents=True)
        (place / NAME).write_text(json.dumps(store), encoding="utf-8")
        for suffix in ("-wal", "-shm", ""):
            part = database.with_name(database.name + suffix)
            if part.exists():
                part.replace(place / (STORE + suffix))
        return place

    def start(self) -> None:
        """Read, in the background, every broken store that was not read to its end yet."""
        for place in self._places():
            if not (place / DONE).exists() and place not in self._running:
                self._running.add(place)
                self._background(lambda place=place: self._read(place))  # type: ignore[misc]

    @property
    def at_work(self) -> bool:
        return any(not (place / DONE).exists() for place in self._places())

    @property
    def count(self) -> int:
        return len(self._places())

    def outboxes(self) -> Sequence[SqliteOutbox]:
        """What was saved and not yet delivered, store by store."""
        for place in self._places():
            if place not in self._open and (place / DONE).exists() and (place / SAVED).exists():
                self._open[place] = SqliteOutbox(place / SAVED, connect=self._connect)
        return [self._open[place] for place in sorted(self._open)]

    def delivered(self, outbox: object) -> None:
        """Delete what was saved, but keep what the stream refused; the broken file itself stays for whoever looks."""
        for place, known in list(self._open.items()):
            if known is outbox:
                refused = known.set_aside_cycles()
                known.close()
                del self._open[place]
                if refused:
                    (place / SAVED).replace(place / SET_ASIDE)
                (place / SAVED).unlink(missing_ok=True)

    def close(self) -> None:
        for outbox in self._open.values():
            outbox.close()
        self._open.clear()

    def _read(self, place: Path) -> None:
        """Pending rows go into a store of the old name; a second try starts anew. A fault leaves it for the next."""
        database, wal = place / STORE, place / (STORE + "-wal")
        for part in place.glob(SAVED + "*"):
            part.unlink()
        try:
            told = json.loads((place / NAME).read_text(encoding="utf-8"))
            name = told or name_in(database, wal) or f"salvaged-{place.name}"
            saved = SqliteOutbox(place / SAVED, name, connect=self._connect)
            delivered = {one.seq for one in rows_in(database, wal) if one.delivered}  # of any generation of its page
            found = (one for one in rows_in(database, wal) if one.seq not in delivered)
            while some := list(islice(found, ROWS_AT_ONCE)):
                saved.adopt(some)
            saved.close()
            (place / DONE).touch()
        except (Unavailable, OSError):
            self._running.discard(place)

    def _places(self) -> list[Path]:
        found = self._folder.iterdir() if self._folder.exists() else ()
        return sorted((one for one in found if one.name.isdecimal()), key=lambda one: int(one.name))
