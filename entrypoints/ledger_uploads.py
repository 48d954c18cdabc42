"""A file of readings as the uploads of a device: pairs of register states, day after day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, pairwise

import numpy as np

from adapters.messages import WattledgerWire
from domain.arrays import Load
from domain.arrays.load import Int
from domain.errors import BadOption
from domain.measurement import NO_EXTRA, Extra, Quality, Reading, Swap
from domain.supply_point import SupplyPoint
from domain.upload import ReadingPair

READINGS_PER_UPLOAD = 2000

Pairs = Mapping[str, Sequence[ReadingPair]]
"""A meter's register states, each with the one before it, in the order of time."""


def uploads(point: SupplyPoint, pairs: Pairs, source: str) -> Iterator[bytes]:
    """As records of the supply point's device, day after day, so that each day begins where the one before ended."""
    wire, of_day = WattledgerWire(), dict[datetime, list[ReadingPair]]()
    for before, after in chain.from_iterable(pairs.values()):
        if before is not None:
            local = before.at.astimezone(point.zone).replace(hour=0, minute=0, fold=0, tzinfo=None)
            of_day.setdefault(local, []).append((before, after))
    seq = 0
    for _, of_one in sorted(of_day.items()):
        for first in range(0, len(of_one), READINGS_PER_UPLOAD):
            seq += 1
            yield wire.record(point.device, source, seq, wire.body(of_one[first : first + READINGS_PER_UPLOAD]))


def pairs_of_registers(readings: Iterable[Sequence[Reading]]) -> Pairs:
    """What a file of registers tells is what a device tells: the ledger judges each step by what it knows of the meter.

    Its rated power, where its registers begin again, and whether another took its place count, not the file's.
    """
    return {one[0].meter: list(pairwise(one)) for one in readings}


def pairs_of_loads(point: SupplyPoint, loads: Iterable[Load], names: Mapping[str, str]) -> Pairs:
    """What a file of intervals tells, as two states of an imagined register: from zero to the interval's energy.

    `names` has the meter of the supply point for a meter of the file, where that is another. Where the meter was
    swapped within an interval the file tells the energy of both, so the first state is the old one's last.
    """
    return {load.meter: list(_pairs(load, point.swaps.get(names.get(load.meter, load.meter), ()))) for load in loads}


def of_meter(pairs: Pairs, meter: str | None) -> Pairs:
    """Those of one meter, under its name at the supply point; of all where none is asked for. Raises `BadOption`."""
    if meter is None or meter in pairs:
        return pairs if meter is None else {meter: pairs[meter]}
    if len(pairs) != 1:
        raise BadOption(f"--meter {meter!r}: the file has the meters {', '.join(pairs)}")
    [only] = pairs.values()
    return {meter: [(before and replace(before, meter=meter), replace(after, meter=meter)) for before, after in only]}


def check_step(point: SupplyPoint, minutes: int) -> None:
    """Raises `BadOption` where a file is read more or less often than the supply point."""
    if minutes != point.step_minutes:
        raise BadOption(
            f"the file has readings of {minutes} minutes, and {point.id} is read every "
            f"{point.step_minutes}: register its step_minutes as they are"
        )


def intervals_in(pairs: Pairs, minutes: int) -> int:
    """How many intervals lie between the register states."""
    step = timedelta(minutes=minutes)
    return sum((after.at - before.at) // step for before, after in chain.from_iterable(pairs.values()) if before)


def _pairs(load: Load, swaps: Sequence[Swap]) -> Iterator[ReadingPair]:
    step = timedelta(minutes=load.step_minutes)
    for at, wh, varh, extra, steps in _runs(load):
        start = load.start + step * at
        before = Reading(load.meter, start, 0, 0, extra.nothing())
        after = Reading(load.meter, start + step * steps, wh, varh, extra)
        for swap in swaps:
            if start < swap.at <= after.at:
                before, after = _beside(before, after, swap)
        yield before, after


def _runs(load: Load) -> Iterator[tuple[int, int, int, Extra, int]]:
    """(first interval, Wh, varh, what else it counts, how many).

    A run of estimated intervals comes together: it keeps its energy and is spread again.
    """
    varh = np.zeros_like(load.energy_wh) if load.reactive_varh is None else load.reactive_varh
    estimated = load.quality == Quality.ESTIMATED
    begins = (load.quality != Quality.MISSING) & ~(estimated & np.concatenate(([False], estimated[:-1])))
    counts_more = load.export_wh is not None or load.capacitive_varh is not None
    for at in np.flatnonzero(begins).tolist():
        steps = 1
        if estimated[at]:
            rest = np.flatnonzero(~estimated[at:])
            steps = int(rest[0]) if len(rest) else len(estimated) - at
        span = slice(at, at + steps)
        extra = Extra(_total(load.export_wh, span), _total(load.capacitive_varh, span)) if counts_more else NO_EXTRA
        yield at, int(load.energy_wh[span].sum()), int(varh[span].sum()), extra, steps


def _total(column: Int | None, span: slice) -> int | None:
    return None if column is None else int(column[span].sum())


def _beside(before: Reading, after: Reading, swap: Swap) -> tuple[Reading, Reading]:
    """The old meter stood at its last all the time, and the new one counted everything."""
    last, first = swap.last, swap.first
    begun = Extra(*(_sum(*both) for both in zip(_registers(first.extra), _registers(after.extra), strict=True)))
    return (
        replace(before, active_wh=last.active_wh, reactive_varh=last.reactive_varh, extra=last.extra),
        replace(
            after,
            active_wh=first.active_wh + after.active_wh,
            reactive_varh=first.reactive_varh + after.reactive_varh,
            extra=begun,
        ),
    )


def _registers(extra: Extra) -> tuple[int | None, int | None]:
    return extra.export_wh, extra.capacitive_varh


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
