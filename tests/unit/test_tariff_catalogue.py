"""Which tariff a name or a path means, with whose rates, and how its version is made."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from domain.charges import EnergyFlat
from domain.errors import InvalidTariff
from domain.tariff import Tariff

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
STRUCTURE, _, RATES = EXAMPLE.partition("[[rates]]")

Shelf = Callable[..., TariffFiles]


def test_a_name_that_is_nearly_right_is_told_each_tariff_once() -> None:
    with pytest.raises(InvalidTariff) as refusal:
        TariffFiles().get("us-pge-e20-primary-208")
    assert str(refusal.value).count("us-pge-e20-primary-2018") == 1


def table(region: str, tariff: str = "my-tariff") -> str:
    return f'schema = "wattledger-rates/1"\ntariff = "{tariff}"\nregion = "{region}"\n[[rates]]{RATES}'


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A folder of tariff files, each as text."""

    def of(*texts: str) -> TariffFiles:
        for n, text in enumerate(texts):
            (tmp_path / f"country-{n}").mkdir()
            (tmp_path / f"country-{n}" / f"file-{n}.toml").write_text(text, encoding="utf-8")
        return TariffFiles(tmp_path)

    return of


@pytest.fixture
def own_rates(tmp_path: Path) -> Path:
    """A rate table of the user's, outside the shelf."""
    path = tmp_path.parent / f"{tmp_path.name}-own.toml"
    path.write_text(table("own").replace("250.00", "99.00"), encoding="utf-8")
    return path


def values(tariff: Tariff) -> dict[str, Decimal]:
    return dict(tariff.rate_table.rates[0].values)


def test_ids_name_every_region_in_order(shelf: Shelf) -> None:
    tariffs = shelf(STRUCTURE, table("south"), table("north"), EXAMPLE.replace("my-tariff", "other"))
    assert tariffs.ids() == ("my-tariff:north", "my-tariff:south", "other")


def test_a_tariff_is_called_by_its_full_id(shelf: Shelf) -> None:
    assert shelf(STRUCTURE, table("north"), table("south")).get("my-tariff:south").id == "my-tariff:south"


def test_rates_without_a_region_leave_the_id_alone(shelf: Shelf) -> None:
    assert shelf(STRUCTURE, table("")).get("my-tariff").id == "my-tariff"


def test_a_structure_with_one_region_needs_no_region(shelf: Shelf) -> None:
    assert shelf(STRUCTURE, table("north")).get("my-tariff").id == "my-tariff:north"


def test_a_structure_with_several_regions_asks_which(shelf: Shelf) -> None:
    with pytest.raises(InvalidTariff, match=r"several regions; choose one of my-tariff:north, my-tariff:south$"):
        shelf(STRUCTURE, table("north"), table("south")).get("my-tariff")


def test_a_wrong_id_is_answered_with_near_ones_and_where_to_see_all() -> None:
    fault = "no tariff 'mx-gdmht:peninsula'; near it: .*mx-gdmth:peninsular"
    with pytest.raises(InvalidTariff, match=fault) as refusal:
        TariffFiles().get("mx-gdmht:peninsula")
    assert "`wattledger tariffs list`" in str(refusal.value)


def test_a_structure_without_rates_says_so(shelf: Shelf) -> None:
    with pytest.raises(InvalidTariff, match="tariff 'my-tariff' has no rates here; give a rate table with --rates"):
        shelf(STRUCTURE).get("my-tariff")


def test_rates_of_a_structure_that_is_not_there_are_refused(shelf: Shelf) -> None:
    with pytest.raises(InvalidTariff, match="there is no structure 'lost'; near it: my-tariff"):
        shelf(STRUCTURE, table("north", "lost")).get("lost:north")


@pytest.mark.parametrize("texts", [(STRUCTURE, STRUCTURE), (STRUCTURE, table("a"), table("a"))])
def test_two_files_of_one_name_are_refused(shelf: Shelf, texts: tuple[str, ...]) -> None:
    with pytest.raises(
        InvalidTariff, match=r"file-\d.toml: tariff 'my-tariff(:a)?' is in .*file-\d.toml too; rename one"
    ):
        shelf(*texts).get("my-tariff:a")


def test_a_rate_table_without_its_tariff_is_refused(shelf: Shelf) -> None:
    with pytest.raises(InvalidTariff, match=r"file-0.toml: tariff: is missing; give it as text"):
        shelf(table("a").replace('tariff = "my-tariff"\n', "")).ids()


def test_ones_own_rates_go_with_a_structure_that_ships(shelf: Shelf, own_rates: Path) -> None:
    tariff = shelf(STRUCTURE, table("north")).get("my-tariff", own_rates)
    assert (tariff.id, values(tariff)["service"]) == ("my-tariff:own", Decimal("99.00"))


