"""Files of registers in the ledger: its own rules judge each step, as they do for a device; and swaps in both kinds."""

from pathlib import Path

import pytest

from domain.measurement import Extra
from tests.reference.ledger_desk import REGISTERS, SAID, SITE, Desk

SWAPPED = """
[[swaps]]
meter = "main"
at = 2026-01-07T10:02:00-06:00
last_wh = 5040000
last_varh = 1008000
first_wh = 3000
first_varh = 600
rated_power_kw = 1500
"""


def test_a_swap_that_is_registered_loses_no_energy_of_a_register_file(desk: Desk) -> None:
    desk.register(SITE + SWAPPED)
    rows = [
        ("2026-01-07T10:00", "main", "5000"),
        ("2026-01-07T10:15", "main", "63"),
        ("2026-01-07T10:30", "main", "70"),
    ]
    assert "2 of them new to the ledger" in desk.record(rows, registers=True)
    assert desk.kwh() == 107
    assert desk.waiting() == []


def test_what_an_interval_file_tells_of_the_quarter_hour_of_a_swap_is_all_of_it(desk: Desk) -> None:
    desk.register(SITE + SWAPPED)
    desk.record(
        [("2026-01-07T09:45", "main", "90"), ("2026-01-07T10:00", "main", "100"), ("2026-01-07T10:15", "main", "7")]
    )
    assert desk.kwh() == 197
    assert desk.waiting() == []


def test_a_meter_young_enough_to_hide_its_last_count_in_an_interval_does_not(desk: Desk) -> None:
    desk.register(SITE + SWAPPED.replace("5040000", "20000").replace("= 3000", "= 0"))
    desk.record([("2026-01-07T10:00", "main", "100")])
    assert desk.kwh() == 100


def test_hours_without_readings_are_spread_over_midnight_and_told_as_estimated(desk: Desk) -> None:
    desk.register()
    rows = [
        ("2026-01-07T21:45", "main", "100"),
        ("2026-01-07T22:00", "main", "150"),
        ("2026-01-08T02:00", "main", "310"),
    ]
    assert "17 of them new to the ledger, 16 estimated" in desk.record(rows, registers=True)
    found = desk.bill()["intervals"]
    assert (found["measured"], found["estimated"]) == (1, 16)
    assert [one["text"] for one in desk.events() if one["what"] == "readings"] == [
        "9 intervals, 8 estimated",
        "8 intervals, 8 estimated",
    ]


def test_a_peak_within_them_is_told_as_estimated_on_the_screen_and_in_json(desk: Desk) -> None:
    desk.register()
    rows = [
        ("2026-01-07T18:00", "main", "100"),
        ("2026-01-07T18:15", "main", "150"),
        ("2026-01-07T19:15", "main", "750"),
    ]
    desk.record(rows, registers=True)
    told = desk.done("explain", "--month", "2026-01", "--line", "capacity")
    assert "Wed 2026-01-07 18:15: 600 kW, estimated" in told
    [highest] = desk.json("explain", "--month", "2026-01", "--line", "capacity")[0]["line"]["evidence"]["named"]
    assert highest["estimated"] is True


def test_a_jump_in_a_register_file_is_a_gap_and_waits_until_the_meter_may_carry_it(desk: Desk) -> None:
    desk.register()
    rows = [("2026-01-07T10:00", "main", "0"), ("2026-01-07T10:15", "main", "900"), ("2026-01-07T10:30", "main", "910")]
    assert "1 of them new to the ledger; 1 intervals are gaps" in desk.record(rows, registers=True)
    assert [reason for reason, _ in desk.waiting()] == ["impossible jump"]
    assert [one["text"] for one in desk.events() if one["what"] == "gap"] == ["1 intervals, jump"]
    desk.register(SITE.replace("= 1500", "= 4000"))
    assert "1 tried, 1 accepted" in desk.done("replay")
    assert desk.kwh() == 910


def test_registers_that_begin_again_and_those_that_were_reset_are_told_apart(desk: Desk) -> None:
    desk.register()
    shown = ("999950", "999990"), ("50", "10"), ("12", "3")
    rows = [(f"2026-01-07T10:{15 * n:02}", "main", *both) for n, both in enumerate(shown)]
    desk.record(rows, registers=True)
    assert desk.kwh() == 100
    assert [one["text"] for one in desk.events() if one["what"] == "gap"] == ["1 intervals, reset"]


