"""A good file becomes loads, to the last watt-hour."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.meter_files import Declaration, MeterFile, load_declaration, read_meter_file

Read = Callable[..., MeterFile]

REPOSITORY = Path(__file__).parents[3]
STEEL = REPOSITORY.parent / "shared" / "data" / "steel_2018_15min.csv"
STEEL_IS_DECLARED: dict[str, object] = {
    "kind": "interval",
    "unit": "kWh",
    "reactive_unit": "kvarh",
    "timezone": "-06:00",
    "step_minutes": 15,
    "stamp": "end",
    "midnight": "same-day",
    "time_format": "%d/%m/%Y %H:%M",
    "time_column": "date",
    "energy_column": "Usage_kWh",
    "reactive_column": "Lagging_Current_Reactive_Power_kVarh",
}


def test_energies_reactive_energies_and_their_time_arrive(read: Read) -> None:
    found = read(
        "2026-01-05 00:00,1.5,0.25", "2026-01-05 00:15,.5,0", "2026-01-05 00:30,+2.,1e-3",
        header="time,energy,reactive", reactive_column="reactive", reactive_unit="kvarh", meter_name="main",
    )  # fmt: skip
    load = found.loads[0]
    assert (load.meter, load.start, load.step_minutes) == ("main", datetime(2026, 1, 5, 6, tzinfo=UTC), 15)
    assert load.energy_wh.tolist() == [1500, 500, 2000]
    assert load.reactive_varh is not None
    assert load.reactive_varh.tolist() == [250, 0, 1]
    assert load.quality.tolist() == [0, 0, 0]
    assert (found.rows, found.rejected, found.notes, found.header) == (3, (), (), ("time", "energy", "reactive"))


def test_without_a_reactive_column_there_is_no_reactive_energy(read: Read) -> None:
    assert read("2026-01-05 00:00,1").loads[0].reactive_varh is None


@pytest.mark.parametrize(("unit", "wh"), [("Wh", 20), ("kWh", 20_000), ("MWh", 20_000_000), ("GWh", 20_000_000)])
def test_energy_is_in_the_declared_unit(read: Read, unit: str, wh: int) -> None:
    assert read(f"2026-01-05 00:00,{'0.02' if unit == 'GWh' else '20'}", unit=unit).loads[0].energy_wh.tolist() == [wh]


def test_a_file_has_one_load_for_each_meter_in_order_of_their_names(read: Read) -> None:
    found = read(
        "oven,2026-01-05 00:00,1", "hall,2026-01-05 00:15,2", "oven,2026-01-05 00:15,3",
        header="meter,time,energy", meter_column="meter", meters=["oven", "hall", "roof"],
    )  # fmt: skip
    assert [(load.meter, load.energy_wh.tolist()) for load in found.loads] == [("hall", [2000]), ("oven", [1000, 3000])]
    assert (found.rows, found.notes) == (3, ("meter roof: declared, and not one of its rows was taken",))


def test_the_meter_has_the_name_of_its_file_unless_one_is_declared(read: Read) -> None:
    assert read("2026-01-05 00:00,1").loads[0].meter == "meter"


def test_a_decimal_comma_and_another_delimiter_are_read_as_declared(read: Read) -> None:
    found = read("2026-01-05 00:00;1,25", header="time;energy", decimal=",", delimiter=";")
    assert found.loads[0].energy_wh.tolist() == [1250]


def test_quoted_cells_padded_cells_and_empty_lines_are_understood(read: Read) -> None:
    found = read('"2026-01-05 00:00"," 1.5 "', "", '2026-01-05 00:15,"2"', "   ", header='"time", energy')
    assert found.loads[0].energy_wh.tolist() == [1500, 2000]


def test_what_is_finer_than_a_watt_hour_is_carried_and_the_total_kept(read: Read) -> None:
    found = read(*(f"2026-01-05 {m // 60:02d}:{m % 60:02d},0.0003" for m in range(0, 600, 15)))
    assert int(found.loads[0].energy_wh.sum()) == 12  # 40 × 0.3 Wh
    assert found.loads[0].energy_wh.tolist()[:5] == [0, 1, 0, 0, 1]
    assert found.notes == (
        "meter meter: 40 values are finer than 1 Wh or varh; "
        "what is rounded off one is carried to the next, and the total is kept",
    )


def test_the_dust_of_binary_fractions_does_not_cost_a_watt_hour(read: Read) -> None:
    found = read("2026-01-05 00:00,3.1699999999999999", "2026-01-05 00:15,0.30000000000000004")
    assert found.loads[0].energy_wh.tolist() == [3170, 300]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, declare: Callable[..., Declaration]) -> None:
    path = tmp_path / "meter.csv"
    path.write_bytes(b"\xef\xbb\xbftime,energy\r\n2026-01-05 00:00,1\r\n")
    assert read_meter_file(path, declare()).rows == 1


def test_a_steel_plant_stamps_the_end_of_the_day_with_the_day_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "steel.csv"
    rows = [(f"{day:02d}/01/2018 {m % 1440 // 60:02d}:{m % 60:02d}", m) for day in (1, 2) for m in range(15, 1441, 15)]
    lines = [f"{stamp},{minute / 100:.2f},0,0,Weekday" for stamp, minute in rows]
    header = "date,Usage_kWh,Lagging_Current_Reactive_Power_kVarh,CO2(tCO2),WeekStatus"
    path.write_text("\n".join(["\ufeff" + header, *lines]), encoding="utf-8")
    found = read_meter_file(path, load_declaration(path, STEEL_IS_DECLARED))
    assert found.loads[0].start == datetime(2018, 1, 1, 6, tzinfo=UTC)
    assert found.loads[0].energy_wh.tolist() == [minute * 10 for _, minute in rows]
    assert found.rejected == ()


@pytest.mark.skipif(not STEEL.exists(), reason="the steel plant's file is not beside this repository")
def test_the_year_of_the_steel_plant_is_complete() -> None:
    found = read_meter_file(STEEL, load_declaration(STEEL, STEEL_IS_DECLARED))
    load = found.loads[0]
    assert load.start == datetime(2018, 1, 1, 6, tzinfo=UTC)
    assert load.reactive_varh is not None
    assert (load.energy_wh.size, int(load.energy_wh.sum())) == (35_040, 959_636_710)
    assert int(load.reactive_varh.sum()) == 456_759_840
    assert int(load.energy_wh.max()) * 4 == 628_720
    assert (set(load.quality), found.rejected, found.notes) == ({0}, (), ())
