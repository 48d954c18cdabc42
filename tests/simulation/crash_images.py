"""What a power cut may leave of recorded file operations.

Up to some operation everything happened. Of a file, what was synced is safe; of what was written since, a crash keeps
nothing, all, or any part, in sectors of 512 bytes. After a sync that failed the system takes the pages for written, so
what they hold is never safe again, whatever is synced later. A file that was never synced may be gone; one that was
deleted may be back unless its folder was synced. One that was moved is in its old place or in its new one; but where
its old folder was synced and its new one was not, it may be in neither. In a folder that is gone nothing is found.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from random import Random

from tests.simulation.recording_disk import Operation

SECTOR = 512
NOTHING, ALL, SOME, TORN = "nothing", "all", "some", "torn"


@dataclass
class Change:
    operation: Operation
    safe: bool = False
    doubtful: bool = False


@dataclass
class FileHistory:
    """Changes of one file since it was created, under whatever name."""

    changes: list[Change] = field(default_factory=list)

    def see(self, operation: Operation) -> None:
        if operation.kind in {"write", "truncate"}:
            self.changes.append(Change(operation))
            return
        for change in self.changes:
            if operation.kind == "sync" and not change.doubtful:
                change.safe = True
            elif operation.kind == "sync failed" and not change.safe:
                change.doubtful = True

    def content(self, how: str, chance: Random) -> bytes:
        content = bytearray()
        for change in self.changes:
            if change.safe or how == ALL:
                _apply(content, change.operation, None)
            elif how in {SOME, TORN} and chance.random() < 0.5:
                _apply(content, change.operation, chance if how == TORN else None)
        return bytes(content)


@dataclass(eq=False)
class Name:
    """A name in a folder. `durable`: it is there for ever, or until `gone`; `moved_to`: the file's next name."""

    file: FileHistory | None
    durable: bool = False
    deleted: bool = False
    moved_to: "Name | None" = None
    gone: bool = False


@dataclass
class Image:
    """The files after a crash, and what the store had told its caller by then."""

    files: dict[str, bytes]
    told: list[object]
    crashed_after: int
    how: str

    def write(self, folder: Path) -> None:
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def images(log: Sequence[Operation], chance: Random, every: int = 1, parts: int = 1, since: int = 0) -> Iterator[Image]:
    """An image for each `every`th prefix of the log: nothing, all, and `parts` each of some and of torn.

    What happened before operation `since` is durable, and no image is made of it.
    """
    names: dict[str, list[Name]] = {}
    told: list[object] = []
    first = since + chance.randrange(every)
    for number, operation in enumerate(log):
        if number == since:
            _settle(names)
        if operation.kind == "told":
            told.append(operation.fact)
        else:
            _happen(names, operation)
        if number >= first and (number - first) % every == 0:
            for how in (NOTHING, ALL, *[SOME, TORN] * parts):
                yield Image(_Crash(how, chance).leaves(names), list(told), number, how)


def _happen(names: dict[str, list[Name]], operation: Operation) -> None:
    lives = names.setdefault(operation.file, [])
    match operation.kind:
        case "make folder":
            lives.append(Name(None))
        case "create":
            if not lives or lives[-1].deleted:
                lives.append(Name(FileHistory()))
        case "folder synced":
            _sync_folder(names, operation.file)
        case "delete synced":
            lives.clear()
        case "move":
            new = Name(lives[-1].file)
            names.setdefault(operation.to, []).append(new)
            lives[-1].deleted, lives[-1].moved_to = True, new
        case "delete" if lives:
            lives[-1].deleted = True
        case _ if lives and lives[-1].file is not None:  # not of a file that is not there
            lives[-1].file.see(operation)
            if operation.kind == "sync":
                lives[-1].durable = True
                _lose_what_moved_away(names, _folder_of(operation.file))


def _sync_folder(names: dict[str, list[Name]], folder: str) -> None:
    for path, lives in names.items():
        if lives and path != folder and _folder_of(path) == folder:
            lives[-1].durable = True
            for life in lives:
                life.gone = life.deleted


def _lose_what_moved_away(names: dict[str, list[Name]], folder: str) -> None:
    """SQLite syncs a folder after it created a file in it; then the old names of what was moved are gone for good."""
    for path, lives in names.items():
        for life in lives:
            life.gone = life.gone or (life.moved_to is not None and _folder_of(path) == folder)


def _settle(names: dict[str, list[Name]]) -> None:
    for lives in names.values():
        for life in lives:
            life.durable, life.gone = True, life.deleted
            for change in life.file.changes if life.file else ():
                change.safe = True


class _Crash:
    """What is left, with one decision for each name."""

    def __init__(self, how: str, chance: Random) -> None:
        self._how, self._chance = how, chance
        self._appeared: dict[Name, bool] = {}

    def leaves(self, names: dict[str, list[Name]]) -> dict[str, bytes]:
        found = {path: life for path, lives in names.items() if (life := self._left(lives)) is not None}
        folders = {path for path, lives in names.items() if any(life.file is None for life in lives)}
        lost = {path for path in folders if path not in found}
        return {
            path: life.file.content(self._how, self._chance)
            for path, life in found.items()
            if life.file is not None and not any(f"{path}/".startswith(f"{folder}/") for folder in lost)
        }

    def _left(self, lives: Sequence[Name]) -> Name | None:
        """Its last life, or an earlier one, until the folder is known to have forgotten that.

        A folder's changes become durable in their order: where a later life is, no earlier one comes back.
        """
        for life in reversed(lives):
            if not self._is_gone(life) and self._has_appeared(life):
                return life
            if life.durable or self._how == ALL:
                return None
        return None

    def _is_gone(self, life: Name) -> bool:
        if not life.deleted or life.gone or self._how == ALL:
            return life.deleted
        if self._how == NOTHING:
            return False
        return self._has_appeared(life.moved_to) if life.moved_to else self._chance.random() < 0.5

    def _has_appeared(self, life: Name) -> bool:
        if life not in self._appeared:
            self._appeared[life] = (
                life.durable or self._how == ALL or (self._how != NOTHING and self._chance.random() < 0.5)
            )
        return self._appeared[life]


def _folder_of(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _apply(content: bytearray, operation: Operation, torn: Random | None) -> None:
    if operation.kind == "truncate":
        if operation.offset < len(content):
            del content[operation.offset :]
        else:
            content.extend(bytes(operation.offset - len(content)))
        return
    end = operation.offset + len(operation.data)
    content.extend(bytes(max(0, end - len(content))))
    if torn is None:
        content[operation.offset : end] = operation.data
        return
    for at in range(operation.offset, end, SECTOR):
        if torn.random() < 0.5:
            part = operation.data[at - operation.offset : at - operation.offset + SECTOR]
            content[at : at + len(part)] = part
