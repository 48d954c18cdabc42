"""What is wrong with a file as a whole is refused in both modes, and before any of its rows is blamed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.meter_files import Declaration, MeterFile, read_meter_file
from domain.errors import BadReadings

Read = Callable[..., MeterFile]
RefusalOfFile = Callable[..., str]
Declare = Callable[..., Declaration]

START = b"time,energy\n2026-01-05 00:00,1\n2026-01-05 00:15,1\n2026-01-05 00:30,1\n"


def test_a_missing_file_is_named(tmp_path: Path, declare: Declare) -> None:
    with pytest.raises(BadReadings, match=r"nowhere\.csv: no such file; check the path$"):
        read_meter_file(tmp_path / "nowhere.csv", declare())


def test_a_folder_is_not_a_file(tmp_path: Path, declare: Declare) -> None:
    with pytest.raises(BadReadings, match=r"a folder, not a file; name the file of readings in it$"):
        read_meter_file(tmp_path, declare())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "meter.csv: empty; export the readings again"),
        (b"time,energy\n", "meter.csv: a header and no rows; export the readings again"),
        (b"time,energy\n\n  \n", "meter.csv: a header and no rows; export the readings again"),
        (START + b"2026-01-05 00:45,1\0\n", "meter.csv line 5: a NUL byte, which text never has; export the file as"),
        (START + b"2026-01-05 00:45,1\xf3\n", "meter.csv line 5: byte 0xF3 is not UTF-8; save the file as UTF-8"),
        (START + b"2026-01-05 00:45,\xe2\x82", "meter.csv line 5: byte 0xE2 is not UTF-8; save the file as UTF-8"),
        (START.replace(b"\n", b"\r") + b"\xf3", "meter.csv line 5: byte 0xF3 is not UTF-8; save the file as UTF-8"),
        (
            START + b"2026-01-05 00:45," + b"1" * 10_001,
            "meter.csv line 5: '" + "1" * 60 + "…' is a cell of more than 10000",
        ),
        (START + b'2026-01-05 00:45,"' + b"1" * 10_001, "meter.csv line 5: '2026-01-05 00:45,\""),
        (b"x" * 2_000_001, "meter.csv line 1: more than 2000000 bytes; a CSV has one reading a line"),
        (b"PK\x03\x04" + b"x" * 50, "meter.csv: a spreadsheet or a zip archive; unpack it, or save"),
        (b"\x1f\x8b" + b"x" * 50, "meter.csv: packed with gzip; unpack it, or save"),
        (b'time,"energy\n', "meter.csv line 1: the header has a quote that is not closed"),
        (
            b",".join([b"c"] * 201) + b"\n",
            "meter.csv line 1: 201 columns are more than 200; keep those that are needed",
        ),
        (b"time,energy,time\n", "meter.csv line 1, column time: the header has it 2 times; rename one of them"),
        (
            b"date,Energy,x\n",
            "meter.csv line 1, column time: missing; the file has 'date', 'Energy', 'x'; "
            "name the column with --time-column (time_column)",
        ),
        (
            b"time,Energy\n",
            "meter.csv line 1, column energy: missing, did you mean 'Energy'? the file has 'time', 'Energy'; "
            "name the column with --energy-column (energy_column)",
        ),
        (
            b"time;energy\n2026-01-05 00:00;1\n",
            "meter.csv line 1: one column only, 'time;energy', when divided by ','; "
            "its columns seem to be divided by ';': declare --delimiter (delimiter)",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_reason(
    refusal_of_file: RefusalOfFile, content: bytes, said: str
) -> None:
    assert said in refusal_of_file(content)


def test_a_byte_that_is_not_text_is_found_behind_the_first_block(refusal_of_file: RefusalOfFile) -> None:
    lines = 60_000
    content = b"time,energy\n" + b"2026-01-05 00:00,1.0000000\n" * lines + b"\xff"
    assert f"meter.csv line {lines + 2}: byte 0xFF is not UTF-8" in refusal_of_file(content)


def test_a_character_across_two_blocks_is_still_text(tmp_path: Path, declare: Declare) -> None:
    path = tmp_path / "meter.csv"
    fill = (1 << 20) - len("time,energy,") - 1
    path.write_text("time,energy," + "x" * 9_000 + ("\n" * (fill - 9_000)) + "é\n", encoding="utf-8")
    with pytest.raises(BadReadings, match="none of its 1 rows can be taken"):
        read_meter_file(path, declare(), "quarantine")


@pytest.mark.parametrize(
    ("column", "facts", "said"),
    [
        (
            "Usage_kWh",
            {"unit": "Wh"},
            "the name says 'kwh', declared is 'Wh'; correct --unit (unit) or name another column with --energy-column "
            "(energy_column), or, if the name is wrong, declare --no-check-header-unit (check_header_unit = false)",
        ),
        ("ActiveEnergykWh", {"unit": "MWh"}, "the name says 'kwh', declared is 'MWh'"),
        ("Q [kvarh]", {}, "the name says 'kvarh', declared is 'kWh'"),
        ("P (kW)", {}, "'kw' is a unit of power, and a reading is energy; name an energy column with --energy-column"),
        ("S_kVA", {}, "'kva' is a unit of power"),
    ],
)
def test_a_column_of_another_unit_than_declared_is_refused(
    refusal_of_file: RefusalOfFile, column: str, facts: dict[str, object], said: str
) -> None:
    refused = refusal_of_file(f"time,{column}\n".encode(), energy_column=column, **facts)
    assert f"meter.csv line 1, column {column}: {said}" in refused


def test_a_reactive_column_of_another_unit_than_declared_is_refused(refusal_of_file: RefusalOfFile) -> None:
    said = refusal_of_file(b"time,energy,Q_varh\n", reactive_column="Q_varh", reactive_unit="kvarh")
    assert "column Q_varh: the name says 'varh', declared is 'kvarh'; correct --reactive-unit (reactive_unit)" in said


@pytest.mark.parametrize(
    "name", ["Usage_kWh", "kWh del", "USAGE_KWH", "energy", "Wirkarbeit in kWh (P in kW)", "window"]
)
def test_a_column_of_the_declared_unit_or_of_none_passes(read: Read, name: str) -> None:
    assert read("2026-01-05 00:00,1", header=f"time,{name}", energy_column=name).rows == 1


def test_the_unit_in_a_name_may_be_declared_wrong(read: Read) -> None:
    facts = {"energy_column": "Usage_kWh", "unit": "Wh", "check_header_unit": False}
    assert read("2026-01-05 00:00,7", header="time,Usage_kWh", **facts).loads[0].energy_wh.tolist() == [7]


@pytest.mark.parametrize(("apart", "declared"), [(5, 15), (15, 5), (30, 15), (60, 15), (10, 15)])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_file_of_another_step_than_declared_gets_one_sentence(
    refusal_of_file: RefusalOfFile, apart: int, declared: int, shuffled: bool
) -> None:
    rows = [f"2026-01-05 {m // 60:02d}:{m % 60:02d},1" for m in range(0, 720, apart)]
    rows = rows[1::2] + rows[::2] if shuffled else rows
    said = refusal_of_file("\n".join(["time,energy", *rows]).encode(), step_minutes=declared)
    assert (
        f"meter.csv column time: declared {declared} minutes, the file's rows are {apart} minutes apart; correct"
        in said
    )


def test_a_file_without_one_good_row_tells_the_first_reason(read: Read) -> None:
    with pytest.raises(BadReadings) as refused:
        read("2026-01-05 00:00,x", "2026-01-05 00:15,y", on_bad_row="quarantine")
    assert "meter.csv: none of its 2 rows can be taken; the first is line 2, column energy: 'x' is not" in str(
        refused.value
    )


def test_a_mistyped_year_does_not_become_a_century_of_empty_intervals(refusal_of_file: RefusalOfFile) -> None:
    said = refusal_of_file(START + b"2062-01-05 00:45,1\n")
    assert "meter meter: line 2 is of 2026-01-05 00:00 and line 5 of 2062-01-05 00:45 (America/Mexico_City)" in said
    assert said.endswith("; correct the year, or split the file")


def test_a_title_above_the_header_is_told_by_the_columns_found(refusal_of_file: RefusalOfFile) -> None:
    said = refusal_of_file(b"Report of January\n" + START)
    assert "line 1, column time: missing; the file has 'Report of January'; name the column" in said
