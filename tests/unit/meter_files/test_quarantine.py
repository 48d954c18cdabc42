"""Good rows are never lost because of a bad one, and every line of a file is accounted for."""

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.meter_files import Declaration, MeterFile, read_meter_file, write_quarantine
from domain.errors import BadReadings

Read = Callable[..., MeterFile]

DECLARED = Declaration(
    kind="interval", unit="Wh", step_minutes=15, stamp="start", timezone="Europe/Madrid", time_column="time",
    energy_column="energy", reactive_column="reactive", reactive_unit="varh", meter_column="meter", meters=("a", "b"),
)  # fmt: skip
BAD_ROWS = (
    "2026-01-05 00:00,a,x,1",
    "2026-01-05 00:00,a,-1,1",
    "2026-01-05 00:00,a,,1",
    "2026-01-05 00:00,a,1,nan",
    "2026-01-05 00:00,c,1,1",
    "2026-01-05 00:00,,1,1",
    "2026-01-05 00:00,a,1",
    "2026-01-05 00:00,a,1,1,1",
    "2026-01-05 00:07,a,1,1",
    "2026-03-29 02:30,a,1,1",
    "2026-10-25 02:30,a,1,1",
    "never,b,1,1",
    '"2026-01-05 00:00,a,1,1',
    '2026-01-05 00:00,"a"b,1,1',
    "2026-01-05 00:00;a;1;1",
    "\x1b[2J,a,1,1",
    ",,,",
    "x",
)


def stamp(step: int) -> str:
    return f"2026-01-{5 + step // 96:02d} {step % 96 // 4:02d}:{step % 4 * 15:02d}"


@given(
    energies=st.lists(st.integers(0, 10**6), min_size=4, max_size=40),
    holes=st.sets(st.integers(1, 38), max_size=2),
    bad=st.sampled_from(BAD_ROWS),
    place=st.integers(0, 40),
)
def test_any_good_rows_survive_any_bad_row(energies: list[int], holes: set[int], bad: str, place: int) -> None:
    good = {i: wh for i, wh in enumerate(energies) if i not in holes}
    lines = [f"{stamp(i)},a,{wh},{wh // 2}" for i, wh in good.items()]
    place = min(place, len(lines))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        path.write_text(
            "\n".join(["time,meter,energy,reactive", *lines[:place], bad, *lines[place:], ""]), encoding="utf-8"
        )
        found = read_meter_file(path, DECLARED, "quarantine")
        with pytest.raises(BadReadings, match=f"readings.csv line {place + 2}, column .*; ") as refused:
            read_meter_file(path, DECLARED, "stop")
    load = found.loads[0]
    assert {i: int(load.energy_wh[i]) for i in range(load.energy_wh.size) if load.quality[i] == 0} == good
    rejected = [row for row in found.rejected if row.cells]
    assert [row.line for row in rejected] == [place + 2]
    assert found.rows + len(rejected) == len(lines) + 1
    assert str(refused.value).endswith(rejected[0].reason)


@given(content=st.binary(max_size=200), place=st.integers(0, 150), cut=st.integers(0, 20), header=st.booleans())
def test_whatever_the_bytes_are_a_refusal_is_one_line(content: bytes, place: int, cut: int, header: bool) -> None:
    good = "\n".join(f"{stamp(i)},a,1,1" for i in range(5)).encode()
    text = (b"time,meter,energy,reactive\n" if header else b"") + good[:place] + content + good[place + cut :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        path.write_bytes(text)
        outcome = found_or_refused(path)
        if isinstance(outcome, MeterFile):
            said = [row.reason for row in outcome.rejected]
            lines = [line for line in path.read_text(encoding="utf-8").split("\n")[1:] if line.strip()]
            assert outcome.rows + sum(bool(row.cells) for row in outcome.rejected) == len(lines)
        else:
            said = [str(outcome)]
    assert all(len(sentence.splitlines()) == 1 for sentence in said)


def found_or_refused(path: Path) -> MeterFile | BadReadings:
    try:
        return read_meter_file(path, DECLARED, "quarantine")
    except BadReadings as refused:
        return refused


def test_the_quarantine_keeps_rows_as_they_were_with_line_and_reason(read: Read, tmp_path: Path) -> None:
    found = read(
        "2026-01-05 00:00,1,ok", '2026-01-05 00:15,many,"said ""hm"", twice"', "2026-01-05 00:30,1,ok", "short",
        header="time,energy,comment", on_bad_row="quarantine",
    )  # fmt: skip
    write_quarantine(tmp_path / "rejected.csv", found)
    with (tmp_path / "rejected.csv").open(encoding="utf-8", newline="") as file:
        header, text, gap, short = csv.reader(file)
    assert header == ["line", "reason", "time", "energy", "comment"]
    assert text[0] == "3"
    assert text[1].startswith("column energy: 'many' is not a number; write plain digits")
    assert text[2:] == ["2026-01-05 00:15", "many", 'said "hm", twice']
    assert gap[0] == "4"
    assert gap[1].startswith("gap: meter meter: 1 interval from 2026-01-05 00:15 to 2026-01-05 00:30")
    assert gap[2:] == ["", "", ""]
    assert short[0] == "5"
    assert short[2:] == ["short", "", ""]


def test_a_file_without_faults_has_an_empty_quarantine(read: Read, tmp_path: Path) -> None:
    write_quarantine(tmp_path / "rejected.csv", read("2026-01-05 00:00,1"))
    assert (tmp_path / "rejected.csv").read_text(encoding="utf-8") == "line,reason,time,energy\n"
