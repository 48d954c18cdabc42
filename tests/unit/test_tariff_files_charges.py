"""Each kind of charge in a tariff file: what it becomes, and what it may not be."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from domain.charges import (
    Band,
    Charge,
    ContractedPower,
    ExcessPower,
    ExcessRule,
    IndexedPrice,
    LookBack,
    MaximumDemand,
    MinimumBill,
    Percentage,
    PowerFactorEnergy,
    PowerFactorSteps,
    Ratchet,
    ReactiveEnergy,
    ReactiveStep,
    TieredEnergy,
    TierScope,
    TierUnit,
)
from domain.errors import InvalidTariff
from domain.tariff import Tariff

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
NAMES = ("x", "X", "extra", "")
BOTH = ((0, "day"), (1, "night"))


@dataclass(frozen=True)
class Extra:
    """The example of the documentation with a charge of some kind, `x`, behind its own four."""

    kind: str
    text: str
    rates: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[tuple[str, str], ...] = ()

    def file(self) -> str:
        charge = f'[[charge]]\nkind = "{self.kind}"\ncode = "x"\nlabel = "X"\ngroup = "extra"\n{self.text}\n'
        rates = "".join(f'{key} = "{value}"\n' for key, value in self.rates.items())
        text = f"{EXAMPLE.replace('[[rates]]', charge + '[[rates]]', 1)}{rates}"
        for old, new in self.changes:
            assert old in text, f"{old!r} is not in the example any more"
            text = text.replace(old, new, 1)
        return text


Load = Callable[[Extra], Tariff]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_file(extra: Extra) -> Tariff:
        path = tmp_path / "my-tariff.toml"
        path.write_text(extra.file(), encoding="utf-8")
        return TariffFiles().get(str(path))

    return from_file


TIERED = 'scope = "per_period"\nlimits = ["150000", "300000.5"]'
TIER_RATES = {f"x.{period}.t{n}": "1.5" for period in ("day", "night") for n in (1, 2, 3)}
STEPS = 'steps = [{ from_percent = "80", key = "mild" }, { from_percent = 0, key = "severe" }]'
REACTIVE = f'ratio_percent = "33"\nper = "period"\nperiods = ["day"]\n{STEPS}'
INSIDE = 'base = ["supply"]\ninside = ["x", "vat"]'
DEMAND = "round_up_kw = false\n"
QUARTERS = (("06:00-22:00", "06:00-22:15"), ("22:00-24:00", "22:15-24:00"))

ACCEPTED: list[tuple[Extra, Charge]] = [
    (
        Extra("tiered_energy", TIERED, TIER_RATES),
        TieredEnergy(*NAMES, BOTH, TierScope.PER_PERIOD, (Decimal(150_000), Decimal("300000.5"))),
    ),
    (
        Extra(
            "tiered_energy",
            'scope = "pooled_proportional"\nlimits = [200]\nunit = "kWh/kW"\nkw_of = "demand"\nbanded = true\n'
            'periods = ["day"]',
            {"x.day.t1": "1", "x.day.t2": "2"},
        ),
        TieredEnergy(
            *NAMES,
            ((0, "day"),),
            TierScope.POOLED_PROPORTIONAL,
            (Decimal(200),),
            banded=True,
            unit=TierUnit.KWH_PER_KW,
            kw_of="demand",
        ),
    ),
    (
        Extra("indexed_price", 'series = "spot"', {"x.factor": "1000", "x.losses": "3.5", "x.adder": "0.012"}),
        IndexedPrice(*NAMES, "spot"),
    ),
    (
        Extra(
            "maximum_demand",
            f'{DEMAND}minutes = 60\nhighest_blocks = 5\napparent = true\nat_least_kw = "50"\ntiers_kw = [100, 200]\n'
            'ratchet = { percent = "80", months = 11, only_months = [6, 7] }\nin_months = [6, 7, 8]\n'
            "look_back = { highest = 2, months = 12, in_months = [4, 5] }\n"
            "only_at = [2026-07-15T18:00:00-06:00, 2026-07-01T23:00:00Z]",
            {"x.t1": "5", "x.t2": "6", "x.t3": "7"},
        ),
        MaximumDemand(
            *NAMES,
            BOTH,
            round_up_kw=False,
            minutes=60,
            highest_blocks=5,
            apparent=True,
            only_s=tuple(int(datetime(2026, 7, *at, tzinfo=UTC).timestamp()) for at in ((1, 23), (16, 0))),
            look_back=LookBack(2, 12, (4, 5)),
            ratchet=Ratchet(Decimal(80), 11, (6, 7)),
            at_least_kw=Decimal(50),
            tiers_kw=(Decimal(100), Decimal(200)),
            in_months=(6, 7, 8),
        ),
    ),
    (
        Extra("maximum_demand", f"{DEMAND}minutes = 15", {"x": "2000000"}),
        MaximumDemand(*NAMES, BOTH, round_up_kw=False),
    ),
    (
        Extra(
            "excess_power",
            'rule = "banded"\nbands = [{ up_to_percent = "10", times = "2" }, { times = "3" }]\n'
            'free_percent = "5"\nwhole = false\nper_day = true\nminutes = 30\nperiods = ["day"]',
            {"x.day": "4"},
        ),
        ExcessPower(
            *NAMES,
            ((0, "day"),),
            ExcessRule.BANDED,
            (Band(Decimal(10), Decimal(2)), Band(None, Decimal(3))),
            Decimal(5),
            whole=False,
            per_day=True,
            minutes=30,
        ),
    ),
    (
        Extra("excess_power", 'rule = "quadratic"', {"x.day": "4", "x.night": "5"}),
        ExcessPower(*NAMES, BOTH, ExcessRule.QUADRATIC),
    ),
    (
        Extra("reactive_energy", REACTIVE, {"x.mild": "0.041554", "x.severe": "0.062332"}),
        ReactiveEnergy(
            *NAMES,
            ((0, "day"),),
            Decimal(33),
            "period",
            (ReactiveStep(Decimal(80), "mild"), ReactiveStep(Decimal(0), "severe")),
        ),
    ),
    (Extra("power_factor_energy", "reference_percent = 92", {"x": "0.3"}), PowerFactorEnergy(*NAMES, BOTH, 92)),
    (
        Extra("power_factor_steps", 'base = ["supply"]\nthreshold_percent = "93"', {"x": "1"}),
        PowerFactorSteps(*NAMES, ("supply",), Decimal(93)),
    ),
    (
        Extra("contracted_power", 'per = "day"\nperiods = ["day"]', {"x.day": "0.084989"}),
        ContractedPower(*NAMES, ((0, "day"),), "day"),
    ),
    (Extra("contracted_power", "", {"x.day": "28.8", "x.night": "1"}), ContractedPower(*NAMES, BOTH)),
    (Extra("minimum_bill", 'base = ["supply", "vat"]', {"x": "5000"}), MinimumBill(*NAMES, ("supply", "vat"))),
    (Extra("minimum_bill", 'base = ["vat"]\nper = "day"', {"x": "50"}), MinimumBill(*NAMES, ("vat",), "day")),
    (
        Extra("percentage", INSIDE, {"x": "18"}),
        Percentage(*NAMES, ("supply",), inside=("x", "vat")),
    ),
]


@pytest.mark.parametrize(
    ("extra", "charge"), ACCEPTED, ids=[f"{extra.kind}-{i}" for i, (extra, _) in enumerate(ACCEPTED)]
)
def test_a_charge_is_what_its_file_says(load: Load, extra: Extra, charge: Charge) -> None:
    tariff = load(extra)
    assert tariff.charges[-1] == charge
    assert set(extra.rates) <= set(tariff.rate_table.rates[0].values)
    assert {*charge.rate_keys, *charge.percent_keys} <= set(tariff.rate_table.rates[0].values)


TIER_FAULTS = [
    (
        "150000",
        "400000",
        "charge[5].limits: ['400000', '300000.5']: 300000.5 comes after 400000; write the limits from",
    ),
    ("150000", "300000.50", "comes after 300000.50"),
    ("150000", "0", "charge[5].limits[1]: '0': a limit of a tier lies above 0"),
    ("150000", "-5", "charge[5].limits[1]: '-5': a limit of a tier lies above 0"),
    ("150000", "1.0005", "charge[5].limits[1]: '1.0005': more than 3 decimals"),
    ('["150000", "300000.5"]', "[]", "charge[5].limits: []: "),
    ('scope = "per_period"\n', "", "charge[5].scope: is missing; add it"),
    (
        "per_period",
        "each",
        "charge[5].scope: 'each': use 'per_period', 'pooled_proportional' or 'pooled_chronological'",
    ),
    ('scope = "per_period"', 'scope = "per_period"\nunit = "MWh"', "charge[5].unit: 'MWh': use 'kWh', 'kWh/day' or"),
    (
        'scope = "per_period"',
        'scope = "per_period"\nkw_of = "demand"',
        "charge[5].kw_of: 'demand': only limits of unit \"kWh/kW\" need it",
    ),
    ('scope = "per_period"', 'scope = "per_period"\nunit = "kWh/kW"', "charge[5].kw_of: is missing; name the demand"),
    (
        'scope = "per_period"',
        'scope = "per_period"\nunit = "kWh/kW"\nkw_of = "energy"',
        "charge[5].kw_of: 'energy' is no maximum_demand before this charge; known here: demand",
    ),
    (
        'scope = "per_period"',
        'scope = "pooled_chronological"\nunit = "kWh/kW"\nkw_of = "demand"',
        "charge[5].scope: 'pooled_chronological': limits in kWh/kW are known when the month has ended",
    ),
    ('scope = "per_period"', 'scope = "per_period"\nperiods = ["dusk"]', "charge[5].periods: 'dusk' is no period"),
    ("x.day.t3", "x.day.t4", "rates[1].values.x.day.t4: no charge of the tariff has this rate; use service"),
    (
        'x.day.t1 = "1.5"',
        'x.day.t1 = "4000.5"',
        "rates[1].values.x.day.t1: 4000.5: a rate here lies between 0 and 4000",
    ),
]

DEMAND_FAULTS = [
    ("minutes = 10", "charge[5].minutes: 10: use 5, 15, 30 or 60"),
    ("minutes = 5", "charge[5].minutes: 5: is no multiple of demand_minutes = 15; make demand_minutes the shortest"),
    ("highest_blocks = 0", "charge[5].highest_blocks: 0: "),
    ('ratchet = { percent = "101", months = 12 }', "charge[5].ratchet.percent: '101': a percentage lies between 0 and"),
    ('ratchet = { percent = "-1", months = 12 }', "charge[5].ratchet.percent: '-1': a percentage lies between 0 and"),
    ('ratchet = { percent = "80", months = 0 }', "charge[5].ratchet.months: 0: "),
    ('ratchet = { percent = "80", months = 37 }', "charge[5].ratchet.months: 37: "),
    ('ratchet = { percent = "80", months = 12, only_months = [13] }', "charge[5].ratchet.only_months[1]: 13: "),
    ('ratchet = { percent = "80", months = 12, only_months = [1, 1] }', "[1, 1]: a month is there twice"),
    ('ratchet = { percent = "80" }', "charge[5].ratchet.months: is missing; add it"),
    ('ratchet = { percent = "80", months = 9, month = 1 }', "charge[5].ratchet.month: is not a field here; did you"),
    ("look_back = { highest = 3, months = 2 }", "charge[5].look_back.highest: 3: there are only 2 months; lower it"),
    ("look_back = { highest = 1, months = 2, in_months = [0] }", "charge[5].look_back.in_months[1]: 0: "),
    ("in_months = [13]", "charge[5].in_months[1]: 13: "),
    ("in_months = [1, 1]", "charge[5].in_months: [1, 1]: a month is there twice"),
    ("at_least_kw = 0", "charge[5].at_least_kw: 0: must be above 0"),
    ("tiers_kw = [200, 100]", "charge[5].tiers_kw: [200, 100]: 100 comes after 200"),
    ("tiers_kw = [-1]", "charge[5].tiers_kw[1]: -1: must be above 0"),
    (
        'tiers_kw = [100]\nload_factor = "0.5"',
        "charge[5].load_factor: 0.5: caps one price per kW, and does not go with t",
    ),
    (
        'apparent = true\nload_factor = "0.5"',
        "charge[5].load_factor: 0.5: caps one price per kW, and does not go with a",
    ),
    ("only_at = []", "charge[5].only_at: []: "),
    (
        "only_at = [2026-07-15T18:00:00]",
        "charge[5].only_at[1]: 2026-07-15T18:00:00: write an instant",
    ),
    ("only_at = [2026-07-15T18:05:00-06:00]", "charge[5].only_at: 2026-07-15T18:05:00-06:00: no block of 15 minutes"),
    ("only_at = [2026-07-15T18:00:00-06:00, 2026-07-16T00:00:00Z]", "2026-07-16T00:00:00+00:00 is there twice"),
]

EXCESS_FAULTS = [
    ('rule = "linear"', "charge[5].rule: 'linear': use 'banded' or 'quadratic'"),
    ('rule = "quadratic"\nwhole = true', "charge[5].whole: the quadratic rule has none"),
    ('rule = "banded"\nbands = []', "charge[5].bands: []: "),
    ('rule = "banded"\nbands = [{ up_to_percent = "10", times = 2 }]', "the last has none"),
    ('rule = "banded"\nbands = [{ times = 2 }, { times = 3 }]', "all bands but the last need up_to_percent"),
    (
        'rule = "banded"\nbands = [{up_to_percent = 20, times = 2}, {up_to_percent = 10, times = 3}, {times = 4}]',
        "10 comes after 20; write the bands from the lowest to the highest",
    ),
    ('rule = "banded"\nbands = [{ times = 0 }]', "charge[5].bands[1].times: 0: must be above 0"),
    ('rule = "banded"\nfree_percent = "105"', "charge[5].free_percent: '105': a percentage lies between 0 and 100"),
    ('rule = "banded"\nminutes = 5', "charge[5].minutes: 5: is no multiple of demand_minutes"),
]

REACTIVE_FAULTS = [
    (
        STEPS,
        'steps = [{ from_percent = 0, key = "a" }, { from_percent = 80, key = "b" }]',
        "80 comes after 0; write the",
    ),
    (STEPS, 'steps = [{ from_percent = 80, key = "a" }]', "no step holds for the poorest power factor"),
    (STEPS, 'steps = [{ from_percent = 80, key = "a" }, { from_percent = 0, key = "a" }]', "have the same key"),
    (STEPS, "steps = []", "charge[5].steps: []: "),
    ('"80"', '"180"', "charge[5].steps[1].from_percent: '180': a percentage lies between 0 and 100"),
    ('"period"', '"day"', "charge[5].per: 'day': use 'month', 'period' or 'hour'"),
    ('"period"', '"hour"', "charge[5].steps: hours are added up at one rate, not 2; keep one"),
    ('"33"', '"-33"', "charge[5].ratio_percent: '-33': a share of kvarh in kWh lies between 0 and 1000 percent"),
]

SEASONAL = (
    '[[charge]]\nkind = "maximum_demand"\ncode = "summer_kw"\nlabel = "Summer"\ngroup = "extra"\n'
    f'{DEMAND}in_months = [6, 7]\n\n[[charge]]\nkind = "tiered_energy"'
)

OTHER_FAULTS = [
    (
        Extra(
            "tiered_energy",
            'scope = "per_period"\nlimits = [200]\nunit = "kWh/kW"\nkw_of = "summer_kw"\nperiods = ["day"]',
            changes=(('[[charge]]\nkind = "tiered_energy"', SEASONAL),),
        ),
        "charge[6].kw_of: 'summer_kw' is not billed in every month, so that the others would have no limits",
    ),
    (Extra("power_factor_energy", "reference_percent = 101"), "charge[5].reference_percent: 101: "),
    (Extra("power_factor_energy", 'reference_percent = "92"'), "charge[5].reference_percent: '92': "),
    (
        Extra("power_factor_energy", "reference_percent = 92", changes=QUARTERS),
        "charge[5].minutes: 60: period 'day' ends inside such a block (year, workday, minute 1335)",
    ),
    (
        Extra("maximum_demand", f"{DEMAND}minutes = 30", changes=QUARTERS),
        "charge[5].minutes: 30: period 'day' ends inside such a block",
    ),
    (
        Extra("reactive_energy", REACTIVE.replace('"period"', '"hour"'), changes=QUARTERS),
        "charge[5].per: 'hour': 60: period 'day' ends inside such a block",
    ),
    (
        Extra("power_factor_steps", 'base = ["supply"]\nthreshold_percent = "930"'),
        "charge[5].threshold_percent: '930': a percentage lies between 0 and 100",
    ),
    (
        Extra("minimum_bill", 'base = ["suply"]'),
        "charge 'x' is reckoned from 'suply', which is no charge or group before",
    ),
    (Extra("minimum_bill", "base = []"), "charge[5].base: []: "),
    (Extra("minimum_bill", 'base = ["supply"]\nper = "year"'), "charge[5].per: 'year': use 'month' or 'day'"),
    (
        Extra("percentage", INSIDE.replace('"vat"', '"iva"')),
        "charge[5].inside: 'iva' is no percentage of the file; use",
    ),
    (Extra("percentage", INSIDE.replace('"vat"', '"x"')), "charge[5].inside: 'x' is there twice"),
    (Extra("percentage", INSIDE.replace('"x", ', "")), "charge[5].inside: 'x' is missing; a tax inside the price"),
    (Extra("percentage", INSIDE, {"x": "84"}), "rates[1].values.x: 100: x, vat together leave nothing of the price"),
    (Extra("contracted_power", 'per = "month"'), "charge[5].per: 'month': use 'year' or 'day'"),
    (Extra("indexed_price", 'series = "Spot Price"'), "charge[5].series: 'Spot Price': use at most 60 small letters"),
    (
        Extra("indexed_price", 'series = "spot"', {"x.factor": "1000.1"}),
        "rates[1].values.x.factor: 1000.1: a rate here lies between 0 and 1000",
    ),
    (
        Extra("indexed_price", 'series = "spot"', {"x.losses": "101"}),
        "x.losses: 101: a rate here lies between 0 and 100",
    ),
    (Extra("indexed_price", 'series = "spot"', {"x.adder": "0.0000001"}), "x.adder: 1E-7: more than 6 decimals"),
]

FAULTS = [
    *((Extra("tiered_energy", TIERED, TIER_RATES, ((old, new),)), said) for old, new, said in TIER_FAULTS),
    *((Extra("maximum_demand", DEMAND + text), said) for text, said in DEMAND_FAULTS),
    *((Extra("excess_power", text), said) for text, said in EXCESS_FAULTS),
    *((Extra("reactive_energy", REACTIVE.replace(old, new)), said) for old, new, said in REACTIVE_FAULTS),
    *OTHER_FAULTS,
]


@pytest.mark.parametrize(("extra", "said"), FAULTS, ids=[said[:60] for _, said in FAULTS])
def test_a_charge_that_cannot_be_is_refused_in_one_line_with_its_place(load: Load, extra: Extra, said: str) -> None:
    with pytest.raises(InvalidTariff) as refusal:
        load(extra)
    text = str(refusal.value)
    assert said in text
    assert re.match(r"\S+/my-tariff\.toml: ", text)
    assert "\n" not in text


@pytest.mark.parametrize("extra", [extra for extra, _ in ACCEPTED], ids=lambda extra: extra.kind)
def test_no_kind_of_charge_takes_a_field_it_does_not_know(load: Load, extra: Extra) -> None:
    with pytest.raises(InvalidTariff, match=re.escape("charge[5].xyzzy: is not a field here; remove it")):
        load(Extra(extra.kind, f"{extra.text}\nxyzzy = 1", extra.rates))


def test_a_default_that_is_written_out_changes_no_version(load: Load) -> None:
    plain, written = (Extra("maximum_demand", text, {"x": "1"}) for text in (DEMAND, f"{DEMAND}highest_blocks = 1"))
    assert load(plain).version == load(written).version


def test_an_option_of_a_charge_is_part_of_the_version(load: Load) -> None:
    versions = {
        load(Extra("maximum_demand", f"{DEMAND}only_at = [2026-07-{day}T18:00:00-06:00]", {"x": "1"})).version
        for day in ("15", "16")
    }
    assert len(versions) == 2