def test_a_register_file_of_another_step_is_refused(desk: Desk) -> None:
    desk.register(SITE.replace("step_minutes = 15", "step_minutes = 5"))
    rows = [("2026-01-07T10:00", "main", "0"), ("2026-01-07T10:15", "main", "90")]
    with pytest.raises(AssertionError, match="the file has readings of 15 minutes, and plant is read every 5"):
        desk.record(rows, registers=True)


def test_a_swap_of_a_meter_that_counts_what_is_delivered_loses_none_of_it(desk: Desk) -> None:
    told = "last_export_wh = 900000\nfirst_export_wh = 0\nrated_power_kw = 1500"
    desk.register(SITE + SWAPPED.replace("rated_power_kw = 1500", told))
    with Path("some.csv").open("w", encoding="utf-8") as file:
        file.write("time,meter,kwh,kvarh,out\n")
        file.write("2026-01-07T10:00,main,5000,1000,890\n2026-01-07T10:15,main,63,2,5\n")
    desk.done("record", "some.csv", *REGISTERS, "--export-column", "out")
    assert desk.kwh() == 100
    day = desk.measured("2026-01-07")
    assert day.extra[40] == Extra(15_000)


def test_the_intervals_of_a_gap_are_recorded_from_a_file_as_its_text_says(desk: Desk) -> None:
    desk.register()
    rows = [("2026-01-07T10:00", "main", "0"), ("2026-01-07T10:15", "main", "900"), ("2026-01-07T10:30", "main", "910")]
    desk.record(rows, registers=True)
    [(_, text)] = desk.waiting()
    assert "or record its intervals" in text
    assert "1 of them new to the ledger" in desk.record([("2026-01-07T10:00", "main", "90")])
    assert desk.kwh() == 100
    assert desk("verify")[0] == 0


def test_a_jump_whose_interval_was_recorded_by_hand_is_set_aside_and_tried_no_more(desk: Desk) -> None:
    desk.register()
    rows = [("2026-01-07T10:00", "main", "0"), ("2026-01-07T10:15", "main", "900"), ("2026-01-07T10:30", "main", "910")]
    desk.record(rows, registers=True)
    desk.record([("2026-01-07T10:00", "main", "300")])
    assert "1 tried, 0 accepted" in desk.done("replay"), "the registers still say what cannot be"
    [jump] = desk.json("quarantine")
    words = ("quarantine", "--set-aside", jump["id"][:12])
    assert "1 set aside, 0 in quarantine" in desk.done(*words, "--by", "Ana", "--why", "recorded by hand")

    assert desk.waiting() == []
    assert "0 tried, 0 accepted" in desk.done("replay")
    desk.record(rows, registers=True)
    assert desk.done("quarantine").strip() == "nothing waits in quarantine"
    told = " ".join(desk.done("quarantine", "--all").split())
    assert "1 set aside" in told
    assert "Ana: recorded by hand (meter main: from 2026-01-07T16:00:00+00:00" in told
    [aside] = desk.json("quarantine", "--all")
    assert {key: aside[key] for key in jump} == jump
    assert (aside["set_aside"]["by"], aside["set_aside"]["why"]) == ("Ana", "recorded by hand")
    assert "by Ana: recorded by hand" in desk.refused(*words, *SAID)
    assert desk.kwh() == 310


def test_all_that_wait_in_the_same_words_are_set_aside_at_once(desk: Desk) -> None:
    desk.register()
    desk.record([(f"2026-01-07T10:{n:02}", meter, "5") for meter in ("fan", "press") for n in (0, 15, 30, 45)])
    waits = {one["text"].split()[1]: one["id"] for one in desk.json("quarantine")}
    assert (set(waits), len(desk.waiting())) == ({"'fan'", "'press'"}, 8)
    told = desk.done("quarantine", "--set-aside", waits["'fan'"], "--alike", *SAID)
    assert "4 set aside, 4 in quarantine" in told
    assert all("'press'" in text for _, text in desk.waiting())
    assert sum("set_aside" in one for one in desk.json("quarantine", "--all")) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--set-aside", "beef", *SAID),
            "--set-aside 'beef': nothing waits under this id; `wattledger ledger quarantine`",
        ),
        (("--set-aside", "", *SAID), "--set-aside '': nothing waits under this id"),
        (("--set-aside", "beef"), "--by and --why: say who does it and why; the ledger keeps both"),
        (SAID, "--alike, --by and --why say what is set aside; name it with --set-aside ID"),
    ],
)
def test_what_cannot_be_set_aside_is_refused(desk: Desk, words: tuple[str, ...], told: str) -> None:
    desk.register()
    assert told in desk.refused("quarantine", *words)
