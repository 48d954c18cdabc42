"""The ledger as a plant's bookkeeper meets it: readings come late, twice and wrong, and bills stay explainable."""

import csv
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
SITE = """schema = "wattledger-site/1"
id = "plant"
device = "edge-1"
timezone = "America/Mexico_City"
step_minutes = 15
main_meter = "main"

[[agreements]]
tariff = "mx-gdmth:golfo-centro"
contracted_kw = { all = 800 }

[meters.main]
rated_power_kw = 1500

[meters.oven]
rated_power_kw = 400
"""
JANUARY = {
    "supplier_fixed": "461.75",
    "distribution": "124.41",
    "transmission": "0.1801",
    "cenace": "0.0076",
    "energy.base": "0.8066",
    "energy.intermediate": "1.4986",
    "energy.peak": "1.7675",
    "capacity": "392.20",
    "scnmem": "0.0069",
    "low_side": "2",
    "vat": "16",
}
DECLARED = [
    *("--kind", "interval", "--unit", "kWh", "--reactive-unit", "kvarh", "--stamp", "start", "--time-column", "time"),
    *("--energy-column", "kwh", "--reactive-column", "kvarh", "--step-minutes", "15"),
    *("--timezone", "America/Mexico_City", "--meter-name", "main"),
]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`wattledger ledger ...` in this process, in a folder of its own: exit code, standard output, standard error."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wattledger", "ledger", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


@pytest.fixture
def registered(run: Run, tmp_path: Path) -> Path:
    site = tmp_path / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    assert run("register", site)[0] == 0
    return site


def readings(name: str, first: str, days: int, kwh: Callable[[int], str], drop: Sequence[int] = ()) -> Path:
    """Quarter hours of local days, as a meter writes them."""
    path, start = Path(name), datetime.fromisoformat(first)
    rows = [(start + timedelta(minutes=15) * n, kwh(n)) for n in range(days * 96) if n not in drop]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "kwh", "kvarh"))
        writer.writerows((f"{at:%Y-%m-%dT%H:%M}", value, "20.000") for at, value in rows)
    return path


def ask(run: Run, *words: object) -> Any:
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def total(run: Run, *words: object) -> Decimal:
    return Decimal(ask(run, "bill", *words)["total"])


def rates_file(name: str, first: str, end: str, **changed: str) -> Path:
    lines = ['schema = "wattledger-rates/1"', 'tariff = "mx-gdmth"', 'region = "golfo-centro"', "[[rates]]"]
    lines += [f"valid_from = {first}", f"valid_to = {end}", 'source = "published late"', "[rates.values]"]
    values = JANUARY | {key.replace("__", "."): value for key, value in changed.items()}
    path = Path(name)
    path.write_text("\n".join([*lines, *(f'{key} = "{value}"' for key, value in values.items())]), encoding="utf-8")
    return path


def steady(_n: int) -> str:
    return "100.000"


def test_a_file_recorded_twice_changes_nothing(run: Run, registered: Path) -> None:
    file = readings("jan.csv", "2026-01-01", 31, steady)
    assert "2,976 measurements in the file, 2,976 of them new" in run("record", file, *DECLARED)[1]
    before = total(run, "--month", "2026-01")
    assert "2,976 measurements in the file, 0 of them new" in run("record", file, *DECLARED)[1]
    assert total(run, "--month", "2026-01") == before
    assert run("register", registered)[1] == "plant: nothing new\n"


def test_the_bill_of_the_ledger_is_the_bill_of_the_file(run: Run, registered: Path, tmp_path: Path) -> None:
    file = readings("jan.csv", "2026-01-01", 31, lambda n: f"{80 + n % 37}.125")
    run("record", file, *DECLARED)
    assert ask(run, "bill", "--month", "2026-01")["provisional"] is True
    assert run("close", "--month", "2026-01")[0] == 0
    bill = ask(run, "bill", "--month", "2026-01")
    assert (bill["provisional"], bill["number"]) == (False, 1)
    sys.argv = ["wattledger", "price", str(file), "--tariff", "mx-gdmth:golfo-centro", "--contracted-kw", "all=800"]
    sys.argv += ["--out", str(tmp_path / "out"), *DECLARED]
    with pytest.raises(SystemExit):
        main()
    [priced] = json.loads((tmp_path / "out" / "bill.json").read_text(encoding="utf-8"))["bills"]
    assert bill["lines"] == priced["lines"]
    code, out, _ = run("verify")
    assert code == 0
    assert "the ledger is what its readings make it" in out


