"""`wattledger explain` and `wattledger compare` as a user meets them."""

import json
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
TWO = ("--tariff", "mx-gdmth:golfo-centro,mx-gdmth:peninsular", "--rate", "mx-gdmth:peninsular/supplier_fixed=461.75")
KW = ("--contracted-kw", "all=800")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wattledger", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


@pytest.fixture
def readings(root: Path) -> Path:
    return root / "examples" / "readings" / "plant_15min.csv"


@pytest.fixture
def bill(run: Run, readings: Path, tmp_path: Path) -> Path:
    assert run("price", readings, "--tariff", "mx-gdmth:golfo-centro", *KW, "--out", tmp_path / "bill")[0] == 0
    return tmp_path / "bill" / "bill.json"


def test_a_demand_line_tells_its_formula_its_law_and_when_the_peak_was(run: Run, bill: Path) -> None:
    code, out, err = run("explain", bill, "capacity")
    assert (code, err) == (0, "")
    out = " ".join(out.split())  # however wide the terminal is
    assert "Capacity [capacity] 268,657.00 MXN" in out
    for told in ("685 kW", "392.20 MXN/kW", "maximum in peak 685", "268,657.00 MXN, before rounding", "A/158/2024"):
        assert told in out
    assert "began Wednesday, 2026-01-28 at 21:15, local time of America/Mexico_City" in out


def test_a_percentage_tells_what_it_is_of(run: Run, bill: Path) -> None:
    out = " ".join(run("explain", bill, "vat")[1].split())
    assert "percent of supplier_fixed 461.75, distribution 85,220.85," in out
    assert "together 933,815.84 MXN" in out


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("words", [(), ("--line", "all")], ids=["in short", "in full"])
def test_every_line_is_explained_within_the_terminal(
    run: Run, bill: Path, monkeypatch: pytest.MonkeyPatch, columns: int, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = run("explain", bill, *words)[1]
    stored = json.loads(bill.read_text(encoding="utf-8"))["bills"][0]
    assert max(map(len, out.splitlines())) <= columns
    said = " ".join(out.split())
    for line in stored["lines"]:
        for told in (line["code"], line["formula"], f"{Decimal(line['amount']):,f}", line["source"]):
            assert told in said
        assert line["of"] or line["evidence"]["counted"] in said
    assert f"{Decimal(stored['total']):,f}" in out


def test_a_demand_line_names_the_block_that_set_it_and_an_energy_line_its_range(run: Run, bill: Path) -> None:
    said = " ".join(run("explain", bill)[1].split())
    assert "376 blocks of 15 min in peak, Fri 2026-01-02 18:00 to Sat 2026-01-31 21:00; the highest: Wed" in said
    assert "the highest: Wed 2026-01-28 21:15: 684.92 kW" in said
    assert "1,024 intervals of 15 min in base, Thu 2026-01-01 00:00 to Sat 2026-01-31 08:00; most kWh:" in said
    assert "no interval: it is owed for 31 days from 2026-01-01, whatever is used" in said


def test_readings_without_a_tariff_explain_nothing(run: Run, readings: Path) -> None:
    code, out, err = run("explain", readings)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "readings are explained under a tariff; name one with --tariff" in err


def test_readings_are_explained_as_their_bill_would_be(run: Run, readings: Path, bill: Path) -> None:
    words = ("--line", "capacity")
    under = ("--tariff", "mx-gdmth:golfo-centro", *KW)
    assert run("explain", readings, *under, *words) == run("explain", bill, *words)
    assert run("explain", readings, *under, "--json")[1] == run("explain", bill, "--json")[1]


def test_json_gives_the_lines_as_they_stand_in_the_file(run: Run, bill: Path) -> None:
    stored = json.loads(bill.read_text(encoding="utf-8"))["bills"][0]["lines"]
    told = json.loads(run("explain", bill, "--month", "2026-01", "--json")[1])
    assert told == [{"month": "2026-01", "line": line} for line in stored]
    group = json.loads(run("explain", bill, "energy", "--json")[1])
    assert [one["line"]["code"] for one in group] == ["energy.base", "energy.intermediate", "energy.peak"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("capacty",), "no line, charge or group is called 'capacty'; the lines are supplier_fixed,"),
        (("--month", "2025-12"), "--month 2025-12 has no bill in the file; it holds 2026-01"),
        (("--month", "January"), "--month 'January"),
        (("--meter", "press"), "--meter 'press' has no bill here; there are bills of plant"),
        (("vat", "--line", "capacity"), "ask for two lines; name one"),
        (("--contracted-kw", "all=900"), "is a bill, and bills are explained as they are"),
    ],
)
def test_a_line_or_month_that_is_not_there_is_refused(run: Run, bill: Path, words: tuple[str, ...], told: str) -> None:
    code, out, err = run("explain", bill, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"wattledger-bill/3"', '"wattledger-bill/9"'), "schema 'wattledger-bill/9' is not 'wattledger-bill/3'"),
        (('"268657.00"', "268657.00"), "gross: must be a number written as text"),
        (('"amount": "268657.00"', '"amount": "268657.01"'), "add up to 1083226.38, not to its total 1083226.37"),
        (('"America/Mexico_City"', '"Atlantis"'), "'Atlantis' is no time zone"),
        (('"unit"', '"units"'), "bills.0.lines.0.unit: Field required"),
        (("{", "{{"), "is not JSON"),
    ],
    ids=["schema", "float", "sum", "zone", "field", "json"],
)
def test_a_bill_that_was_changed_explains_nothing(run: Run, bill: Path, change: tuple[str, str], told: str) -> None:
    text = bill.read_text(encoding="utf-8")
    assert change[0] in text
    bill.write_text(text.replace(*change), encoding="utf-8")
    code, out, err = run("explain", bill)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert str(bill) in err


