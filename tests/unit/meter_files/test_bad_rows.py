"""Each thing that can be wrong with a row has its own sentence: file, line, column, value, and what to do."""

from collections.abc import Callable

import pytest

from adapters.meter_files import MeterFile

Read = Callable[..., MeterFile]
Refusal = Callable[..., str]

GOOD = ("2026-01-05 00:00,1.5", "2026-01-05 00:15,2.5", "2026-01-05 00:30,3.5")


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("abc", "'abc' is not a number; write plain digits with the decimal sign '.'"),
        (
            "1,5",
            "'1,5' is not a number; write plain digits with the decimal sign '.', or declare --decimal ',' (decimal)",
        ),
        ("1_000", "'1_000' is not a number; write plain digits"),
        ("١٢", "'١٢' is not a number; write plain digits"),
        ("1 kWh", "'1 kWh' is not a number; write plain digits"),
        ("0x1F", "'0x1F' is not a number; write plain digits"),
        ("1e999", "'1e999' is not a number; write plain digits"),
        ("NaN", "'NaN' is not a number; write plain digits"),
        ("inf", "'inf' is not a number; write plain digits"),
        ("-Infinity", "'-Infinity' is not a number; write plain digits"),
        ("9" * 30, "'" + "9" * 30 + "' is not a number; write plain digits"),
        ("-2.5", "'-2.5' is a negative energy; declare the column of imported energy"),
        ("", "'' is empty; write the kWh, or 0 if nothing was used"),
        ("   ", "'' is empty; write the kWh"),
        (
            "1e20",
            "'1e20' is more kWh than is possible: the largest load, 600,000 kW, is 150,000,000 Wh in 15 minutes; ",
        ),
    ],
)
def test_a_cell_that_is_no_energy_is_named(refusal: Refusal, cell: str, problem: str) -> None:
    said = refusal(*GOOD, f'2026-01-05 00:45,"{cell}"')
    assert "meter.csv line 5, column energy: " + problem in said


def test_an_empty_reactive_cell_is_named(refusal: Refusal) -> None:
    said = refusal(
        "2026-01-05 00:00,1,", header="time,energy,reactive", reactive_column="reactive", reactive_unit="kvarh"
    )
    assert "meter.csv line 2, column reactive: '' is empty; write the kvarh, or 0 if nothing was used" in said


def test_more_energy_than_the_rated_power_can_carry_is_refused(refusal: Refusal) -> None:
    said = refusal("2026-01-05 00:00,300", "2026-01-05 00:15,300.001", rated_power_kw=1000)
    assert (
        "line 3, column energy: '300.001' is more kWh than is possible: 120 % of the rated 1000 kW is 300,000 Wh in "
        "15 minutes; correct the value, the declared unit or --rated-power-kw (rated_power_kw)"
    ) in said


def test_a_row_that_ends_early_is_named(refusal: Refusal) -> None:
    said = refusal(*GOOD, "2026-01-05 00:45")
    assert "line 5, column energy: '' stands in a row of 1 cells under a header of 2; complete the row" in said


def test_a_row_with_a_cell_too_many_is_named(refusal: Refusal) -> None:
    said = refusal(*GOOD, "2026-01-05 00:45,4,5")
    assert "line 5, column 3: '5' stands in a row of 3 cells under a header of 2; put quotes around" in said


def test_a_quote_that_is_never_closed_costs_its_own_line_only(read: Read) -> None:
    found = read(*GOOD, '2026-01-05 00:45,"4', "2026-01-05 01:00,5", on_bad_row="quarantine")
    assert found.rows == 4
    assert found.rejected[0].line == 5
    assert "has a quote out of place" in found.rejected[0].reason
    assert found.rejected[0].cells == ('2026-01-05 00:45,"4',)


@pytest.mark.parametrize(
    "stamp",
    [
        "yesterday",
        "05/01/2026 00:45",
        "2026-02-30 00:45",
        "2026-01-05",
        "2026-01-05 25:00",
        "2026-01-05 24:15",
        "2026-01-05 00:45:00.5",
        "2026-01-05 00:45+99:00",
        "20260105T0045",
        "1026-01-05 00:45",
        "2926-01-05 00:45",
    ],
)
def test_a_stamp_that_cannot_be_read_is_named(refusal: Refusal, stamp: str) -> None:
    said = refusal(*GOOD, f"{stamp},4")
    assert (
        f"meter.csv line 5, column time: '{stamp}' cannot be read as a whole second of the years 1990 to 2100" in said
    )
    assert said.endswith(
        "; write it as 2026-01-31T23:45, or declare how it is written with --time-format (time_format)"
    )