def test_a_bill_is_shared_among_the_meters_that_caused_it_to_the_last_unit(run: Run, registered: Path) -> None:
    run("record", readings("jan.csv", "2026-01-01", 31, lambda n: f"{80 + n % 37}.125"), *DECLARED)
    oven = [word if word != "main" else "oven" for word in DECLARED]
    run("record", readings("oven.csv", "2026-01-01", 31, lambda n: f"{n % 29}.011"), *oven)
    provisional = ask(run, "bill", "--month", "2026-01", "--by-meter")
    run("close", "--month", "2026-01")
    closed = ask(run, "bill", "--month", "2026-01", "--by-meter")
    for told in (provisional, closed):
        assert set(told["by_meter"]) == {"oven", "unmetered"}
        for line in told["lines"]:
            shares = [Decimal(lines[line["code"]]) for lines in told["by_meter"].values()]
            assert sum(shares) == Decimal(line["amount"])
    first = closed["by_meter"]
    run("correct", "oven", "2026-01-16T15:00", "--wh", 0, "--varh", 0, "--by", "Ana", "--why", "x", "--reopen")
    assert ask(run, "bill", "--month", "2026-01", "--by-meter")["by_meter"] != first
    assert ask(run, "bill", "--month", "2026-01", "--by-meter", "--number", 1)["by_meter"] == first
    _, out, _ = run("bill", "--month", "2026-01", "--by-meter")
    assert "█" in out
    assert "unmetered" in out


def test_a_late_reading_of_a_closed_month_waits_for_permission(run: Run, registered: Path) -> None:
    hole = range(1000, 1004)
    run("record", readings("jan.csv", "2026-01-01", 31, steady, hole), *DECLARED, "--on-bad-row", "quarantine")
    run("close", "--month", "2026-01")
    first = total(run, "--month", "2026-01")
    late = readings("late.csv", "2026-01-11T10:00", 1, lambda _n: "200.000", range(4, 96))
    code, out, _ = run("record", late, *DECLARED)
    assert code == 0
    assert "wait in quarantine" in out
    [kept] = ask(run, "quarantine")
    assert kept["reason"] == "closed period"
    code, out, _ = run("replay", "--by", "Ana", "--why", "the modem was off")
    assert "1 tried, 1 accepted" in out
    assert ask(run, "quarantine") == []
    assert total(run, "--month", "2026-01") > first
    assert total(run, "--month", "2026-01", "--number", 1) == first
    assert run("verify")[0] == 0


def test_a_correction_needs_a_name_a_reason_and_in_a_closed_month_permission(run: Run, registered: Path) -> None:
    file = readings("jan.csv", "2026-01-01", 31, lambda n: "350.000" if n == 1500 else "100.000")
    run("record", file, *DECLARED)
    run("close", "--month", "2026-01")
    words = ("correct", "main", "2026-01-16T15:00", "--wh", 100_000, "--varh", 20_000)
    assert "--by and --why" in run(*words, "--by", " ", "--why", "x")[2]
    code, _, err = run(*words, "--by", "Ana", "--why", "the transformer saturated")
    assert code == 2
    assert "--reopen" in err
    before = total(run, "--month", "2026-01")
    code, out, _ = run(*words, "--by", "Ana", "--why", "the transformer saturated", "--reopen")
    assert code == 0
    assert "350,000 Wh" in out
    after = total(run, "--month", "2026-01")
    assert after < before - 40_000  # a wrong peak is expensive
    events = ask(run, "history", "--month", "2026-01")["events"]
    [told] = [one for one in events if one["what"] == "correction"]
    assert (told["by"], told["why"]) == ("Ana", "the transformer saturated")
    assert [one["what"] for one in events if one["what"] in {"close", "reopen"}] == ["close", "reopen", "close"]
    assert sum(Decimal(one["changed"]) for one in events) == after


def test_a_bill_is_asked_for_as_it_was_known_and_the_difference_adds_up(run: Run, registered: Path) -> None:
    run("record", readings("jan.csv", "2026-01-01", 31, steady), *DECLARED)
    run("close", "--month", "2026-01")
    closed = [one for one in ask(run, "history", "--month", "2026-01")["events"] if one["what"] == "close"]
    then, before = closed[0]["recorded_at"], total(run, "--month", "2026-01")
    run("correct", "main", "2026-01-16T15:00", "--wh", 90_000, "--varh", 0, "--by", "Ana", "--why", "x", "--reopen")
    after = total(run, "--month", "2026-01")
    assert total(run, "--month", "2026-01", "--as-known-at", then) == before != after
    told = ask(run, "history", "--month", "2026-01", "--from", then)
    assert sum(Decimal(one["changed"]) for one in told["difference"]) == after - before
    assert sum(Decimal(one["changed"]) for one in told["events"]) == after - before
    code, _, err = run("bill", "--month", "2026-01", "--as-known-at", "2020-01-01T00:00Z")
    assert code == 2
    assert "was not registered yet" in err
    assert "bill 1, as known at" in run("explain", "--month", "2026-01", "--as-known-at", then, "--line", "vat")[1]


