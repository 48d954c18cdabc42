"""Files that are no ledger, or no longer a whole one: told on one line, and left as they are."""

import gc
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.reference.ledger_desk import SAID, Desk

AT = "2026-01-07T10:00"
MONTH = ("--month", "2026-01")
COMMANDS = [
    ("bill", *MONTH),
    ("explain", *MONTH),
    ("history", *MONTH),
    ("close", *MONTH),
    ("correct", "main", AT, "--wh", 5, "--varh", 5, *SAID),
    ("rerate", *SAID),
    ("quarantine",),
    ("replay",),
    ("rebuild",),
    ("verify",),
    ("register", "site.toml"),
]


def spoil_text(path: Path) -> None:
    path.write_text("time,kWh\n" * 100, encoding="utf-8")


def spoil_other(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bill (x)")


def spoil_end(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])


def spoil_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """A ledger of some days, in one file."""
    desk.register()
    desk.record(
        [(f"2026-01-{day:02}T{n // 4:02}:{n % 4 * 15:02}", "main", "100") for day in range(5, 9) for n in range(96)]
    )
    gc.collect()  # a command that ran in this process may still have the ledger open, and then its log stays beside it
    with closing(sqlite3.connect("ledger.sqlite")) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    return desk


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_text, "no SQLite file, so no ledger; name another"),
        (spoil_other, "a SQLite file of something else, and no ledger"),
        (spoil_end, "the file is damaged; restore it from a copy"),
        (spoil_folder, "a folder; name the file of the ledger in it"),
    ],
)
def test_a_file_that_is_no_ledger_is_told_by_every_command(
    kept: Desk, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(Path("ledger.sqlite"))
    for words in COMMANDS:
        assert told in kept.refused(*words)


def test_a_file_of_something_else_is_left_as_it_is(kept: Desk) -> None:
    path = Path("ledger.sqlite")
    spoil_other(path)
    content = path.read_bytes()
    kept.refused("register", "site.toml")
    kept.refused("rebuild", "--ledger", "ledger.sqlite")
    assert path.read_bytes() == content


def test_damage_within_a_ledger_is_told_and_not_taken_for_a_fault_of_ours(kept: Desk) -> None:
    path = Path("ledger.sqlite")
    content = bytearray(path.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    path.write_bytes(content)
    assert "the file is damaged; restore it from a copy" in kept.refused("verify")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            "UPDATE stored_events SET state = CAST(substr(state, 1, 9) || x'5A5A5A' AS BLOB)",
            "restore the ledger from a copy",
        ),
        ("UPDATE stored_events SET topic = 'ReadingsPriced.v99'", "a newer wattledger wrote it: upgrade this one"),
    ],
)
def test_an_event_that_cannot_be_read_names_its_day(kept: Desk, spoil: str, told: str) -> None:
    where = " WHERE originator_id = 'metering-day/edge-1/2026-01-06' AND topic LIKE 'ReadingsPriced%'"
    with closing(sqlite3.connect("ledger.sqlite")) as connection:
        connection.execute(spoil + where)
        connection.commit()
    for words in (("bill", *MONTH), ("close", *MONTH), ("history", *MONTH), ("verify",), ("rebuild",)):
        line = kept.refused(*words)
        assert "metering-day/edge-1/2026-01-06: " in line
        assert told in line


def test_a_ledger_that_another_process_writes_to_is_told(kept: Desk) -> None:
    with closing(sqlite3.connect("ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = kept.refused("correct", "main", AT, "--wh", 5, "--varh", 5, *SAID)
    assert "another process is writing to it; try again when that has ended" in told


def test_a_ledger_in_a_folder_that_is_not_there_names_it(desk: Desk) -> None:
    desk.register()
    assert "there is no folder nowhere" in desk.refused("register", "site.toml", "--ledger", "nowhere/ledger.sqlite")


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ("ledger.sqlite", "that is the ledger; a view is a file beside it"),
        ("mine.sqlite", "a SQLite file of something else, and no view of a ledger"),
        ("nowhere/view.sqlite", "there is no folder nowhere"),
    ],
)
def test_a_view_is_never_drawn_over_something_else(kept: Desk, view: str, told: str) -> None:
    with closing(sqlite3.connect("mine.sqlite")) as connection:
        connection.execute("CREATE TABLE bill (x)")
        connection.execute("INSERT INTO bill VALUES (1)")
        connection.commit()
        assert told in kept.refused("rebuild", "--view", view)
        assert connection.execute("SELECT * FROM bill").fetchall() == [(1,)]
    assert kept("verify")[0] == 0


def test_a_ledger_without_a_supply_point_says_so(desk: Desk) -> None:
    desk.register()
    with closing(sqlite3.connect("ledger.sqlite")) as connection:
        connection.execute("DELETE FROM stored_events")
        connection.commit()
    assert "none is registered here; register one with" in desk.refused("bill", *MONTH)


def test_a_file_that_cannot_be_opened_is_told(kept: Desk) -> None:
    Path("link.sqlite").symlink_to("nowhere/file.sqlite")
    for words in (("rebuild", "--view", "link.sqlite"), ("register", "site.toml", "--ledger", "link.sqlite")):
        assert "unable to open database file: it cannot be opened; check the path" in kept.refused(*words)


def test_readings_for_a_meter_that_the_option_names_and_nobody_registered_are_refused(kept: Desk) -> None:
    with pytest.raises(AssertionError, match="--meter 'mian': plant has the meters main, oven; register it before"):
        kept.record([(AT, "main", "100"), ("2026-01-07T10:15", "main", "100")], "--meter", "mian")
    assert kept.waiting() == []
