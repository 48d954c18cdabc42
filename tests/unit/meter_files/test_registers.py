"""A file of cumulative registers is judged by the domain's rules, and what they cannot know is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.meter_files import MeterFile
from adapters.meter_files.declaration import Declaration
from adapters.meter_files.local_time import EPOCH
from adapters.meter_files.series import Series, on_grid
from domain.measurement import MeterType, Reading, measure

Read = Callable[..., MeterFile]
Refusal = Callable[..., str]

REGISTER: dict[str, object] = {
    "kind": "register",
    "stamp": None,
    "rated_power_kw": 100,
    "register_modulus": 1_000_000,
}


def rows(*registers: object) -> list[str]:
    """Registers every 15 minutes from midnight; None leaves a reading out."""
    return [
        f"2026-01-05 {15 * i // 60:02d}:{15 * i % 60:02d},{kwh}" for i, kwh in enumerate(registers) if kwh is not None
    ]


def test_energy_is_the_difference_of_two_registers(read: Read) -> None:
    load = read(*rows("1000.5", "1001.25", 1001.25, 1010), **REGISTER).loads[0]
    assert load.start == datetime(2026, 1, 5, 6, tzinfo=UTC)
    assert load.energy_wh.tolist() == [750, 0, 8750]


def test_a_register_that_starts_again_at_zero_is_a_rollover(read: Read) -> None:
    found = read(*rows(999_990, 999_999.5, 10, 20), **REGISTER)
    assert found.loads[0].energy_wh.tolist() == [9_500, 10_500, 10_000]
    assert found.notes == ("meter meter: registers started again at zero 1 time",)


def test_readings_that_are_missing_are_refused_where_bad_rows_stop(refusal: Refusal) -> None:
    said = refusal(*rows(0, 10, None, None, 30, 40), **REGISTER)
    assert (
        "meter.csv line 4, column time: meter meter: 3 intervals from 2026-01-05 00:15 to 2026-01-05 01:00 "
        "(America/Mexico_City), after line 3, are not read; the registers know how much was used meanwhile (20000 Wh), "
        "not when; complete the file, or go on with --on-bad-row quarantine, which spreads it evenly and marks it as"
    ) in said


def test_readings_that_are_missing_leave_an_estimate(read: Read) -> None:
    found = read(*rows(0, 10, None, None, 30, 40), on_bad_row="quarantine", **REGISTER)
    assert found.loads[0].energy_wh.tolist() == [10_000, 6_666, 6_667, 6_667, 10_000]
    assert found.loads[0].quality.tolist() == [0, 1, 1, 1, 0]
    assert [(row.line, row.cells) for row in found.rejected] == [(4, ())]
    assert found.notes == ("meter meter: 3 of 5 intervals are estimated, their sum is measured",)


@pytest.mark.parametrize(
    ("registers", "said"),
    [
        ((50, 60, 5, 15), "the active register went from 60000 to 5000, a fall that is no rollover (register_modulus)"),
        (
            (50, 60, 600, 610),
            "the active register went from 60000 to 600000, a rise that rated_power_kw does not allow",
        ),
    ],
)
def test_a_reset_and_a_jump_are_gaps_and_invent_no_energy(
    read: Read, refusal: Refusal, registers: tuple[int, ...], said: str
) -> None:
    assert "line 4, column time: meter meter: 1 interval from 2026-01-05 00:15" in refusal(
        *rows(*registers), **REGISTER
    )
    found = read(*rows(*registers), on_bad_row="quarantine", **REGISTER)
    assert found.loads[0].energy_wh.tolist() == [10_000, 0, 10_000]
    assert found.loads[0].quality.tolist() == [0, 2, 0]
    assert said in found.rejected[0].reason
    assert found.rows == 4


def test_a_reset_of_the_reactive_register_makes_the_interval_missing(read: Read) -> None:
    found = read(
        "2026-01-05 00:00,1,50", "2026-01-05 00:15,2,1", "2026-01-05 00:30,3,2",
        header="time,energy,reactive", reactive_column="reactive", reactive_unit="kvarh",
        on_bad_row="quarantine", **REGISTER,
    )  # fmt: skip
    assert found.loads[0].quality.tolist() == [2, 0]
    assert "the reactive register went from 50000 to 1000" in found.rejected[0].reason


def test_a_negative_register_is_refused(refusal: Refusal) -> None:
    said = refusal(*rows(5, -1), **REGISTER)
    assert "line 3, column energy: '-1' is a negative register; a register counts up from zero; declare the" in said


def test_a_register_that_is_read_twice_names_the_first_line(refusal: Refusal) -> None:
    said = refusal(*rows(5, 6), "2026-01-05 00:15,7", **REGISTER)
    assert "line 4, column time: '2026-01-05 00:15' repeats the instant 2026-01-05 00:15" in said


def test_one_reading_of_a_meter_is_no_energy(read: Read, refusal: Refusal) -> None:
    lines = ("2026-01-05 00:00,a,1", "2026-01-05 00:00,b,1", "2026-01-05 00:15,b,2")
    facts = {"header": "time,meter,energy", "meter_column": "meter", **REGISTER}
    said = refusal(*lines, **facts)
    assert (
        "line 2, column time: '2026-01-05 00:00' is the only reading of meter a, and energy is the difference of two; "
        "add the reading before or after it"
    ) in said
    found = read(*lines, on_bad_row="quarantine", **facts)
    assert [load.meter for load in found.loads] == ["b"]
    assert found.rows == 2
    assert [(row.line, row.cells) for row in found.rejected] == [(2, ("2026-01-05 00:00", "a", "1"))]


def test_a_register_finer_than_a_watt_hour_keeps_its_total(read: Read) -> None:
    found = read(*rows("0.0004", "0.0008", "0.0012", "0.0016"), **REGISTER)
    assert found.loads[0].energy_wh.tolist() == [1, 0, 1]
    assert "4 values are finer than 1 Wh" in found.notes[0]


def test_a_local_hour_of_half_hour_zones_is_a_step(read: Read) -> None:
    found = read(
        "2026-01-05 06:00,1", "2026-01-05 07:00,2", timezone="Asia/Kolkata", **{**REGISTER, "step_minutes": 60}
    )
    assert found.loads[0].start == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)


@given(
    registers=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 999_999), st.integers(0, 999_999)), min_size=2, max_size=8
    )
)
def test_a_file_is_judged_as_the_device_judges(registers: list[tuple[int, int, int]]) -> None:
    declared = Declaration(
        kind="register", unit="Wh", step_minutes=15, time_column="t", energy_column="e", reactive_column="r",
        reactive_unit="varh", rated_power_kw=Decimal(400), register_modulus=1_000_000,
    )  # fmt: skip
    series, readings, at = Series("m"), [], datetime(2026, 1, 5, tzinfo=UTC)
    for number, (steps, wh, varh) in enumerate(registers):
        at += timedelta(minutes=15) * steps
        readings.append(Reading("m", at, wh, varh))
        series.rows[(at - EPOCH) // timedelta(seconds=1)] = (number, Decimal(wh), Decimal(varh), None, None)
    load = on_grid(series, declared).load
    for before, after in pairwise(readings):
        measurements, gap = measure(before, after, MeterType(400_000, 1_000_000), timedelta(minutes=15))
        first = (before.at - load.start) // timedelta(minutes=15)
        steps = (after.at - before.at) // timedelta(minutes=15)
        assert load.reactive_varh is not None
        found = [
            (int(load.energy_wh[i]), int(load.reactive_varh[i]), int(load.quality[i]))
            for i in range(first, first + steps)
        ]
        expected = [(m.energy_wh, m.reactive_varh, int(m.quality)) for m in measurements]
        assert found == ([(0, 0, 2)] * steps if gap else expected)
