"""A file system for SQLite that writes down what it is asked to do, and fails where it is told to (apsw).

The store under test is the real adapter: only its connection is another one. `Pragmas` that are to be something else
than the adapter asked for are set behind its back, so that the same code can be seen to lose readings.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

from adapters.sqlite_outbox.connecting import renew_wal
from adapters.sqlite_outbox.files import Files

Kind = Literal[
    "create", "write", "truncate", "sync", "sync failed", "delete", "delete synced", "make folder", "move",
    "folder synced", "told",
]  # fmt: skip
OURS = {apsw.FullError: apsw.SQLITE_FULL, apsw.IOError: apsw.SQLITE_IOERR, apsw.CorruptError: apsw.SQLITE_CORRUPT}
"""Codes of the errors that we raise ourselves; those of SQLite bring their own."""

_names = itertools.count()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that happened to a file; or what the store told its caller, `told`, which a crash must not undo."""

    kind: Kind
    file: str = ""
    offset: int = 0
    data: bytes = b""
    fact: Any = None
    to: str = ""


@dataclass
class RecordingDisk:
    """`fails` is asked before every write and sync, by kind and file, which of apsw's errors to raise; None: none."""

    log: list[Operation] = field(default_factory=list)
    fails: Callable[[str, str], type[apsw.Error] | None] = lambda _kind, _file: None
    instead: Mapping[str, str] = field(default_factory=dict)
    root: Path | None = None
    _vfs: "_Recorder | None" = None

    def connect(self, path: str) -> "ApswConnection":
        if self._vfs is None:
            self._vfs = _Recorder(self)
        renew_wal(path, self.write_and_sync)
        return ApswConnection(path, self._vfs.vfs_name, self.instead)

    def write_and_sync(self, path: Path, content: bytes) -> None:
        self.see("write", str(path), 0, content)
        if self.fails("sync", path.name):
            self.see("sync failed", str(path))
            raise OSError("the disk refuses to sync")
        self.see("sync", str(path))

    def told(self, fact: Any) -> None:
        self.log.append(Operation("told", fact=fact))

    def remove(self) -> None:
        if self._vfs is not None:
            self._vfs.unregister()

    def see(self, kind: Kind, file: str, offset: int = 0, data: bytes = b"") -> None:
        self.log.append(Operation(kind, self.name_of(file), offset, data))

    def see_move(self, old: Path, new: Path) -> None:
        self.log.append(Operation("move", self.name_of(str(old)), to=self.name_of(str(new))))

    def name_of(self, file: str) -> str:
        """As it stands in the log: its place under the root, or its name alone where there is no root."""
        return file.rpartition("/")[2] if self.root is None else str(Path(file).relative_to(self.root))

    def ask(self, kind: str, file: str) -> None:
        error = self.fails(kind, file.rpartition("/")[2])
        if error is not None:
            if kind == "sync":
                self.see("sync failed", file)
            raise error(f"the disk refuses to {kind}")


@dataclass
class RecordingFiles(Files):
    """What the store does besides SQLite, with the same witness."""

    disk: RecordingDisk

    def write(self, path: Path, content: bytes, at: int = 0) -> None:
        if not path.exists():
            self.disk.see("create", str(path))
        super().write(path, content, at)
        self.disk.see("write", str(path), at, content)
        self.disk.see("sync", str(path))

    def move(self, old: Path, new: Path) -> None:
        super().move(old, new)
        self.disk.see_move(old, new)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.disk.see("folder synced", str(folder))

    def touch(self, path: Path) -> None:
        if not path.exists():
            self.disk.see("create", str(path))
        super().touch(path)

    def remove(self, path: Path) -> None:
        super().remove(path)
        self.disk.see("delete", str(path))

    def _make_one(self, folder: Path) -> None:
        super()._make_one(folder)
        self.disk.see("make folder", str(folder))


class _Recorder(apsw.VFS):
    """The system's own file system, with a witness."""

    def __init__(self, disk: RecordingDisk) -> None:
        self.disk, self.vfs_name = disk, f"recording-{next(_names)}"
        super().__init__(self.vfs_name, "")

    def xOpen(self, name: Any, flags: Any) -> "_RecordedFile":
        return _RecordedFile(self.disk, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        super().xDelete(name, syncdir)
        self.disk.see("delete synced" if syncdir else "delete", name)

    def excepthook(self, *_: Any) -> bool:
        """What we raise on purpose reaches the caller of SQLite; nobody else need hear of it."""
        return True


class _RecordedFile(apsw.VFSFile):
    def __init__(self, disk: RecordingDisk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        super().__init__("", name, flags)
        if flags[0] & (apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL):
            self.disk.see("create", self.name)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.ask("write", self.name)
        super().xWrite(data, offset)
        self.disk.see("write", self.name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self.disk.see("truncate", self.name, size)

    def xSync(self, flags: int) -> None:
        self.disk.ask("sync", self.name)
        super().xSync(flags)
        self.disk.see("sync", self.name)

    def excepthook(self, *_: Any) -> bool:
        """As that of the file system."""
        return True


class ApswConnection:
    """An apsw connection that looks like Python's own to the store, and lies about pragmas that were changed."""

    def __init__(self, path: str, vfs: str, instead: Mapping[str, str]) -> None:
        self._instead = instead
        with _as_pythons():
            self._db = apsw.Connection(path, vfs=vfs)

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> "ApswRows":
        name, _, value = sql.removeprefix("PRAGMA ").partition(" = ")
        if sql.startswith("PRAGMA ") and name in self._instead:
            if value:
                self.execute(f"PRAGMA {name}={self._instead[name]}")
                self._claimed = {**getattr(self, "_claimed", {}), name: value}
            claimed = self._claimed[name]
            return ApswRows(iter([(int(claimed) if claimed.isdecimal() else claimed,)]))
        with _as_pythons():
            return ApswRows(self._db.execute(sql, tuple(parameters)))

    def close(self) -> None:
        with suppress(apsw.Error):  # Python's own closes in any case, and says nothing of a last checkpoint
            self._db.close()


@dataclass
class ApswRows:
    rows: Iterator[Any]

    def fetchone(self) -> Any:
        return next(self, None)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with _as_pythons():
            return next(self.rows)


class _as_pythons:  # noqa: N801  # a context manager that reads like a word
    """apsw's errors as Python's."""

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, apsw.Error):
            told = sqlite3.OperationalError(str(error))
            told.sqlite_errorcode = getattr(error, "result", OURS.get(type(error), 0))
            raise told from error
