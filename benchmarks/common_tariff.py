"""A tariff and a load that PySAM and eeco can express as well as we can, and what they cost, worked out exactly.

Period 3 holds on weekdays 12-18 h from June to October, else period 2 on weekdays 8-20 h, else period 1. Energy, a flat
demand in two tiers, a demand by period, a fixed amount. The load is a made-up plant with two shifts in 2018, in whole
watts per interval.

A watt over five minutes is no whole watt-hour. So the plant, the demand tier and the fixed amount are `scale` times as
large as in the table below, `scale` being the intervals of an hour: then one watt is one watt-hour, and `scale` times
the table is the bill, to the last digit.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from benchmarks import peer_eeco, peer_pysam
from domain.arrays import Load
from domain.bill import Bill
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import EnergyByPeriod, Fixed, MaximumDemand
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

YEAR = 2018
STEPS = (60, 15, 5)
SUM_OF_WATTS = {60: 4_710_788_617, 15: 18_845_894_075, 5: 56_554_363_851}
ENERGY = ("0.0712", "0.0988", "0.1650")
TOU_DEMAND = ("0", "4.20", "14.75")
FLAT_DEMAND, TIER_KW = ("6.25", "8.10"), 500
FIXED = "245.50"
EXPECTED: Mapping[int, Mapping[str, Decimal]] = {
    step: dict(zip(("energy", "flat demand", "TOU demand", "fixed", "total"), map(Decimal, row), strict=True))
    for step, row in {
        60: ("438678.659724", "93986.305800", "129771.781600", "2946", "665382.747124"),
        15: ("438623.995502", "97053.783900", "134028.971850", "2946", "672652.751252"),
        5: ("438593.773804", "100070.466900", "137396.396950", "2946", "679006.637654"),
    }.items()
}
"""To six decimals, by group of charges; for a plant of scale 1."""


def watts(step_minutes: int) -> NDArray[np.int64]:
    """Mean W of each interval. A made-up measurement, so a float is no sin here."""
    steps = 8760 * 60 // step_minutes
    day, hour = np.divmod(np.arange(steps) * step_minutes / 60, 24)
    weekday = day.astype(int) % 7  # 2018 begins on a Monday
    working = ((weekday < 5) & (hour >= 6) & (hour < 22)) | ((weekday == 5) & (hour >= 6) & (hour < 14))
    base = 0.25 + 0.55 * working + 0.08 * np.sin(2 * np.pi * (day - 30) / 365)
    kw = np.maximum(base * (1 + 0.12 * np.random.default_rng(7).standard_normal(steps)), 0.02) * 1000
    found: NDArray[np.int64] = np.round(np.round(kw, 3) * 1000).astype(np.int64)
    return found


def load(step_minutes: int, energy_wh: NDArray[np.int64] | None = None) -> Load:
    """The plant, `scale` times as large, in UTC; or another one of as many intervals."""
    wh = watts(step_minutes) if energy_wh is None else energy_wh
    measured = np.zeros(len(wh), dtype=np.uint8)
    return Load("plant", datetime(YEAR, 1, 1, tzinfo=UTC), step_minutes, wh, wh * 2 // 5, measured)


def tariff(step_minutes: int) -> Tariff:
    """The tariff for the plant of the same step; demand in blocks of one interval, as the peers measure it."""
    scale = 60 // step_minutes
    periods = tuple((p, f"p{p + 1}") for p in range(3))
    by_period = (
        MaximumDemand(f"demand.{name}", f"Demand, {name}", "TOU demand", "", ((p, name),), round_up_kw=False)
        for p, name in periods
    )
    tiers = (Decimal(TIER_KW * scale),)
    rates = dict(zip(("energy.p1", "energy.p2", "energy.p3"), ENERGY, strict=True))
    rates |= dict(zip(("demand.p1", "demand.p2", "demand.p3"), TOU_DEMAND, strict=True))
    rates |= dict(zip(("flat.t1", "flat.t2"), FLAT_DEMAND, strict=True))
    values = {key: Decimal(text) for key, text in rates.items()} | {"fixed": Decimal(FIXED) * scale}
    return Tariff(
        id="common",
        name="Common tariff",
        country="XX",
        currency="USD",
        timezone="UTC",
        source="made up",
        demand_minutes=step_minutes,
        calendar=calendar(),
        charges=(
            EnergyByPeriod("energy", "Energy", "energy", "", periods),
            MaximumDemand("flat", "Flat demand", "flat demand", "", periods, round_up_kw=False, tiers_kw=tiers),
            *by_period,
            Fixed("fixed", "Fixed charge", "fixed", ""),
        ),
        rounding=Rounding(),
        rate_table=RateTable("common", "", (Rates(date(2000, 1, 1), None, values, ""),)),
        version="1",
    )


def calendar() -> Calendar:
    summer, winter = Season("summer", FixedDay(6, 1)), Season("winter", FixedDay(11, 1))
    hours = {
        ("summer", "weekday"): ((8, "p1"), (12, "p2"), (18, "p3"), (20, "p2"), (24, "p1")),
        ("winter", "weekday"): ((8, "p1"), (20, "p2"), (24, "p1")),
        ("summer", "weekend"): ((24, "p1"),),
        ("winter", "weekend"): ((24, "p1"),),
    }
    schedules = {key: windows(*until) for key, until in hours.items()}
    return Calendar(("p1", "p2", "p3"), (summer, winter), ("weekday",) * 5 + ("weekend",) * 2, None, (), schedules)


def windows(*until: tuple[int, str]) -> tuple[Window, ...]:
    """Windows that meet, each to an hour of the day."""
    edges = [0, *(hour * 60 for hour, _ in until)]
    return tuple(Window(a, b, name) for a, b, (_, name) in zip(edges, edges[1:], until, strict=False))


def by_group(bills: tuple[Bill, ...], step_minutes: int) -> dict[str, Decimal]:
    """The year's lines before rounding, by group and in total, brought back to scale 1 and to six decimals."""
    found = dict.fromkeys(EXPECTED[step_minutes], Decimal(0))
    for line in (line for bill in bills for line in bill.lines):
        found[line.group] += line.gross
        found["total"] += line.gross
    return {group: round(gross * step_minutes / 60, 6) for group, gross in found.items()}


