"""Corrections that cannot be, or that change nothing, through the command: refused before anything is reopened."""

import pytest

from tests.reference.ledger_desk import SAID, Desk

AT = "2026-01-07T10:00"


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """A month with one measurement of 100 kWh and 20 kvarh, closed."""
    desk.register()
    desk.record([(AT, "main", "100")])
    desk.done("close", "--month", "2026-01")
    return desk


def bills(desk: Desk) -> int:
    return sum(one["what"] == "close" for one in desk.events())


def test_a_correction_beyond_what_the_meter_can_carry_is_refused(closed: Desk) -> None:
    told = closed.refused("correct", "main", AT, "--wh", 100_000_000, "--varh", 20_000, *SAID, "--reopen")
    assert "100,000,000 Wh in 15 minutes are more than its rated 1,500 kW can carry; check the unit" in told
    assert bills(closed) == 1
    told = closed.refused("correct", "main", AT, "--wh", 450_001, "--varh", 20_000, *SAID, "--reopen")
    assert "450,001 Wh" in told
    closed.done("correct", "main", AT, "--wh", 450_000, "--varh", 20_000, *SAID, "--reopen")
    assert closed.kwh() == 450


def test_reactive_energy_beyond_it_is_refused_too(closed: Desk) -> None:
    assert "450,001 varh" in closed.refused("correct", "main", AT, "--wh", 1, "--varh", 450_001, *SAID, "--reopen")


def test_a_correction_that_changes_nothing_makes_no_bill(closed: Desk) -> None:
    told = closed.refused("correct", "main", AT, "--wh", 100_000, "--varh", 20_000, *SAID, "--reopen")
    assert "100,000 Wh and 20,000 varh are what the ledger has" in told
    assert bills(closed) == 1
    assert closed.waiting() == []


def test_a_correction_of_a_day_without_prices_and_readings_is_kept(closed: Desk) -> None:
    told = closed.refused("correct", "main", "2027-03-07T10:00", "--wh", 1, "--varh", 0, *SAID)
    assert "2027-03-07: nothing was recorded on this day" in told
    assert [reason for reason, _ in closed.waiting()] == ["nothing to correct"]


def test_who_confirms_an_estimate_changes_it_to_a_measurement(desk: Desk) -> None:
    desk.register()
    desk.record([(AT, "main", "100", "10"), ("2026-01-07T10:30", "main", "300", "30")], registers=True)
    assert desk.bill()["intervals"]["estimated"] == 2
    desk.done("correct", "main", AT, "--wh", 100_000, "--varh", 10_000, *SAID)
    assert desk.bill()["intervals"]["estimated"] == 1
