"""Stamps become instants as declared; a local time that exists never or twice is not guessed."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.meter_files import MeterFile
from domain.errors import BadReadings

Read = Callable[..., MeterFile]
Refusal = Callable[..., str]

MADRID = {"timezone": "Europe/Madrid"}
AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)  # the local Sunday of 25 hours begins


def local_rows(start: datetime, steps: int, zone: str, minutes: int = 15) -> list[str]:
    """Rows as a meter in that zone writes them: local time, no offset; the energies are 0, 1, 2, …"""
    instants = (start + timedelta(minutes=minutes * i) for i in range(steps))
    return [f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M},{i}" for i, at in enumerate(instants)]


def start_and_energies(found: MeterFile) -> tuple[datetime, list[int]]:
    return found.loads[0].start, [wh // 1000 for wh in found.loads[0].energy_wh.tolist()]


def january(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "facts", "start"),
    [
        ("2026-01-05 06:00", {}, january(5, 12)),
        ("2026-01-05T06:00:00", {}, january(5, 12)),
        ("2026-01-05T06:00:00.000", {}, january(5, 12)),
        (" 2026-01-05 06:00 ", {}, january(5, 12)),
        ("2026-01-05T06:00Z", {}, january(5, 6)),
        ("2026-01-05T06:00+05:30", {}, january(5, 0, 30)),
        ("2026-01-05 06:00 -0800", {"timezone": ""}, january(5, 14)),
        ("2026-01-05 06:00+01", {"timezone": None}, january(5, 5)),
        ("2026-01-05 06:00", {"timezone": "-06:00"}, january(5, 12)),
        ("2026-01-05 06:00", {"timezone": "+05:45"}, january(5, 0, 15)),
        ("2026-01-05 06:00", {"timezone": "UTC"}, january(5, 6)),
        ("2026-01-05 06:00", {"stamp": "end"}, january(5, 11, 45)),
        ("2026-01-05 00:00", {"stamp": "end"}, january(5, 5, 45)),
        ("2026-01-05 00:00", {"stamp": "end", "midnight": "same-day"}, january(6, 5, 45)),
        ("2026-01-05 24:00", {"stamp": "end"}, january(6, 5, 45)),
        ("05/01/2026 06:00", {"time_format": "%d/%m/%Y %H:%M"}, january(5, 12)),
        ("5/1/2026 6:00", {"time_format": "%d/%m/%Y %H:%M"}, january(5, 12)),
        ("01/05/26 06:00 PM", {"time_format": "%m/%d/%y %I:%M %p"}, january(6, 0)),
        ("05.01.2026 24:00", {"time_format": "%d.%m.%Y %H:%M", "stamp": "end"}, january(6, 5, 45)),
        ("05.01.2026 06:00 +0100", {"time_format": "%d.%m.%Y %H:%M %z"}, january(5, 5)),
        ("202601050600", {"time_format": "%Y%m%d%H%M"}, january(5, 12)),
        ("202601050000", {"time_format": "%Y%m%d%H%M", "stamp": "end", "midnight": "same-day"}, january(6, 5, 45)),
        ("06:00 05/01/2026", {"time_format": "%H:%M %d/%m/%Y"}, january(5, 12)),
    ],
)
def test_a_stamp_is_read_as_declared(read: Read, stamp: str, facts: dict[str, object], start: datetime) -> None:
    assert read(f"{stamp},1", **facts).loads[0].start == start


@pytest.mark.parametrize(
    ("stamp", "time_format"),
    [("5 January", "%d/%m/%Y %H:%M"), ("05/01/2026 24:30", "%d/%m/%Y %H:%M"), ("20260105", "%Y%m%d%H%M"),
     ("190001050600", "%Y%m%d%H%M")],
)  # fmt: skip
def test_a_stamp_of_another_format_than_declared_is_refused(refusal: Refusal, stamp: str, time_format: str) -> None:
    said = refusal(f"{stamp},1", time_format=time_format)
    assert f"line 2, column time: '{stamp}' cannot be read as a whole second" in said
    assert f"; write it as {time_format}, or declare how it is written with --time-format (time_format)" in said


def test_a_naive_stamp_needs_a_declared_time_zone(refusal: Refusal) -> None:
    said = refusal("2026-01-05 06:00,1", timezone=None)
    assert (
        "meter.csv line 2, column time: '2026-01-05 06:00' does not say its time zone; declare --timezone (timezone), "
        "as America/Mexico_City"
    ) in said


def test_an_hour_that_spring_leaves_out_does_not_exist(refusal: Refusal) -> None:
    said = refusal("2026-03-29 01:45,1", "2026-03-29 02:00,1", **MADRID)
    assert "line 3, column time: '2026-03-29 02:00' does not exist in Europe/Madrid: clocks were put forward" in said
    assert said.endswith(
        "; correct the stamp, or declare with --timezone (timezone) what the meter's clock really keeps"
    )


def test_the_day_of_23_hours_has_no_gap(read: Read) -> None:
    rows = local_rows(datetime(2026, 3, 28, 23, tzinfo=UTC), 92, "Europe/Madrid")
    found = read(*rows, **MADRID)
    assert rows[-1].startswith("2026-03-29 23:45")
    assert found.loads[0].energy_wh.size == 92
    assert set(found.loads[0].quality) == {0}


def test_an_hour_that_autumn_repeats_is_ambiguous(refusal: Refusal) -> None:
    said = refusal(*local_rows(AUTUMN, 100, "Europe/Madrid"), **MADRID)
    assert (
        "line 10, column time: '2026-10-25 02:00' exists twice in Europe/Madrid: clocks were put back over it" in said
    )
    assert "; write stamps with their offset, or declare --ambiguous in-order (ambiguous) for rows in order" in said


@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_the_repeated_hour_may_be_told_by_the_order_of_rows(read: Read, minutes: int, stamp: str) -> None:
    steps = 25 * 60 // minutes
    found = read(
        *local_rows(AUTUMN, steps, "Europe/Madrid", minutes),
        ambiguous="in-order", step_minutes=minutes, stamp=stamp, **MADRID,
    )  # fmt: skip
    shift = timedelta(minutes=minutes) if stamp == "end" else timedelta()
    assert start_and_energies(found) == (AUTUMN - shift, list(range(steps)))


@pytest.mark.parametrize(
    ("dropped", "missing"),
    [([8], [8]), ([11], [11]), ([12], [12]), ([11, 12], [11, 12])],
)
def test_a_row_lost_in_the_repeated_hour_does_not_shift_the_others(
    read: Read, dropped: Sequence[int], missing: Sequence[int]
) -> None:
    rows = [row for i, row in enumerate(local_rows(AUTUMN, 100, "Europe/Madrid")) if i not in dropped]
    found = read(*rows, ambiguous="in-order", on_bad_row="quarantine", **MADRID)
    expected = [0 if i in missing else i for i in range(100)]
    assert start_and_energies(found) == (AUTUMN, expected)


@pytest.mark.parametrize("lost", [range(8, 12), range(12, 16), range(10, 13), range(9, 14)])
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_repeated_hour_that_the_file_has_once_is_not_guessed(read: Read, lost: range, stamp: str) -> None:
    rows = [row for i, row in enumerate(local_rows(AUTUMN, 100, "Europe/Madrid")) if i not in lost]
    facts = {"ambiguous": "in-order", "stamp": stamp, **MADRID}
    found = read(*rows, on_bad_row="quarantine", **facts)
    assert [wh // 1000 for wh in found.loads[0].energy_wh.tolist()] == [0 if 8 <= i < 16 else i for i in range(100)]
    rejected = [row for row in found.rejected if row.cells]
    assert found.rows + len(rejected) == len(rows)
    assert (
        "is of an hour that Europe/Madrid has twice and the file has once; write the stamps of that day"
        in rejected[0].reason
    )
    with pytest.raises(BadReadings, match=r"line 1[0-9], column time: '2026-10-25 02:"):
        read(*rows, **facts)


def test_rows_that_end_within_the_repeated_hour_are_of_its_first_pass(read: Read) -> None:
    rows = local_rows(AUTUMN, 11, "Europe/Madrid")
    assert start_and_energies(read(*rows, ambiguous="in-order", **MADRID)) == (AUTUMN, list(range(11)))


def test_stamps_with_an_offset_are_never_undecided(read: Read) -> None:
    rows = ["2026-10-25T01:45+02:00,1", "2026-10-25T02:00+02:00,2", "2026-10-25T03:00+01:00,3"]
    found = read(*rows, ambiguous="in-order", on_bad_row="quarantine", **MADRID)
    assert found.rows == 3


@pytest.mark.parametrize("minutes", [15, 60])
def test_a_bad_value_in_the_repeated_hour_does_not_shift_the_others(read: Read, minutes: int) -> None:
    steps = 25 * 60 // minutes
    rows = local_rows(AUTUMN, steps, "Europe/Madrid", minutes)
    first_02_00 = 120 // minutes
    rows[first_02_00] = rows[first_02_00].replace(f",{first_02_00}", ",x")
    found = read(*rows, ambiguous="in-order", step_minutes=minutes, on_bad_row="quarantine", **MADRID)
    assert start_and_energies(found) == (AUTUMN, [0 if i == first_02_00 else i for i in range(steps)])


def test_a_row_repeated_in_the_repeated_hour_is_a_repetition(read: Read) -> None:
    rows = local_rows(AUTUMN, 100, "Europe/Madrid")
    found = read(*rows[:10], rows[9], *rows[10:], ambiguous="in-order", on_bad_row="quarantine", **MADRID)
    assert start_and_energies(found) == (AUTUMN, list(range(100)))
    assert [row.line for row in found.rejected] == [12]
    assert "repeats the interval" in found.rejected[0].reason


def test_order_tells_nothing_after_a_later_row(refusal: Refusal) -> None:
    rows = local_rows(AUTUMN, 100, "Europe/Madrid")
    assert "line 3, column time: '2026-10-25 02:00' exists twice" in refusal(
        rows[90], rows[8], ambiguous="in-order", **MADRID
    )


def test_each_meter_has_its_own_order(read: Read) -> None:
    rows = [row.replace(",", f",{meter},") for row in local_rows(AUTUMN, 100, "Europe/Madrid") for meter in ("a", "b")]
    found = read(*rows, header="time,meter,energy", meter_column="meter", ambiguous="in-order", **MADRID)
    assert [load.energy_wh.tolist() for load in found.loads] == [[i * 1000 for i in range(100)]] * 2


def test_an_hour_of_half_hour_zones_is_a_local_hour(read: Read) -> None:
    found = read("2026-01-05 06:00,1", "2026-01-05 07:00,2", timezone="Asia/Kolkata", step_minutes=60)
    assert found.loads[0].start == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
    with pytest.raises(BadReadings, match="is not on the 60-minute grid of Asia/Kolkata"):
        read("2026-01-05 06:30,1", timezone="Asia/Kolkata", step_minutes=60)


def test_rows_may_come_in_any_order(read: Read) -> None:
    rows = local_rows(datetime(2026, 1, 5, 6, tzinfo=UTC), 50, "America/Mexico_City")
    found = read(*rows[25:][::-1], *rows[:25])
    assert start_and_energies(found) == (datetime(2026, 1, 5, 6, tzinfo=UTC), list(range(50)))
