"""A structure that says only where it differs from another, and a rate table that several tariffs share."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from domain.charges import MaximumDemand, Percentage
from domain.errors import InvalidTariff

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
STRUCTURE, _, RATES = EXAMPLE.partition("[[rates]]")
LIKE = 'schema = "wattledger-tariff/1"\nid = "own"\nlike = "my-tariff"\n'
DEMAND = '[[charge]]\ncode = "demand"\nat_least_kw = "500"\n'


def table(tariffs: str, more: str = "") -> str:
    return f'schema = "wattledger-rates/1"\ntariff = {tariffs}\nregion = ""\n[[rates]]{RATES}{more}'


@pytest.fixture
def shelf(tmp_path: Path) -> TariffFiles:
    (tmp_path / "my-tariff.toml").write_text(STRUCTURE, encoding="utf-8")
    return TariffFiles(tmp_path)


def write(shelf: TariffFiles, name: str, text: str) -> Path:
    path = shelf.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_not_said_is_as_in_the_other(shelf: TariffFiles) -> None:
    own, other = (TariffFiles(shelf.folder).structure(name) for name in (_own(shelf, LIKE), "my-tariff"))
    assert own == other.model_copy(update={"id": "own"})


def test_what_is_said_counts(shelf: TariffFiles) -> None:
    text = f"""{LIKE}timezone = "America/Cancun"
