"""Outbox: what was stored survives, in order, under a number that is never used twice."""

import sqlite3
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from adapters.memory import MemoryOutbox
from adapters.sqlite_outbox import SqliteOutbox
from application.ports import Outbox, StoredCycle, Unavailable

OPEN: dict[str, Callable[[Path], Outbox]] = {
    "memory": lambda _: MemoryOutbox(),
    "sqlite file": lambda folder: SqliteOutbox(folder / "outbox.sqlite"),
    "sqlite memory": lambda _: SqliteOutbox(":memory:"),
}


@pytest.fixture(params=OPEN)
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    return OPEN[request.param](tmp_path)


def fill(outbox: Outbox, count: int) -> list[int]:
    return [outbox.append(f"poll {i}", f"body {i}".encode()) for i in range(count)]


def test_a_new_outbox_is_empty(outbox: Outbox) -> None:
    assert (list(outbox.pending(10)), list(outbox.newest_first()), outbox.backlog()) == ([], [], 0)


def test_numbers_only_grow(outbox: Outbox) -> None:
    seqs = fill(outbox, 5)
    assert seqs == sorted(set(seqs))
    assert seqs[0] >= 1


def test_the_oldest_cycles_are_pending_first_with_the_bytes_that_were_stored(outbox: Outbox) -> None:
    seqs = fill(outbox, 5)
    assert list(outbox.pending(3)) == [StoredCycle(seqs[i], f"body {i}".encode()) for i in range(3)]
    assert [cycle.seq for cycle in outbox.pending(99)] == seqs
    assert list(outbox.pending(0)) == []


@pytest.mark.parametrize("body", [b"", b"\x00\xff\n'\"", bytes(range(256)) * 400])
def test_bytes_are_kept_as_they_are(outbox: Outbox, body: bytes) -> None:
    outbox.append("poll", body)
    assert [cycle.body for cycle in outbox.pending(1)] == [body]


def test_storing_the_same_poll_again_changes_nothing_and_gives_the_first_number(outbox: Outbox) -> None:
    first, second = fill(outbox, 2)
    assert outbox.append("poll 0", b"another body") == first
    assert [cycle.body for cycle in outbox.newest_first()] == [b"body 1", b"body 0"]
    assert outbox.append("poll 2", b"body 2") > second


def test_a_delivered_poll_that_is_stored_again_stays_delivered(outbox: Outbox) -> None:
    (seq,) = fill(outbox, 1)
    outbox.acknowledge([seq])
    assert outbox.append("poll 0", b"body 0") == seq
    assert outbox.backlog() == 0


def test_what_is_acknowledged_is_no_longer_pending(outbox: Outbox) -> None:
    seqs = fill(outbox, 5)
    outbox.acknowledge([seqs[1], seqs[3]])
    assert [cycle.seq for cycle in outbox.pending(99)] == [seqs[0], seqs[2], seqs[4]]
    assert outbox.backlog() == 3


def test_acknowledging_is_idempotent_and_unknown_numbers_change_nothing(outbox: Outbox) -> None:
    seqs = fill(outbox, 3)
    for _ in range(2):
        outbox.acknowledge([seqs[0], seqs[0], 999, -1])
    outbox.acknowledge([])
    assert [cycle.seq for cycle in outbox.pending(99)] == seqs[1:]


def test_the_newest_pending_come_newest_first_without_what_was_delivered(outbox: Outbox) -> None:
    seqs = fill(outbox, 5)
    outbox.acknowledge([seqs[3]])
    assert [cycle.seq for cycle in outbox.newest_pending(2)] == [seqs[4], seqs[2]]
    assert outbox.newest_pending(1)[0].body == b"body 4"
    assert len(outbox.newest_pending(99)) == 4


def test_what_is_set_aside_is_no_longer_pending_and_its_bytes_are_kept_with_the_first_reason(outbox: Outbox) -> None:
    seqs = fill(outbox, 3)
    for reason in ("too large", "another reason"):
        outbox.set_aside(seqs[1], reason)
    outbox.set_aside(999, "never stored")
    assert [cycle.seq for cycle in outbox.pending(9)] == [seqs[0], seqs[2]]
    assert list(outbox.set_aside_cycles()) == [(StoredCycle(seqs[1], b"body 1"), "too large")]
    assert [cycle.seq for cycle in outbox.newest_first()] == seqs[::-1]


def test_what_was_delivered_is_not_set_aside_nor_the_other_way_round(outbox: Outbox) -> None:
    delivered, aside = fill(outbox, 2)
    outbox.acknowledge([delivered])
    outbox.set_aside(aside, "too large")
    outbox.set_aside(delivered, "too large")
    outbox.acknowledge([aside])
    assert [cycle.seq for cycle, _ in outbox.set_aside_cycles()] == [aside]
    assert outbox.backlog() == 0


