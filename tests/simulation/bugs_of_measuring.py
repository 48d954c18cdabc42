"""Mistakes between two register states and an interval's energy, each planted as one broken rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from application import price_uploads
from domain import measurement
from domain.measurement import Gap, Measurement, MeterType, Quality, Reading, Swap, Verdict
from domain.rest_of_rise import Words, rest_of_rise
from domain.supply_point import SupplyPoint
from tests.simulation.parts import SOUND
from tests.simulation.plant import MODULUS
from tests.simulation.planted import Planted
from tests.simulation.violation import Broken

Measured = tuple[tuple[Measurement, ...], Gap | None]
measure, register_step = measurement.measure, measurement.register_step
in_price_uploads = price_uploads._Parts


def gap_as_zero(
    before: Reading, after: Reading, kind: MeterType, step: timedelta, swap: Swap | None = None
) -> Measured:
    found, gap = measure(before, after, kind, step, swap)
    if gap is None:
        return found, None
    return tuple(Measurement(gap.meter, gap.start + i * step, 0, 0) for i in range((gap.end - gap.start) // step)), None


def estimates_as_measured(
    before: Reading, after: Reading, kind: MeterType, step: timedelta, swap: Swap | None = None
) -> Measured:
    found, gap = measure(before, after, kind, step, swap)
    return tuple(replace(one, quality=Quality.MEASURED) for one in found), gap


def estimates_dropped(
    before: Reading, after: Reading, kind: MeterType, step: timedelta, swap: Swap | None = None
) -> Measured:
    found, gap = measure(before, after, kind, step, swap)
    return (found if len(found) == 1 else ()), gap


def rest_of_a_division_lost(amount: int, parts: int) -> list[int]:
    return [amount // parts] * parts


def rollover_as_reset(before: int, after: int, kind: MeterType, elapsed: timedelta) -> tuple[int | None, Verdict]:
    return register_step(before, after, replace(kind, modulus=None), elapsed)


def reset_as_rollover(before: int, after: int, kind: MeterType, elapsed: timedelta) -> tuple[int | None, Verdict]:
    if after < before:
        return (after - before) % MODULUS, Verdict.ROLLOVER
    return register_step(before, after, kind, elapsed)


def never_replaced(before: Reading, after: Reading) -> bool:
    return False


def last_words_count(risen: Sequence[Measurement], known: Sequence[Words | None]) -> tuple[Measurement | None, ...]:
    return rest_of_rise(risen, [words and (words[1], words[1]) for words in known])


def what_is_known_is_not_subtracted(
    risen: Sequence[Measurement], known: Sequence[Words | None]
) -> tuple[Measurement | None, ...]:
    return tuple(None if words else one for one, words in zip(risen, known, strict=True))


def day_by_utc(parts: object, instant: datetime) -> date:
    return instant.date()


def no_swap(point: SupplyPoint, meter: str, start: datetime, end: datetime) -> None:
    return None


def no_contradiction(measured: Measurement, words: Words | None, thinned: bool) -> None:
    return None


def instead(owner: object, name: str, broken: object, breaks: Broken, among: tuple[str, ...] = ()) -> Planted:
    return Planted(replace(SOUND, instead={(owner, name): broken}), {breaks}, among)


RESETS, SWAPS = ("a_reset",), ("a_swap", "swaps_are_told", "quarantine_is_replayed")
CLOCK_ONLY = ("the_clock_is_set", "the_clock_is_right")
THINNED_AFTER_A_LOST_REPLY = (
    *("a_call_fails", "the_disk_is_small", "the_line_goes", "the_line_is_up"),
    *("a_correction", "records_change_places"),
)

BUGS: Mapping[str, Planted] = {
    "a gap is taken for no energy": instead(price_uploads, "measure", gap_as_zero, Broken.GAP, RESETS),
    "an estimate is called measured": instead(price_uploads, "measure", estimates_as_measured, Broken.QUALITY),
    "what would be estimated is dropped": instead(price_uploads, "measure", estimates_dropped, Broken.LOST),
    "the rest of a division is lost": instead(measurement, "spread", rest_of_a_division_lost, Broken.ENERGY),
    "a rollover is taken for a reset": instead(measurement, "register_step", rollover_as_reset, Broken.GAP),
    "a reset is taken for a rollover": instead(measurement, "register_step", reset_as_rollover, Broken.GAP, RESETS),
    "another meter is taken for the same one": instead(Reading, "is_replaced_by", never_replaced, Broken.GAP, SWAPS),
    "a registered swap is not looked for": instead(SupplyPoint, "swap_between", no_swap, Broken.QUARANTINE, SWAPS),
    "the last word counts for a rise, not the first": instead(
        price_uploads, "rest_of_rise", last_words_count, Broken.QUARANTINE, THINNED_AFTER_A_LOST_REPLY
    ),
    "of a rise nothing is taken off for what is known": instead(
        price_uploads, "rest_of_rise", what_is_known_is_not_subtracted, Broken.ENERGY, THINNED_AFTER_A_LOST_REPLY
    ),
    "a day is that of UTC": instead(in_price_uploads, "_day", day_by_utc, Broken.QUARANTINE),
    "readings of the future are priced": instead(
        price_uploads, "AHEAD", timedelta(days=60), Broken.INVENTED, CLOCK_ONLY
    ),
    "another energy of a known interval passes for a repetition": instead(
        price_uploads, "contradiction", no_contradiction, Broken.ENERGY, CLOCK_ONLY
    ),
}
