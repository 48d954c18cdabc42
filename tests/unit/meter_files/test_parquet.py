"""Parquet is read like CSV where it is text, and exactly as typed where it is not."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from adapters.meter_files import Declaration, MeterFile, OnBadRow, read_meter_file, write_quarantine
from domain.errors import BadReadings

ReadParquet = Callable[..., MeterFile]
Declare = Callable[..., Declaration]

LOCAL = [datetime(2026, 1, 5, 0, minute) for minute in (0, 15, 30)]  # noqa: DTZ001  (a column without time zone)
AWARE = [datetime(2026, 1, 5, 6, minute, tzinfo=UTC) for minute in (0, 15, 30)]
ENERGY = pyarrow.array([1.5, 2.5, 3.5])


@pytest.fixture
def read_parquet(tmp_path: Path, declare: Declare) -> ReadParquet:
    """Writes the columns time and energy, and others by name, and reads them."""

    def read(
        time: Any, energy: Any = ENERGY, on_bad_row: OnBadRow = "stop", *, facts: Any = None, **more: Any
    ) -> MeterFile:
        path = tmp_path / "meter.parquet"
        parquet.write_table(pyarrow.table({"time": time, "energy": energy, **more}), path)
        return read_meter_file(path, declare(**(facts or {})), on_bad_row)

    return read


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(("zone", "stamps"), [(None, LOCAL), ("UTC", AWARE), ("Europe/Madrid", AWARE)])
def test_timestamps_are_local_or_instants(
    read_parquet: ReadParquet, unit: str, zone: str | None, stamps: list[datetime]
) -> None:
    load = read_parquet(pyarrow.array(stamps, pyarrow.timestamp(unit, zone))).loads[0]
    assert load.start == datetime(2026, 1, 5, 6, tzinfo=UTC)
    assert load.energy_wh.tolist() == [1500, 2500, 3500]


def test_text_is_read_like_csv(read_parquet: ReadParquet) -> None:
    energy = pyarrow.array(["1.5", " 2.5", "3.5"])
    stamps = pyarrow.array([f"{at:%Y-%m-%d %H:%M}" for at in LOCAL], pyarrow.large_string())
    assert read_parquet(stamps, energy).loads[0].energy_wh.tolist() == [1500, 2500, 3500]


@pytest.mark.parametrize(
    "energy",
    [
        pyarrow.array([1, 0, 3], pyarrow.int32()),
        pyarrow.array([1, 0, 3], pyarrow.uint64()),
        pyarrow.array([Decimal("1.000"), Decimal(0), Decimal(3)], pyarrow.decimal128(12, 3)),
        pyarrow.array([1.0, 0.0, 3.0], pyarrow.float32()),
        pyarrow.array(["1", "0", "3"]).dictionary_encode(),
    ],
)
def test_every_type_of_number_is_exact(read_parquet: ReadParquet, energy: Any) -> None:
    assert read_parquet(pyarrow.array(LOCAL), energy).loads[0].energy_wh.tolist() == [1000, 0, 3000]


@pytest.mark.parametrize(("unit", "cells", "wh"), [
    ("kWh", [3.17, 0.1 + 0.2, 1e-7], [3170, 300, 0]),
    ("MWh", [0.00317, 0.1 + 0.2, 12.345678], [3170, 300_000, 12_345_678]),
    ("GWh", [0.000000317, 0.01 + 0.02, 0.034567891], [317, 30_000_000, 34_567_891]),
])  # fmt: skip
def test_a_float_is_taken_to_the_digits_it_was_meant_to_have(
    read_parquet: ReadParquet, unit: str, cells: list[float], wh: list[int]
) -> None:
    found = read_parquet(pyarrow.array(LOCAL), pyarrow.array(cells), facts={"unit": unit})
    assert found.loads[0].energy_wh.tolist() == wh
    assert found.notes == ()


def test_meters_may_be_numbers_and_categories(read_parquet: ReadParquet) -> None:
    stamps = pyarrow.array([LOCAL[0]] * 3)
    for meters in (pyarrow.array([7, 12, 3]), pyarrow.array(["7", "12", "3"]).dictionary_encode()):
        found = read_parquet(stamps, facts={"meter_column": "meter"}, meter=meters)
        assert [load.meter for load in found.loads] == ["12", "3", "7"]


@pytest.mark.parametrize(
    ("energy", "said"),
    [
        ([1.0, float("nan"), 1.0], "meter.parquet row 2, column energy: 'nan' is not a number; write plain digits"),
        ([1.0, float("inf"), 1.0], "meter.parquet row 2, column energy: 'inf' is not a number"),
        ([1.0, None, 1.0], "meter.parquet row 2, column energy: '' is empty; write the kWh"),
        ([1.0, -2.5, 1.0], "meter.parquet row 2, column energy: '-2.5' is a negative energy"),
        ([1.0, 1e300, 1.0], "meter.parquet row 2, column energy: '1e+300' is more kWh than is possible"),
        ([1, None, 1], "meter.parquet row 2, column energy: '' is empty; write the kWh"),
        (["1", None, "1"], "meter.parquet row 2, column energy: '' is empty; write the kWh"),
    ],
)
def test_a_bad_cell_is_named_by_its_row(read_parquet: ReadParquet, energy: list[Any], said: str) -> None:
    with pytest.raises(BadReadings) as refused:
        read_parquet(pyarrow.array(LOCAL), pyarrow.array(energy))
    assert said in str(refused.value)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_a_timestamp_that_is_missing_or_absurd_is_named(read_parquet: ReadParquet, zone: str | None) -> None:
    for value, said in ((None, "'' is empty"), (-(2**62), "microseconds after 1970' cannot be read as a whole second")):
        values = pyarrow.array([AWARE[0].timestamp() * 1_000_000, value, -1], pyarrow.int64())
        stamps = values.cast(pyarrow.timestamp("us", zone))
        found = read_parquet(stamps, on_bad_row="quarantine")
        assert (found.rows, [row.line for row in found.rejected]) == (1, [2, 3])
        with pytest.raises(BadReadings, match=f"row 2, column time: .*{said}"):
            read_parquet(stamps)


@pytest.mark.parametrize(("zone", "said"), [(None, "'2026-01-05 06:07:00'"), ("UTC", "'2026-01-05 06:07:00Z'")])
def test_a_timestamp_is_shown_as_a_time(read_parquet: ReadParquet, zone: str | None, said: str) -> None:
    stamps = pyarrow.array([AWARE[0].replace(minute=7)] * 3, pyarrow.timestamp("us", zone))
    with pytest.raises(BadReadings, match=f"row 1, column time: {said} is not on the 15-minute grid"):
        read_parquet(stamps)
    with pytest.raises(BadReadings, match=r"row 2, column time: '2026-01-05 06:00:00Z?' repeats the interval"):
        read_parquet(pyarrow.array([AWARE[0]] * 3, pyarrow.timestamp("us", zone)))


def test_a_naive_timestamp_needs_a_declared_time_zone(read_parquet: ReadParquet) -> None:
    with pytest.raises(
        BadReadings, match="row 1, column time: '2026-01-05 00:00:00' does not say its time zone; declare"
    ):
        read_parquet(pyarrow.array(LOCAL), facts={"timezone": None})


@pytest.mark.parametrize(
    ("time", "energy", "said"),
    [
        (
            pyarrow.array([1, 2, 3]),
            ENERGY,
            "column time: its type is int64, a reading needs a timestamp or text; convert",
        ),
        (
            pyarrow.array(LOCAL),
            pyarrow.array([True, False, True]),
            "column energy: its type is bool, a reading needs a number",
        ),
    ],
)
def test_a_column_of_a_useless_type_is_refused(read_parquet: ReadParquet, time: Any, energy: Any, said: str) -> None:
    with pytest.raises(BadReadings, match=said):
        read_parquet(time, energy)


def test_the_quarantine_has_all_columns_of_the_row(read_parquet: ReadParquet, tmp_path: Path) -> None:
    comments = pyarrow.array(["fine", None, "fine"])
    energy = pyarrow.array([1.0, -1.0, 2.0])
    found = read_parquet(pyarrow.array(LOCAL), energy, "quarantine", comment=comments, extra=pyarrow.array([1, 2, 3]))
    assert found.loads[0].quality.tolist() == [0, 2, 0]
    assert found.rejected[0].cells == ("2026-01-05 00:15:00", "-1.0", "", "2")
    write_quarantine(tmp_path / "rejected.csv", found)
    assert (tmp_path / "rejected.csv").read_text(encoding="utf-8").startswith("line,reason,time,energy,comment,extra\n")


def test_a_broken_file_and_a_file_that_only_pretends_are_refused(tmp_path: Path, declare: Declare) -> None:
    path = tmp_path / "meter.parquet"
    path.write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(BadReadings, match=r"meter\.parquet: not a readable Parquet file .*; export it again$"):
        read_meter_file(path, declare())
    path.write_text("time,energy\n", encoding="utf-8")
    with pytest.raises(
        BadReadings, match=r"meter\.parquet: not a Parquet file, whatever its name says; export it again"
    ):
        read_meter_file(path, declare())


def test_a_missing_column_is_named(read_parquet: ReadParquet) -> None:
    with pytest.raises(BadReadings, match=r"meter\.parquet, column Energy: missing, did you mean 'energy'"):
        read_parquet(pyarrow.array(LOCAL), facts={"energy_column": "Energy"})


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused(place: int, byte: int) -> None:
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"time": LOCAL, "energy": ENERGY, "comment": ["a", "b", "c"]}), sink)
    content = bytearray(sink.getvalue().to_pybytes())
    content[place % len(content)] = byte
    declared = Declaration(
        kind="interval", unit="kWh", step_minutes=15, stamp="start", timezone="UTC", time_column="time",
        energy_column="energy",
    )  # fmt: skip
    with TemporaryDirectory() as folder, suppress(BadReadings):
        path = Path(folder) / "meter.parquet"
        path.write_bytes(content)
        read_meter_file(path, declared, "quarantine")
