"""A device's store goes on whatever its disk does: what is damaged is set aside, saved, and sent under its old name."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from adapters.sqlite_outbox import OutboxFolder, SqliteOutbox, salvage
from adapters.sqlite_outbox.beside import BALLAST_BYTES, Ballast, Canary
from adapters.sqlite_outbox.files import Files
from adapters.sqlite_outbox.pages import rows_in
from application.ports import StoreFull, Unavailable

PAGE = 2048
BODIES = {i: Random(i).randbytes(200 + i * 37) for i in range(1, 301)}


def at_once(work: Callable[[], None]) -> None:
    work()


def opened(folder: Path) -> OutboxFolder:
    return OutboxFolder(folder / "outbox", background=at_once)


def filled(folder: Path, count: int = 300) -> OutboxFolder:
    outbox = opened(folder)
    for i in range(1, count + 1):
        outbox.append(f"boot/{i}", BODIES[i])
    return outbox


def power_cut(outbox: OutboxFolder) -> Path:
    """The files as a power cut leaves them: the connection is gone, the WAL is not."""
    path = outbox._database
    kept = {part: part.read_bytes() for part in (path, path.with_name(path.name + "-wal"))}
    outbox._live.abandon()
    for part, content in kept.items():
        part.write_bytes(content)
    return path


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def emptied_into_main_file(outbox: OutboxFolder) -> Path:
    outbox._live.checkpoint()
    outbox._live.abandon()
    return outbox._database


def zero_the_first_page(path: Path) -> None:
    overwrite(path, 0, bytes(PAGE))


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def write_over_ten_pages(path: Path) -> None:
    overwrite(path, 20 * PAGE, os.urandom(10 * PAGE))


def replace_by_text(path: Path) -> None:
    path.write_text("this was a store " * 1000)


@pytest.mark.parametrize(
    ("damage", "least"),
    [(zero_the_first_page, 300), (cut_in_half, 100), (write_over_ten_pages, 280), (replace_by_text, 0)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_damaged_file_is_set_aside_and_a_fresh_store_takes_its_place(
    tmp_path: Path, damage: Callable[[Path], None], least: int
) -> None:
    before = filled(tmp_path)
    name, last = before.store, before.last_seq
    damage(emptied_into_main_file(before))
    after = opened(tmp_path)
    while after.condition().checking:
        after.tend()
    assert after.store != name
    assert after.append("boot/301", b"at once") > last
    (saved,) = after.salvaged()
    found = {cycle.seq: cycle.body for cycle in saved.pending(999)}
    assert saved.store == name
    assert len(found) >= least
    assert found.items() <= BODIES.items()
    assert after.condition().broken_stores == 1


def test_damage_that_shows_while_a_cycle_is_stored_costs_that_cycle_nothing(tmp_path: Path) -> None:
    outbox = filled(tmp_path)
    name = outbox.store
    outbox._live.checkpoint()
    zero_all_but_the_first(outbox._database)
    outbox._live._db.execute("PRAGMA cache_size = 0")
    outbox._live._db.execute("PRAGMA shrink_memory")
    seq = outbox.append("boot/301", b"it arrives")
    assert outbox.store != name
    assert [(cycle.seq, cycle.body) for cycle in outbox.pending(9)] == [(seq, b"it arrives")]


def zero_all_but_the_first(path: Path) -> None:
    overwrite(path, PAGE, bytes(path.stat().st_size - PAGE))


def test_what_lies_in_the_wal_only_is_read_too(tmp_path: Path) -> None:
    path = power_cut(filled(tmp_path, 30))
    wal = path.with_name(path.name + "-wal")
    zero_all_but_the_first(path)
    found = {one.seq: one.body for one in rows_in(path, wal)}
    assert found == {i: BODIES[i] for i in range(1, 31)}


@pytest.mark.parametrize("waits", [True, False], ids=["not read yet", "saved"])
def test_a_fresh_store_knows_what_came_before_it(tmp_path: Path, waits: bool) -> None:
    """A reading travels with the one before it: what flowed between the last old poll and the first new one is due."""
    outbox = filled(tmp_path, 40)
    outbox.acknowledge(range(1, 41))
    outbox.flush()
    zero_the_first_page(emptied_into_main_file(outbox))
    fresh = OutboxFolder(tmp_path / "outbox", background=(lambda _: None) if waits else at_once)
    assert fresh.condition().salvaging is waits
    fresh.append("boot/41", b"new")
    found = [(cycle.seq, cycle.body) for cycle in fresh.newest_first()]
    assert found == [(41, b"new"), *((i, BODIES[i]) for i in range(40, 0, -1))]
    assert [cycle.seq for cycle in fresh.pending(99)] == [41], "it is looked at, not sent"


def test_of_a_broken_store_only_the_newest_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvage, "MOST_LOOKED_AT", 7)
    zero_the_first_page(emptied_into_main_file(filled(tmp_path, 40)))
    assert [cycle.seq for cycle in opened(tmp_path).newest_first()] == list(range(40, 33, -1))


def test_delivered_cycles_are_not_sent_again_from_a_damaged_file(tmp_path: Path) -> None:
    before = filled(tmp_path)
    before.acknowledge(range(1, 251))
    before.flush()
    zero_the_first_page(emptied_into_main_file(before))
    after = opened(tmp_path)
    (saved,) = after.salvaged()
    assert [cycle.seq for cycle in saved.pending(999)] == list(range(251, 301))


def test_a_salvaged_store_goes_when_all_of_it_arrived_and_the_broken_file_stays(tmp_path: Path) -> None:
    zero_the_first_page(emptied_into_main_file(filled(tmp_path)))
    after = opened(tmp_path)
    (saved,) = after.salvaged()
    saved.acknowledge([cycle.seq for cycle in saved.pending(999)])
    after.delivered(saved)
    assert list(after.salvaged()) == []
    assert (tmp_path / "outbox" / "broken" / "1" / "store.sqlite").exists()
    after.close()
    assert list(opened(tmp_path).salvaged()) == []


def test_salvage_that_was_interrupted_begins_anew(tmp_path: Path) -> None:
    before = filled(tmp_path)
    name = before.store
    zero_the_first_page(emptied_into_main_file(before))
    interrupted = OutboxFolder(tmp_path / "outbox", background=lambda _: None)
    assert (list(interrupted.salvaged()), interrupted.condition().salvaging) == ([], True)
    SqliteOutbox(tmp_path / "outbox" / "broken" / "1" / "salvaged.sqlite", "half done").close()
    interrupted.close()
    (saved,) = opened(tmp_path).salvaged()
    assert (saved.store, saved.backlog()) == (name, 300)


def test_a_store_that_was_half_put_aside_is_put_aside_whole(tmp_path: Path) -> None:
    """Alone its file would pass for whole, and the rows of its WAL for lost by a disk that lies."""
    outbox = filled(tmp_path, 9)
    outbox._live.checkpoint()
    for i in range(10, 13):
        outbox.append(f"boot/{i}", BODIES[i])
    path = power_cut(outbox)
    place = tmp_path / "outbox" / "broken" / "1"
    place.mkdir(parents=True)
    path.with_name(path.name + "-wal").replace(place / "store.sqlite-wal")
    again = opened(tmp_path)
    (saved,) = again.salvaged()
    assert {cycle.body for cycle in saved.pending(99)} == {BODIES[i] for i in range(1, 13)}
    assert (again.condition().broken_stores, again.disk_lies, again.backlog()) == (1, False, 0)


def test_a_broken_store_that_cannot_be_put_aside_is_no_crash_and_is_tried_again(tmp_path: Path) -> None:
    path = emptied_into_main_file(filled(tmp_path, 9))
    zero_the_first_page(path)
    with pytest.raises(Unavailable, match=r"cannot be moved aside .*No space left"):
        OutboxFolder(tmp_path / "outbox", background=at_once, files=NoRoom())
    (saved,) = opened(tmp_path).salvaged()
    assert saved.backlog() == 9


class NoRoom(Files):
    """A disk on which no new file begins."""

    def write(self, path: Path, content: bytes, at: int = 0) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_name_that_a_power_cut_left_empty_stops_no_salvage(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 9)
    name, path = outbox.store, emptied_into_main_file(outbox)
    zero_the_first_page(path)
    OutboxFolder(tmp_path / "outbox", background=lambda _: None)._live.abandon()
    (tmp_path / "outbox" / "broken" / "1" / "name.json").write_bytes(b"")
    (saved,) = opened(tmp_path).salvaged()
    assert (saved.store, saved.backlog()) == (name, 9)


def test_the_name_of_a_broken_store_is_found_in_it_where_no_canary_knows_it(tmp_path: Path) -> None:
    before = filled(tmp_path)
    name = before.store
    path = emptied_into_main_file(before)
    (tmp_path / "outbox" / "canary").unlink()
    zero_the_first_page(path)
    (saved,) = opened(tmp_path).salvaged()
    assert saved.store == name


def test_a_flipped_bit_in_a_row_quarantines_this_row_and_no_other(tmp_path: Path) -> None:
    before = filled(tmp_path, 30)
    path = emptied_into_main_file(before)
    content = path.read_bytes()
    at = content.index(BODIES[17][40:120])
    overwrite(path, at, bytes([content[at] ^ 4]))
    after = opened(tmp_path)
    assert after.store == before.store
    assert [cycle.seq for cycle in after.pending(99)] == [i for i in range(1, 31) if i != 17]
    assert [seq for seq, _ in after.condition().quarantined] == [17]
    (kept,) = after._live._db.execute("SELECT bytes FROM quarantine")
    assert len(kept[0]) == len(BODIES[17])
    assert after.backlog() == 29


def test_after_an_unclean_end_every_row_is_looked_at_and_after_a_clean_one_none(tmp_path: Path) -> None:
    path = power_cut(filled(tmp_path, 30))
    assert path.exists()
    after = opened(tmp_path)
    assert after.condition().checking
    for _ in range(2):
        after.tend()
    assert not after.condition().checking
    after.close()
    assert not opened(tmp_path).condition().checking


def test_a_mark_that_no_delivery_made_is_taken_back(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 3)
    outbox._live._db.execute("UPDATE cycle SET sent = X'0102030405060708' WHERE seq = 2")
    power_cut(outbox)
    after = opened(tmp_path)
    assert [cycle.seq for cycle in after.pending(9)] == [1, 3]
    after.tend()
    assert [cycle.seq for cycle in after.pending(9)] == [1, 2, 3]


def test_one_random_bit_loses_at_most_one_row(tmp_path: Path) -> None:
    path = emptied_into_main_file(filled(tmp_path))
    for bit in range(0, path.stat().st_size * 8, 40_009):
        folder = tmp_path / "one"
        shutil.copytree(path.parent, folder / "outbox")
        content = path.read_bytes()[bit // 8]
        overwrite(folder / "outbox" / path.name, bit // 8, bytes([content ^ 1 << bit % 8]))
        after = opened(folder)
        while after.condition().checking:
            after.tend()
        found = {cycle.seq: cycle.body for one in (after, *after.salvaged()) for cycle in one.pending(999)}
        assert len(found) >= 299
        assert found.items() <= BODIES.items()
        after.close()
        shutil.rmtree(folder)


def test_a_disk_that_forgot_what_it_had_promised_is_reported(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 20)
    outbox._live.checkpoint()
    kept = outbox._database.read_bytes()
    for i in range(21, 31):
        outbox.append(f"boot/{i}", BODIES[i])
    outbox._live.abandon()
    outbox._database.write_bytes(kept)
    after = opened(tmp_path)
    assert after.condition().disk_lies
    assert after.append("boot/31", b"") > 30, "a number that may have been sent is not given again"
    assert not filled(tmp_path / "honest", 3).condition().disk_lies


def test_a_canary_half_written_still_tells_the_one_before(tmp_path: Path) -> None:
    canary = Canary(tmp_path / "canary")
    assert canary.told() is None
    canary.note("store", 6)
    canary.note("store", 7)
    assert canary.told() == ("store", 7)
    overwrite(tmp_path / "canary", 512, b"torn")
    assert canary.told() == ("store", 6)


def test_a_canary_that_cannot_be_written_takes_nothing_from_what_is_stored(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 1)
    (tmp_path / "outbox" / "canary").unlink()
    (tmp_path / "outbox" / "canary").mkdir()
    assert outbox.append("boot/2", b"") == 2
    assert "canary could not be written" in outbox.condition().canary_fault


def test_the_ballast_is_real_room_and_comes_back(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 1)
    outbox.tend()
    ballast = tmp_path / "outbox" / "ballast"
    assert ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    Ballast(ballast).drop()
    assert not outbox.condition().ballast
    outbox.tend()
    assert outbox.condition().ballast


def test_a_full_store_first_lets_go_of_what_was_delivered(tmp_path: Path) -> None:
    outbox = OutboxFolder(tmp_path / "outbox", most_bytes=128 * PAGE, background=at_once)
    seqs = list[int]()
    with pytest.raises(StoreFull):
        seqs.extend(outbox.append(f"boot/{i}", bytes(3000)) for i in range(1, 999))
    assert outbox.condition().filling
    outbox.acknowledge(seqs[:20])
    more = [outbox.append(f"boot/more/{i}", bytes(3000)) for i in range(10)]
    assert [cycle.seq for cycle in outbox.pending(999)] == [*seqs[20:], *more]


def test_the_index_of_the_wal_is_kept_in_memory_from_the_first_start_to_the_last(tmp_path: Path) -> None:
    for poll in ("boot/1", "boot/2"):
        outbox = opened(tmp_path)
        outbox.append(poll, b"")
        assert sorted(one.name for one in (tmp_path / "outbox").glob("outbox.sqlite*")) == [
            "outbox.sqlite",
            "outbox.sqlite-wal",
        ]
        outbox.close()


def test_a_device_of_one_store_cannot_be_run_twice(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 1)
    with pytest.raises(Unavailable, match="locked"):
        opened(tmp_path)
    assert outbox.append("boot/2", b"") == 2


@pytest.mark.parametrize("page_bytes", [1024, 2048, 4096])
def test_rows_of_every_size_are_read_from_the_bare_file(tmp_path: Path, page_bytes: int) -> None:
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        db.executescript(f"PRAGMA page_size = {page_bytes}; PRAGMA journal_mode = WAL")
    db.close()
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    sizes = [0, 1, 100, *range(1940, 2020, 9), 3900, 3950, 4000, 4060, 4061, 4100, 8000, 8192, 50_000, 300_000]
    bodies = {outbox.append(f"boot/{size}", os.urandom(size)): size for size in sizes}
    outbox.checkpoint()
    found = {one.seq: len(one.body) for one in rows_in(tmp_path / "outbox.sqlite", tmp_path / "none")}
    assert found == bodies
