"""Words and figures that all evidence shares: which blocks weigh most, from when to when, in which periods."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from domain.arrays.gauges import Blocks
from domain.arrays.load import Billed, Int
from domain.evidence import Evidence, Moment

DEAREST = 3
"""So many of the intervals that weigh most are named, where all of them count."""

Weigh = Callable[[Blocks], Int]


def weighed(blocks: Blocks, counted: str, minutes: int, weigh: Weigh, unit: str) -> Evidence:
    """Blocks that all count, with the heaviest of them by name."""
    weights = weigh(blocks)
    named = tuple(Moment(instant(blocks.start_s[i]), milli(weights[i]), unit) for i in largest(weights, DEAREST))
    return Evidence(counted, len(weights), minutes, *range_of(blocks, minutes), f"most {unit}", named)


def energy(blocks: Blocks) -> Int:
    return blocks.wh


def reactive_energy(blocks: Blocks) -> Int:
    return blocks.varh


def capacitive_energy(blocks: Blocks) -> Int:
    return blocks.of_register("capacitive_varh")


def exported_energy(blocks: Blocks) -> Int:
    return blocks.of_register("export_wh")


def largest(values: Int | NDArray[np.object_], most: int) -> list[int]:
    """Places of the largest values above 0, the largest first, the earlier first where equal."""
    if len(values) == 0:
        return []
    order = np.argsort(-values, kind="stable")[:most].tolist()
    return [i for i in order if values[i] > 0]


def range_of(blocks: Blocks, minutes: int) -> tuple[datetime | None, datetime | None]:
    if len(blocks.start_s) == 0:
        return None, None
    return instant(blocks.start_s[0]), instant(blocks.start_s[-1] + minutes * 60)


def in_periods(periods: tuple[int, ...], billed: Billed) -> str:
    """` in base, peak`; nothing where all periods count."""
    names = billed.terms.tariff.periods
    return "" if len(set(periods)) == len(names) else f" in {', '.join(names[p] for p in periods)}"


def wh_of(value: int, apparent: bool) -> Fraction:
    return Fraction(isqrt(value * 10**12), 10**6) if apparent else Fraction(value)


def kw(wh: Fraction | np.int64, minutes: int) -> Decimal:
    return to_the_watt(Fraction(wh if isinstance(wh, Fraction) else int(wh)) * 60 / (1000 * minutes))


def to_the_watt(kw: Fraction) -> Decimal:
    """To the watt; what is billed is on the line itself."""
    return (Decimal(kw.numerator) / Decimal(kw.denominator)).quantize(Decimal("0.001"))


def milli(value: np.int64) -> Decimal:
    return Decimal(int(value)).scaleb(-3)


def instant(seconds: int | np.int64) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
