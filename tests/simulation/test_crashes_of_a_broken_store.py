"""The power goes while a damaged store is put aside, a fresh one begins and the old one is read: no poll is lost.

The damage itself costs no row: what was in the store is all still readable by whoever reads page by page.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import apsw
import pytest

from adapters.sqlite_outbox import OutboxFolder
from adapters.sqlite_outbox.files import Files
from application.ports import Unavailable
from tests.simulation.crash_images import Image, images
from tests.simulation.recording_disk import RecordingDisk, RecordingFiles
from tests.simulation.test_crashes import WAL_NORMAL, Delivered, Findings, Stored, body, without_syncs

PAGE = 2048
SIZES = (40, 900, 2500, 9000)


def at_once(work: Callable[[], None]) -> None:
    work()


class Device:
    """A store's life around its damage; what it tells is in the log of its disk."""

    def __init__(self, disk: RecordingDisk, files: Files, chance: Random) -> None:
        self.disk, self.files, self.chance, self.numbers = disk, files, chance, count(1)
        assert disk.root is not None
        self.root = disk.root
        self.start()

    def start(self) -> None:
        self.outbox = OutboxFolder(self.root, connect=self.disk.connect, background=at_once, files=self.files)

    def poll(self, times: int, sizes: tuple[int, ...] = SIZES) -> None:
        for _ in range(times):
            poll = next(self.numbers)
            self.outbox.append(f"boot/{poll}", body([poll], self.chance.choice(sizes)))
            self.disk.told(Stored(poll))

    def deliver(self, most: int) -> None:
        for outbox in (*self.outbox.salvaged(), self.outbox):
            cycles = outbox.pending(most)
            for cycle in cycles:
                for poll in json.loads(cycle.body):
                    self.disk.told(Delivered(poll))
            outbox.acknowledge([cycle.seq for cycle in cycles])
            if outbox is not self.outbox and not outbox.backlog():
                self.outbox.delivered(outbox)

    def go_on(self) -> None:
        """What a device does after the damage: it polls, sends what was saved, and is started again now and then."""
        self.poll(3)
        self.deliver(4)
        self.outbox.tend()
        self.poll(2)
        self.outbox.close()
        self.start()
        self.deliver(50)
        self.poll(2)


def found_at_the_start(device: Device) -> None:
    """The first page is nothing; the newest rows are in the WAL only."""
    device.outbox._live.checkpoint()
    device.poll(3, sizes=(40,))
    device.outbox._live.abandon()
    device.files.write(device.root / "outbox.sqlite", bytes(PAGE))
    device.disk.told("damaged")
    device.start()
    assert device.outbox.condition().broken_stores == 1


def found_at_work(device: Device) -> None:
    """SQLite finds it while it stores a poll: the connection is open while its files are moved."""
    device.disk.told("damaged")
    once = iter([apsw.CorruptError])
    device.disk.fails = lambda kind, _file: next(once, None) if kind == "write" else None
    device.poll(1)
    device.disk.fails = lambda *_: None
    assert device.outbox.condition().broken_stores == 1


def nowhere(device: Device) -> None:
    """A healthy store, with its canary."""
    device.disk.told("damaged")


WAYS = pytest.mark.parametrize("damage", [found_at_the_start, found_at_work])
ALL_WAYS = pytest.mark.parametrize("damage", [found_at_the_start, found_at_work, nowhere])
Damage = Callable[[Device], None]


class HasteFiles(RecordingFiles):
    """Syncs no folder, as most programs do."""

    def sync_folder(self, folder: Path) -> None:
        return


@dataclass
class Seen(Findings):
    """`told`: so many of the losses were told by the canary."""

    told: int = 0


def search(
    tmp_path: Path,
    damage: Damage,
    files: type[RecordingFiles],
    seed: int,
    every: int,
    parts: int,
    *,
    instead: Mapping[str, str] | None = None,
) -> Seen:
    root = tmp_path / "live" / "outbox"
    root.mkdir(parents=True)
    disk = RecordingDisk(root=root, instead=instead or {})
    device = Device(disk, files(disk), Random(seed))
    device.poll(8)
    device.deliver(2)
    damage(device)
    device.go_on()
    device.outbox._live.abandon()
    disk.remove()
    since = next(n for n, one in enumerate(disk.log) if one.fact == "damaged")
    found, crashed = Seen(), tmp_path / "crashed"
    crashed.mkdir()
    for image in images(disk.log, Random(seed), every, parts, since):
        found.images += 1
        image.write(crashed)
        fault = look(image, crashed)
        found.lost += fault.startswith("lost")
        found.told += fault.startswith("lost") and fault.endswith("told")
        found.unreadable += fault.startswith("unreadable")
        found.first = found.first or (fault and f"{fault}, cut after operation {image.crashed_after}, {image.how}")
    return found


class QuickFiles(Files):
    """An image is looked at and thrown away: nothing waits for the disk."""

    def write(self, path: Path, content: bytes, at: int = 0) -> None:
        path.touch()
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content)

    def sync_folder(self, folder: Path) -> None:
        return


def look(image: Image, folder: Path) -> str:
    """Start the device again. What is wrong with it; empty where nothing is."""
    stored = {fact.poll for fact in image.told if isinstance(fact, Stored)}
    delivered = {fact.poll for fact in image.told if isinstance(fact, Delivered)}
    try:
        outbox = OutboxFolder(folder, connect=without_syncs, background=at_once, files=QuickFiles())
        waiting = [
            poll
            for one in (outbox, *outbox.salvaged())
            for cycle in one.pending(9999)
            for poll in json.loads(cycle.body)
        ]
        condition = outbox.condition()
        outbox.append("boot/again", body([0], 40))
        outbox._live.abandon()
        outbox._salvage.close()
    except Unavailable as fault:
        return f"unreadable: {fault}"
    if missing := stored - delivered - set(waiting):
        return f"lost {sorted(missing)}" + (", and told" if condition.disk_lies else "")
    if condition.disk_lies:
        return "unreadable: the disk is said to lie, and did not"
    return "unreadable: still salvaging" if condition.salvaging else ""


@ALL_WAYS
def test_no_power_cut_while_a_damaged_store_is_put_aside_loses_a_poll(tmp_path: Path, damage: Damage) -> None:
    found = search(tmp_path, damage, RecordingFiles, seed=1, every=3, parts=1)
    assert found.images > 150
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
@ALL_WAYS
def test_no_power_cut_of_thousands_while_a_damaged_store_is_put_aside_loses_a_poll(
    tmp_path: Path, damage: Damage, seed: int
) -> None:
    found = search(tmp_path, damage, RecordingFiles, seed, every=1, parts=4)
    assert found.images > 1500
    assert (found.lost, found.unreadable, found.first) == (0, 0, "")


@WAYS
def test_the_search_finds_the_loss_where_no_folder_is_synced(tmp_path: Path, damage: Damage) -> None:
    found = search(tmp_path, damage, HasteFiles, seed=1, every=3, parts=1)
    assert found.lost > 0


def test_what_a_disk_forgot_that_it_had_promised_is_told_by_the_canary(tmp_path: Path) -> None:
    """A commit that is not synced is gone after a power cut, as with a disk that lies; the canary knows of it."""
    found = search(tmp_path, nowhere, RecordingFiles, seed=1, every=2, parts=1, instead=WAL_NORMAL)
    assert found.lost > 0
    assert found.told == found.lost
