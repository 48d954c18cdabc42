"""Makes the example readings beside this file: the same bytes every time, of a plant that does not exist.

Run `python examples/readings/make_examples.py` from anywhere; another folder may be named as its argument.
"""

import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

QUARTER_HOUR = timedelta(minutes=15)
FIVE_MINUTES = timedelta(minutes=5)


def main(folder: Path) -> None:
    (folder / "plant_15min.csv").write_text(plant(), encoding="utf-8", newline="")
    (folder / "ovens_15min.csv").write_text(ovens(), encoding="utf-8", newline="")
    (folder / "registers_5min.csv").write_text(registers(), encoding="utf-8", newline="")


def plant() -> str:
    """January 2026 of a medium-voltage plant with two shifts: local time, kWh and kvarh of each quarter hour."""
    chance = random.Random(2026)  # noqa: S311  (example data, no secret)
    lines = ["time,active_kWh,reactive_kvarh"]
    for step in range(31 * 96):
        start = datetime(2026, 1, 1) + QUARTER_HOUR * step  # noqa: DTZ001  (local time, as most meters write it)
        power_w = plant_power_w(start) + chance.randrange(-25_000, 25_000)
        reactive_var = power_w * chance.randrange(400, 560) // 1000
        lines.append(f"{start:%Y-%m-%d %H:%M},{hundredths(power_w // 4)},{hundredths(reactive_var // 4)}")
    return "\n".join([*lines, ""])


def plant_power_w(at: datetime) -> int:
    """Shifts from 06:00 to 22:00, Saturdays to 14:00, a dip at lunch; 330 kW of ovens and cooling never rest."""
    if at.date() == datetime(2026, 1, 1).date() or at.weekday() == 6:  # noqa: DTZ001
        return 330_000
    closes = 14 if at.weekday() == 5 else 22
    if not 6 <= at.hour < closes:
        return 345_000
    return 540_000 if at.hour == 13 else 660_000


def ovens() -> str:
    """The ovens behind the plant's main meter, in the same January."""
    chance = random.Random(12026)  # noqa: S311  (example data, no secret)
    lines = ["time,active_kWh,reactive_kvarh"]
    for step in range(31 * 96):
        start = datetime(2026, 1, 1) + QUARTER_HOUR * step  # noqa: DTZ001
        power_w = 210_000 + chance.randrange(-15_000, 15_000)
        lines.append(f"{start:%Y-%m-%d %H:%M},{hundredths(power_w // 4)},{hundredths(power_w // 20)}")
    return "\n".join([*lines, ""])


def registers() -> str:
    """Two days of two sub-meters: cumulative kWh and kvarh every 5 minutes; `furnace-2` wraps to zero."""
    chance = random.Random(52026)  # noqa: S311  (example data, no secret)
    energy_wh = {"compressor-1": 48_211_370, "furnace-2": 996_150_000}
    reactive_varh = {"compressor-1": 30_551_020, "furnace-2": 212_907_480}
    lines = ["time,meter,import_kWh,import_kvarh"]
    for step in range(2 * 288 + 1):
        at = datetime(2026, 1, 5) + FIVE_MINUTES * step  # noqa: DTZ001
        for meter, power_w in (("compressor-1", 90_000), ("furnace-2", 240_000)):
            lines.append(
                f"{at:%Y-%m-%d %H:%M},{meter},{hundredths(energy_wh[meter])},{hundredths(reactive_varh[meter])}"
            )
            used_wh = power_w // 12 + chance.randrange(-1_500, 1_500)
            energy_wh[meter] = (energy_wh[meter] + used_wh) % 1_000_000_000
            reactive_varh[meter] += used_wh // 2
    return "\n".join([*lines, ""])


def hundredths(wh: int) -> str:
    """Wh as kWh with two decimals, what is finer left out."""
    return f"{wh // 1000}.{wh % 1000 // 10:02d}"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
