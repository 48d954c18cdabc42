"""What a hundred meters say every five minutes, the same in every run, for whoever stores it in whichever way."""

from collections.abc import Iterator
from random import Random

METERS = 100
POLLS_A_DAY = 288
FIRST_S = 1_767_225_600  # 2026-01-01, UTC
STEP_S = 300
Registers = tuple[str, int, int]


def polls(days: int) -> Iterator[tuple[int, list[Registers]]]:
    """(UTC seconds, registers by meter: name, Wh, varh) of each poll. Loads wander between 0 and 120 kW."""
    chance = Random("factory")  # noqa: S311  # repeatable
    wh = [chance.randrange(10**6, 10**9) for _ in range(METERS)]
    varh = [register // 3 for register in wh]
    watts = [chance.randrange(5_000, 100_000) for _ in range(METERS)]
    for poll in range(days * POLLS_A_DAY):
        for i in range(METERS):
            watts[i] = min(120_000, max(0, watts[i] + chance.randrange(-8_000, 8_001)))
            wh[i] += watts[i] * STEP_S // 3600
            varh[i] += watts[i] * STEP_S // 3600 * chance.randrange(20, 40) // 100
        names = [f"hall-{i // 20 + 1}/meter-{i:03d}" for i in range(METERS)]
        yield FIRST_S + poll * STEP_S, list(zip(names, wh, varh, strict=True))


def bytes_written() -> int:
    """What this process has given to the system to write so far. Linux only: raises `FileNotFoundError` elsewhere."""
    with open("/proc/self/io", encoding="ascii") as told:  # noqa: PTH123  # also run where nothing of ours is installed
        return int(next(line for line in told if line.startswith("wchar")).split()[1])
