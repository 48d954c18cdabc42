"""`wattledger tariffs list|show`: what fits a terminal, what a picture of a day tells, and a rate table to fill in."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles, catalogue
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.errors import InvalidTariff
from entrypoints.cli import main
from entrypoints.rates_template import rates_template
from entrypoints.tariff_picture import letters_of, pictures
from entrypoints.tariff_words import formula

STRUCTURES = TariffFiles().structure_ids()
BARE = ["cl-at4.3", "cl-bt4.3"]
"""What has no rates in the catalogue of `without_rates`; of those that ship, each has some."""

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["wattledger", "tariffs", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        return capsys.readouterr().out

    return command


@pytest.fixture
def without_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's catalogue holds two structures without rates, and one with."""
    names = ("cl/at4.3.toml", "cl/bt4.3.toml", "mx/gdmth.toml", "mx/gdmth.2018.rates.toml")
    for name in names:
        shutil.copy(catalogue.SHIPPED / name, tmp_path)
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path)


def test_the_list_fits_a_terminal_and_names_everything_in_full(run: Run) -> None:
    told = run("list")
    lines = told.splitlines()
    assert max(map(len, lines)) <= 80
    first = {line.split()[0] for line in lines if line.strip()}
    assert {*TariffFiles().ids()} <= first
    assert "without rates" not in told


@pytest.mark.parametrize(
    ("word", "some", "others"),
    [
        ("chile", "  cl-at4.3:cge-rancagua  ", "es-6.1td"),
        ("ES-6.1td-c", "  es-6.1td-canarias  2025-", "  es-6.1td  "),
        ("Baja California Sur", "  mx-dit-bcs:baja-california-sur  ", "mx-dit:bajio"),
    ],
)
def test_the_list_may_be_of_one_country_id_or_name(run: Run, word: str, some: str, others: str) -> None:
    told = run("list", word)
    assert some in told
    assert others not in told
    named = [one["id"] for one in json.loads(run("list", word, "--json"))]
    assert sorted(named) == sorted(line.split()[0] for line in told.splitlines() if re.match(r"  [a-z]", line))


