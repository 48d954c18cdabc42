"""The example readings are as their declarations say, and anyone can make them again."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.meter_files import MeterFile, load_declaration, read_meter_file

READINGS = Path(__file__).parents[3] / "examples" / "readings"


def example(name: str) -> MeterFile:
    return read_meter_file(READINGS / name, load_declaration(READINGS / name, {}))


def test_the_plant_has_all_quarter_hours_of_its_january() -> None:
    found = example("plant_15min.csv")
    load = found.loads[0]
    assert (load.meter, load.start) == ("plant", datetime(2026, 1, 1, 6, tzinfo=UTC))
    assert (load.energy_wh.size, set(load.quality), found.notes) == (31 * 96, {0}, ())
    assert 300_000 <= load.energy_wh.min() * 4 <= load.energy_wh.max() * 4 <= 700_000


def test_one_of_the_registers_starts_again_at_zero() -> None:
    found = example("registers_5min.csv")
    assert [(load.meter, load.energy_wh.size) for load in found.loads] == [("compressor-1", 576), ("furnace-2", 576)]
    assert found.notes == ("meter furnace-2: registers started again at zero 1 time",)


def test_the_examples_can_be_made_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, READINGS / "make_examples.py", tmp_path], check=True)
    for made in sorted(tmp_path.iterdir()):
        assert made.read_bytes() == (READINGS / made.name).read_bytes()
    assert {made.name for made in tmp_path.iterdir()} == {path.name for path in READINGS.glob("*.csv")}


def test_reading_a_csv_loads_neither_pyarrow_nor_pandas() -> None:
    program = (
        "import sys; from pathlib import Path; from adapters.meter_files import *; "
        f"path = Path({str(READINGS / 'plant_15min.csv')!r}); read_meter_file(path, load_declaration(path, {{}})); "
        "sys.exit(bool({'pyarrow', 'pandas'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