def test_readings_without_a_price_wait_for_it_and_an_amended_month_is_re_rated(run: Run, registered: Path) -> None:
    run("record", readings("jan.csv", "2026-01-01", 31, steady), *DECLARED)
    run("close", "--month", "2026-01")
    january = total(run, "--month", "2026-01")
    run("record", readings("apr.csv", "2026-04-01", 30, steady), *DECLARED)
    assert {one["reason"] for one in ask(run, "quarantine")} == {"no price"}
    april = rates_file("apr.toml", "2026-04-01", "2026-05-01", energy__base="2.0000")
    assert run("publish", april, "--tariff", "mx-gdmth:golfo-centro")[0] == 0
    assert "30 tried, 30 accepted" in run("replay")[1]
    assert ask(run, "bill", "--month", "2026-04")["intervals"]["missing"] == 0
    code, out, _ = run("rerate", "--by", "Ana", "--why", "April became known")
    assert "closed months billed again: 1, changed: 0" in out
    assert total(run, "--month", "2026-01") == january  # January keeps January's price
    amended = rates_file("amended.toml", "2026-01-01", "2026-02-01", energy__base="0.9066")
    run("publish", amended, "--tariff", "mx-gdmth:golfo-centro")
    code, out, _ = run("verify")
    assert code == 0
    assert "plant 2026-01: right when it was billed; what is known since gives another bill" in out
    assert ask(run, "verify")["to_rerate"] == ["plant 2026-01"]
    assert "billed again: 1, changed: 1" in run("rerate", "--by", "Ana", "--why", "amended", "--from", "2026-01")[1]
    assert total(run, "--month", "2026-01") > january
    assert total(run, "--month", "2026-01", "--number", 1) == january
    assert run("verify")[0] == 0
    assert "changed: 0" in run("rerate", "--by", "Ana", "--why", "amended")[1]


SWAP = """
[[swaps]]
meter = "main"
at = 2026-01-12T10:02:00-06:00
last_wh = 5040
last_varh = 2100
first_wh = 3
first_varh = 0
rated_power_kw = 1600
serial = "LG-7731"
"""
AGREED = """
[[agreements]]
since = 2026-01-16
tariff = "mx-gdmth:golfo-centro"
contracted_kw = { all = 900 }
"""


@pytest.mark.parametrize(
    ("more", "begins", "what", "text"),
    [
        (SWAP, "2026-01-12", "meter", "replaced at 10:02, the old one at 5,040 Wh, the new one at 3 Wh, LG-7731"),
        (AGREED, "2026-01-16", "agreement", "billed by mx-gdmth:golfo-centro since 2026-01-16"),
    ],
    ids=["main meter", "agreement"],
)
def test_what_is_registered_after_the_readings_cuts_the_bill_and_the_ledger_still_verifies(
    run: Run, registered: Path, more: str, begins: str, what: str, text: str
) -> None:
    run("record", readings("jan.csv", "2026-01-01", 31, lambda n: f"{80 + n % 37}.125"), *DECLARED)
    registered.write_text(SITE.replace("[meters.main]", f"{more if 'agree' in more else ''}[meters.main]", 1))
    if "swaps" in more:
        registered.write_text(SITE + more)
    assert run("register", registered)[0] == 0
    assert run("register", registered)[1] == "plant: nothing new\n"
    run("close", "--month", "2026-01")
    parts = ask(run, "bill", "--month", "2026-01")["parts"]
    assert [part["from"] for part in parts] == ["2026-01-01", begins]
    told = json.loads(run("verify", "--json")[1])
    assert told["differences"] == []
    assert any("amended since" in one for one in told["not_compared"])
    happened = ask(run, "history", "--month", "2026-01")["events"]
    assert [one["text"] for one in happened if one["what"] == what] == [text]


def noon_of_the_fourth_day(peak: str, n: int) -> str:
    return peak if n == 3 * 96 + 48 else "9.000"


