"""The less common charges in a tariff file: what each becomes, and what it may not be."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from domain.charges import (
    AdjustedEnergy,
    Band,
    Charge,
    ExcessPower,
    ExcessRule,
    ExportCredit,
    KwRounding,
    MaximumDemand,
    NetMetering,
    PowerFactorAdjustment,
    PowerFactorDemand,
    PowerFactorEnergy,
    ReactiveEnergy,
    ReactiveStep,
    Slopes,
    TieredEnergy,
    TierScope,
    UnusedPower,
)
from domain.errors import InvalidTariff
from domain.tariff import Tariff

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
NAMES, BOTH = ("x", "X", "extra", ""), ((0, "day"), (1, "night"))
Rates = Mapping[str, str]
Load = Callable[[str, str, Rates], Tariff]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The example of the documentation with one more charge, `x`, behind its own four."""

    def from_file(kind: str, text: str, rates: Rates) -> Tariff:
        charge = f'[[charge]]\nkind = "{kind}"\ncode = "x"\nlabel = "X"\ngroup = "extra"\n{text}\n'
        values = "".join(f'{key} = "{value}"\n' for key, value in rates.items())
        path = tmp_path / "my-tariff.toml"
        path.write_text(EXAMPLE.replace("[[rates]]", f"{charge}[[rates]]", 1) + values, encoding="utf-8")
        return TariffFiles().get(str(path))

    return from_file


ROLLING = "round_up_kw = false\nrolling = true\n"

ACCEPTED: list[tuple[str, str, Rates, Charge]] = [
    (
        "maximum_demand",
        f"{ROLLING}minutes = 60",
        {"x": "5"},
        MaximumDemand(*NAMES, BOTH, round_up_kw=False, minutes=60, rolling=True),
    ),
    (
        "excess_power",
        'rule = "banded"\ntogether = true',
        {"x": "4"},
        ExcessPower(*NAMES, BOTH, ExcessRule.BANDED, together=True),
    ),
    (
        "excess_power",
        'rule = "banded"\nonce = true\nbands = [{ times = "2" }]',
        {"x.day": "4", "x.night": "4"},
        ExcessPower(*NAMES, BOTH, ExcessRule.BANDED, (Band(None, Decimal(2)),), once=True),
    ),
    (
        "maximum_demand",
        'round_up_kw = false\nround_kw = "two_decimals"',
        {"x": "5"},
        MaximumDemand(*NAMES, BOTH, round_up_kw=False, round_kw=KwRounding.TWO_DECIMALS),
    ),
    (
        "adjusted_energy",
        "",
        {"x.day": "2", "x.night": "1", "x.adjusted": "0.5", "x.factor": "120"},
        AdjustedEnergy(*NAMES, BOTH),
    ),
    (
        "power_factor",
        'base = ["supply"]\nthreshold_rate = true\npenalty_percent = 100\npenalty_at_most = 50\nbonus_percent = 0\n'
        "percent_places = 3",
        {"x.threshold": "92"},
        PowerFactorAdjustment(
            *NAMES, ("supply",), (), Slopes(Decimal(100), Decimal(50), Decimal(0), Decimal("2.5"), 3)
        ),
    ),
    ("unused_power", 'kw_of = ["demand"]', {"x": "4"}, UnusedPower(*NAMES, BOTH, ("demand",))),
    (
        "power_factor_energy",
        'reference_percent = 92\ncapacitive_hours = "23:00-05:00"',
        {"x": "0.3"},
        PowerFactorEnergy(*NAMES, BOTH, 92, 60, (1380, 1740)),
    ),
    (
        "power_factor_demand",
        'reference_percent = 92\ncapacitive_hours = "00:00-06:00"\nkw_of = ["demand"]',
        {"x": "20"},
        PowerFactorDemand(*NAMES, BOTH, 92, 60, (0, 360), ("demand",)),
    ),
    (
        "reactive_energy",
        'ratio_percent = "20.3"\nper = "month"\nsteps = [{ from_percent = 0, key = "any" }]\ncapacitive = true',
        {"x.any": "0.05"},
        ReactiveEnergy(*NAMES, BOTH, Decimal("20.3"), "month", (ReactiveStep(Decimal(0), "any"),), capacitive=True),
    ),
    ("export_credit", 'periods = ["day"]', {"x.day": "0.05"}, ExportCredit(*NAMES, ((0, "day"),))),
    (
        "export_credit",
        'series = "spot"\nlimited_to = ["supply", "demand"]',
        {"x.adder": "0", "x.factor": "1000", "x.losses": "0"},
        ExportCredit(*NAMES, BOTH, "spot", ("supply", "demand")),
    ),
    ("net_metering", "", {"x.day": "2", "x.night": "1"}, NetMetering(*NAMES, BOTH)),
    (
        "tiered_energy",
        'scope = "per_period"\nlimits = []\nper_mwh = true',
        {"x.day.t1": "27.6354", "x.night.t1": "3999999.999999"},
        TieredEnergy(*NAMES, BOTH, TierScope.PER_PERIOD, (), per_mwh=True),
    ),
    (
        "net_metering",
        "expires_in_month = 3\nbuy_out = true",
        {"x.day": "2", "x.night": "1", "x.buy_out": "0.5"},
        NetMetering(*NAMES, BOTH, 3, buy_out=True),
    ),
]


