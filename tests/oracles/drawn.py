"""Tariffs and years of load from seeds, in our words, in PySAM's and in eeco's: only what all of them can express."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from random import Random

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks import peer_eeco, peer_pysam
from benchmarks.common_tariff import YEAR
from domain.arrays import Load
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import Charge, EnergyByPeriod, Fixed, MaximumDemand, TieredEnergy, TierScope
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

NAMES = ("p1", "p2", "p3")
PERIODS = tuple(enumerate(NAMES))
METERING = {
    TierScope.POOLED_PROPORTIONAL: peer_pysam.PROPORTIONAL,
    TierScope.POOLED_CHRONOLOGICAL: peer_pysam.CHRONOLOGICAL,
}


@dataclass(frozen=True)
class Drawn:
    """`hours` has the period (0 to 2) of each hour by (summer?, workday?); summer runs from one month to another."""

    step_minutes: int
    scope: TierScope
    summer: tuple[int, int]
    hours: dict[tuple[bool, bool], list[int]]
    energy: list[list[Decimal]]
    limits_kwh: list[Decimal]
    flat: list[Decimal]
    limits_kw: list[Decimal]
    by_period: list[Decimal]
    fixed: Decimal
    wh: NDArray[np.int64]

    @cached_property
    def kw(self) -> NDArray[np.float64]:
        return self.wh * (60 // self.step_minutes) / 1000

    @property
    def load(self) -> Load:
        flags = np.zeros(len(self.wh), dtype=np.uint8)
        return Load("main", datetime(YEAR, 1, 1, tzinfo=UTC), self.step_minutes, self.wh, None, flags)

    @property
    def tariff(self) -> Tariff:
        """Ours."""
        charges, values = self._charges()
        return Tariff(
            id="drawn",
            name="Drawn",
            country="XX",
            currency="USD",
            timezone="UTC",
            source="chance",
            demand_minutes=self.step_minutes,
            calendar=self._calendar(),
            charges=charges,
            rounding=Rounding(),
            rate_table=RateTable("drawn", "", (Rates(date(2000, 1, 1), None, values, ""),)),
            version="1",
        )

    def _charges(self) -> tuple[tuple[Charge, ...], dict[str, Decimal]]:
        tiers = range(1, len(self.limits_kwh) + 2)
        energy: Charge = EnergyByPeriod("energy", "Energy", "supply", "", PERIODS)
        values = {f"energy.{name}": rates[0] for name, rates in zip(NAMES, self.energy, strict=True)}
        if self.limits_kwh:
            energy = TieredEnergy("energy", "Energy", "supply", "", PERIODS, self.scope, tuple(self.limits_kwh))
            values = {f"energy.{name}.t{n}": self.energy[p][n - 1] for p, name in PERIODS for n in tiers}
        flat = MaximumDemand("flat", "Flat", "supply", "", PERIODS, round_up_kw=False, tiers_kw=tuple(self.limits_kw))
        values |= dict(zip(flat.rate_keys, self.flat, strict=True))
        values |= {f"top.{name}": rate for name, rate in zip(NAMES, self.by_period, strict=True)} | {"fix": self.fixed}
        tops = [
            MaximumDemand(f"top.{name}", "Top", "supply", "", ((p, name),), round_up_kw=False) for p, name in PERIODS
        ]
        return (energy, flat, *tops, Fixed("fix", "Fixed", "supply", "")), values

    def _calendar(self) -> Calendar:
        first, last = self.summer
        seasons = (Season("summer", FixedDay(first, 1)), Season("winter", FixedDay(last + 1, 1)))
        schedules = {
            ("summer" if summer else "winter", "workday" if workday else "weekend"): tuple(
                Window(a * 60, b * 60, NAMES[p]) for p, a, b in runs(hours)
            )
            for (summer, workday), hours in self.hours.items()
        }
        return Calendar(NAMES, seasons, ("workday",) * 5 + ("weekend",) * 2, None, (), schedules)

    def for_pysam(self) -> peer_pysam.Rates:
        def schedule(workday: bool) -> list[list[int]]:
            first, last = self.summer
            return [[p + 1 for p in self.hours[first <= month <= last, workday]] for month in range(1, 13)]

        return peer_pysam.Rates(
            weekday=schedule(True),
            weekend=schedule(False),
            energy=[[float(rate) for rate in rates] for rates in self.energy],
            energy_limits_kwh=[float(limit) for limit in self.limits_kwh],
            flat=[float(rate) for rate in self.flat],
            flat_limits_kw=[float(limit) for limit in self.limits_kw],
            by_period=[float(rate) for rate in self.by_period],
            fixed=float(self.fixed),
            metering=METERING[self.scope],
        )

    def for_eeco(self) -> list[peer_eeco.Row]:
        rows = [peer_eeco.Row("customer", "fixed", float(self.fixed))]
        for rate, above in zip(self.flat, [Decimal(0), *self.limits_kw], strict=True):
            rows.append(peer_eeco.Row("demand", "flat", float(rate), above=float(above)))
        for months, summer in self._months():
            for workday, weekdays in ((True, peer_eeco.WORKDAYS), (False, peer_eeco.WEEKEND)):
                for p, *hours in runs(self.hours[summer, workday]):
                    where = months, (hours[0], hours[1]), weekdays
                    rows.append(peer_eeco.Row("demand", NAMES[p], float(self.by_period[p]), *where))
                    for rate, above in zip(self.energy[p], [Decimal(0), *self.limits_kwh], strict=True):
                        rows.append(peer_eeco.Row("energy", NAMES[p], float(rate), *where, above=float(above)))
        return rows

    def _months(self) -> Iterator[tuple[tuple[int, int], bool]]:
        first, last = self.summer
        yield from (((first, last), True), ((1, first - 1), False), ((last + 1, 12), False))


def runs(hours: list[int]) -> Iterator[tuple[int, int, int]]:
    """(period, first hour, end) of each run of equal hours."""
    for p, group in groupby(enumerate(hours), key=lambda pair: pair[1]):
        members = [hour for hour, _ in group]
        yield p, members[0], members[-1] + 1


def drawn(seed: int, step_minutes: int, scope: TierScope) -> Drawn:
    """Limits are whole and so far apart that no step of the load crosses two of them."""
    dice = Random(seed)  # repeatable
    tiers, steps, top_kw = dice.choice([1, 2, 3]), 8760 * 60 // step_minutes, dice.choice([5, 900, 40_000])
    first = dice.randint(2, 11)
    mean_kwh = top_kw * 730 // 2
    limits = [Decimal(mean_kwh * n // 3 + 1) for n in range(1, tiers)]
    chosen = np.random.default_rng(dice.randrange(10**9))
    shape = chosen.random(24)[np.arange(steps) * step_minutes // 60 % 24]
    wh = (chosen.random(steps) * shape * top_kw * 1000 * step_minutes / 60).astype(np.int64)
    return Drawn(
        step_minutes=step_minutes,
        scope=scope,
        summer=(first, dice.randint(first, 11)),
        hours={(summer, workday): day(dice) for summer in (True, False) for workday in (True, False)},
        energy=[[rate(dice, 400_000) for _ in range(tiers)] for _ in NAMES],
        limits_kwh=limits,
        flat=[rate(dice, 20_000_000) for _ in range(2)],
        limits_kw=[Decimal(top_kw // 2)],
        by_period=[rate(dice, 20_000_000) for _ in NAMES],
        fixed=rate(dice, 10**9),
        wh=wh,
    )


def day(dice: Random) -> list[int]:
    """The period of each hour: some runs."""
    edges = sorted(dice.sample(range(1, 24), dice.randint(0, 4)))
    ends, found = [*edges, 24], list[int]()
    for end in ends:
        found += [dice.randrange(3)] * (end - len(found))
    return found


def rate(dice: Random, most_micro: int) -> Decimal:
    return Decimal(dice.randint(1, most_micro)).scaleb(-6)


def years(*steps: int, scopes: tuple[TierScope, ...]) -> st.SearchStrategy[Drawn]:
    return st.builds(drawn, st.integers(0, 10**9), st.sampled_from(steps), st.sampled_from(scopes))
