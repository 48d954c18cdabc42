"""From registers to interval energy: the rules, each with its name.

A meter counts; it does not measure intervals. A `Measurement` is the difference of two register states, and
`register_step` is the only place where that difference is judged, on the device, in the cloud and for a file alike.

    rule       when                                             outcome
    steady     the counter moved forward by a possible amount   the difference is measured energy
    rollover   it wrapped at its modulus by a possible amount   the difference across the wrap is measured energy
    spread     readings in between are missing                  energy known, its times not: even, `ESTIMATED`
    rest       of a spread, some intervals are known         what is left over the others: `rest_of_rise`
    swap       another meter took its place in between         energy of both, across the swap
    reset      it fell without a possible wrap                  no energy is invented: a `Gap`, new baseline
    jump       it rose by more than the meter can carry         no energy is invented: a `Gap`, new baseline
    backwards  the reading is not later than the one before     refused: `BadReadings`
    too long   more than a billing month lies between         refused: `BadReadings`, most likely a wrong clock
    off grid   the instant is not a multiple of the step        refused: `BadReadings`
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Literal, get_args

from domain.errors import BadReadings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLAUSIBLE_OVERLOAD_PERCENT = 120
"""A meter may carry this much of its rated power before a step counts as a jump (current transformers run to 120 %)."""


LONGEST_SPREAD = timedelta(days=31)
"""Energy is spread over at most a billing month; beyond it a wrong clock is likelier than a silent meter."""


class Quality(IntEnum):
    """How an interval's energy is known; stored as small integers, so the values are for ever."""

    MEASURED = 0
    ESTIMATED = 1
    MISSING = 2


class Verdict(StrEnum):
    """What one step of one register was."""

    STEADY = "steady"
    ROLLOVER = "rollover"
    RESET = "reset"
    JUMP = "jump"
    SWAP = "swap"