def test_who_changes_a_month_is_told_which_bills_look_back_upon_it(run: Run, registered: Path, root: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", (root / "docs" / "tariff-files.md").read_text("utf-8"), re.DOTALL)[0]
    ratchet = 'round_up_kw = true\nratchet = { percent = "80", months = 1 }'
    Path("own.toml").write_text(example.replace("round_up_kw = true", ratchet), encoding="utf-8")
    registered.write_text(SITE.replace("mx-gdmth:golfo-centro", "own.toml").replace('"plant"', '"mill"'), "utf-8")
    ledger = ("--ledger", "own.sqlite")
    run("register", registered, *ledger)
    for month, peak in (("2026-01", "300.000"), ("2026-02", "10.000"), ("2026-03", "10.000")):
        file = readings(f"{month}.csv", f"{month}-02", 6, partial(noon_of_the_fourth_day, peak))
        assert run("record", file, *DECLARED, *ledger)[0] == 0
        assert "look back" not in run("close", "--month", month, *ledger)[1]
    words = (
        "correct",
        "main",
        "2026-01-05T12:00",
        "--wh",
        200_000,
        "--varh",
        0,
        "--by",
        "Ana",
        "--why",
        "a loose wire",
    )
    out = run(*words, "--reopen", *ledger)[1]
    assert "mill: the bills of 2026-02 look back upon 2026-01, which changed" in out
    assert "`wattledger ledger rerate --from 2026-02`" in out
    out = run("rerate", "--from", "2026-02", "--by", "Ana", "--why", "January", *ledger)[1]
    assert "closed months billed again: 2, changed: 1" in out
    assert run("verify", *ledger)[0] == 0


def test_a_spoilt_ledger_is_told_with_exit_1_and_every_difference(run: Run, registered: Path) -> None:
    run("record", readings("jan.csv", "2026-01-01", 5, steady), *DECLARED)
    with closing(sqlite3.connect("ledger.sqlite", isolation_level=None)) as file:
        file.execute(
            "DELETE FROM stored_events WHERE rowid = "
            "(SELECT min(rowid) FROM stored_events WHERE topic LIKE 'ReadingsPriced%')"
        )
    code, out, _ = run("verify")
    assert code == 1
    assert "edge-1 2026-01-02 main: base Wh carried: the ledger has" in out
    found = run("verify", "--json")
    assert found[0] == 1
    assert {one["what"] for one in json.loads(found[1])["differences"]} == {"carried balances"}


def test_a_rebuilt_view_is_the_same_byte_by_byte(run: Run, registered: Path) -> None:
    run("record", readings("jan.csv", "2026-01-01", 3, steady), *DECLARED)
    first, second = run("rebuild"), run("rebuild")
    assert first == second
    assert "digest" in first[1]
    with closing(sqlite3.connect("ledger.view.sqlite")) as view:
        [(wh,)] = view.execute("SELECT sum(wh) FROM energy WHERE meter = 'main'").fetchall()
    assert wh == 3 * 96 * 100_000


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bill", "--month", "2026-01", "--ledger", "none.sqlite"), "there is no such ledger"),
        (("bill", "--month", "2026-13"), "--month '2026-13"),
        (("bill", "--month", "2026-01"), "has no reading of plant"),
        (("bill", "--month", "2026-01", "--number", "3"), "had no bills"),
        (("bill", "--month", "2026-01", "--supply-point", "mill"), "there is no 'mill' here; it has plant"),
        (("bill", "--month", "2026-01", "--as-known-at", "yesterday"), "'yesterday' is no instant"),
        (("bill", "--month", "2026-01", "--by-meter"), "has no reading of plant"),
        (("close", "--month", "2026-01"), "nothing to close"),
        (("rerate", "--by", "", "--why", "x"), "--by and --why"),
        (("register", "nothing.toml"), "nothing.toml"),
        (("publish", "site.toml", "--tariff", "mx-gdmth:golfo-centro"), "site.toml: schema"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    run: Run, registered: Path, words: tuple[str, ...], told: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_the_ledger_of_a_simulation_is_a_ledger_like_any_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["wattledger", "simulate", "--factories", "1", "--meters", "2", "--days", "32", "--out", "plants"]
    monkeypatch.setattr(sys, "argv", [*words, "--json", "--faults", "hostile"])
    with pytest.raises(SystemExit):
        main()
    ledger = ("--ledger", Path("plants") / "ledger.sqlite")
    found = ask_after(run("verify", *ledger, "--json"))
    assert found["holds"] is True
    assert found["not_compared"] == []
    assert total(run, *ledger, "--month", "2026-02", "--supply-point", "factory-01") > 0
    assert "bill 1" in run("history", *ledger, "--month", "2026-01", "--supply-point", "factory-01")[1]


def ask_after(ran: tuple[int, str, str]) -> Any:
    return json.loads(ran[1][ran[1].index('{\n "holds": true,\n "events"') :])
