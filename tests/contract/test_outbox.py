"""Outbox: what was stored survives, in order, under a number that is never used twice."""

import sqlite3
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from adapters.memory import MemoryOutbox
from adapters.sqlite_outbox import OutboxFolder, SqliteOutbox
from adapters.sqlite_outbox.connecting import advice, settings
from application.ports import Merge, Outbox, StoredCycle, StoreFull, Unavailable
from domain.upload import ClockFacts, ClockState

OPEN: dict[str, Callable[[Path], Outbox]] = {
    "memory": lambda _: MemoryOutbox(),
    "sqlite file": lambda folder: SqliteOutbox(folder / "outbox.sqlite"),
    "folder": lambda folder: OutboxFolder(folder / "outbox"),
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


def test_what_is_set_aside_is_neither_thinned_nor_forgotten_nor_stored_again(outbox: Outbox) -> None:
    seqs = fill(outbox, 6)
    outbox.set_aside(seqs[1], "too large")
    outbox.acknowledge([seqs[0], *seqs[2:]])
    assert list(outbox.as_polled(0, 9)) == []
    assert outbox.forget(keep=1) == 4
    assert outbox.forget(keep=1) == 0
    assert [cycle.seq for cycle in outbox.newest_first()] == [seqs[5], seqs[1]]
    assert outbox.append("poll 1", b"again") == seqs[1]
    assert list(outbox.set_aside_cycles()) == [(StoredCycle(seqs[1], b"body 1"), "too large")]


def test_a_thinned_cycle_is_not_among_the_newest_though_its_number_is(outbox: Outbox) -> None:
    seqs = fill(outbox, 6)
    outbox.replace([Merge(tuple(seqs[0:3]), b"first three", 15)])
    assert [cycle.body for cycle in outbox.newest_pending(9)] == [b"body 5", b"body 4", b"body 3", b"first three"]
    assert [cycle.body for cycle in outbox.newest_pending(1)] == [b"body 5"]


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


def test_what_the_clocks_said_may_come_along(outbox: Outbox) -> None:
    clock = ClockFacts("boot-1", 300_000, None, ClockState.UNSYNCED)
    assert outbox.append("boot-1/1", b"body", clock) == outbox.last_seq


def test_the_last_number_is_known_though_its_cycle_is_gone(outbox: Outbox) -> None:
    assert outbox.last_seq == 0
    seqs = fill(outbox, 5)
    assert outbox.last_seq == seqs[-1]


def test_delivered_cycles_can_be_forgotten_but_not_the_newest(outbox: Outbox) -> None:
    seqs = fill(outbox, 10)
    outbox.acknowledge([*seqs[:4], *seqs[5:]])
    assert outbox.forget(keep=3) == 6
    assert [cycle.seq for cycle in outbox.newest_first()] == [*reversed(seqs[7:]), seqs[4]]
    assert outbox.forget(keep=0) == 2
    assert [cycle.seq for cycle in outbox.newest_first()] == [seqs[9], seqs[4]]
    assert outbox.forget(keep=0) == 0
    assert outbox.backlog() == 1


def test_nothing_that_waits_is_forgotten(outbox: Outbox) -> None:
    fill(outbox, 5)
    assert outbox.forget(keep=1) == 0
    assert outbox.backlog() == 5


def test_one_cycle_takes_the_place_of_several(outbox: Outbox) -> None:
    seqs = fill(outbox, 7)
    outbox.replace([Merge(tuple(seqs[0:3]), b"first three", 15), Merge(tuple(seqs[3:5]), b"next two", 15)])
    assert outbox.last_seq == seqs[-1] + 2
    assert [cycle.body for cycle in outbox.newest_first()] == [b"body 6", b"body 5", b"next two", b"first three"]
    assert [cycle.body for cycle in outbox.pending(9)] == [b"body 5", b"body 6", b"first three", b"next two"]
    assert {cycle.seq for cycle in outbox.pending(9)}.isdisjoint(seqs[:5])
    assert outbox.backlog() == 4
    outbox.replace([Merge(tuple(seqs[0:3]), b"once more", 15)])
    assert outbox.backlog() == 4
    assert outbox.append("poll 4", b"again") == outbox.last_seq


def test_what_was_thinned_can_be_thinned_again_in_the_order_of_the_polls(outbox: Outbox) -> None:
    seqs = fill(outbox, 9)
    outbox.acknowledge(seqs[:1])
    outbox.replace([Merge(tuple(seqs[4:6]), b"later", 15)])
    outbox.replace([Merge(tuple(seqs[1:4]), b"earlier", 15)])
    assert [cycle.body for cycle in outbox.as_polled(15, 9)] == [b"earlier", b"later"]
    assert [cycle.seq for cycle in outbox.as_polled(0, 2)] == seqs[6:8]
    outbox.replace([Merge(tuple(cycle.seq for cycle in outbox.as_polled(15, 9)), b"both", 60)])
    assert (list(outbox.as_polled(15, 9)), [cycle.body for cycle in outbox.as_polled(60, 9)]) == ([], [b"both"])
    assert [cycle.body for cycle in outbox.newest_first()][3:] == [b"both", b"body 0"]


def test_a_store_says_how_full_it_is(outbox: Outbox) -> None:
    assert 0 <= outbox.fullness() <= 100


def test_marks_may_be_made_durable_at_any_time(outbox: Outbox) -> None:
    seqs = fill(outbox, 2)
    outbox.flush()
    outbox.acknowledge(seqs)
    outbox.flush()
    assert outbox.backlog() == 0


def test_a_new_file_is_a_new_store_of_another_name(tmp_path: Path) -> None:
    assert SqliteOutbox(tmp_path / "a").store != SqliteOutbox(tmp_path / "b").store
    SqliteOutbox(tmp_path / "c", store="asked for").close()
    assert SqliteOutbox(tmp_path / "c").store == "asked for"


def test_what_was_set_aside_is_still_so_in_a_reopened_file_and_passes_its_check(tmp_path: Path) -> None:
    before = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(before, 3)
    before.set_aside(seqs[1], "too large")
    before.abandon()
    after = SqliteOutbox(tmp_path / "outbox.sqlite")
    assert after.check(0, 9) == seqs[-1]
    assert after.backlog() == 2
    assert [(cycle.seq, why) for cycle, why in after.set_aside_cycles()] == [(seqs[1], "too large")]
    assert [cycle.seq for cycle in after.pending(9)] == [seqs[0], seqs[2]]


@pytest.mark.parametrize("end", [SqliteOutbox.close, SqliteOutbox.abandon], ids=["a shutdown", "a power cut"])
def test_a_reopened_file_holds_all_that_was_stored(tmp_path: Path, end: Callable[[SqliteOutbox], None]) -> None:
    before = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(before, 5)
    before.acknowledge(seqs[:2])
    before.append("poll 5", b"body 5")
    name, last = before.store, before.last_seq
    end(before)
    after = SqliteOutbox(tmp_path / "outbox.sqlite")
    assert (after.store, after.last_seq, after.backlog()) == (name, last, 4)
    assert [(cycle.seq, cycle.body) for cycle in after.pending(99)] == [
        (cycle.seq, cycle.body) for cycle in reversed(list(after.newest_first())) if cycle.seq not in seqs[:2]
    ]
    assert after.append("poll 4", b"again") == seqs[4]
    assert after.append("poll 6", b"body 6") > last


def test_marks_ride_with_the_next_cycle_and_a_power_cut_before_it_sends_again(tmp_path: Path) -> None:
    before = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(before, 3)
    before.acknowledge(seqs[:2])
    assert [cycle.seq for cycle in before.pending(9)] == seqs[2:]
    before.abandon()
    assert [cycle.seq for cycle in SqliteOutbox(tmp_path / "outbox.sqlite").pending(9)] == seqs


def test_a_file_is_open_once(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    fill(outbox, 1)
    with pytest.raises(Unavailable, match="locked"):
        SqliteOutbox(tmp_path / "outbox.sqlite")
    assert outbox.backlog() == 1


def test_a_number_is_never_used_twice_though_its_cycle_was_deleted(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    seqs = fill(outbox, 3)
    outbox.close()
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        db.execute("DELETE FROM cycle")
    db.close()
    assert SqliteOutbox(tmp_path / "outbox.sqlite").append("poll 9", b"") > seqs[-1]


def test_every_setting_that_durability_needs_took(tmp_path: Path) -> None:
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    wanted = settings("outbox.sqlite", 512 << 20, 2048, alone=True)
    assert {name: outbox._db.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
    assert (wanted["synchronous"], wanted["journal_mode"]) == (2, "wal")


def test_a_setting_that_did_not_take_stops_the_store(tmp_path: Path) -> None:
    class Deaf(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            return super().execute("SELECT 1" if sql.startswith("PRAGMA synchronous =") else sql, parameters)

    def deaf(path: str) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, factory=Deaf)
        db.execute("PRAGMA synchronous=NORMAL")
        return db

    with pytest.raises(Unavailable, match="synchronous is 1, not 2: a power cut could lose readings"):
        SqliteOutbox(tmp_path / "outbox.sqlite", connect=deaf)


@pytest.mark.parametrize(
    ("version", "alone", "said"),
    [
        ((3, 40, 1), True, ""),
        ((3, 51, 3), False, ""),
        ((3, 51, 2), False, "SQLite 3.51.2 can corrupt"),
        ((3, 40, 1), False, "3.51.3 or newer"),
    ],
)
def test_an_old_sqlite_matters_only_where_two_connections_are_possible(
    version: tuple[int, int, int], alone: bool, said: str
) -> None:
    assert said in advice(version, alone)
    assert bool(said) == bool(advice(version, alone))


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
    with pytest.raises(StoreFull, match=r"poll 99 may or may not be stored; store it again \(.*full\)") as refused:
        outbox.append("poll 99", bytes(100_000))
    assert isinstance(refused.value.__cause__, sqlite3.OperationalError)
    assert (list(outbox.newest_first()), list(outbox.pending(99))) == (had, pending)
    outbox.abandon()
    assert list(SqliteOutbox(tmp_path / "outbox.sqlite").newest_first()) == had


def test_from_a_full_disk_cycles_can_still_be_delivered(tmp_path: Path) -> None:
    outbox = full_disk(tmp_path / "outbox.sqlite")
    outbox.acknowledge([cycle.seq for cycle in outbox.pending(99)])
    assert outbox.backlog() == 0
    outbox.flush()
    outbox.abandon()
    after = SqliteOutbox(tmp_path / "outbox.sqlite")
    assert (len(list(after.newest_first())), after.backlog()) == (50, 0)


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
        lambda: outbox.as_polled(0, 1),
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


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.sqlite") as db:
        db.executescript(FIRST_VERSION)
    db.close()
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite")
    assert (outbox.store, outbox.last_seq, outbox.backlog()) == ("a device of old", 3, 2)
    assert list(outbox.newest_first()) == [StoredCycle(3, b"three"), StoredCycle(2, b"two"), StoredCycle(1, b"one")]
    assert outbox.append("2026-01-07T12:05:00+00:00", b"again") == 2
    assert outbox.append("boot/1", b"four") == 4
    assert outbox.check(0, 9) == 4


FIRST_VERSION = """
CREATE TABLE cycle(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    poll TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX pending ON cycle(seq) WHERE sent = 0;
CREATE TABLE identity(store TEXT NOT NULL) STRICT;
INSERT INTO identity VALUES ('a device of old');
INSERT INTO cycle(poll, body, sent) VALUES ('2026-01-07T12:00:00+00:00', X'6f6e65', 1),
    ('2026-01-07T12:05:00+00:00', X'74776f', 0), ('2026-01-07T12:10:00+00:00', X'7468726565', 0);
"""
