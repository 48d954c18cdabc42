"""Tariffs drawn by chance, made of charges of every kind with every option, and what they need to price a load.

Everything follows from the dice that are handed in, so an example is told by its seed.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Literal

from domain import charges as kinds
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

PER: tuple[Literal["month", "day", "year"], ...] = ("month", "month", "month", "day", "year")
PERIODS = ((0, "base"), (1, "middle"), (2, "peak"))
SEASONS = (Season("winter", FixedDay(10, 26)), Season("summer", FixedDay(3, 29)))
FAMILIES = ("energy", "fixed", "demand", "tiers", "indexed", "excess", "reactive", "power_factor", "export")
DEMANDS, INSIDE = ("demand", "capacity"), ("pis", "icms")
Periods = tuple[tuple[int, str], ...]


def tariff(dice: Random, families: Iterable[str], start: datetime, step_minutes: int) -> Tariff:
    """A tariff with charges of some families, for loads that begin within a week after `start`."""
    blocks = [minutes for minutes in (5, 15, 30, 60) if minutes % step_minutes == 0]
    charges: list[kinds.Charge] = [kinds.EnergyFlat("flat", "Flat", "use", "")]
    for family in sorted(families):
        charges += charges_of(family, dice, blocks, start)
    charges += last(dice)
    rates = {key: Decimal(dice.randrange(20 * 10**6)).scaleb(-6) for one in charges for key in one.rate_keys}
    shares = {key: Decimal(dice.randrange(400_000)).scaleb(-4) for one in charges for key in one.percent_keys}
    return Tariff(
        id="chance",
        name="Chance",
        country="XX",
        currency="EUR",
        timezone="UTC",
        source="drawn",
        demand_minutes=dice.choice(blocks),
        calendar=calendar(dice),
        charges=tuple(charges),
        rounding=Rounding(dice.choice([0, 2])),
        rate_table=RateTable("chance", "", (Rates(date(2000, 1, 1), None, rates | shares, "drawn"),)),
        version="1",
        series=(prices(dice, start, step_minutes),),
    )


def calendar(dice: Random) -> Calendar:
    def windows() -> tuple[Window, ...]:
        hours = [0, *sorted(dice.sample(range(1, 24), dice.randrange(5))), 24]
        edges = pairwise(hours)
        return tuple(Window(a * 60, b * 60, dice.choice(PERIODS)[1]) for a, b in edges)

    schedules = {(season.name, kind): windows() for season in SEASONS for kind in ("workday", "weekend")}
    days = ("workday",) * 5 + ("weekend",) * 2
    return Calendar(("base", "middle", "peak"), SEASONS, days, "weekend", (FixedDay(4, 1),), schedules)


def prices(dice: Random, start: datetime, step_minutes: int) -> kinds.PriceSeries:
    """Prices of a hundred days from the month's beginning on, some of them negative."""
    minutes = dice.choice([step_minutes, 15, 60])
    found = tuple(dice.randrange(-50_000, 350_000) for _ in range(100 * 1440 // minutes))
    first, worth = (
        start.replace(day=1, hour=0, minute=0) - timedelta(days=1),
        dice.choice([Decimal(1), Decimal("0.9173")]),
    )
    return kinds.PriceSeries("spot", minutes, first, found, "", worth)


def history(dice: Random, month: date) -> dict[str, dict[date, Fraction]]:
    """Measured kW of some of the fourteen months before."""
    number = month.year * 12 + month.month - 1
    before = [date((number - n) // 12, (number - n) % 12 + 1, 1) for n in range(1, 15)]
    demands = {code: {at: Fraction(dice.randrange(9000), 7) for at in dice.sample(before, 6)} for code in DEMANDS}
    banks = {f"net.{name}": {before[0]: Fraction(dice.randrange(50_000), 1000)} for _, name in PERIODS[1:]}
    return demands | banks


def charges_of(family: str, dice: Random, blocks: list[int], start: datetime) -> list[kinds.Charge]:
    match family:
        case "energy":
            by_period = kinds.EnergyByPeriod("energy", "Energy", "use", "", some(dice))
            rider = kinds.EnergyCredit("rider", "Rider", "use", "", some(dice))
            return [by_period, kinds.AdjustedEnergy("fuel", "Fuel", "use", "", some(dice)), rider]
        case "fixed":
            per: Literal["year", "day"] = dice.choice(["year", "day"])
            fixed = kinds.Fixed("fixed", "Fixed", "fixed", "", "day" if per == "year" else "month")
            return [fixed, kinds.ContractedPower("power", "Power", "fixed", "", PERIODS, per)]
        case "demand":
            return [maximum(code, dice, blocks, start) for code in DEMANDS]
        case "tiers":
            return tiers(dice)
        case "indexed":
            return [kinds.IndexedPrice("index", "Index", "use", "", "spot")]
        case "excess":
            return [*(excess(rule, dice, blocks) for rule in kinds.ExcessRule), unused(dice)]
        case "reactive":
            return reactive(dice, blocks)
        case "export":
            return export(dice)
    return power_factor(dice)


def some(dice: Random) -> Periods:
    return tuple(sorted(dice.sample(PERIODS, dice.randint(1, 3))))


def rising(dice: Random, largest: int) -> tuple[Decimal, ...]:
    """One to three limits, lowest first."""
    return tuple(Decimal(n) for n in sorted(dice.sample(range(1, largest), dice.randint(1, 3))))


def maximum(code: str, dice: Random, blocks: list[int], start: datetime) -> kinds.MaximumDemand:
    apparent, tiered = dice.random() < 0.3, dice.random() < 0.3
    look_back = kinds.LookBack(dice.randint(1, 3), dice.randint(3, 13), dice.choice([(), (2, 3, 4, 9)]))
    ratchet = kinds.Ratchet(Decimal(dice.randint(10, 100)), dice.randint(1, 13), dice.choice([(), (1, 2, 3, 7)]))
    rolling = dice.random() < 0.3
    hour = int(start.timestamp()) // 3600 * 3600
    instants = tuple(hour + 3600 * n for n in sorted(dice.sample(range(7 * 24), 40)))
    load_factor = None if apparent or tiered else dice.choice([None, Decimal("0.57"), Decimal("0.02")])
    return kinds.MaximumDemand(
        code,
        code.title(),
        "power",
        "",
        some(dice),
        round_up_kw=dice.random() < 0.5,
        load_factor=load_factor,
        minutes=dice.choice([None, None, *blocks]),
        highest_blocks=1 if rolling else dice.choice([1, 1, 3, 10]),
        apparent=apparent,
        only_s=None if rolling else dice.choice([None, None, None, instants]),
        look_back=dice.choice([None, look_back]),
        ratchet=dice.choice([None, ratchet]),
        at_least_kw=dice.choice([None, None, Decimal(dice.randrange(900))]),
        tiers_kw=rising(dice, 900) if tiered else (),
        rolling=rolling,
        round_kw=dice.choice([None, None, *kinds.KwRounding]),
        per=dice.choice(PER),
        cap_alone=None if load_factor is None else dice.choice([None, None, *kinds.CapAlone]),
        in_months=dice.choice([(), (), (1, 2, 4, 9), (3, 8, 10, 12)]),
    )


def tiers(dice: Random) -> list[kinds.Charge]:
    own = kinds.MaximumDemand("hours_kw", "Kilowatts", "power", "", PERIODS, dice.random() < 0.5, highest_blocks=3)
    unit, scope = dice.choice(list(kinds.TierUnit)), dice.choice(list(kinds.TierScope))
    at_the_end = unit is kinds.TierUnit.KWH_PER_KW
    banded = (at_the_end and scope is kinds.TierScope.POOLED_CHRONOLOGICAL) or dice.random() < 0.4
    limits = rising(dice, {"kWh": 2000, "kWh/day": 400, "kWh/kW": 20}[unit])
    kw_of = "hours_kw" if at_the_end else ""
    days = None if unit is kinds.TierUnit.KWH_PER_DAY else dice.choice([None, 30])
    named, per_mwh = ("tiers", "Tiers", "use", "", some(dice)), dice.random() < 0.3
    fine = kinds.TieredEnergy("fine", "Fine", "use", "", some(dice), kinds.TierScope.PER_PERIOD, (), per_mwh=True)
    return [own, kinds.TieredEnergy(*named, scope, limits, banded, unit, kw_of, days, per_mwh), fine]


def excess(rule: kinds.ExcessRule, dice: Random, blocks: list[int]) -> kinds.ExcessPower:
    ends = (*rising(dice, 60), None)
    bands = tuple(kinds.Band(end, Decimal(dice.randint(1, 4))) for end in ends)
    free, minutes = Decimal(dice.choice([0, 5, 50])), dice.choice(blocks)
    whole, per_day = dice.random() < 0.5, dice.random() < 0.5
    together, once = dice.choice([(False, False), (True, False), (False, True)])
    if rule is kinds.ExcessRule.QUADRATIC:
        together = once = False
    return kinds.ExcessPower(
        f"excess_{rule}", "Excess", "power", "", some(dice), rule, bands, free, whole, per_day, minutes, together, once
    )


def unused(dice: Random) -> kinds.UnusedPower:
    return kinds.UnusedPower(
        "unused",
        "Unused",
        "idle",
        "",
        some(dice),
        ("excess_banded",),
        dice.choice([Decimal(100), Decimal(85)]),
        dice.choice(PER),
    )


def reactive(dice: Random, blocks: list[int]) -> list[kinds.Charge]:
    per: Literal["month", "period", "hour"] = dice.choice(["month", "period", "hour"])
    steps = (kinds.ReactiveStep(Decimal(80), "fair"), kinds.ReactiveStep(Decimal(0), "poor"))
    share, kept = Decimal(dice.randrange(900)) / 10, steps[1:] if per == "hour" else steps
    night = dice.choice([None, (0, 360), (1380, 1740)])
    own = kinds.MaximumDemand("billed_kw", "Billed", "power", "", PERIODS, dice.random() < 0.5)
    minutes = dice.choice(blocks), dice.choice(blocks)
    return [
        kinds.ReactiveEnergy("reactive", "Reactive", "reactive", "", some(dice), share, per, kept, dice.random() < 0.5),
        kinds.PowerFactorEnergy("ere", "ERE", "reactive", "", some(dice), 92, minutes[0], night),
        own,
        kinds.PowerFactorDemand("dre", "DRE", "reactive", "", some(dice), 92, minutes[1], night, ("billed_kw",)),
    ]


def export(dice: Random) -> list[kinds.Charge]:
    return [
        kinds.ExportCredit("credit", "Credit", "sold", "", some(dice), dice.choice(["", "spot"])),
        kinds.ExportCredit("limited", "Limited", "sold", "", some(dice), limited_to=("use",)),
        kinds.NetMetering("net", "Net", "netted", "", some(dice), dice.choice([None, 3, 4, 10]), dice.random() < 0.5),
    ]


def power_factor(dice: Random) -> list[kinds.Charge]:
    thresholds = (
        kinds.Threshold(date(2000, 1, 1), Decimal(90), Decimal(0), ""),
        kinds.Threshold(date(2026, 4, 1), Decimal(95), Decimal(100), ""),
    )
    steep, caps = (Decimal(dice.randint(1, 100)), Decimal(dice.randint(1, 100))), (Decimal(150), Decimal(3))
    own = kinds.Slopes(steep[0], caps[0], steep[1], caps[1], dice.randint(0, 3))
    slopes = dice.choice([kinds.Slopes(), own])
    return [
        kinds.PowerFactorAdjustment("factor", "Factor", "factor", "", ("use",), dice.choice([(), thresholds]), slopes),
        kinds.PowerFactorSteps("steps", "Steps", "factor", "", ("use",), Decimal(dice.choice([93, 99]))),
        kinds.PowerFactorSteps("points", "Points", "factor", "", ("use",), Decimal(80), Decimal(dice.choice([90, 95]))),
    ]


def last(dice: Random) -> list[kinds.Charge]:
    return [
        kinds.MinimumBill("minimum", "Minimum", "topped up", "", ("use",), dice.choice(["month", "day"])),
        *(kinds.Percentage(code, code, "inside", "", ("use",), inside=INSIDE) for code in INSIDE),
        kinds.Percentage("low_side", "Low side", "tax", "", ("use",), only_low_side=True),
        kinds.Percentage("discount", "Discount", "discount", "", ("use",), credit=True),
        kinds.Percentage("tax", "Tax", "tax", "", ("use", "inside", "discount"), dice.choice([None, Decimal("90000")])),
        kinds.TotalRounding(
            "whole", "Rounded", "rounded", "", ("use", "tax"), Decimal(dice.choice(["100", "10", "0.5"]))
        ),
    ]
