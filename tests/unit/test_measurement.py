"""From two register states to interval energy: every named rule, and that no energy appears or disappears."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadReadings
from domain.measurement import (
    Gap,
    Measurement,
    MeterType,
    Quality,
    Reading,
    Verdict,
    measure,
    register_step,
    spread,
)

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)
KW_120 = MeterType(rated_power_w=120_000, modulus=1_000_000)  # carries 12,000 Wh in five minutes, 20 % more included
BEFORE = Reading("main", NOON, 5_000, 1_000)


def after(steps: int = 1, wh: int = 400, varh: int = 100) -> Reading:
    return Reading("main", NOON + steps * STEP, BEFORE.active_wh + wh, BEFORE.reactive_varh + varh)


def test_steady_the_difference_is_measured_energy() -> None:
    assert measure(BEFORE, after(), KW_120, STEP) == ((Measurement("main", NOON, 400, 100),), None)


@pytest.mark.parametrize("modulus", [1_000_000, None])
def test_a_register_that_stands_still_measured_zero_which_is_no_gap(modulus: int | None) -> None:
    kind = replace(KW_120, modulus=modulus)
    assert measure(BEFORE, after(wh=0, varh=0), kind, STEP) == ((Measurement("main", NOON, 0, 0),), None)
    assert register_step(5000, 5000, kind, STEP) == (0, Verdict.STEADY)


@pytest.mark.parametrize(("wh", "verdict"), [(12_000, Verdict.STEADY), (12_001, Verdict.JUMP)])
def test_a_meter_carries_a_fifth_more_than_its_rated_power_and_no_more(wh: int, verdict: Verdict) -> None:
    energy, said = register_step(0, wh, KW_120, STEP)
    assert (said, energy) == (verdict, wh if verdict is Verdict.STEADY else None)


def test_rollover_counts_across_the_wrap() -> None:
    assert register_step(999_900, 300, KW_120, STEP) == (400, Verdict.ROLLOVER)


@pytest.mark.parametrize(("fallen_to", "verdict"), [(11_900, Verdict.ROLLOVER), (11_901, Verdict.RESET)])
def test_a_wrap_that_the_meter_could_not_carry_is_a_reset(fallen_to: int, verdict: Verdict) -> None:
    assert register_step(999_900, fallen_to, KW_120, STEP)[1] is verdict


def test_without_a_modulus_every_fall_is_a_reset() -> None:
    assert register_step(999_900, 300, replace(KW_120, modulus=None), STEP) == (None, Verdict.RESET)


@pytest.mark.parametrize(
    ("wh", "varh", "reason"),
    [(-100, 100, Verdict.RESET), (12_001, 100, Verdict.JUMP), (400, -100, Verdict.RESET), (400, 12_001, Verdict.JUMP)],
)
def test_what_cannot_be_known_is_a_gap_with_its_reason_and_never_an_energy(wh: int, varh: int, reason: Verdict) -> None:
    assert measure(BEFORE, after(1, wh, varh), KW_120, STEP) == ((), Gap("main", NOON, NOON + STEP, reason))


def test_spread_energy_of_missing_readings_is_even_and_estimated() -> None:
    measurements, gap = measure(BEFORE, after(4, wh=1_001, varh=3), KW_120, STEP)
    assert gap is None
    assert [m.start for m in measurements] == [NOON + i * STEP for i in range(4)]
    assert [m.energy_wh for m in measurements] == [250, 250, 250, 251]
    assert [m.reactive_varh for m in measurements] == [0, 1, 1, 1]
    assert {m.quality for m in measurements} == {Quality.ESTIMATED}


@given(amount=st.integers(0, 10**15), parts=st.integers(1, 500))
def test_spread_parts_are_near_equal_and_add_up(amount: int, parts: int) -> None:
    found = spread(amount, parts)
    assert len(found) == parts
    assert sum(found) == amount
    assert max(found) - min(found) <= 1


@given(energy=st.lists(st.integers(0, 12_000), min_size=1, max_size=30), first=st.integers(0, 999_999), data=st.data())
def test_whatever_readings_are_missing_the_energy_is_what_the_register_counted(
    energy: list[int], first: int, data: st.DataObject
) -> None:
    registers = [(first + sum(energy[:i])) % 1_000_000 for i in range(len(energy) + 1)]
    readings = [Reading("main", NOON + i * STEP, wh, 0) for i, wh in enumerate(registers)]
    missing = data.draw(st.sets(st.integers(1, len(energy) - 1))) if len(energy) > 1 else set()
    kept = [reading for i, reading in enumerate(readings) if i not in missing]
    parts = [measure(one, other, KW_120, STEP) for one, other in pairwise(kept)]
    measurements = [measurement for found, _ in parts for measurement in found]
    assert [gap for _, gap in parts if gap] == []
    assert [m.start for m in measurements] == [NOON + i * STEP for i in range(len(energy))]
    assert sum(m.energy_wh for m in measurements) == sum(energy)


@pytest.mark.parametrize("minutes", [0, -5, -60])
def test_backwards_is_refused_with_both_instants(minutes: int) -> None:
    late = replace(BEFORE, at=NOON + timedelta(minutes=minutes))
    with pytest.raises(BadReadings, match=r"meter main.*not later than the one at 2026-01-07T12:00:00\+00:00"):
        measure(BEFORE, late, KW_120, STEP)


@pytest.mark.parametrize("stray", [timedelta(seconds=1), timedelta(minutes=2, seconds=30), timedelta(microseconds=1)])
def test_off_grid_is_refused_with_the_instant_and_the_step(stray: timedelta) -> None:
    with pytest.raises(BadReadings, match="not on the 0:05:00 grid"):
        measure(BEFORE, replace(after(), at=after().at + stray), KW_120, STEP)


def test_two_meters_have_no_difference() -> None:
    with pytest.raises(BadReadings, match="two meters, main and oven"):
        measure(BEFORE, replace(after(), meter="oven"), KW_120, STEP)


def test_stored_qualities_keep_their_numbers() -> None:
    assert {quality.name: int(quality) for quality in Quality} == {"MEASURED": 0, "ESTIMATED": 1, "MISSING": 2}


def test_energy_is_never_spread_over_more_than_a_billing_month() -> None:
    # a device that starts with its clock at 1970 would otherwise make millions of estimates
    longest = replace(after(wh=1000), at=NOON + timedelta(days=31))
    measurements, gap = measure(BEFORE, longest, KW_120, STEP)
    assert (len(measurements), gap) == (31 * 288, None)
    with pytest.raises(BadReadings, match=r"meter main: 31 days, 0:05:00 lie between .* check the device's clock"):
        measure(BEFORE, replace(longest, at=longest.at + STEP), KW_120, STEP)