@pytest.mark.parametrize(
    ("kind", "text", "rates", "charge"), ACCEPTED, ids=[f"{one[0]}-{n}" for n, one in enumerate(ACCEPTED)]
)
def test_a_charge_is_what_its_file_says(load: Load, kind: str, text: str, rates: Rates, charge: Charge) -> None:
    tariff = load(kind, text, rates)
    assert tariff.charges[-1] == charge
    assert {*charge.rate_keys, *charge.percent_keys} == {key for key in rates if key.startswith("x")}


REFUSED: list[tuple[str, str, Rates, str]] = [
    ("maximum_demand", f"{ROLLING}highest_blocks = 3", {"x": "5"}, "charge[5].rolling: windows that overlap have no"),
    (
        "maximum_demand",
        f"{ROLLING}only_at = [2026-07-15T18:00:00-06:00]",
        {"x": "5"},
        "charge[5].rolling: windows that overlap have no only_at",
    ),
    ("excess_power", 'rule = "quadratic"\ntogether = true', {"x": "4"}, "charge[5].together: the quadratic rule has"),
    ("excess_power", 'rule = "banded"\ntogether = true\nonce = true', {"x": "4"}, "charge[5].once: true: all periods"),
    (
        "maximum_demand",
        'round_up_kw = true\nround_kw = "half_up"',
        {"x": "5"},
        "charge[5].round_kw: 'half_up': round_up_kw = true rounds too",
    ),
    (
        "adjusted_energy",
        "",
        {"x.day": "2", "x.night": "0.4", "x.adjusted": "0.5", "x.factor": "120"},
        "rates[1].values.x.adjusted: 0.5: is more than the whole price x.night = 0.4; only a part",
    ),
    ("power_factor", 'base = ["supply"]', {}, "charge[5].threshold: write [[charge.threshold]] with their dates, or"),
    ("unused_power", 'kw_of = ["sun"]', {"x": "4"}, "is reckoned from 'sun', which is no charge or group before it"),
    (
        "power_factor_energy",
        'reference_percent = 92\ncapacitive_hours = "00:30-06:30"',
        {"x": "1"},
        "charge[5].capacitive_hours: minute 30: lies inside a block of 60 minutes",
    ),
    (
        "power_factor_energy",
        'reference_percent = 92\ncapacitive_hours = "by night"',
        {"x": "1"},
        "charge[5].capacitive_hours: 'by night': write the hours of every day as",
    ),
    ("export_credit", 'limited_to = ["sun"]', {"x.day": "1", "x.night": "1"}, "is reckoned from 'sun', which is no"),
    (
        "export_credit",
        'series = "spot"\nperiods = ["day"]',
        {"x.adder": "0"},
        "charge[5].periods: ['day']: published prices hold for every hour",
    ),
    ("export_credit", "", {"x.day": "4000.5", "x.night": "1"}, "x.day: 4000.5: a rate here lies between 0 and 4000"),
    ("export_credit", "", {"x.day": "-1", "x.night": "1"}, "is negative"),
    (
        "tiered_energy",
        'scope = "per_period"\nlimits = []',
        {"x.day.t1": "1"},
        "charge[5].limits: []: one tier has no limit; use kind = 'energy_by_period'",
    ),
    (
        "tiered_energy",
        'scope = "per_period"\nlimits = []\nper_mwh = true',
        {"x.day.t1": "4000000.1", "x.night.t1": "1"},
        "x.day.t1: 4000000.1: a rate here lies between 0 and 4000000",
    ),
    ("net_metering", "buy_out = true", {"x.day": "2"}, "charge[5].buy_out: true: when is the bank bought out? add"),
    ("net_metering", "expires_in_month = 13", {"x.day": "2"}, "charge[5].expires_in_month: 13"),
    (
        "percentage",
        'base = ["supply"]\ncredit = true\ninside = ["x"]',
        {"x": "5"},
        "charge[5].credit: true: a discount has no inside; remove one of them",
    ),
    (
        "percentage",
        'base = ["supply"]\ncredit = true\nfloor_per_mwh = "0.5"',
        {"x": "5"},
        "charge[5].credit: true: a discount has no floor_per_mwh; remove one of them",
    ),
    (
        "power_factor_steps",
        'base = ["supply"]\nthreshold_percent = "80"\nbonus_up_to_percent = "95.5"',
        {"x": "0.1"},
        "charge[5].bonus_up_to_percent: 95.5: a bonus counts whole percent; write a whole number",
    ),
    (
        "power_factor_steps",
        'base = ["supply"]\nthreshold_percent = "80"\nbonus_up_to_percent = "80"',
        {"x": "0.1"},
        "charge[5].bonus_up_to_percent: 80: is not above threshold_percent 80; raise it",
    ),
    ("energy_credit", "", {"x": "4001"}, "x: 4001: a rate here lies between 0 and 4000"),
    ("maximum_demand", f"{ROLLING}minutes = 5", {"x": "5"}, "charge[5].minutes: 5: is no multiple of demand_minutes"),
]


@pytest.mark.parametrize(
    ("kind", "text", "rates", "said"), REFUSED, ids=[f"{one[0]}-{n}" for n, one in enumerate(REFUSED)]
)
def test_a_charge_that_cannot_be_is_refused_with_its_place(
    load: Load, kind: str, text: str, rates: Rates, said: str
) -> None:
    with pytest.raises(InvalidTariff, match=re.escape(said)):
        load(kind, text, rates)
