"""What the ledger's commands tell a person: gaps, remedies, and the difference of two moments."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.system_clock import SystemClock
from tests.reference.ledger_desk import SAID, Desk

DAY = [(f"2026-01-01T{n // 4:02}:{n % 4 * 15:02}", "main", "100") for n in range(96)]


def test_a_bill_tells_when_nothing_was_read(desk: Desk) -> None:
    desk.register()
    desk.record([*DAY[:40], *DAY[48:]])
    told = desk.done("bill", "--month", "2026-01").splitlines()
    assert "88 of 2,976 intervals, 0 estimated" in told
    assert "no reading of main from 2026-01-01 10:00 to 2026-01-01 12:00: 8 intervals" in told
    assert "no reading of main from 2026-01-02 00:00 to 2026-02-01 00:00: 2,880 intervals" in told


def test_who_closes_a_month_is_told_what_it_lacks(desk: Desk) -> None:
    desk.register()
    desk.record([*DAY[:40], *DAY[48:]])
    assert "note: no reading of main from 2026-01-01 10:00 to" in desk.done("close", "--month", "2026-01")


def test_many_gaps_are_not_told_one_by_one(desk: Desk) -> None:
    desk.register()
    desk.record([one for n, one in enumerate(DAY) if n % 10])
    told = desk.done("bill", "--month", "2026-01")
    assert told.count("no reading of main from") == 5
    assert "and in 2,885 intervals of 6 later times" in told


def test_what_has_not_come_yet_is_not_missing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.register()
    desk.record(DAY)
    monkeypatch.setattr("adapters.system_clock.SystemClock.now", lambda _self: datetime(2026, 1, 2, 6, 10, tzinfo=UTC))
    assert "no reading" not in desk.done("bill", "--month", "2026-01")


def test_a_month_that_has_not_ended_is_not_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.register()
    desk.record(DAY)
    end = datetime(2026, 2, 1, 6, tzinfo=UTC)
    monkeypatch.setattr("adapters.system_clock.SystemClock.now", lambda _self: end - timedelta(seconds=1))
    assert "it ends at 2026-02-01 00:00" in desk.refused("close", "--month", "2026-01")
    monkeypatch.setattr("adapters.system_clock.SystemClock.now", lambda _self: end)
    desk.done("close", "--month", "2026-01")


def test_quarantine_says_how_a_closed_month_is_reopened_and_how_rates_are_given(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.register()
    desk.record(DAY[:4])
    desk.done("close", "--month", "2026-01")
    desk.record(DAY[4:8])
    told = " ".join(desk.done("quarantine").split())
    assert "`wattledger ledger replay --by WHO --why WHY` reopens it" in told
    assert "`wattledger ledger replay --by WHO --why WHY` reopens it" in desk.done("replay")
    desk.record([("2026-06-01T00:00", "main", "1"), ("2026-06-01T00:15", "main", "1")])
    assert "a ledger gets its rates by `wattledger ledger publish`" in " ".join(desk.done("quarantine").split())


def test_nothing_in_quarantine_is_told_in_words(desk: Desk) -> None:
    desk.register()
    assert desk.done("quarantine") == "nothing waits in quarantine\n"


def test_the_difference_of_two_moments_tells_its_lines_in_the_order_of_the_bill(desk: Desk) -> None:
    desk.register()
    before = SystemClock().now().isoformat()
    desk.record(DAY)
    desk.done("correct", "main", "2026-01-01T20:00", "--wh", 200_000, "--varh", 1000, *SAID)
    words = ("history", "--month", "2026-01", "--from", before)
    codes = [one["line"] for one in desk.json(*words)["difference"]]
    assert codes == [one["code"] for one in desk.bill()["lines"] if one["code"] in codes]
    [title] = [line for line in desk.done(*words).splitlines() if line.startswith("The bill as known at")]
    assert title.endswith("UTC, and now")


def test_two_moments_in_the_wrong_order_are_refused(desk: Desk) -> None:
    desk.register()
    words = ("--from", "2026-02-02T00:00Z", "--to", "2026-02-01T00:00Z")
    told = desk.refused("history", "--month", "2026-01", *words)
    assert "--to 2026-02-01T00:00Z is earlier than --from 2026-02-02T00:00Z" in told
