"""Writes a made-up year of one meter as CSV: 105,120 rows of 5 minutes, the same bytes every time.

Columns: `time` (start of the interval, local time of Mexico City in 2025, which has no clock change), `kwh`, `kvarh`.
A plant with two shifts: mean kW = 1000 x base x (1 + 0.12 z), at least 20, where z is standard normal and base is 0.25,
0.55 more while people work, and a wave of 0.08 over the year. Run `python -m benchmarks.meter_year FILE [DAYS]`.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DAYS = 365
STEPS_PER_DAY = 288
FIRST = datetime(2025, 1, 1)  # noqa: DTZ001  (local time, as most meters write it)
SEED = 7


def main(file: Path, days: int = DAYS) -> None:
    """Write the first `days` days of the year."""
    kwh = energy_kwh(DAYS * STEPS_PER_DAY)
    kvarh = np.round(0.4 * kwh, 3)
    with file.open("w", encoding="utf-8", newline="") as csv:
        csv.write("time,kwh,kvarh\n")
        for step in range(days * STEPS_PER_DAY):
            at = FIRST + step * timedelta(minutes=5)
            csv.write(f"{at:%Y-%m-%d %H:%M},{kwh[step]:.3f},{kvarh[step]:.3f}\n")


def energy_kwh(steps: int) -> NDArray[np.float64]:
    """Energy of each interval, in kWh to three decimals: a made-up measurement, so a float is no sin here."""
    day, hour = np.divmod(np.arange(steps), STEPS_PER_DAY)
    weekday, hour = (FIRST.weekday() + day) % 7, hour / 12
    working = (hour >= 6) & (((weekday < 5) & (hour < 22)) | ((weekday == 5) & (hour < 14)))
    base = 0.25 + 0.55 * working + 0.08 * np.sin(2 * np.pi * (day - 30) / 365)
    mean_kw = np.maximum(base * (1 + 0.12 * np.random.default_rng(SEED).standard_normal(steps)), 0.02) * 1000
    kwh: NDArray[np.float64] = np.round(np.round(mean_kw, 3) / 12, 3)
    return kwh


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
