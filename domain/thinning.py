"""Fewer cycles that tell the same energy: what a device does to its oldest backlog before it loses anything.

A register counts, so the readings in the middle can go: of (09:00 to 09:05), (09:05 to 09:10) and (09:10 to 09:15)
remains (09:00 to 09:15), whose energy is the same to the last Wh. What is lost is when it flowed, and with it the
demand within the block. Where a register fell between two readings nothing is joined: a reset in the middle of a longer
step would look like a smaller amount of energy.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from domain.measurement import EPOCH, EXTRA_REGISTERS, Reading
from domain.upload import ReadingPair

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
    if again is None or again != middle or again.is_replaced_by(end):
        return None
    if start is None:  # a store's first reading only says where counting begins, and the second pair says it too
        return replace(middle, serial=middle.serial or again.serial), end
    if start.is_replaced_by(middle) or not (_rose(start, middle) and _rose(middle, end)):
        return None
    return start, end if end.serial else replace(end, serial=middle.serial)


def _rose(before: Reading, after: Reading) -> bool:
    """Whether no register fell, and both readings have the same ones."""
    pairs = [(before.active_wh, after.active_wh), (before.reactive_varh, after.reactive_varh)]
    for register in EXTRA_REGISTERS:
        if before.extra.has(register) is not after.extra.has(register):
            return False
        pairs.append((before.extra.of(register), after.extra.of(register)))
    return after.at > before.at and all(one <= other for one, other in pairs)
