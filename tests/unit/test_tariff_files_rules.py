"""Rules of a tariff file that stand beside its charges' main numbers: a cap alone, a rounded total, order, Easter."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from domain.charges import CapAlone, ContractedPower, MaximumDemand, TieredEnergy, TierScope, TotalRounding
from domain.errors import InvalidTariff
from domain.tariff import Tariff

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
NAMES, BOTH = ("x", "X", "extra", ""), ((0, "day"), (1, "night"))
Load = Callable[[str, str, Mapping[str, str]], Tariff]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The example of the documentation with one more charge, `x`, behind its own four."""

    def from_file(kind: str, text: str, rates: Mapping[str, str]) -> Tariff:
        charge = f'[[charge]]\nkind = "{kind}"\ncode = "x"\nlabel = "X"\ngroup = "extra"\n{text}\n'
        values = "".join(f'{key} = "{value}"\n' for key, value in rates.items())
        path = tmp_path / "my-tariff.toml"
        path.write_text(EXAMPLE.replace("[[rates]]", f"{charge}[[rates]]", 1) + values, encoding="utf-8")
        return TariffFiles().get(str(path))

    return from_file


CAP = 'round_up_kw = true\nload_factor = "0.5"\n'


def test_a_file_says_that_a_cap_stands_alone(load: Load) -> None:
    charge = load("maximum_demand", f'{CAP}cap_alone = "without_hours"', {"x": "1"}).charges[-1]
    assert charge == MaximumDemand(*NAMES, BOTH, True, Decimal("0.5"), cap_alone=CapAlone.WITHOUT_HOURS)


def test_a_file_asks_for_contracts_in_order(load: Load) -> None:
    charge = load("contracted_power", "ascending = true", {"x.day": "1", "x.night": "1"}).charges[-1]
    assert charge == ContractedPower(*NAMES, BOTH, ascending=True)


def test_a_file_says_how_long_a_normal_month_is(load: Load) -> None:
    tiers = {f"x.{period}.t{n}": "1" for period in ("day", "night") for n in (1, 2)}
    charge = load("tiered_energy", 'scope = "per_period"\nlimits = ["500"]\nnormal_days = 30', tiers).charges[-1]
    assert charge == TieredEnergy(*NAMES, BOTH, TierScope.PER_PERIOD, (Decimal(500),), normal_days=30)


def test_a_file_rounds_its_total(load: Load) -> None:
    charge = load("total_rounding", 'base = ["supply", "tax"]\nto = "100"', {}).charges[-1]
    assert charge == TotalRounding(*NAMES, ("supply", "tax"), Decimal(100))


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        (
            "maximum_demand",
            'round_up_kw = true\ncap_alone = "always"',
            "charge[5].cap_alone: 'always': there is no cap;",
        ),
        ("maximum_demand", f'{CAP}cap_alone = "never"', "charge[5].cap_alone: 'never': "),
        ("total_rounding", 'base = ["supply"]\nto = "0"', "charge[5].to: '0': "),
        ("total_rounding", 'base = ["supply"]\nto = "1000001"', "charge[5].to: "),
        ("total_rounding", 'base = ["nobody"]\nto = "100"', "'x' is reckoned from 'nobody'"),
        ("total_rounding", 'base = ["supply"]', "charge[5].to: "),
        (
            "tiered_energy",
            'scope = "per_period"\nlimits = ["5"]\nunit = "kWh/day"\nnormal_days = 30',
            "charge[5].normal_days: 30: limits per day have no month; remove it",
        ),
        ("tiered_energy", 'scope = "per_period"\nlimits = ["5"]\nnormal_days = 0', "charge[5].normal_days: 0: "),
        ("contracted_power", 'ascending = "yes"', "charge[5].ascending: 'yes': "),
    ],
)
def test_what_a_file_may_not_say_of_them(kind: str, text: str, fault: str, load: Load) -> None:
    with pytest.raises(InvalidTariff) as refusal:
        load(kind, text, {})
    assert fault in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("easter = 60\nmonth = 5", "calendar.holiday[1].easter: 60: names the day alone; remove month"),
        ("easter = 71", "calendar.holiday[1].easter: 71: "),
        ("easter = 1\nfirst_year = 2020", "calendar.holiday[1]: first_year, last_year and every need a month and day"),
        ("day = 1", "calendar.holiday[1]: give month and day"),
    ],
)
def test_a_holiday_after_easter_names_nothing_else(words: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "my-tariff.toml"
    path.write_text(EXAMPLE.replace("month = 5\nday = 1", words, 1), encoding="utf-8")
    with pytest.raises(InvalidTariff) as refusal:
        TariffFiles().get(str(path))
    assert fault in str(refusal.value)