def test_a_word_that_no_tariff_has_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["wattledger", "tariffs", "list", "atlantis"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "no tariff that ships has 'atlantis' in its id, name or country" in capsys.readouterr().err


@pytest.mark.usefixtures("without_rates")
def test_the_list_says_plainly_which_rates_are_yours_to_bring(run: Run) -> None:
    told = run("list")
    heading = told.index("Structures without rates, bring your own rates: --rates FILE")
    assert all(told.index(f"\n{name} ") > heading for name in BARE)
    assert told.index("mx-gdmth:2018") < heading


@pytest.mark.usefixtures("without_rates")
def test_the_json_has_a_structure_without_rates_with_no_rates(run: Run) -> None:
    found = {one["id"]: one for one in json.loads(run("list", "--json"))}
    assert (found["cl-bt4.3"]["rates"], found["cl-bt4.3"]["version"]) == ([], None)
    assert found["mx-gdmth:2018"]["rates"]


@pytest.mark.parametrize("name", [*TariffFiles().ids(), *STRUCTURES])
def test_every_tariff_and_structure_fits_a_terminal(run: Run, name: str) -> None:
    assert max(len(line) for line in run("show", name).splitlines()) <= 80


def test_a_tariff_shows_its_day_its_charges_and_where_they_come_from(run: Run) -> None:
    told = run("show", "mx-gdmth:golfo-centro")
    for line in (
        "winter  workday   bbbbbbiiiiiiiiiiiippppii",
        "b base  i intermediate  p peak",
        "summer from the first Sunday of April",
        "    base 0.8076, intermediate 1.5004, peak 1.7696 MXN per kWh",
        "    highest 15 min mean in peak; up to whole kW; at most ceil(kWh / (24 h x",
        "    Manual of provisions on electricity supply 2013, provision 30",
    ):
        assert line in told


@pytest.mark.usefixtures("without_rates")
def test_a_structure_without_rates_shows_all_but_them(run: Run) -> None:
    told = run("show", "cl-bt4.3")
    assert "Charges, bring your own rates: --rates FILE" in told
    assert "    peak_demand: CLP per kW and month" in told


def test_a_structure_with_rates_of_several_regions_names_them(run: Run) -> None:
    told = " ".join(run("show", "mx-dit").split())
    assert "Charges, rates by region: mx-dit:bajio, mx-dit:centro-occidente," in told
    assert "capacity: MXN per kW and month" in told


def test_ones_own_rates_are_shown_with_the_structure(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(filled("mx-dit"), encoding="utf-8")
    assert "    1.25 MXN per kW and month" in run("show", "mx-dit", "--rates", path)


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_template_with_every_number_filled_in_is_a_rate_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(filled(name), encoding="utf-8")
    tariff = TariffFiles().get(name, path)
    needed = {key for charge in tariff.charges for key in (*charge.rate_keys, *charge.percent_keys)}
    assert set(tariff.rate_table.rates[0].values) == needed


@pytest.mark.parametrize("left", ["valid_from", "capacity", "source"])
def test_a_template_that_is_not_filled_in_is_refused(left: str, tmp_path: Path) -> None:
    path, lines = tmp_path / "own.toml", filled("mx-gdmto").splitlines()
    empty = {line.split(" =")[0]: line for line in template("mx-gdmto").splitlines()}
    path.write_text("\n".join(empty[left] if line.startswith(f"{left} =") else line for line in lines))
    with pytest.raises(InvalidTariff):
        TariffFiles().get("mx-gdmto", path)


def test_the_template_is_what_the_command_prints(run: Run) -> None:
    told = run("show", "cl-at4.3", "--rates-template")
    assert told == template("cl-at4.3")
    assert 'demand = ""  # CLP per kW and month' in told
    assert 'power_factor = ""  # percent' in told


@pytest.mark.parametrize(
    ("periods", "letters"),
    [
        (("base", "intermediate", "peak"), "bip"),
        (("P1", "P2", "P3"), "123"),
        (("semi-peak", "peak"), "sp"),
        (("a", "a-a", "aa"), "aba"),
        (("day",), "d"),
    ],
)
def test_a_letter_is_of_the_periods_name_where_it_can_be(periods: tuple[str, ...], letters: str) -> None:
    found = letters_of(periods)
    assert len(set(found.values())) == len(periods)
    if periods != ("a", "a-a", "aa"):
        assert "".join(found[name] for name in periods) == letters


@pytest.mark.parametrize(
    ("edge", "row"),
    [(8 * 60, "n" * 8 + "d" * 16), (8 * 60 + 30, "n" * 17 + "d" * 31), (8 * 60 + 15, "00:00-08:15 night, 08:15")],
)
def test_a_day_is_drawn_in_hours_or_half_hours_and_else_written_out(edge: int, row: str) -> None:
    windows = (Window(0, edge, "night"), Window(edge, 1440, "day"))
    calendar = Calendar(
        ("night", "day"), (Season("year", FixedDay(1, 1)),), ("d",) * 7, None, (), {("year", "d"): windows}
    )
    assert any(row in str(line) for line in pictures(calendar))


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_charge_that_ships_has_words_of_its_own(name: str) -> None:
    structure = TariffFiles().structure(name)
    assert all(formula(charge, structure.demand_minutes) != charge.label for charge in structure.charges())


def template(name: str) -> str:
    return rates_template(TariffFiles().structure(name))


def filled(name: str) -> str:
    """The template as a user fills it in."""
    text = re.sub(r"^valid_from = .*", "valid_from = 2026-01-01", template(name), flags=re.MULTILINE)
    text = re.sub(r"^valid_to = .*\n", "", text, flags=re.MULTILINE).replace('source = ""', 'source = "my bill"')
    return re.sub(r'^([\w."-]+) = ""  # (percent|[A-Z]{3} )', r'\1 = "1.25"  # \2', text, flags=re.MULTILINE)
