"""What a line says under a tariff of one's own: figures that can be read, and a formula that gives the amount."""

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from domain.bill import BillLine
from entrypoints.cli import main
from tests.reference.own_tariff import HEADING, bill_of, charge, first_of, month_at, own_tariff, rates, written


def line_of(tmp_path: Path, more: str, kw: float = 102) -> BillLine:
    """A demand charge of 40 kW steady and one quarter hour more, after a July of 150 kW."""
    tariff = own_tariff(tmp_path, charge("maximum_demand", "d", f"round_up_kw = false\n{more}"), "d=1")
    load = month_at("2026-03-01", lambda at: int(kw * 1000) if (at.day, at.hour, at.minute) == (4, 10, 0) else 40_000)
    return bill_of(tariff, load, history={"d": {first_of("2025-07"): Fraction(150)}}).lines[0]


@pytest.mark.parametrize(
    ("more", "formula"),
    [
        ("", "maximum of 15 min in on, off: 102 kW x 1"),
        ("highest_blocks = 3", "mean of the 3 highest of 15 min in on, off: 60.666667 kW x 1"),
        (
            "look_back = { highest = 2, months = 12 }",
            "mean of the 2 highest of 12 months: 126 kW (this month maximum of 15 min in on, off: 102 kW) x 1",
        ),
        (
            'ratchet = { percent = "80", months = 11 }',
            "at least 80 % of the highest of 11 months before: 120 kW "
            "(this month maximum of 15 min in on, off: 102 kW) x 1",
        ),
        (
            'ratchet = { percent = "80", months = 11, only_months = [6, 7, 8] }',
            "at least 80 % of the highest of 11 months before, of Jun Jul Aug among them: 120 kW "
            "(this month maximum of 15 min in on, off: 102 kW) x 1",
        ),
        (
            "look_back = { highest = 1, months = 12, in_months = [3] }",
            "highest of 12 months, in Mar of the other months among them: 150 kW "
            "(this month maximum of 15 min in on, off: 102 kW) x 1",
        ),
        ("at_least_kw = 110", "at least 110 kW: 110 kW (this month maximum of 15 min in on, off: 102 kW) x 1"),
        ("at_least_kw = 90", "maximum of 15 min in on, off: 102 kW x 1"),
    ],
)
def test_the_formula_of_a_demand_names_the_kw_that_are_billed(more: str, formula: str, tmp_path: Path) -> None:
    line = line_of(tmp_path, more)
    assert line.formula == formula
    assert f"{line.quantity.normalize():f} kW" in formula


def test_a_share_of_a_tier_is_told_to_the_milliwatt_hour_and_priced_exactly(tmp_path: Path) -> None:
    """A third of 1,000 kWh is in the first tier: the quantity is what people read, the amount what is exact."""
    more = 'scope = "pooled_proportional"\nlimits = ["1000"]'
    tariff = own_tariff(tmp_path, charge("tiered_energy", "t", more), "t.on.t1=3 t.on.t2=1 t.off.t1=3 t.off.t2=1")
    bill = bill_of(tariff, month_at("2026-02-01", lambda _: 7000))
    assert all(line.quantity == round(line.quantity, 6) for line in bill.lines)
    assert f"{bill.lines[0].quantity:f}" == "357.142857"
    assert bill.lines[0].gross != bill.lines[0].quantity * bill.lines[0].rate  # 1,071.428571 and more
    assert bill.total == 3000 + (28 * 24 * 7 - 1000)


Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["wattledger", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert (end.value.code or 0, err) == (0, "")
        return out

    return command


@pytest.mark.parametrize("columns", [72, 80, 100])
def test_no_figure_of_a_line_touches_the_next(
    run: Run, columns: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    long = "a_charge_of_which_the_code_is_rather_long"
    charges = (
        charge("contracted_power", "power")
        + charge("energy_flat", long)
        + charge(
            "reactive_energy", "q", 'ratio_percent = "33"\nper = "month"\nsteps = [{ from_percent = 0, key = "x" }]'
        )
    )
    of = f"power.on=20.123456 power.off=10 {long}=0.123456 q.x=0.062332"
    tariff = written(tmp_path, f"{HEADING}\n{charges}\n{rates(of)}")
    readings = tmp_path / "plant.csv"
    rows = "".join(f"2026-03-02T{n // 4:02d}:{n % 4 * 15:02d}Z,25000,18000\n" for n in range(96))
    readings.write_text(f"time,kWh,kvarh\n{rows}", encoding="utf-8")
    (tmp_path / "plant.toml").write_text(
        'kind = "interval"\nunit = "kWh"\nreactive_unit = "kvarh"\nstep_minutes = 15\nstamp = "start"\n'
        'time_column = "time"\nenergy_column = "kWh"\nreactive_column = "kvarh"\n',
        encoding="utf-8",
    )
    out = tmp_path / "bill"
    run("price", readings, "--tariff", tariff, "--contracted-kw", "all=800", "--out", out)
    told = run("explain", out / "bill.json").splitlines()
    assert max(map(len, told)) <= columns
    for line in json.loads((out / "bill.json").read_text(encoding="utf-8"))["bills"][0]["lines"]:
        figures = [f"{line['rate']} {line['rate_unit']}", f"{Decimal(line['amount']):,f}"]
        row = told[
            next(n for n, text in enumerate(told) if text.startswith(f"{line['code']} ") or text == line["code"]) :
        ]
        whole = row[0] if len(row[0].split("  ")) > 1 else row[1]
        cells = [cell.strip() for cell in whole.split("  ") if cell.strip()]
        assert cells[-2:] == figures
        assert cells[-3].endswith(f" {line['unit']}")