def test_a_bill_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    assert "there is no such file" in run("explain", tmp_path / "bill.json")[2]


def test_compare_says_what_price_says(run: Run, readings: Path, bill: Path, tmp_path: Path) -> None:
    folder = tmp_path / "choice"
    code, out, err = run("compare", readings, *TWO, *KW, "--out", folder)
    assert (code, err) == (0, "")
    found = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    priced = json.loads(bill.read_text(encoding="utf-8"))["bills"][0]
    assert found["tariffs"][0]["total"] == priced["total"]
    amounts = {line["code"]: line["amounts"]["mx-gdmth:golfo-centro"] for line in found["lines"]}
    assert amounts == {line["code"]: line["amount"] for line in priced["lines"]}
    first, other = found["tariffs"]
    assert Decimal(other["difference_to_first"]["total"]) == Decimal(other["total"]) - Decimal(first["total"])
    assert f"{Decimal(other['difference_to_first']['total']):+,.2f}" in out
    assert "<html" in (folder / "comparison.html").read_text(encoding="utf-8")


def test_tariffs_may_be_listed_or_repeated_and_json_is_what_is_written(
    run: Run, readings: Path, tmp_path: Path
) -> None:
    listed = run("compare", readings, *TWO, *KW, "--out", tmp_path / "a", "--json")[1]
    names = ("--tariff", "mx-gdmth:golfo-centro", "--tariff", "mx-gdmth:peninsular")
    repeated = run("compare", readings, *names, *TWO[2:], *KW, "--out", tmp_path / "b", "--json")[1]
    assert listed == repeated == (tmp_path / "a" / "comparison.json").read_text(encoding="utf-8")


def test_tariffs_follow_their_option_and_without_a_folder_all_is_told(
    run: Run, readings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("mx-gdmth:golfo-centro", "mx-gdmth:peninsular", "mx-gdmth:noroeste")
    code, out, err = run("compare", readings, "--tariffs", *names, *KW)
    assert (code, err) == (0, "")
    assert all(f"{letter}  {name}" in out for letter, name in zip("ABC", names, strict=True))
    assert re.search(r"^Energy +\+127,322\.79 +│█{6,} +most: ", out, re.MULTILINE)
    assert re.search(r"^Power +-22,289\.90 +█+│ +most: ", out, re.MULTILINE)
    assert "A page with every line and its pictures: --out DIR" in out
    assert list(tmp_path.iterdir()) == []
    assert json.loads(run("compare", readings, *KW, "--tariffs", *names, "--json")[1])["tariffs"][2]["id"] == names[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tariffs",), "Option '--tariffs' requires an argument"),
        (("--tariffs", "mx-gdmth:golfo-centro"), "name at least two"),
        (("--tariffs", *TWO[1].split(","), "--on-bad-row", "quarantine"), "needs --out DIR: bad rows are kept there"),
    ],
)
def test_tariffs_without_a_name_or_bad_rows_without_a_folder_are_refused(
    run: Run, readings: Path, words: tuple[str, ...], told: str
) -> None:
    code, out, err = run("compare", readings, *KW, *words)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())