def test_an_empty_stamp_is_named(refusal: Refusal) -> None:
    assert "line 5, column time: '' is empty; write the time of the reading" in refusal(*GOOD, ",4")


def test_a_stamp_between_two_steps_is_named(refusal: Refusal) -> None:
    said = refusal("2026-01-05 00:00,1", "2026-01-05 00:10,2", "2026-01-05 00:30,2", "2026-01-05 00:45,2")
    assert (
        "line 3, column time: '2026-01-05 00:10' makes an interval of 15 minutes that overlaps the one of line 2"
        in said
    )
    assert said.endswith("; correct the stamp, or --step-minutes (step_minutes)")
    said = refusal("2026-01-05 00:07,1")
    assert "line 2, column time: '2026-01-05 00:07' is not on the 15-minute grid of America/Mexico_City; " in said


def test_an_interval_that_is_given_twice_names_the_first_line(refusal: Refusal) -> None:
    said = refusal(*GOOD, "2026-01-05 00:15,2.50")
    assert (
        "line 5, column time: '2026-01-05 00:15' repeats the interval 2026-01-05 00:15 (America/Mexico_City) of meter "
        "meter, first in line 3, which has the same value; leave out one of the two rows"
    ) in said
    assert "or declare --meter-column (meter_column) if the file holds several meters" in said


def test_an_interval_with_two_energies_says_so(refusal: Refusal) -> None:
    assert "first in line 3, which has another value; leave out" in refusal(*GOOD, "2026-01-05 00:15,2.6")


def test_the_first_word_about_an_interval_counts(read: Read) -> None:
    found = read(*GOOD, "2026-01-05 00:15,9", on_bad_row="quarantine")
    assert found.loads[0].energy_wh.tolist() == [1500, 2500, 3500]
    assert [row.line for row in found.rejected] == [5]


def test_a_row_of_an_unknown_meter_names_the_one_that_was_meant(refusal: Refusal) -> None:
    said = refusal(
        "2026-01-05 00:00,pres-1,1",
        header="time,meter,energy", meter_column="meter", meters=["press-1", "oven-2"],
    )  # fmt: skip
    assert (
        "line 2, column meter: 'pres-1' is an unknown meter, did you mean 'press-1'; declared are 'press-1', 'oven-2': "
        "correct the row, or add it to --meters (meters)"
    ) in said


def test_a_row_without_a_meter_is_named(refusal: Refusal) -> None:
    said = refusal("2026-01-05 00:00,,1", header="time,meter,energy", meter_column="meter")
    assert "line 2, column meter: '' is empty; write the name of the meter" in said


def test_a_gap_names_meter_time_length_and_line(refusal: Refusal) -> None:
    said = refusal(*GOOD, "2026-01-05 01:30,4", "2026-01-05 01:45,4")
    assert (
        "meter.csv line 5, column time: meter meter: 3 intervals from 2026-01-05 00:45 to 2026-01-05 01:30 "
        "(America/Mexico_City), after line 4, are missing; complete the file, or go on with --on-bad-row quarantine, "
        "which marks them as missing"
    ) in said


def test_a_gap_is_missing_and_not_zero(read: Read) -> None:
    found = read(*GOOD, "2026-01-05 01:30,4", on_bad_row="quarantine")
    assert found.loads[0].energy_wh.tolist() == [1500, 2500, 3500, 0, 0, 0, 4000]
    assert found.loads[0].quality.tolist() == [0, 0, 0, 2, 2, 2, 0]
    assert [(row.line, row.cells) for row in found.rejected] == [(5, ())]
    assert found.rejected[0].reason.startswith("gap: meter meter: 3 intervals from 2026-01-05 00:45")
    assert found.notes == ("meter meter: 3 of 7 intervals are missing",)


def test_a_long_value_is_cut_and_a_control_character_is_shown(refusal: Refusal) -> None:
    assert r"'\x1b[31m" + "x" * 55 + "…' is not a number" in refusal("2026-01-05 00:00,\x1b[31m" + "x" * 99)
