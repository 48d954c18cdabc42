"""Readings that come after the close, through the commands: one permission, one new bill."""

from tests.reference.ledger_desk import SAID, Desk


def test_whatever_waits_for_a_closed_month_reopens_it_once(desk: Desk) -> None:
    desk.register()
    desk.record([("2026-01-07T10:00", "main", "100")])
    desk.done("close", "--month", "2026-01")
    desk.record([(f"2026-01-{day:02}T03:{minute:02}", "main", "50") for day in (7, 8, 9) for minute in (0, 15)])
    assert [reason for reason, _ in desk.waiting()] == ["closed period"] * 3
    assert "3 tried, 3 accepted" in desk.done("replay", *SAID)
    assert desk.bill()["number"] == 2
    assert desk.kwh() == 400
    assert [one["what"] for one in desk.events() if one["what"] in ("close", "reopen")] == ["close", "reopen", "close"]
