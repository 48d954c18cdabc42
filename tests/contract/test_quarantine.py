"""Quarantine: what could not be accepted is kept, once, with its first reason, until it is replayed or set aside."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.memory import MemoryQuarantine, SetClock
from adapters.sqlite_quarantine import SqliteQuarantine
from application.ports import Clock, Quarantine, Reason, SetAside

OPENERS: dict[str, Callable[[Path, Clock], Quarantine]] = {
    "memory": lambda _folder, clock: MemoryQuarantine(clock),
    "sqlite": lambda folder, clock: SqliteQuarantine(folder / "ledger.sqlite", clock),
}
NO_HEADER = (Reason.UNREADABLE, "no header")


@pytest.fixture(params=OPENERS)
def quarantine(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Quarantine:
    return OPENERS[request.param](tmp_path, clock)


def waiting(quarantine: Quarantine) -> list[tuple[bytes, Reason, str]]:
    return [(kept.data, kept.reason, kept.text) for kept in quarantine.kept()]


def test_a_new_quarantine_is_empty(quarantine: Quarantine) -> None:
    assert (list(quarantine.kept()), list(quarantine.released())) == ([], [])


def test_everything_is_kept_oldest_first(quarantine: Quarantine) -> None:
    for data in (b"\x00\xff", b"", b"abc"):
        quarantine.keep(data, Reason.UNREADABLE, f"{len(data)} bytes")
    assert [(data, text) for data, _, text in waiting(quarantine)] == [
        (b"\x00\xff", "2 bytes"),
        (b"", "0 bytes"),
        (b"abc", "3 bytes"),
    ]


@pytest.mark.parametrize("reason", Reason)
def test_a_kept_record_says_its_kind_of_reason_and_when(
    quarantine: Quarantine, clock: SetClock, reason: Reason
) -> None:
    quarantine.keep(b"abc", reason, "said at length")
    (kept,) = quarantine.kept()
    assert (kept.reason, kept.text, kept.at) == (reason, "said at length", clock.instant)


def test_the_same_bytes_are_kept_once_with_the_first_reason(quarantine: Quarantine, clock: SetClock) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    first = clock.instant
    clock.instant += timedelta(hours=1)
    quarantine.keep(b"xyz", *NO_HEADER)
    quarantine.keep(b"abc", Reason.CLOSED_PERIOD, "another reason")
    assert waiting(quarantine) == [(b"abc", *NO_HEADER), (b"xyz", *NO_HEADER)]
    assert quarantine.kept()[0].at == first


def test_what_is_released_waits_no_longer_and_stays_to_be_seen(quarantine: Quarantine, clock: SetClock) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    quarantine.keep(b"xyz", *NO_HEADER)
    (first, _) = quarantine.kept()
    clock.instant += timedelta(days=1)
    quarantine.release(first.id)
    quarantine.release(first.id)
    assert waiting(quarantine) == [(b"xyz", *NO_HEADER)]
    assert list(quarantine.released()) == [(first, clock.instant)]


def test_what_is_refused_again_after_its_release_waits_anew(quarantine: Quarantine) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    quarantine.release(quarantine.kept()[0].id)
    quarantine.keep(b"abc", Reason.JUMP, "a jump")
    assert waiting(quarantine) == [(b"abc", Reason.JUMP, "a jump")]
    assert list(quarantine.released()) == []


def test_an_unknown_id_releases_nothing(quarantine: Quarantine) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    quarantine.release("nobody")
    assert len(quarantine.kept()) == 1


def test_what_is_set_aside_waits_no_longer_and_stays_to_be_seen_with_who_and_why(
    quarantine: Quarantine, clock: SetClock
) -> None:
    for data in (b"abc", b"xyz", b"123"):
        quarantine.keep(data, *NO_HEADER)
    first, second, _ = quarantine.kept()
    clock.instant += timedelta(days=1)
    quarantine.set_aside(second.id, "Ana", "recorded by hand")
    quarantine.set_aside(first.id, "Ben", "a test of the line")
    assert waiting(quarantine) == [(b"123", *NO_HEADER)]
    assert list(quarantine.aside()) == [
        SetAside(second, "Ana", "recorded by hand", clock.instant),
        SetAside(first, "Ben", "a test of the line", clock.instant),
    ]
    assert list(quarantine.released()) == []


def test_what_was_set_aside_stays_aside_whatever_comes(quarantine: Quarantine, clock: SetClock) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    (kept,) = quarantine.kept()
    quarantine.set_aside(kept.id, "Ana", "pointless")
    before = list(quarantine.aside())
    clock.instant += timedelta(days=1)
    quarantine.keep(b"abc", Reason.JUMP, "a jump")
    quarantine.release(kept.id)
    quarantine.set_aside(kept.id, "Ben", "another word")
    assert (waiting(quarantine), list(quarantine.released())) == ([], [])
    assert list(quarantine.aside()) == before


def test_only_what_waits_is_set_aside(quarantine: Quarantine) -> None:
    quarantine.keep(b"abc", *NO_HEADER)
    (kept,) = quarantine.kept()
    quarantine.set_aside("nobody", "Ana", "pointless")
    quarantine.release(kept.id)
    quarantine.set_aside(kept.id, "Ana", "pointless")
    assert list(quarantine.aside()) == []
    quarantine.keep(b"abc", *NO_HEADER)
    assert waiting(quarantine) == [(b"abc", *NO_HEADER)], "what was released and is refused again waits anew"


def test_a_quarantine_that_is_older_than_setting_aside_is_read_as_it_is(tmp_path: Path, clock: SetClock) -> None:
    SqliteQuarantine(tmp_path / "ledger.sqlite", clock).keep(b"abc", *NO_HEADER)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as file:
        file.execute("DROP TABLE quarantine_aside")
    found = SqliteQuarantine(tmp_path / "ledger.sqlite", clock)
    assert waiting(found) == [(b"abc", *NO_HEADER)]
    found.set_aside(found.kept()[0].id, "Ana", "pointless")
    (aside,) = SqliteQuarantine(tmp_path / "ledger.sqlite", clock).aside()
    assert (aside.kept.data, aside.by, aside.why, aside.at) == (b"abc", "Ana", "pointless", clock.instant)


def test_a_quarantine_in_a_file_is_there_for_the_next_process(tmp_path: Path, clock: SetClock) -> None:
    SqliteQuarantine(tmp_path / "ledger.sqlite", clock).keep(b"abc", *NO_HEADER)
    (kept,) = SqliteQuarantine(tmp_path / "ledger.sqlite", clock).kept()
    assert (kept.data, kept.reason, kept.at) == (b"abc", Reason.UNREADABLE, clock.instant)
    assert kept.at == datetime.fromisoformat(kept.at.isoformat())