ExtraRegister = Literal["export_wh", "capacitive_varh"]
EXTRA_REGISTERS: tuple[ExtraRegister, ...] = get_args(ExtraRegister)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a meter may count beside imported active and inductive reactive energy; None where it does not.

    Wh delivered to the grid, and capacitive varh. In a reading they are registers, in a measurement energy.
    """

    export_wh: int | None = None
    capacitive_varh: int | None = None

    def of(self, register: ExtraRegister) -> int:
        """Wh or varh, 0 where it is not metered."""
        return (self.export_wh if register == "export_wh" else self.capacitive_varh) or 0

    def has(self, register: ExtraRegister) -> bool:
        return (self.export_wh if register == "export_wh" else self.capacitive_varh) is not None

    def nothing(self) -> "Extra":
        """Zero of what is metered."""
        return Extra(None if self.export_wh is None else 0, None if self.capacitive_varh is None else 0)

    def taken_back(self) -> "Extra":
        """The same energy, below zero."""
        return Extra(*(None if energy is None else -energy for energy in (self.export_wh, self.capacitive_varh)))

    def corrected(self, other: "Extra") -> "Extra":
        """With what another one tells; what it does not tell stays."""
        return Extra(
            self.export_wh if other.export_wh is None else other.export_wh,
            self.capacitive_varh if other.capacitive_varh is None else other.capacitive_varh,
        )


NO_EXTRA = Extra()
"""Of a meter without such registers, which most are."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Registers of one meter at one UTC instant: cumulative imported Wh and varh (inductive).

    `serial` is the serial number that the meter told, empty where it was not asked or has none to tell.
    """

    meter: str
    at: datetime
    active_wh: int
    reactive_varh: int
    extra: Extra = NO_EXTRA
    serial: str = field(default="", compare=False)

    def is_replaced_by(self, after: "Reading") -> bool:
        """Whether both told who they are, and are two devices."""
        return bool(self.serial and after.serial) and self.serial != after.serial


@dataclass(frozen=True, slots=True)
class MeterType:
    """What a meter can physically do: rated power in W, and the value at which its registers wrap (Wh, varh)."""

    rated_power_w: int
    modulus: int | None = None


@dataclass(frozen=True, slots=True)
class Registers:
    """What a meter shows: Wh and varh, and what else it counts."""

    active_wh: int
    reactive_varh: int
    extra: Extra = NO_EXTRA


@dataclass(frozen=True, slots=True)
class Swap:
    """At a UTC instant another meter began to count: `last` registers and type of the old one, `first` of the new."""

    at: datetime
    last: Registers
    before: MeterType
    first: Registers
    after: MeterType


@dataclass(frozen=True, slots=True)
class Measurement:
    """Active (Wh) and reactive (varh) energy of one meter over `[start, start + step)`, UTC."""

    meter: str
    start: datetime
    energy_wh: int
    reactive_varh: int
    quality: Quality = Quality.MEASURED
    extra: Extra = NO_EXTRA


@dataclass(frozen=True, slots=True)
class Correction:
    """The energy that a recorded interval should have had (Wh, varh), and who says so and why.

    What `extra` does not tell stays as it was recorded.

    Raises `BadReadings` for an energy below zero, and where nobody says who or why.
    """

    meter: str
    start: datetime
    energy_wh: int
    reactive_varh: int
    by: str
    why: str
    extra: Extra = NO_EXTRA

    def __post_init__(self) -> None:
        where = f"meter {self.meter}: the correction at {self.start.isoformat()}"
        check_said(where, self.by, self.why)
        if self.energy_wh < 0 or self.reactive_varh < 0:
            raise BadReadings(
                f"{where} gives {self.energy_wh} Wh and {self.reactive_varh} varh; imported energy is 0 or more"
            )
        if min(self.extra.of("export_wh"), self.extra.of("capacitive_varh")) < 0:
            raise BadReadings(
                f"{where} gives {self.extra.of('export_wh')} Wh exported and {self.extra.of('capacitive_varh')} varh "
                "capacitive; each is 0 or more"
            )


def check_said(what: str, by: str, why: str) -> None:
    """Raises `BadReadings` where nobody says who does something and why."""
    if not by.strip() or not why.strip():
        raise BadReadings(f"{what} does not say who corrects and why; the ledger keeps both: give them")


@dataclass(frozen=True, slots=True)
class Gap:
    """Intervals `[start, end)` of one meter whose energy is unknown, and why. An event, never a zero reading."""

    meter: str
    start: datetime
    end: datetime
    reason: Verdict


def measure(
    before: Reading, after: Reading, meter_type: MeterType, step: timedelta, swap: Swap | None = None
) -> tuple[tuple[Measurement, ...], Gap | None]:
    """Measurements between two readings of one meter, or the gap they leave.

    Returns one measurement per step of `[before.at, after.at)`. Where a `swap` lies between the readings, the energy is
    that of both meters. Raises `BadReadings` for readings that are not on the grid of `step` or not in order.
    """
    steps = _steps_between(before, after, step)
    counted = [(before.active_wh, after.active_wh), (before.reactive_varh, after.reactive_varh)]
    found = (
        [_energy(one, meter_type, step * steps) for one in counted]
        if swap is None
        else _across(swap, counted, step * steps)
    )
    for energy, verdict in found:
        if energy is None:
            return (), Gap(before.meter, before.at, after.at, verdict)
    active, reactive = (energy or 0 for energy, _ in found)
    extras = _extra_steps(before.extra, after.extra, swap, meter_type, step, steps)
    if isinstance(extras, Verdict):
        return (), Gap(before.meter, before.at, after.at, extras)
    if steps == 1:
        return (Measurement(before.meter, before.at, active, reactive, extra=extras[0]),), None
    return tuple(
        Measurement(before.meter, before.at + step * i, wh, varh, Quality.ESTIMATED, extra)
        for i, (wh, varh, extra) in enumerate(zip(spread(active, steps), spread(reactive, steps), extras, strict=True))
    ), None


Step = tuple[int | None, Verdict]


def _energy(counted: tuple[int, int], meter_type: MeterType, elapsed: timedelta) -> Step:
    return register_step(*counted, meter_type, elapsed)


def _across(swap: Swap, counted: Sequence[tuple[int, int]], elapsed: timedelta) -> list[Step]:
    """Of active and reactive energy: what the old meter counted until its last, and the new one since its first."""
    shown = ((one.active_wh, one.reactive_varh) for one in (swap.last, swap.first))
    pairs = zip(counted, *shown, strict=True)
    return [_over_both(swap, (before, end), (begin, after), elapsed) for (before, after), end, begin in pairs]


def _over_both(swap: Swap, old: tuple[int, int], new: tuple[int, int], elapsed: timedelta) -> Step:
    """One register across a swap, of which each meter counted a part."""
    counted = _energy(old, swap.before, elapsed), _energy(new, swap.after, elapsed)
    for energy, verdict in counted:
        if energy is None:
            return None, verdict
    return sum(energy or 0 for energy, _ in counted), Verdict.SWAP


def register_step(before: int, after: int, meter_type: MeterType, elapsed: timedelta) -> tuple[int | None, Verdict]:
    """Energy (Wh or varh) between two values of a register and the rule that gave it; None where it cannot be known."""
    possible = most_possible(meter_type, elapsed)
    if 0 <= after - before <= possible:
        return after - before, Verdict.STEADY
    if after > before:
        return None, Verdict.JUMP
    if meter_type.modulus and (after - before) % meter_type.modulus <= possible:
        return (after - before) % meter_type.modulus, Verdict.ROLLOVER
    return None, Verdict.RESET


def most_possible(meter_type: MeterType, elapsed: timedelta) -> int:
    """Wh or varh that a register may rise by in so much time."""
    seconds = elapsed.days * 86_400 + elapsed.seconds
    return meter_type.rated_power_w * seconds * PLAUSIBLE_OVERLOAD_PERCENT // 360_000


def _extra_steps(
    before: Extra, after: Extra, swap: Swap | None, meter_type: MeterType, step: timedelta, steps: int
) -> Sequence[Extra] | Verdict:
    """The other registers, interval by interval; the verdict on the first whose energy cannot be known.

    A register that only one of the two readings has tells no energy: it is not metered there. Nor is one of which a
    swap between them does not tell where the old meter ended and the new one began.
    """
    if before is NO_EXTRA or after is NO_EXTRA:
        return [NO_EXTRA] * steps
    columns: list[Sequence[int | None]] = []
    for name in ("export_wh", "capacitive_varh"):
        known = [getattr(one, name) for one in (before, *_shown(swap), after)]
        if None in known:
            columns.append([None] * steps)
            continue
        if swap is None:
            amount, verdict = register_step(known[0], known[1], meter_type, step * steps)
        else:
            amount, verdict = _over_both(swap, (known[0], known[1]), (known[2], known[3]), step * steps)
        if amount is None:
            return verdict
        columns.append(spread(amount, steps))
    return [Extra(*each) for each in zip(*columns, strict=True)]


def _shown(swap: Swap | None) -> tuple[Extra, ...]:
    return () if swap is None else (swap.last.extra, swap.first.extra)


def spread(amount: int, parts: int) -> list[int]:
    """An integer amount in `parts` near-equal integers that add up to it exactly."""
    return [amount * (i + 1) // parts - amount * i // parts for i in range(parts)]


def _steps_between(before: Reading, after: Reading, step: timedelta) -> int:
    if before.meter != after.meter:
        raise BadReadings(f"readings of two meters, {before.meter} and {after.meter}, have no difference")
    for reading in (before, after):
        if (reading.at - EPOCH) % step:
            raise BadReadings(
                f"meter {reading.meter}: reading at {reading.at.isoformat()} is not on the {step} grid; "
                "stamp it with the instant of its poll"
            )
    if after.at <= before.at:
        raise BadReadings(
            f"meter {after.meter}: reading at {after.at.isoformat()} is not later than the one at "
            f"{before.at.isoformat()}; send each reading with the one before it"
        )
    if after.at - before.at > LONGEST_SPREAD:
        raise BadReadings(
            f"meter {after.meter}: {after.at - before.at} lie between the readings at {before.at.isoformat()} and "
            f"{after.at.isoformat()}, more than {LONGEST_SPREAD.days} days; check the device's clock"
        )
    return (after.at - before.at) // step
