"""Stores that broke: moved aside as they are, read page by page in the background, and sent under their old names."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from itertools import islice
from pathlib import Path

from adapters.sqlite_outbox.connecting import Connect
from adapters.sqlite_outbox.database import SqliteOutbox
from adapters.sqlite_outbox.files import Files
from adapters.sqlite_outbox.pages import name_in, rows_in
from adapters.sqlite_outbox.rows import Row
from application.ports import StoredCycle, Unavailable

ROWS_AT_ONCE = 200
MOST_LOOKED_AT = 600
"""Two days of polls of a broken store, as far as a device looks back after a restart."""
STORE, NAME, SAVED, DONE = "store.sqlite", "name.json", "salvaged.sqlite", "salvaged"
SET_ASIDE = "set-aside.sqlite"
Background = Callable[[Callable[[], None]], None]


def in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="salvage", daemon=True).start()


class Salvage:
    """A folder of broken stores, numbered, and what was saved of each."""

    def __init__(self, folder: Path, connect: Connect, background: Background, files: Files | None = None) -> None:
        self._folder, self._connect, self._background = folder, connect, background
        self._files = files or Files()
        self._open: dict[Path, SqliteOutbox] = {}
        self._running: set[Path] = set()

    def move_aside(self, database: Path, store: str | None) -> Path:
        """Take the files of a store out of the way; its WAL first, which no fresh store must find beside itself.

        One that was interrupted is brought to its end: the file of a store and its WAL belong together. Raises
        `OSError`; what was moved until then is taken up again by the next call.
        """
        place = self._interrupted() or self._folder / str(1 + max((int(one.name) for one in self._places()), default=0))
        self._files.make_folder(place)
        if not (place / NAME).exists():
            self._files.write(place / NAME, json.dumps(store).encode())
        for suffix in ("-wal", "-shm", ""):
            part = database.with_name(database.name + suffix)
            if part.exists():
                self._files.move(part, place / (STORE + suffix))
                self._files.sync_folder(place)
        self._files.sync_folder(database.parent)
        return place

    @property
    def is_interrupted(self) -> bool:
        """A store was being moved aside when the power went, and its file is not there yet."""
        return self._interrupted() is not None

    def _interrupted(self) -> Path | None:
        return next((one for one in self._places() if not any((one / name).exists() for name in (STORE, DONE))), None)

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
                    self._files.move(place / SAVED, place / SET_ASIDE)
                self._files.remove(place / SAVED)

    def newest_first(self) -> Iterator[StoredCycle]:
        """What the broken stores hold, delivered or not, the latest store first: to go on from, never to be sent.

        It does not wait for what is being saved: a poll may want to know what came before it.
        """
        for place in reversed(self._places()):
            with suppress(OSError):
                yield from _newest(rows_in(place / STORE, place / (STORE + "-wal")), MOST_LOOKED_AT)

    def close(self) -> None:
        for outbox in self._open.values():
            outbox.close()
        self._open.clear()

    def _read(self, place: Path) -> None:
        """Pending rows go into a store of the old name; a second try starts anew. A fault leaves it for the next."""
        database, wal = place / STORE, place / (STORE + "-wal")
        try:
            for part in place.glob(SAVED + "*"):
                self._files.remove(part)
            name = _name_told(place / NAME) or name_in(database, wal) or f"salvaged-{place.name}"
            saved = SqliteOutbox(place / SAVED, name, connect=self._connect)
            delivered = {one.seq for one in rows_in(database, wal) if one.delivered}  # of any generation of its page
            found = (one for one in rows_in(database, wal) if one.seq not in delivered)
            while some := list(islice(found, ROWS_AT_ONCE)):
                saved.adopt(some)
            saved.close()
            self._files.touch(place / DONE)
        except (Unavailable, OSError):
            self._running.discard(place)

    def _places(self) -> list[Path]:
        found = self._folder.iterdir() if self._folder.exists() else ()
        return sorted((one for one in found if one.name.isdecimal()), key=lambda one: int(one.name))


def _newest(rows: Iterable[Row], most: int) -> list[StoredCycle]:
    """Those of the newest polls, in a bounded room: a store of 90 days is larger than a device's memory."""
    kept: dict[tuple[int, int], bytes] = {}
    order: list[tuple[int, int]] = []
    for one in rows:
        key = (one.place or one.seq, one.seq)
        if key not in kept:
            kept[key] = one.body
            heappush(order, key)
            if len(order) > most:
                del kept[heappop(order)]
    return [StoredCycle(key[1], kept[key]) for key in sorted(kept, reverse=True)]


def _name_told(path: Path) -> str | None:
    """What the device knew of the store's name; a power cut may have left nothing of it. Raises `OSError`."""
    try:
        told = json.loads(path.read_bytes()) if path.exists() else None
    except ValueError:
        return None
    return told if isinstance(told, str) else None
