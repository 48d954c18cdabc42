"""Fewer cycles that tell the same energy: what a device does to its oldest backlog before it loses anything.

A register counts, so the readings in the middle can go: of (09:00 to 09:05), (09:05 to 09:10) and (09:10 to 09:15)
remains (09:00 to 09:15), whose energy is the same to the last Wh. What is lost is when it flowed, and with it the
demand within the block. Where a register fell between two readings nothing is joined: a reset in the middle of a longer
step would look like a smaller amount of energy.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from domain.measurement import EPOCH, ExtraRegister, Reading
from domain.upload import ReadingPair

EXTRA_REGISTERS: tuple[ExtraRegister, ...] = ("export_wh", "capacitive_varh")
LEVELS_MINUTES = (15, 60)
"""A demand block first, so that the maxima stay what they were; then an hour."""


def blocks(cycles: Iterable[tuple[int, datetime]], minutes: int) -> list[list[int]]:
    """The numbers of neighbouring cycles, polled at these instants, that end in one block of `minutes`.

    A poll at the end of a block belongs to it: its readings say what flowed before.
    """
    grouped = groupby(cycles, key=lambda cycle: -((EPOCH - cycle[1]) // timedelta(minutes=minutes)))
    return [[number for number, _ in group] for _, group in grouped]


def joined(cycles: Iterable[Sequence[ReadingPair]]) -> tuple[ReadingPair, ...]:
    """The readings of consecutive cycles with as few pairs as tell the same energy, in order."""
    kept: dict[str, list[ReadingPair]] = {}
    for pair in (pair for cycle in cycles for pair in cycle):
        pairs = kept.setdefault(pair[1].meter, [])
        if pairs and (longer := _join(pairs[-1], pair)):
            pairs[-1] = longer
        else:
            pairs.append(pair)
    return tuple(pair for pairs in kept.values() for pair in pairs)


def _join(first: ReadingPair, second: ReadingPair) -> ReadingPair | None:
    """One pair that says what two say; None where only both together do."""
    (start, middle), (again, end) = first, second
    if again != middle:
        return None
    if start is None:  # a store's first reading only says where counting begins, and the second pair says it too
        return second
    return (start, end) if _rose(start, middle) and _rose(middle, end) else None


def _rose(before: Reading, after: Reading) -> bool:
    if after.at <= before.at or after.active_wh < before.active_wh or after.reactive_varh < before.reactive_varh:
        return False
    for register in EXTRA_REGISTERS:
        fell = after.extra.of(register) < before.extra.of(register)
        if fell or after.extra.has(register) != before.extra.has(register):
            return False
    return True
