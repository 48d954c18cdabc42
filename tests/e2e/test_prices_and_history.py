"""Published prices and earlier demand as a user gives them to `price`, `explain` and `compare`."""

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
MEXICO = ZoneInfo("America/Mexico_City")
SPOT = """schema = "wattledger-tariff/1"
id = "spot-plan"
name = "Spot and a demand that looks back"
country = "MX"
currency = "MXN"
timezone = "America/Mexico_City"
source = "contract"
demand_minutes = 15

[rounding]
places = 2
mode = "half_up"

[calendar]
periods = ["all"]

[calendar.day_types]
monday = "any"
tuesday = "any"
wednesday = "any"
thursday = "any"
friday = "any"
saturday = "any"
sunday = "any"
holiday = "any"

[[calendar.season]]
name = "year"
starts = { month = 1, day = 1 }

[calendar.schedule.year]
any = ["00:00-24:00 all"]

[[charge]]
kind = "indexed_price"
code = "energy"
label = "Energy at spot"
group = "energy"
series = "spot"

[[charge]]
kind = "maximum_demand"
code = "demand"
label = "Demand"
group = "power"
round_up_kw = false
ratchet = { percent = "80", months = 3 }

[[rates]]
valid_from = 2020-01-01
source = "contract"

[rates.values]
energy.adder = "0.01"
energy.factor = "100"
energy.losses = "2"
demand = "100"
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
def spot(tmp_path: Path) -> Path:
    """January's prices by the hour in EUR/MWh, 50 but for one evening."""
    first = datetime(2026, 1, 1, tzinfo=MEXICO)
    hours = [first + timedelta(hours=n) for n in range(744)]
    dear = datetime(2026, 1, 15, 19, tzinfo=MEXICO)
    rows = [f"{hour.isoformat()},{'400' if hour == dear else '50'}" for hour in hours]
    (tmp_path / "spot.csv").write_text("\n".join(["start,EUR/MWh", *rows]) + "\n", encoding="utf-8")
    return tmp_path / "spot.csv"


@pytest.fixture
def under(tmp_path: Path, spot: Path) -> tuple[object, ...]:
    (tmp_path / "spot-plan.toml").write_text(SPOT, encoding="utf-8")
    return ("--tariff", tmp_path / "spot-plan.toml", "--series", f"spot={spot}", "--rate-of-exchange", "EUR=20")


def lines(bill: Path) -> dict[str, dict[str, object]]:
    stored = json.loads(bill.read_text(encoding="utf-8"))["bills"][0]["lines"]
    return {line["code"]: line for line in stored}


def test_energy_is_billed_at_published_prices(
    run: Run, readings: Path, under: tuple[object, ...], tmp_path: Path
) -> None:
    code, _, err = run("price", readings, *under, "--out", tmp_path / "bill")
    assert (code, err) == (0, "")
    energy = lines(tmp_path / "bill" / "bill.json")["energy"]
    dear = Decimal(str(energy["evidence"]["named"][0]["quantity"]))  # type: ignore[index]
    expected = Decimal("369671.53") * Decimal("1.03") + dear * (Decimal("8.17") - Decimal("1.03"))
    assert Decimal(str(energy["gross"])) == expected, "50 EUR/MWh x 20 x 1.02 + 0.01, and 400 in one hour"
    assert "1 EUR = 20 MXN" in str(energy["source"])
    said = " ".join(run("explain", readings, *under, "--line", "energy")[1].split())
    assert "made by 744 prices of 60 min with energy, Thu 2026-01-01 00:00 to Sun 2026-02-01 00:00" in said
    assert f"of these dearest, at MXN/kWh Thu 2026-01-15 19:00: {dear.normalize():f} kWh at 8.17" in said