def for_pysam(scale: int) -> peer_pysam.Rates:
    """The same tariff in PySAM's words."""
    hours = [3 if 12 <= hour < 18 else 2 if 8 <= hour < 20 else 1 for hour in range(24)]
    weekday = [[min(p, 2) if not 6 <= month <= 10 else p for p in hours] for month in range(1, 13)]
    return peer_pysam.Rates(
        weekday=weekday,
        weekend=[[1] * 24] * 12,
        energy=[[float(rate)] for rate in ENERGY],
        flat=[float(rate) for rate in FLAT_DEMAND],
        flat_limits_kw=[TIER_KW * scale],
        by_period=[float(rate) for rate in TOU_DEMAND],
        fixed=float(FIXED) * scale,
    )


def for_eeco(scale: int) -> list[peer_eeco.Row]:
    """The same tariff in eeco's words: rows that share a name share a demand maximum."""
    rows = [
        peer_eeco.Row("demand", "flat", float(FLAT_DEMAND[0])),
        peer_eeco.Row("demand", "flat", float(FLAT_DEMAND[1]), above=TIER_KW * scale),
        peer_eeco.Row("customer", "fixed", float(FIXED) * scale),
    ]
    for kind, rates in (("energy", ENERGY), ("demand", TOU_DEMAND)):
        one, two, three = map(float, rates)
        for hours in ((0, 8), (20, 24)):
            rows.append(peer_eeco.Row(kind, "p1", one, hours=hours, weekdays=peer_eeco.WORKDAYS))
        rows.append(peer_eeco.Row(kind, "p1", one, weekdays=peer_eeco.WEEKEND))
        for months in ((1, 5), (11, 12)):
            rows.append(peer_eeco.Row(kind, "p2", two, months, (8, 20), peer_eeco.WORKDAYS))
        for hours in ((8, 12), (18, 20)):
            rows.append(peer_eeco.Row(kind, "p2", two, (6, 10), hours, peer_eeco.WORKDAYS))
        rows.append(peer_eeco.Row(kind, "p3", three, (6, 10), (12, 18), peer_eeco.WORKDAYS))
    return rows
