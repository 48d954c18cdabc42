"""Acknowledged readings survive a power cut at any file operation, whatever the disk had and had not written by then.

The same search finds the loss where SQLite is set as most people set it: that is how we know that it can.
"""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from adapters.sqlite_outbox import SqliteOutbox
from application.ports import Merge, Unavailable
from tests.simulation.crash_images import Image, images
from tests.simulation.recording_disk import RecordingDisk

SMALL_STEPS = {"wal_autocheckpoint": "24"}  # so that a short life sees many checkpoints
WAL_NORMAL = {**SMALL_STEPS, "synchronous": "NORMAL"}
PYTHONS_DEFAULT = {"locking_mode": "NORMAL", "journal_mode": "DELETE"}


@dataclass(frozen=True)
class Stored:
    """`append` returned: this poll is in the store."""

    poll: int


@dataclass(frozen=True)
class Delivered:
    """`acknowledge` was called: this poll may go."""

    poll: int


def body(polls: list[int], size: int) -> bytes:
    return json.dumps(polls).encode().ljust(size)


def live(disk: RecordingDisk, path: Path, chance: Random, polls: int) -> None:
    """A store's life: polls, deliveries, thinning, forgetting, restarts."""
    outbox, numbers = SqliteOutbox(path, connect=disk.connect), count(1)
    for _ in range(polls):
        poll = next(numbers)
        try:
            outbox.append(f"boot/{poll}", body([poll], chance.choice([40, 900, 2500, 9000])))
        except Unavailable:
            continue
        disk.told(Stored(poll))
        what = chance.randrange(12)
        if what < 4:
            deliver(disk, outbox, chance.randrange(1, 4))
        elif what == 4:
            thin(outbox)
        elif what == 5:
            with_faults(lambda: outbox.forget(keep=3))  # noqa: B023  # called at once
        elif what == 6:
            outbox.close() if chance.random() < 0.5 else outbox.abandon()
            outbox = reopened(disk, path)
    outbox.abandon()


def with_faults(work: object) -> None:
    try:
        work()  # type: ignore[operator]
    except Unavailable:
        return


def reopened(disk: RecordingDisk, path: Path) -> SqliteOutbox:
    for _ in range(50):
        try:
            return SqliteOutbox(path, connect=disk.connect)
        except Unavailable:
            continue
    raise AssertionError("fifty faults in a row")


def deliver(disk: RecordingDisk, outbox: SqliteOutbox, many: int) -> None:
    try:
        cycles = outbox.pending(many)
        for cycle in cycles:
            for poll in json.loads(cycle.body):
                disk.told(Delivered(poll))
        outbox.acknowledge([cycle.seq for cycle in cycles])
    except Unavailable:
        return


def thin(outbox: SqliteOutbox) -> None:
    try:
        cycles = outbox.as_polled(0, 6)[:-1]
        if len(cycles) > 1:
            polls = [poll for cycle in cycles for poll in json.loads(cycle.body)]
            outbox.replace([Merge(tuple(cycle.seq for cycle in cycles), body(polls, 700), 15)])
    except Unavailable:
        return


@dataclass
class Findings:
    images: int = 0
    lost: int = 0
    unreadable: int = 0
    first: str = ""


def search(log: RecordingDisk, folder: Path, chance: Random, every: int, parts: int) -> Findings:
    found = Findings()
    folder.mkdir()
    for image in images(log.log, chance, every, parts):
        found.images += 1
        image.write(folder)
        fault = look(image, folder / "outbox.sqlite")
        found.lost += fault.startswith("lost")
        found.unreadable += fault.startswith("unreadable")
        found.first = found.first or (fault and f"{fault}, cut after operation {image.crashed_after}, {image.how}")
    return found


def look(image: Image, path: Path) -> str:
    """Start the store again as a device does. What is wrong with it; empty where nothing is."""
    stored = {fact.poll for fact in image.told if isinstance(fact, Stored)}
    delivered = {fact.poll for fact in image.told if isinstance(fact, Delivered)}
    try:
        outbox = SqliteOutbox(path, connect=without_syncs)
        at: int | None = 0
        while at is not None:
            at = outbox.check(at, 500)
        waiting = Counter(poll for cycle in outbox.pending(9999) for poll in json.loads(cycle.body))
        known = {poll for cycle in outbox.newest_first() for poll in json.loads(cycle.body)}
        quarantined = outbox.quarantined()
        outbox.abandon()
    except Unavailable as fault:
        return f"unreadable: {fault}"
    if missing := stored - delivered - waiting.keys():
        return f"lost {sorted(missing)}"
    if quarantined or [poll for poll, times in waiting.items() if times > 1] or not waiting.keys() <= known:
        return f"unreadable: {quarantined}, {waiting}"
    return ""


