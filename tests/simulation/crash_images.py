"""What a power cut may leave of recorded file operations.

Up to some operation everything happened. Of a file, what was synced is safe; of what was written since, a crash keeps
nothing, all, or any part, in sectors of 512 bytes. After a sync that failed the system takes the pages for written, so
what they hold is never safe again, whatever is synced later. A file that was never synced may be gone; one that was
deleted may be back unless its folder was synced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
    """Changes of one file since it was created. `durable`: its name is in the folder for ever, or until deleted."""

    changes: list[Change] = field(default_factory=list)
    durable: bool = False
    deleted: bool = False

    def see(self, operation: Operation) -> None:
        if operation.kind in {"write", "truncate"}:
            self.changes.append(Change(operation))
            return
        for change in self.changes:
            if operation.kind == "sync" and not change.doubtful:
                change.safe = True
            elif operation.kind == "sync failed" and not change.safe:
                change.doubtful = True
        self.durable = self.durable or operation.kind == "sync"

    def content(self, how: str, chance: Random) -> bytes:
        content = bytearray()
        for change in self.changes:
            if change.safe or how == ALL:
                _apply(content, change.operation, None)
            elif how in {SOME, TORN} and chance.random() < 0.5:
                _apply(content, change.operation, chance if how == TORN else None)
        return bytes(content)


@dataclass
class Image:
    """The files after a crash, and what the store had told its caller by then."""

    files: dict[str, bytes]
    told: list[object]
    crashed_after: int
    how: str

    def write(self, folder: Path) -> None:
        for old in folder.iterdir():
            old.unlink()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def images(log: Sequence[Operation], chance: Random, every: int = 1, parts: int = 1) -> Iterator[Image]:
    """An image for each `every`th prefix of the log: nothing, all, and `parts` each of some and of torn."""
    files: dict[str, list[FileHistory]] = {}
    told: list[object] = []
    first = chance.randrange(every)
    for number, operation in enumerate(log):
        if operation.kind == "told":
            told.append(operation.fact)
        else:
            _happen(files, operation)
        if number % every == first:
            for how in (NOTHING, ALL, *[SOME, TORN] * parts):
                left = {name: content for name in files if (content := _left(files[name], how, chance)) is not None}
                yield Image(left, list(told), number, how)


def _happen(files: dict[str, list[FileHistory]], operation: Operation) -> None:
    lives = files.setdefault(operation.file, [])
    if operation.kind == "create":
        if not lives or lives[-1].deleted:
            lives.append(FileHistory())
    elif operation.kind == "delete synced":
        lives.clear()
    elif not lives:
        return  # the deletion of a file that is not there
    elif operation.kind == "delete":
        lives[-1].deleted = True
    else:
        lives[-1].see(operation)


def _left(lives: list[FileHistory], how: str, chance: Random) -> bytes | None:
    """What is found under a name: its last life, or an earlier one, until the folder is known to have forgotten that.

    A folder's changes become durable in their order: where a later life is, no earlier one comes back.
    """
    for life in reversed(lives):
        there = not life.deleted or how == NOTHING or (how != ALL and chance.random() < 0.5)
        appeared = life.durable or how == ALL or (how != NOTHING and chance.random() < 0.5)
        if there and appeared:
            return life.content(how, chance)
        if life.durable or how == ALL:
            return None
    return None


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