[calendar]
periods = ["night", "day"]
{DEMAND}[[charge]]
kind = "percentage"
code = "street_light"
label = "Street light"
group = "tax"
base = ["supply"]
"""
    own = shelf.structure(_own(shelf, text))
    assert (own.timezone, own.currency, own.calendar.periods) == ("America/Cancun", "MXN", ["night", "day"])
    assert own.calendar.holiday == shelf.structure("my-tariff").calendar.holiday
    charges = own.charges()
    assert [charge.code for charge in charges] == ["service", "energy", "demand", "vat", "street_light"]
    assert isinstance(charges[2], MaximumDemand)
    assert (charges[2].at_least_kw, charges[2].round_up_kw) == (Decimal(500), True)


def test_a_charge_with_its_kind_replaces_the_other_whole(shelf: TariffFiles) -> None:
    vat = '[[charge]]\nkind = "percentage"\ncode = "vat"\nlabel = "IVA"\ngroup = "tax"\nbase = ["supply"]\n'
    charge = shelf.structure(_own(shelf, LIKE + vat)).charges()[-1]
    assert charge == Percentage("vat", "IVA", "tax", "", ("supply",))


def test_charges_can_be_left_out(shelf: TariffFiles) -> None:
    own = shelf.structure(_own(shelf, f'{LIKE}without = ["demand", "vat"]\n'))
    assert [charge.code for charge in own.charges()] == ["service", "energy"]


def test_rates_are_never_taken_over(shelf: TariffFiles) -> None:
    write(shelf, "my-tariff.toml", EXAMPLE)
    with pytest.raises(InvalidTariff, match=r"own.toml: rates: are missing; add \[\[rates\]\], or name a rate table"):
        shelf.get(_own(shelf, LIKE))


def test_a_likeness_is_the_same_version_as_the_whole_text(shelf: TariffFiles) -> None:
    rates = write(shelf, "own.rates.toml", table('"own"'))
    whole = write(shelf, "whole.toml", STRUCTURE.replace('"my-tariff"', '"own"').replace("MXN", "USD"))
    like = write(TariffFiles(shelf.folder.parent), "like.toml", f'{LIKE}currency = "USD"\n')
    assert shelf.get(str(like), rates).version == shelf.get(str(whole), rates).version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LIKE.replace('"my-tariff"', '"my-tarif"'), "like: there is no structure 'my-tarif'; near it: my-tariff"),
        (LIKE.replace('"my-tariff"', "7"), "like: 7; give it as text"),
        (
            f'{LIKE}without = ["iva"]',
            "without: 'iva': 'my-tariff' has no such charge; use service, energy, demand, vat",
        ),
        (f'{LIKE}without = "vat"', "without: 'vat': write a list of charge codes"),
        (f"{LIKE}calendar = 7", "calendar: 7: "),
        (f"{LIKE}charge = 7", "charge: 7: "),
        (f"{LIKE}charge = [7]", "charge[1]: 7: "),
        (f'{LIKE}[[charge]]\ncode = "new"\nlabel = "New"', "charge[5].kind: is missing; add it"),
        (f"{LIKE}[[charge]]\ncode = []", "charge[1].kind: is missing"),
        (f"{LIKE}{DEMAND}{DEMAND}", "charge[1].kind: is missing"),
        (f"{LIKE}{DEMAND.replace('500', '-1')}", "charge[3].at_least_kw: '-1': must be above 0"),
        (f"{STRUCTURE}\nwithout = []", "without: is not a field here"),
    ],
)
def test_a_likeness_that_cannot_be_is_refused_in_one_line(shelf: TariffFiles, text: str, said: str) -> None:
    with pytest.raises(InvalidTariff) as refusal:
        shelf.structure(_own(shelf, text))
    assert said in str(refusal.value)
    assert re.match(r"\S+/own\.toml: ", str(refusal.value))


def test_a_circle_of_likenesses_ends(shelf: TariffFiles) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        write(shelf, f"{one}.toml", f'schema = "wattledger-tariff/1"\nid = "{one}"\nlike = "{other}"\n')
    with pytest.raises(InvalidTariff, match=r"more than 4 structures are like each other in a row, or in a circle"):
        shelf.structure("a")


def test_several_tariffs_share_a_rate_table_and_have_rates_of_their_own(shelf: TariffFiles) -> None:
    write(shelf, "own.toml", LIKE)
    own = '[rates.values_of."own"]\nvat = "3"\n[rates.values_of."my-tariff"]\nvat = "16"\n'
    text = table('["my-tariff", "own"]', own).replace('vat = "16"\n', "", 1)
    write(shelf, "both.rates.toml", text)
    assert shelf.ids() == ("my-tariff", "own")
    assert [shelf.get(name).rate_table.rates[0].values["vat"] for name in shelf.ids()] == [16, 3]
    assert shelf.get("own").rate_table.rates[0].values["service"] == 250


def test_a_rate_of_another_tariff_changes_no_version(shelf: TariffFiles) -> None:
    write(shelf, "own.toml", LIKE)
    text = table('["my-tariff", "own"]', '[rates.values_of."own"]\nvat = "3"\n').replace('vat = "16"\n', "", 1)
    path = write(shelf, "both.toml", text)
    first = shelf.get("my-tariff", path).version
    path.write_text(text.replace('"3"', '"7"'), encoding="utf-8")
    assert shelf.get("my-tariff", path).version == first


@pytest.mark.parametrize(
    ("tariffs", "more", "said"),
    [
        ('["my-tariff", "my-tariff"]', "", "tariff: ['my-tariff', 'my-tariff']: a tariff is there twice"),
        ('["other", "own"]', "", "tariff: 'other', 'own': these rates belong to another tariff than 'my-tariff'"),
        ("[]", "", "tariff: []: "),
        ("7", "", "tariff: 7: "),
        ('"my-tariff"', '[rates.values_of."other"]\nvat = "3"', "rates[1].values_of: 'other': is no tariff of this"),
        ('"my-tariff"', '[rates.values_of."my-tariff"]\nvat = "3"', "values_of.my-tariff.vat: 3: is in values too"),
        ('"my-tariff"', '[rates.values_of."my-tariff"]\niva = "3"', "rates[1].values.iva: no charge of the tariff has"),
        ('"my-tariff"', '[rates.values_of."my-tariff"]\nvat = "-3"', "values_of.my-tariff.vat: '-3': is negative"),
    ],
)
def test_a_shared_table_that_cannot_be_is_refused(shelf: TariffFiles, tariffs: str, more: str, said: str) -> None:
    path = shelf.folder.parent / f"{shelf.folder.name}-rates.toml"
    path.write_text(table(tariffs, more), encoding="utf-8")
    with pytest.raises(InvalidTariff) as refusal:
        shelf.get("my-tariff", path)
    assert said in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")


def _own(shelf: TariffFiles, text: str) -> str:
    return str(write(shelf, "own.toml", text))
