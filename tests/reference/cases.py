"""Tariffs and loads together, drawn from seeds: what the tests of the engine price."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from domain.arrays import PricedLoad, price_load
from domain.arrays.load import Load
from domain.measurement import MeterType, Quality
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, History, Terms
from tests.reference import chance

CONTRACT = Contract({"all": Decimal(100)}, metered_on_low_side=True)
PLACES = {
    "Europe/Madrid": (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)),
    "America/Santiago": (datetime(2026, 4, 4, 3, tzinfo=UTC), datetime(2026, 8, 31, 4, tzinfo=UTC)),
    "America/Mexico_City": (datetime(2028, 2, 27, 6, tzinfo=UTC), datetime(2025, 12, 29, 6, tzinfo=UTC)),
}
"""Days before a month ends or a clock changes; in Santiago it changes at midnight."""


@dataclass(frozen=True)
class Case:
    """A tariff, a load, the zone it is in, and the demand of the months before it."""

    tariff: Tariff
    load: Load
    zone: ZoneInfo
    history: History

    def priced(self) -> PricedLoad:
        return price_load(self.load, self.tariff, CONTRACT, self.zone, history=self.history)

    def terms(self, first: date, history: History) -> Terms:
        rates = self.tariff.rate_table.in_force(first, first)
        return Terms(self.tariff, rates, CONTRACT, BillingMonth(first, self.zone), self.load.step_minutes, history)

    def point(self) -> SupplyPoint:
        meters = {"main": MeterType(10**9)}
        return SupplyPoint("main", "edge", self.zone, "chance", CONTRACT, "main", meters, self.load.step_minutes)


def some_days(seed: int, load_seed: int, families: set[str]) -> Case:
    """Some days around the end of a month or a change of the clock, with gaps and estimates."""
    dice = Random(load_seed)  # repeatable
    zone = dice.choice(sorted(PLACES))
    step = dice.choice([5, 15])
    start = dice.choice(PLACES[zone]) + timedelta(minutes=step) * dice.randrange(60)
    size = dice.randrange(1, 6000 // step)
    load = drawn(dice, start, step, size)
    return case_of(Random(seed), families, load, ZoneInfo(zone))  # repeatable


def whole_months(seed: int, load_seed: int, families: set[str]) -> Case:
    """A month at five minutes, or two at fifteen, with every interval known."""
    dice = Random(load_seed)  # repeatable
    zone, step = ZoneInfo(dice.choice(sorted(PLACES))), dice.choice([5, 15])
    first = BillingMonth(date(2026, dice.choice([2, 3, 4, 9, 10]), 1), zone)
    size = first.intervals(step) + (first.next().intervals(step) if step == 15 else 0)
    load = drawn(dice, first.start_utc, step, size)
    load.quality[:] = Quality.MEASURED
    return case_of(Random(seed), families, load, zone)  # repeatable


def drawn(dice: Random, start: datetime, step: int, size: int) -> Load:
    chosen = np.random.default_rng(dice.randrange(10**9))
    quality = np.repeat(chosen.choice([0, 0, 0, 1, 2], size // 7 + 1), 7)[:size].astype(np.uint8)
    tops = dice.choice([0, 3, 2000, 20_000, 60_000]), dice.choice([0, 3, 500, 20_000])
    wh, varh = (np.where(quality != Quality.MISSING, chosen.integers(0, top + 1, size), 0) for top in tops)
    out, capacitive = (
        np.where(quality != Quality.MISSING, chosen.integers(0, top + 1, size) // 3, 0) for top in tops[::-1]
    )
    return Load("main", start, step, wh, varh, quality, out, capacitive)


def case_of(dice: Random, families: set[str], load: Load, zone: ZoneInfo) -> Case:
    history = chance.history(dice, BillingMonth.of(load.start, zone).first)
    return Case(chance.tariff(dice, families, load.start, load.step_minutes), load, zone, history)


SEEDS, FAMILIES = st.integers(0, 10**9), st.sets(st.sampled_from(chance.FAMILIES), min_size=4)
DAYS, MONTHS = (st.builds(case, SEEDS, SEEDS, FAMILIES) for case in (some_days, whole_months))