def test_another_currency_stands_beside_and_says_why(run: Run, readings: Path, tmp_path: Path) -> None:
    two = "mx-gdmth:golfo-centro,us-pge-e20-primary-2018"
    words = ("compare", readings, "--tariff", two, *KW, "--rates-of", "2018-03")
    code, out, _ = run(*words, "--out", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["tariffs"][1]["difference_to_first"] is None
    assert any("no difference is taken" in note for note in found["notes"])
    assert any("usually holds in America/Los_Angeles" in note for note in found["notes"])
    assert [bool(tariff["assumptions"]) for tariff in found["tariffs"]] == [False, True]
    found = json.loads(run(*words, "--out", tmp_path, "--json", "--rate-of-exchange", "USD=20")[1])
    first, other = found["tariffs"]
    assert Decimal(other["difference_to_first"]["total"]) == 20 * Decimal(other["total"]) - Decimal(first["total"])


def test_a_tariff_may_have_its_own_contracted_power(run: Run, readings: Path, tmp_path: Path) -> None:
    words = ("compare", readings, "--tariff", "es-6.1td,es-3.0td", "--rates-of", "2025-01", "--out", tmp_path, "--json")
    billing = ("--billing-timezone", "America/Mexico_City")
    shared = json.loads(run(*words, *billing, *KW)[1])["tariffs"]
    own = json.loads(run(*words, *billing, *KW, "--contracted-kw", "es-3.0td/all=900")[1])["tariffs"]
    assert own[0] == shared[0]
    assert Decimal(own[1]["by_heading"]["power"]) > Decimal(shared[1]["by_heading"]["power"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tariff", "mx-gdmth:golfo-centro"), "name at least two"),
        (("--tariff", "mx-gdmth:golfo-centro,gdmth"), "there is no tariff 'gdmth'"),
        ((*TWO, "--contracted-kw", "gdmth/all=5"), "'gdmth' is none of the tariffs"),
        ((*TWO[:2], "--rate", "supplier_fixed=5"), "does not say of which tariff"),
        (("--tariff", "mx-gdmth:golfo-centro,mx-dist:bajio"), "has no rate in tariff mx-dist:bajio"),
        ((*TWO, "--rate-of-exchange", "USD=17.1"), "--rate-of-exchange USD is of no use"),
        ((*TWO, "--meter", "press"), "--meter 'press' is not in the file; it holds plant"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused_on_one_line(
    run: Run, readings: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    code, out, err = run("compare", readings, *words, *KW, "--out", tmp_path / "out")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert not (tmp_path / "out").exists()


def test_one_of_several_meters_is_chosen_by_name(run: Run, root: Path, tmp_path: Path) -> None:
    words = ("compare", root / "examples" / "readings" / "registers_5min.csv", *TWO, *KW, "--out", tmp_path, "--json")
    code, _, err = run(*words)
    assert code == 2
    assert "choose one with --meter: compressor-1, furnace-2" in err
    found = json.loads(run(*words, "--meter", "furnace-2")[1])
    assert found["supply_point"] == "furnace-2"
    assert any("no bill is whole" in note for note in found["notes"])


def test_an_explanation_says_how_many_intervals_are_estimated(run: Run, root: Path, tmp_path: Path) -> None:
    readings = root / "examples" / "readings" / "registers_5min.csv"
    rows = [row for row in readings.read_text(encoding="utf-8").splitlines(keepends=True) if " 03:0" not in row]
    (tmp_path / "registers_5min.csv").write_text("".join(rows), encoding="utf-8")
    declared = readings.with_suffix(".toml").read_text(encoding="utf-8")
    (tmp_path / "registers_5min.toml").write_text(declared, encoding="utf-8")
    tariff = ("--tariff", "mx-gdmth:golfo-centro", *KW, "--meter", "compressor-1", "--on-bad-row", "quarantine")
    code, out, _ = run("explain", tmp_path / "registers_5min.csv", *tariff)
    assert code == 0
    assert "intervals: their sum was measured, their times were not" in " ".join(out.split())
