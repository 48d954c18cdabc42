"""`wattledger price --agreements` as a user meets it."""

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
AGREED = """
[[agreement]]
since = 2025-12-01
tariff = "mx-gdmth:golfo-centro"

[agreement.contracted_kw]
all = "800"

[[agreement]]
since = 2026-01-12
tariff = "{tariff}"
metered_on_low_side = true
contracted_kw = {{ all = "900" }}
"""


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
def agreed(tmp_path: Path) -> Path:
    (tmp_path / "agreed.toml").write_text(AGREED.format(tariff="mx-gdmth:golfo-centro"), encoding="utf-8")
    return tmp_path / "agreed.toml"


def test_a_contract_that_changed_is_billed_in_two_parts(run: Run, readings: Path, agreed: Path, tmp_path: Path) -> None:
    code, out, err = run("price", readings, "--agreements", agreed, "--out", tmp_path / "bill")
    assert (code, err) == (0, "")
    (bill,) = json.loads((tmp_path / "bill" / "bill.json").read_text(encoding="utf-8"))["bills"]
    assert [(part["from"], part["to"]) for part in bill["parts"]] == [
        ("2026-01-01", "2026-01-12"),
        ("2026-01-12", "2026-02-01"),
    ]
    assert [line["part"] for line in bill["lines"] if line["code"] in {"capacity", "low_side", "vat"}] == [
        0,
        1,
        1,
        None,
    ]
    assert f"{Decimal(bill['total']):,f}" in out
    costs = parquet.read_table(tmp_path / "bill" / "costs.parquet")
    assert sum(costs["cost"].to_pylist()) == Decimal(bill["total"])
    assert "1 Jan 2026" in (tmp_path / "bill" / "report.html").read_text(encoding="utf-8")
    told = run("explain", tmp_path / "bill" / "bill.json", "capacity")[1]
    assert "2026-01-12 to 2026-02-01 (end excluded), 20 days" in told
    assert "x 0.6452 (20/31) of the month" in " ".join(told.split())


def test_a_bill_that_was_written_before_bills_had_parts_still_explains_itself(
    run: Run, readings: Path, tmp_path: Path
) -> None:
    words = ("--tariff", "mx-gdmth:golfo-centro", "--contracted-kw", "all=800", "--out", tmp_path / "bill")
    assert run("price", readings, *words)[0] == 0
    path = tmp_path / "bill" / "bill.json"
    today, content = run("explain", path)[1], json.loads(path.read_text(encoding="utf-8"))
    content["schema"] = "wattledger-bill/2"
    for bill in content["bills"]:
        del bill["parts"]
        for line in bill["lines"]:
            del line["part"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert run("explain", path) == (0, today, "")


@pytest.mark.parametrize(
    "option", ["--tariff=es-6.1td", "--rates=x.toml", "--contracted-kw=all=1", "--low-side", "--rate=a=1"]
)
def test_agreements_and_the_options_they_replace_exclude_each_other(
    run: Run, readings: Path, agreed: Path, tmp_path: Path, option: str
) -> None:
    code, _, err = run("price", readings, "--agreements", agreed, option, "--out", tmp_path / "bill")
    assert code == 2
    assert f"{option.partition('=')[0]} and --agreements say both what is agreed; write it into {agreed}" in err


def test_neither_a_tariff_nor_agreements_is_refused(run: Run, readings: Path, tmp_path: Path) -> None:
    code, _, err = run("price", readings, "--out", tmp_path / "bill")
    assert (code, err.count("\n")) == (2, 1)
    assert "--tariff is missing" in err


@pytest.mark.parametrize(
    ("tariff", "told"),
    [
        ("es-6.1td", "tariff mx-gdmth:golfo-centro is in MXN and es-6.1td in EUR; a bill has one currency"),
        ("mx-gdmth:golfo", "there is no tariff 'mx-gdmth:golfo'"),
        ("missing.toml", "missing.toml"),
    ],
)
def test_tariffs_that_cannot_be_are_refused(
    run: Run, readings: Path, agreed: Path, tmp_path: Path, tariff: str, told: str
) -> None:
    agreed.write_text(AGREED.format(tariff=tariff), encoding="utf-8")
    code, _, err = run("price", readings, "--agreements", agreed, "--out", tmp_path / "bill")
    assert (code, told in err) == (2, True), err


def test_readings_before_the_first_agreement_are_refused(
    run: Run, readings: Path, agreed: Path, tmp_path: Path
) -> None:
    agreed.write_text(AGREED.format(tariff="mx-gdmth:golfo-centro").replace("2025-12-01", "2026-01-05"), "utf-8")
    code, _, err = run("price", readings, "--agreements", agreed, "--out", tmp_path / "bill")
    assert code == 2
    assert "'2026-01-01 00:00' is before the first agreement, which holds since 2026-01-05" in err


OTHER = ("--tariff", "mx-gdmth:peninsular", "--rate", "mx-gdmth:peninsular/supplier_fixed=461.75")
KW = ("--contracted-kw", "all=800")


def test_what_was_agreed_stands_beside_what_could_be(run: Run, readings: Path, agreed: Path, tmp_path: Path) -> None:
    code, out, err = run("compare", readings, "--agreements", agreed, *OTHER, *KW, "--out", tmp_path / "choice")
    assert (code, err) == (0, "")
    assert "A  agreed " in out
    assert "B  mx-gdmth:peninsular " in out
    first, other = json.loads((tmp_path / "choice" / "comparison.json").read_text(encoding="utf-8"))["tariffs"]
    run("price", readings, "--agreements", agreed, "--out", tmp_path / "bill")
    (bill,) = json.loads((tmp_path / "bill" / "bill.json").read_text(encoding="utf-8"))["bills"]
    assert (first["id"], first["total"]) == ("agreed", bill["total"])
    assert [one["id"] for one in first["tariffs"]] == ["mx-gdmth:golfo-centro"]
    assert Decimal(other["difference_to_first"]["total"]) == Decimal(other["total"]) - Decimal(bill["total"])
    page = (tmp_path / "choice" / "comparison.html").read_text(encoding="utf-8")
    assert "agreed, mx-gdmth:golfo-centro, version" in page


def test_two_agreements_are_compared_without_a_tariff(run: Run, readings: Path, agreed: Path, tmp_path: Path) -> None:
    (tmp_path / "offer.toml").write_text(AGREED.format(tariff="mx-gdmth:golfo-centro").replace("900", "300"), "utf-8")
    words = ("--agreements", agreed, "--agreements", tmp_path / "offer.toml", "--json", "--out", tmp_path / "choice")
    code, out, _ = run("compare", readings, *words)
    assert code == 0
    assert [one["id"] for one in json.loads(out)["tariffs"]] == ["agreed", "offer"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--tariffs is missing; name two tariffs, or one beside --agreements FILE"),
        (("--agreements", "AGREED"), "name at least two"),
        (("--agreements", "AGREED", "--agreements", "AGREED"), "two of the tariffs are called 'agreed'"),
        (("--agreements", "AGREED", *OTHER, "--rate", "agreed/supplier_fixed=1"), "'agreed' is none of the tariffs"),
    ],
)
def test_a_comparison_with_agreements_that_makes_no_sense_is_refused(
    run: Run, readings: Path, agreed: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    given = [agreed if word == "AGREED" else word for word in words]
    code, _, err = run("compare", readings, *given, "--out", tmp_path / "choice")
    assert code == 2
    assert said in err
