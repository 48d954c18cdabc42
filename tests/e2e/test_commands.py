"""The commands as a user meets them: what they print, what they write, how they refuse."""

import csv
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pyarrow import parquet

from adapters.tariff_files import TariffFiles
from domain.terms import BillingMonth
from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
ZONE = ZoneInfo("America/Mexico_City")
DECLARED = [
    "--kind", "interval",
    "--unit", "kWh",
    "--reactive-unit", "kvarh",
    "--step-minutes", "15",
    "--stamp", "start",
    "--timezone", "America/Mexico_City",
    "--time-column", "time",
    "--energy-column", "kwh",
    "--reactive-column", "kvarh",
    "--meter-name", "main",
]  # fmt: skip


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
def december(tmp_path: Path) -> Path:
    """December 2018 in 15 minutes with the energy, maxima and reactive energy of a published GDMTH bill.

    Scribd document 493224929: kWh 21,721 base, 41,881 intermediate, 1,533 peak; kW 151, 196, 32; 12,019 kVArh.
    """
    month = BillingMonth(datetime(2018, 12, 1, tzinfo=UTC).date(), ZONE)
    calendar = TariffFiles().get("mx-gdmth:2018").calendar
    starts = [month.start_utc + timedelta(minutes=15) * i for i in range(month.intervals(15))]
    periods = [calendar.periods[calendar.period_at(at.date(), at.hour * 60 + at.minute)] for at in map(_local, starts)]
    wh = dict.fromkeys(starts, 0)
    for period, kwh, kw in (("base", 21_721, 151), ("intermediate", 41_881, 196), ("peak", 1_533, 32)):
        own = [at for at, of in zip(starts, periods, strict=True) if of == period]
        highest, others = own[len(own) // 2], [at for at in own if at != own[len(own) // 2]]
        wh[highest], rest = kw * 250, kwh * 1000 - kw * 250
        for i, at in enumerate(others):
            wh[at] = rest * (i + 1) // len(others) - rest * i // len(others)
    varh = [12_019_000 * (i + 1) // len(starts) - 12_019_000 * i // len(starts) for i in range(len(starts))]
    return _write(tmp_path / "december.csv", [(at, wh[at], q) for at, q in zip(starts, varh, strict=True)])


@pytest.mark.bills
def test_price_reproduces_the_published_bill_of_december_2018_to_the_cent(
    run: Run, december: Path, tmp_path: Path
) -> None:
    code, out, err = run("price", december, "--tariff", "mx-gdmth:2018", "--out", tmp_path / "out", *DECLARED, "--json")
    assert (code, err) == (0, "")
    [bill] = json.loads(out)["meters"][0]["bills"]
    amounts = {line["code"]: line["amount"] for line in bill["lines"]}
    assert {code: amounts[code] for code in amounts if code not in {"power_factor", "vat"}} == {
        "supplier_fixed": "428.56",
        "distribution": "21419.86",
        "transmission": "10323.90",
        "cenace": "592.73",
        "energy.base": "16355.91",
        "energy.intermediate": "62021.57",
        "energy.peak": "2596.14",
        "capacity": "10934.08",
        "scnmem": "351.73",
    }
    supply = [Decimal(line["amount"]) for line in bill["lines"] if line["group"] == "supply"]
    assert sum(supply) == Decimal("125024.48")
    assert "98.34" in next(line["formula"] for line in bill["lines"] if line["code"] == "power_factor")


def test_price_writes_costs_that_add_up_to_the_bill(run: Run, december: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert run("price", december, "--tariff", "mx-gdmth:2018", "--out", folder, *DECLARED)[0] == 0
    [bill] = json.loads((folder / "bill.json").read_text(encoding="utf-8"))["bills"]
    table = parquet.read_table(folder / "costs.parquet")
    assert sum(table["cost"].to_pylist()) == Decimal(bill["total"])
    with (folder / "costs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == table.num_rows == 2976
    assert sum(Decimal(row["cost_energy"]) for row in rows) == sum(
        Decimal(line["amount"]) for line in bill["lines"] if line["charge"] == "energy"
    )
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_bad_row_stops_with_file_line_column_value_and_remedy(run: Run, december: Path, tmp_path: Path) -> None:
    bad = _with_line(december, 100, "2018-12-02T00:30,none,1.5")
    code, out, err = run("price", bad, "--tariff", "mx-gdmth:2018", "--out", tmp_path / "out", *DECLARED)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    for word in ("december.csv", "line 100", "kwh", "'none'"):
        assert word in err
    assert not (tmp_path / "out").exists()


def test_quarantine_keeps_the_row_and_the_bill_says_that_it_is_not_whole(
    run: Run, december: Path, tmp_path: Path
) -> None:
    bad, folder = _with_line(december, 100, "2018-12-02T00:30,none,1.5"), tmp_path / "out"
    words = ("price", bad, "--tariff", "mx-gdmth:2018", "--out", folder, *DECLARED, "--on-bad-row", "quarantine")
    assert run(*words)[0] == 0
    kept = (folder / "quarantine.csv").read_text(encoding="utf-8")
    assert "2018-12-02T00:30,none,1.5" in kept
    [bill] = json.loads((folder / "bill.json").read_text(encoding="utf-8"))["bills"]
    assert bill["intervals"] == {"expected": 2976, "measured": 2975, "estimated": 0, "missing": 1}


def test_a_month_without_rates_is_refused_unless_the_user_assumes_some(
    run: Run, december: Path, tmp_path: Path
) -> None:
    words = (
        "price",
        december,
        "--tariff",
        "mx-gdmth:golfo-centro",
        "--out",
        tmp_path,
        *DECLARED,
        "--contracted-kw",
        "all=500",
    )
    code, _, err = run(*words)
    assert code == 2
    assert "has no rate in tariff mx-gdmth:golfo-centro" in err
    assert "--rates-of" in err
    code, out, _ = run(*words, "--rates-of", "2026-01", "--json")
    assert code == 0
    assert json.loads(out)["meters"][0]["bills"][0]["assumption"].startswith("What if: priced at the rates of 2026-01")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("price", "nothing.csv", "--tariff", "mx-gdmth:2018", "--out", "out"), "nothing.csv: there is no such file"),
        (("tariffs", "show", "mx-gdmht:2018"), "mx-gdmth:2018"),
        (("tariffs", "show", "missing.toml"), "missing.toml"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(run: Run, words: tuple[str, ...], told: str) -> None:
    code, out, err = run(*words)
    assert code == 2
    assert out == ""
    assert told in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("option", ["--rate=supplier_fixed=much", "--contracted-kw=12", "--from=2018-13-01"])
def test_an_option_that_makes_no_sense_is_named(run: Run, december: Path, tmp_path: Path, option: str) -> None:
    code, _, err = run("price", december, "--tariff", "mx-gdmth:2018", "--out", tmp_path, *DECLARED, option)
    assert code == 2
    assert option.split("=", maxsplit=1)[0] in err


def test_a_fault_of_ours_shows_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["wattledger", "tariffs", "list"])
    monkeypatch.setattr(TariffFiles, "ids", lambda _self: 1 / 0)
    with pytest.raises(ZeroDivisionError) as fault:
        main()
    with pytest.raises(SystemExit) as end:
        sys.excepthook(fault.type, fault.value, fault.tb)
    err = capsys.readouterr().err
    assert end.value.code == 70
    assert "Traceback" not in err
    assert err.count("\n") == 1
    [told] = tmp_path.glob("wattledger-fault-*.txt")
    assert "ZeroDivisionError" in told.read_text(encoding="utf-8")


def test_simulate_proves_itself_and_gives_the_same_ledger_for_the_same_seed(run: Run, tmp_path: Path) -> None:
    words = ("simulate", "--factories", 2, "--meters", 3, "--days", 2, "--faults", "hostile", "--seed", 5, "--json")
    first, second = run(*words), run(*words, "--out", tmp_path / "files")
    assert first[0] == second[0] == 0
    found = json.loads(first[1])
    assert found == json.loads(second[1])
    assert found["holds"] is True
    assert (found["lost"], found["priced_twice"]) == (0, 0)
    assert found["repeated_uploads"] > 0
    code, _, err = run(*words, "--out", tmp_path / "files")
    assert code == 2
    assert "holds the ledger of an earlier run" in err


def test_the_demo_bills_the_month_and_loses_nothing(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("demo", "--out", tmp_path)
    assert code == 0
    assert "as it must be" in out
    kpis = json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))["kpis"]
    assert sum(parquet.read_table(tmp_path / "costs.parquet")["cost"].to_pylist()) == Decimal(kpis["cost"])
    assert {path.name for path in tmp_path.iterdir()} >= {
        "report.html",
        "ledger.sqlite",
        "lake",
        "factory-01.outbox.sqlite",
    }


def test_tariffs_list_names_every_tariff_that_ships(run: Run) -> None:
    _, out, _ = run("tariffs", "list", "--json")
    priced = [tariff["id"] for tariff in json.loads(out) if tariff["rates"]]
    assert priced == list(TariffFiles().ids())
    _, text, _ = run("tariffs", "show", "mx-gdmth:golfo-centro")
    assert "winter  workday   bbbbbbiiiiiiiiiiiippppii" in text
    assert "392.66" in text


def _local(at: datetime) -> datetime:
    return at.astimezone(ZONE)


def _write(path: Path, rows: list[tuple[datetime, int, int]]) -> Path:
    lines = [f"{_local(at):%Y-%m-%dT%H:%M},{wh / 1000:.3f},{varh / 1000:.3f}" for at, wh, varh in rows]
    path.write_text("\n".join(["time,kwh,kvarh", *lines]) + "\n", encoding="utf-8")
    return path


def _with_line(path: Path, number: int, text: str) -> Path:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