def test_newest_first_gives_delivered_cycles_too_and_may_be_left_early(outbox: Outbox) -> None:
    seqs = fill(outbox, 4)
    outbox.acknowledge(seqs[2:])
    assert [cycle.seq for cycle in outbox.newest_first()] == seqs[::-1]
    assert [cycle.seq for cycle in islice(outbox.newest_first(), 2)] == [seqs[3], seqs[2]]
    assert outbox.append("poll 4", b"") > seqs[3]


def test_a_store_keeps_its_name(outbox: Outbox) -> None:
    name = outbox.store
    fill(outbox, 2)
    assert name
    assert outbox.store == name


def test_a_new_file_is_a_new_store_of_another_name(tmp_path: Path) -> None:
    assert SqliteOutbox(tmp_path / "a").store != SqliteOutbox(tmp_path / "b").store
    assert SqliteOutbox(tmp_path / "a", store="asked for").store == SqliteOutbox(tmp_path / "a").store


@pytest.mark.parametrize("closed_first", [True, False], ids=["after a shutdown", "after a power cut"])
def test_a_reopened_file_holds_all_that_was_stored(tmp_path: Path, closed_first: bool) -> None:
    before = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(before, 5)
    before.acknowledge(seqs[:2])
    if closed_first:
        before.close()
    after = SqliteOutbox(tmp_path / "outbox.sqlite")
    assert after.store == before.store if not closed_first else after.store
    assert [(cycle.seq, cycle.body) for cycle in after.pending(99)] == [
        (seqs[i], f"body {i}".encode()) for i in (2, 3, 4)
    ]
    assert [cycle.seq for cycle in after.newest_first()] == seqs[::-1]
    assert after.append("poll 4", b"again") == seqs[4]
    assert after.append("poll 5", b"body 5") > seqs[4]


def test_a_number_is_never_used_twice_though_its_cycle_was_deleted(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(outbox, 3)
    outbox.close()
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        db.execute("DELETE FROM cycle")
    db.close()
    assert SqliteOutbox(tmp_path / "outbox.sqlite").append("poll 9", b"") > seqs[-1]


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    asked = {name: outbox._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
    assert asked == {"synchronous": 2, "journal_mode": "wal"}


def full_disk(path: Path) -> SqliteOutbox:
    """An outbox of 40 delivered and 10 pending cycles whose file may not grow any more."""
    outbox = SqliteOutbox(path)
    outbox.acknowledge(fill(outbox, 50)[:40])
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    return outbox


def test_a_full_disk_is_unavailable_and_keeps_what_it_had(tmp_path: Path) -> None:
    outbox = full_disk(tmp_path / "outbox.sqlite")
    had, pending = list(outbox.newest_first()), list(outbox.pending(99))
    with pytest.raises(Unavailable, match=r"poll 99 may or may not be stored; store it again \(.*full\)") as refused:
        outbox.append("poll 99", bytes(100_000))
    assert isinstance(refused.value.__cause__, sqlite3.OperationalError)
    assert (list(outbox.newest_first()), list(outbox.pending(99))) == (had, pending)
    assert list(SqliteOutbox(tmp_path / "outbox.sqlite").newest_first()) == had


def test_from_a_full_disk_cycles_can_still_be_delivered(tmp_path: Path) -> None:
    outbox = full_disk(tmp_path / "outbox.sqlite")
    outbox.acknowledge([cycle.seq for cycle in outbox.pending(99)])
    assert outbox.backlog() == 0
    assert len(list(SqliteOutbox(tmp_path / "outbox.sqlite").newest_first())) == 50


def test_once_there_is_room_again_the_same_poll_is_stored(tmp_path: Path) -> None:
    outbox = full_disk(tmp_path / "outbox.sqlite")
    with pytest.raises(Unavailable):
        outbox.append("poll 99", bytes(100_000))
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    seq = outbox.append("poll 99", bytes(100_000))
    assert seq == next(iter(outbox.newest_first())).seq


def test_a_disk_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    fill(outbox, 3)
    outbox._db.execute("DROP TABLE cycle")
    for call in (
        lambda: outbox.pending(1),
        outbox.backlog,
        lambda: list(outbox.newest_first()),
        lambda: outbox.acknowledge([1]),
    ):
        with pytest.raises(Unavailable) as refused:
            call()
        assert isinstance(refused.value.__cause__, sqlite3.Error)


def test_a_file_that_is_no_outbox_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"not a database, but as long as the header of one would be " * 40)
    with pytest.raises(Unavailable, match=r"outbox\.sqlite"):
        SqliteOutbox(tmp_path / "outbox.sqlite")