def test_an_hour_without_a_price_is_refused_and_named(
    run: Run, readings: Path, under: tuple[object, ...], spot: Path, tmp_path: Path
) -> None:
    text = spot.read_text(encoding="utf-8")
    spot.write_text(text.replace("2026-01-10T05:00:00-06:00,50", "2026-01-10T05:00:00-06:00,"), encoding="utf-8")
    code, out, err = run("price", readings, *under, "--out", tmp_path / "bill")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "series 'spot' has no price for 2026-01-10 11:00 UTC" in err
    assert not (tmp_path / "bill").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("--series",), "needs the price series 'spot', which was not given; give it with --series spot=FILE"),
        (("--rate-of-exchange",), "prices are in EUR, the tariff is in MXN; say what 1 EUR is in MXN"),
    ],
)
def test_what_is_missing_is_said_with_the_option_that_gives_it(
    run: Run, readings: Path, under: tuple[object, ...], tmp_path: Path, change: tuple[str], told: str
) -> None:
    at = under.index(change[0])
    words = (*under[:at], *under[at + 2 :])
    code, out, err = run("explain", readings, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_series_that_no_charge_asks_for_is_refused(run: Run, readings: Path, spot: Path, tmp_path: Path) -> None:
    words = ("--tariff", "mx-gdmth:golfo-centro", "--contracted-kw", "all=800", "--series", f"spot={spot}")
    assert "does not ask for it" in run("price", readings, *words, "--out", tmp_path / "bill")[2]


@pytest.mark.parametrize("form", ["csv", "toml", "bill", "folder"])
def test_demand_of_earlier_months_lifts_the_ratchet(
    run: Run, readings: Path, under: tuple[object, ...], tmp_path: Path, form: str
) -> None:
    run("price", readings, *under, "--out", tmp_path / "bill")
    before = lines(tmp_path / "bill" / "bill.json")["demand"]
    assert Decimal(str(before["quantity"])) == Decimal("684.92")
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    kw = "1000"
    if form == "csv":
        (earlier / "h.csv").write_text(f"charge,month,kW\ndemand,2025-11,{kw}\n", encoding="utf-8")
    elif form == "toml":
        (earlier / "h.toml").write_text(f"[demand]\n2025-11 = {kw}\n", encoding="utf-8")
    else:
        text = (tmp_path / "bill" / "bill.json").read_text(encoding="utf-8")
        text = text.replace('"from": "2026-01-01"', '"from": "2025-11-01"')
        kw_of_bill = str(before["evidence"]["remembered"])  # type: ignore[index]
        (earlier / "bill.json").write_text(text.replace(f'"{kw_of_bill}"', f'"{kw}"'), encoding="utf-8")
    files = {"csv": earlier / "h.csv", "toml": earlier / "h.toml", "bill": earlier / "bill.json", "folder": earlier}
    code, out, err = run("price", readings, *under, "--history", files[form], "--out", tmp_path / "after")
    assert (code, err) == (0, "")
    after = lines(tmp_path / "after" / "bill.json")["demand"]
    assert Decimal(str(after["quantity"])) == 800, "80 % of 1,000 kW"
    assert after["evidence"]["looked_back"] == {"known": {"2025-11": "1000.000"}, "unknown": ["2025-10", "2025-12"]}  # type: ignore[index]
    assert "Demand of 2026-01 looks back upon 3 months; not known: 2025-10, 2025-12; give their kW" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("charge,month,kW\nenergy,2025-11,5\n", "charge 'energy': is none of tariff spot-plan that looks back"),
        ("charge,month,kW\ndemand,2025-11,five\n", "line 2, column kW: 'five' is no kW"),
    ],
)
def test_a_history_that_makes_no_sense_is_refused(
    run: Run, readings: Path, under: tuple[object, ...], tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "h.csv").write_text(text, encoding="utf-8")
    code, out, err = run("price", readings, *under, "--history", tmp_path / "h.csv", "--out", tmp_path / "bill")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_two_histories_that_disagree_are_refused(
    run: Run, readings: Path, under: tuple[object, ...], tmp_path: Path
) -> None:
    for name, kw in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.csv").write_text(f"charge,month,kW\ndemand,2025-11,{kw}\n", encoding="utf-8")
    words = ("--history", tmp_path / "a.csv", "--history", tmp_path / "b.csv")
    assert "demand in 2025-11 is 2 kW here and 1 kW elsewhere" in run("explain", readings, *under, *words)[2]


def test_each_tariff_of_a_comparison_has_its_own_rates_prices_and_history(
    run: Run, readings: Path, under: tuple[object, ...], root: Path, spot: Path, tmp_path: Path
) -> None:
    table = (root / "adapters" / "tariffs" / "mx" / "gdmth.golfo-centro.rates.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(table, encoding="utf-8")
    (tmp_path / "h.csv").write_text("charge,month,kW\ndemand,2025-11,1000\n", encoding="utf-8")
    plan = str(under[1])
    words = (
        *("compare", readings, "--tariff", f"mx-gdmth,{plan}", "--contracted-kw", "mx-gdmth/all=800"),
        *("--rates", f"mx-gdmth={tmp_path / 'mine.toml'}", "--series", f"spot={spot}", "--rate-of-exchange", "EUR=20"),
        *("--history", f"{plan}={tmp_path / 'h.csv'}", "--out", tmp_path / "choice", "--json"),
    )
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    first, other = json.loads(out)["tariffs"]
    assert first["total"] == "1083226.37", "the rate table is that of the region, given by file"
    assert other["by_heading"]["power"] == "80000.00", "800 kW at 100"
    own = [f"{plan}/{word}" if word == f"spot={spot}" else word for word in words]
    assert run(*own)[1] == out
    assert run(*own, "--series", "spot=nowhere.csv")[1] == out, "its own file stands in place of the one for all"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rates", "mx=x.toml"), "--rates mx: 'mx' is none of the tariffs"),
        (("--history", "mx=x.csv"), "--history mx: 'mx' is none of the tariffs"),
        (("--series", "spot=x.csv"), "--series spot: none of the tariffs asks for it"),
        (("--series", "mx/spot=x.csv"), "--series mx/spot: 'mx' is none of the tariffs"),
        (("--series", "spot"), "--series 'spot' is not NAME=FILE"),
    ],
)
def test_a_file_for_no_tariff_is_refused(
    run: Run, readings: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    both = ("--tariff", "mx-gdmth:golfo-centro,mx-gdmth:peninsular", "--contracted-kw", "all=800")
    code, out, err = run("compare", readings, *both, *words, "--out", tmp_path / "out")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