def test_ones_own_rates_go_before_those_of_ones_own_structure(tmp_path: Path, own_rates: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    assert values(TariffFiles().get(str(path), own_rates))["service"] == 99


def test_a_region_and_ones_own_rates_contradict_each_other(shelf: Shelf, own_rates: Path) -> None:
    with pytest.raises(InvalidTariff, match=r"'my-tariff:north' has rates already; .* name 'my-tariff' alone"):
        shelf(STRUCTURE, table("north")).get("my-tariff:north", own_rates)


def test_rates_of_another_tariff_are_refused(own_rates: Path) -> None:
    with pytest.raises(
        InvalidTariff, match=r"own.toml: tariff: 'my-tariff': these rates belong to another tariff than 'mx-"
    ):
        TariffFiles().get("mx-gdmth", own_rates)


def test_a_structure_in_place_of_rates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(EXAMPLE, encoding="utf-8")
    with pytest.raises(InvalidTariff, match=r"mine.toml: schema: 'wattledger-tariff/1': is no rate table"):
        TariffFiles().get("mx-gdmth", tmp_path / "mine.toml")


def test_a_given_rate_completes_the_table_and_says_so_on_the_bill(shelf: Shelf) -> None:
    tariffs = shelf(STRUCTURE, table("north").replace('service = "250.00"\n', ""))
    given = tariffs.get("my-tariff", overrides={"service": Decimal("461.75")})
    assert values(given)["service"] == Decimal("461.75")
    assert given.rate_table.rates[0].source.endswith("; service given by the user")


def test_a_given_rate_replaces_that_of_every_validity() -> None:
    given = TariffFiles().get("mx-gdmth:peninsular", overrides={"capacity": Decimal(1)})
    assert {rates.values["capacity"] for rates in given.rate_table.rates} == {Decimal(1)}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("servise", "1", "--rate servise: no charge of the tariff has this rate; use service"),
        ("energy.day", "9000", "--rate energy.day: 9000: a rate here lies between 0 and 4000"),
        ("energy.day", "-1", "--rate energy.day: -1: a rate here lies between 0"),
        ("service", "NaN", "--rate service: NaN: not a number"),
        ("service", "1.0000001", "--rate service: 1.0000001: more than 6 decimals"),
    ],
)
def test_a_given_rate_is_checked_as_strictly_as_a_file(shelf: Shelf, key: str, value: str, said: str) -> None:
    with pytest.raises(InvalidTariff, match=re.escape(said)):
        shelf(EXAMPLE).get("my-tariff", overrides={key: Decimal(value)})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[calendar]", "# a remark\n[calendar]"),
        ('"2.1500"', '"2.15"'),
        ('"2.1500"', "2.150"),
        ('service = "250.00"\nenergy.day = "2.1500"', 'energy.day = "2.1500"\nservice = "250.00"'),
        ('country = "MX"\ncurrency = "MXN"', 'currency = "MXN"\ncountry = "MX"'),
    ],
)
def test_the_version_does_not_change_with_the_looks(tmp_path: Path, old: str, new: str) -> None:
    assert old in EXAMPLE
    assert version(tmp_path, EXAMPLE.replace(old, new)) == version(tmp_path, EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new"), [('"2.1500"', '"2.1501"'), ("06:00", "05:00"), ("annex 2", "annex 3"), ("2027-01-01", "2028-01-01")]
)
def test_the_version_changes_with_the_content(tmp_path: Path, old: str, new: str) -> None:
    assert version(tmp_path, EXAMPLE.replace(old, new)) != version(tmp_path, EXAMPLE)


def test_the_version_changes_with_a_given_rate(tmp_path: Path) -> None:
    assert version(tmp_path, EXAMPLE, {"service": Decimal(1)}) != version(tmp_path, EXAMPLE)


def test_the_version_is_the_beginning_of_a_hash(tmp_path: Path) -> None:
    assert re.fullmatch("sha256:[0-9a-f]{16}", version(tmp_path, EXAMPLE))


def test_two_charges_of_one_code_are_no_tariff(shelf: Shelf) -> None:
    tariff = shelf(EXAMPLE).get("my-tariff")
    flat = EnergyFlat("energy", "Flat", "supply", "")
    with pytest.raises(InvalidTariff, match="charge code 'energy' is used twice"):
        replace(tariff, charges=(*tariff.charges, flat))


def version(folder: Path, text: str, overrides: dict[str, Decimal] | None = None) -> str:
    path = folder / "tariff.toml"
    path.write_text(text, encoding="utf-8")
    return TariffFiles().get(str(path), overrides=overrides or {}).version
