"""The outbox as a device keeps it: a folder with the store, and what it takes to go on when the store cannot.

    outbox.sqlite     the store, with its -wal
    canary            the last number committed, a second time: a store behind it was lied to by its disk
    ballast           a megabyte held back for the day the disk is full
    disk-lied         there once the disk was caught; a person deletes it, with the disk replaced
    clean             there after an orderly end; without it the whole store is checked, in small parts, while it works
    broken/1 ...      stores that were damaged, as they were found, and what was saved of them

A damaged store never stops the device: it is moved aside, a fresh one takes its place within the same call, and what
can be read of the old one is sent under its old name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import TypeVar

from adapters.sqlite_outbox.beside import BALLAST_BYTES, Ballast, Canary
from adapters.sqlite_outbox.connecting import Connect, asking, of_python
from adapters.sqlite_outbox.database import MOST_BYTES, SqliteOutbox
from adapters.sqlite_outbox.files import Files
from adapters.sqlite_outbox.salvage import Background, Salvage, in_a_thread
from application.ports import Merge, Outbox, StoreDamaged, StoredCycle, StoreFull, Unavailable
from domain.upload import ClockFacts

ROWS_PER_CHECK = 200
PART_OF_THE_DISK = 0.6
LIED = "disk-lied"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Condition:
    """How the store is, for people and for alarms. `disk_lies`: something committed was gone after a restart.

    `filling`: what was not delivered takes more than 70 % of the room; delivered cycles go when they are in the way.
    """

    store: str
    backlog: int
    fullness_percent: int
    filling: bool
    disk_lies: bool
    checking: bool
    salvaging: bool
    broken_stores: int
    quarantined: tuple[tuple[int, str], ...]
    ballast: bool
    canary_fault: str
    advice: str


def look_at(folder: Path) -> tuple[Condition, int]:
    """How a store is that no device has open, and how many cycles were set aside; nothing is mended.

    Raises `Unavailable`; `StoreDamaged` where the device would begin a fresh one.
    """
    canary, broken = Canary(folder / "canary"), Salvage(folder / "broken", of_python, lambda _: None)
    live = SqliteOutbox(folder / "outbox.sqlite")
    try:
        told, fullness = canary.told(), live.fullness()
        found = Condition(
            store=live.store,
            backlog=live.backlog(),
            fullness_percent=fullness,
            filling=live.is_filling(),
            disk_lies=(folder / LIED).exists() or _is_ahead(told, live),
            checking=not (folder / "clean").exists(),
            salvaging=broken.at_work,
            broken_stores=broken.count,
            quarantined=tuple(live.quarantined()),
            ballast=(folder / "ballast").exists(),
            canary_fault="",
            advice=live.advice,
        )
        return found, len(live.set_aside_cycles())
    finally:
        live.abandon()


def _is_ahead(told: tuple[str, int] | None, live: SqliteOutbox) -> bool:
    return told is not None and told[0] == live.store and told[1] > live.last_seq


class OutboxFolder:
    """Outbox and OutboxCare, in a folder of its own. One process, one caller at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int = MOST_BYTES,
        connect: Connect = of_python,
        background: Background = in_a_thread,
        files: Files | None = None,
    ) -> None:
        """Open or create. At most `most_bytes`, and no more than 60 % of the disk. Raises `Unavailable`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._database, self._clean, self._lied = folder / "outbox.sqlite", folder / "clean", folder / LIED
        self._most_bytes = min(most_bytes, int(disk_usage(folder).total * PART_OF_THE_DISK))
        self._connect, self._files = connect, files or Files()
        self._canary, self._ballast = Canary(folder / "canary", self._files), Ballast(folder / "ballast")
        self._salvage = Salvage(folder / "broken", connect, background, self._files)
        self._canary_fault = ""
        unclean = self._database.exists() and not self._clean.exists()
        self._checked: int | None = 0 if unclean else None
        self._live = self._opened()
        if self._clean.exists():
            self._files.remove(self._clean)
            self._files.sync_folder(folder)  # back after a power cut, it would spare a store the look that it needs
        self._salvage.start()

    # Outbox

    @property
    def store(self) -> str:
        return self._live.store

    @property
    def last_seq(self) -> int:
        return self._live.last_seq

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        try:
            seq = self._healed(lambda live: live.append(poll, body, clock))
        except StoreFull:
            if not self._make_way():
                raise
            seq = self._healed(lambda live: live.append(poll, body, clock))
        self._note(seq)
        return seq

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        return self._healed(lambda live: live.pending(limit))

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        return self._healed(lambda live: live.newest_pending(limit))

    def set_aside(self, seq: int, reason: str) -> None:
        try:
            self._live.set_aside(seq, reason)
        except StoreDamaged:
            self._replace()  # it is tried once more from where it is salvaged

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        return self._healed(lambda live: live.set_aside_cycles())

    def acknowledge(self, seqs: Iterable[int]) -> None:
        numbers = list(seqs)
        self._healed(lambda live: live.acknowledge(numbers))

    def flush(self) -> None:
        self._healed(lambda live: live.flush())

    def newest_first(self) -> Iterator[StoredCycle]:
        """Also those of the stores that broke: a fresh store goes on from what the meters showed before it."""
        try:
            yield from self._live.newest_first()
        except StoreDamaged:
            self._replace()
        yield from self._salvage.newest_first()

    def backlog(self) -> int:
        return self._live.backlog()

    def fullness(self) -> int:
        return self._healed(lambda live: live.fullness())

    def forget(self, keep: int) -> int:
        return self._healed(lambda live: live.forget(keep))

    def as_polled(self, thinned_to: int, limit: int) -> Sequence[StoredCycle]:
        return self._healed(lambda live: live.as_polled(thinned_to, limit))

    def replace(self, merges: Sequence[Merge]) -> None:
        try:
            self._live.replace(merges)
        except StoreDamaged:
            self._replace()  # what was to be thinned is gone to where it is salvaged

    # OutboxCare

    def tend(self) -> None:
        with suppress(Unavailable):  # the next poll meets the same fault, and says so
            if self._checked is not None:
                at = self._checked
                self._checked = self._healed(lambda live: live.check(at, ROWS_PER_CHECK))
        if not self._ballast.there and disk_usage(self._database.parent).free > 4 * BALLAST_BYTES:
            with suppress(OSError):  # no ballast; the condition says so
                self._ballast.take_on()
        self._salvage.start()

    def salvaged(self) -> Sequence[Outbox]:
        return self._salvage.outboxes()

    def delivered(self, outbox: Outbox) -> None:
        self._salvage.delivered(outbox)

    @property
    def disk_lies(self) -> bool:
        """The disk once said that something was safe which was gone after a restart."""
        return self._lied.exists()

    def condition(self) -> Condition:
        """How the store is now. Raises `Unavailable`."""
        return Condition(
            store=self.store,
            backlog=self.backlog(),
            fullness_percent=self.fullness(),
            filling=self._live.is_filling(),
            disk_lies=self.disk_lies,
            checking=self._checked is not None,
            salvaging=self._salvage.at_work,
            broken_stores=self._salvage.count,
            quarantined=tuple(self._live.quarantined()),
            ballast=self._ballast.there,
            canary_fault=self._canary_fault,
            advice=self._live.advice,
        )

    def close(self) -> None:
        """An orderly end: every mark is written, and the next start need not look for damage."""
        self._live.close()
        self._salvage.close()
        if self._checked is None:
            self._files.touch(self._clean)

    # What goes wrong

    def _opened(self) -> SqliteOutbox:
        if self._salvage.is_interrupted and self._database.exists():
            return self._fresh()  # its WAL may be gone: alone it would pass for whole
        try:
            live = self._connected()
        except StoreDamaged:
            return self._fresh()
        told = self._canary.told()
        if told is not None and _is_ahead(told, live):
            with suppress(OSError):
                self._files.touch(self._lied)
            live.continue_after(told[1])  # the numbers that were lost may have been sent
        return live

    def _connected(self) -> SqliteOutbox:
        return SqliteOutbox(self._database, most_bytes=self._most_bytes, connect=self._connect)

    def _healed(self, use: Callable[[SqliteOutbox], T]) -> T:
        """Use the store; if it turns out to be damaged, a fresh one."""
        try:
            return use(self._live)
        except StoreDamaged:
            self._replace()
            return use(self._live)

    def _replace(self) -> None:
        self._live = self._fresh(self._live)
        self._salvage.start()

    def _fresh(self, broken: SqliteOutbox | None = None) -> SqliteOutbox:
        """Move the store aside before its connection ends, or SQLite would tidy files that it cannot read."""
        told = self._canary.told()
        name, last = (broken.store, broken.last_seq) if broken else told or (None, 0)
        with asking(f"the outbox {self._database} is damaged and cannot be moved aside"):
            self._salvage.move_aside(self._database, name)
        if broken is not None:
            broken.abandon()
        fresh = self._connected()
        fresh.continue_after(max(last, told[1] if told else 0))
        self._checked = None
        with suppress(OSError):
            self._canary.begin(fresh.store, fresh.last_seq)
        return fresh

    def _make_way(self) -> bool:
        """The disk is full, or the store is: drop the ballast, so that what was delivered can be deleted."""
        had_ballast = self._ballast.there
        self._ballast.drop()
        with suppress(Unavailable):
            freed = self._live.forget(keep=1)
            self._live.checkpoint()
            return had_ballast or freed > 0
        return had_ballast

    def _note(self, seq: int) -> None:
        try:
            self._canary.note(self._live.store, seq)
            self._canary_fault = ""
        except OSError as error:
            self._canary_fault = f"the canary could not be written ({error}); check the disk"