class WithoutSyncs(sqlite3.Connection):
    """Python's own SQLite that waits for no disk: an image is looked at and thrown away."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        told = {"PRAGMA synchronous": "SELECT 2", "PRAGMA synchronous = 2": "PRAGMA synchronous = OFF"}
        return super().execute(told.get(sql, sql), parameters)


def without_syncs(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, factory=WithoutSyncs)


@pytest.fixture
def disk() -> RecordingDisk:
    return RecordingDisk()


def crash(tmp_path: Path, instead: Mapping[str, str], polls: int, every: int, parts: int, seed: int = 1) -> Findings:
    disk = RecordingDisk(instead=instead)
    (tmp_path / "live").mkdir()
    live(disk, tmp_path / "live" / "outbox.sqlite", Random(seed), polls)
    disk.remove()
    return search(disk, tmp_path / "crashed", Random(seed), every, parts)


def test_no_power_cut_loses_what_was_acknowledged(tmp_path: Path) -> None:
    found = crash(tmp_path, SMALL_STEPS, polls=30, every=1, parts=1)
    assert found.images > 2000
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_no_power_cut_of_thousands_loses_what_was_acknowledged(tmp_path: Path, seed: int) -> None:
    found = crash(tmp_path, SMALL_STEPS, polls=60, every=1, parts=2, seed=seed)
    assert found.images > 2000
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


@pytest.mark.parametrize("instead", [WAL_NORMAL, PYTHONS_DEFAULT], ids=["WAL and NORMAL", "Python's default"])
def test_the_search_finds_the_loss_where_there_is_one(tmp_path: Path, instead: Mapping[str, str]) -> None:
    found = crash(tmp_path, instead, polls=25, every=9, parts=1)
    assert found.lost > 0


@pytest.mark.parametrize(
    ("kind", "error"),
    [("write", apsw.FullError), ("write", apsw.IOError), ("sync", apsw.IOError)],
    ids=["the disk is full now and then", "writes fail now and then", "syncs fail now and then"],
)
def test_a_disk_that_fails_now_and_then_loses_nothing_that_was_acknowledged(
    tmp_path: Path, kind: str, error: type[apsw.Error]
) -> None:
    chance = Random(7)
    disk = RecordingDisk(instead=SMALL_STEPS)
    (tmp_path / "live").mkdir()
    path = tmp_path / "live" / "outbox.sqlite"
    SqliteOutbox(path, connect=disk.connect).close()
    faults = Counter[str]()

    def fails(asked: str, _file: str) -> type[apsw.Error] | None:
        faulty = asked == kind and chance.random() < (0.02 if kind == "write" else 0.2)
        faults[asked] += faulty
        return error if faulty else None

    disk.fails = fails
    live(disk, path, Random(3), 60)
    disk.remove()
    assert faults[kind] > 5
    found = search(disk, tmp_path / "crashed", Random(5), every=len(disk.log) // 60, parts=1)
    assert found.images > 200
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


def test_a_device_that_starts_anew_after_a_failed_sync_does_not_build_on_what_never_reached_the_disk(
    tmp_path: Path, disk: RecordingDisk
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    outbox = SqliteOutbox(first / "outbox.sqlite", connect=disk.connect)
    for poll in range(1, 9):
        outbox.append(f"boot/{poll}", body([poll], 2500))
        disk.told(Stored(poll))
    disk.fails = lambda kind, _file: apsw.IOError if kind == "sync" else None
    with pytest.raises(Unavailable):
        outbox.replace([Merge((1, 2, 3), body([1, 2, 3], 5000), 15), Merge((4, 5), body([4, 5], 300), 15)])
    disk.fails = lambda *_: None
    shutil.copytree(first, second)  # killed: what the system holds is what the next process reads
    before = len(disk.log)
    outbox.abandon()
    del disk.log[before:]
    outbox = SqliteOutbox(second / "outbox.sqlite", connect=disk.connect)
    for poll in range(9, 13):
        outbox.append(f"boot/{poll}", body([poll], 2500))
        disk.told(Stored(poll))
    outbox.abandon()
    disk.remove()
    found = search(disk, tmp_path / "crashed", Random(1), every=1, parts=3)
    assert found.images > 300
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


def test_the_store_that_is_searched_is_the_one_that_ships(tmp_path: Path, disk: RecordingDisk) -> None:
    """What apsw's SQLite wrote, Python's reads: the images are looked at as a device would."""
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite", connect=disk.connect)
    outbox.append("boot/1", b"body")
    outbox.abandon()
    disk.remove()
    assert {operation.kind for operation in disk.log} >= {"create", "write", "sync"}
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        assert db.execute("SELECT body FROM cycle").fetchall() == [(b"body",)]
    db.close()
