"""What the ledger cannot accept, through its commands: kept with its reason, replayed; its neighbours unharmed."""

import csv
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
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
tariff = "mx-gdmth:golfo-centro@2026-01"
contracted_kw = { all = 800 }

[meters.main]
rated_power_kw = 1500

[meters.oven]
rated_power_kw = 400
since = 2026-01-05T00:00:00-06:00
"""
DECLARED = [
    *("--kind", "interval", "--unit", "kWh", "--reactive-unit", "kvarh", "--stamp", "start", "--time-column", "time"),
    *("--energy-column", "kwh", "--reactive-column", "kvarh", "--step-minutes", "15"),
    *("--timezone", "America/Mexico_City", "--meter-column", "meter", "--on-bad-row", "quarantine"),
]
SAID = ("--by", "Ana", "--why", "the gateway was wired to another hall")


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
def site(run: Run) -> Path:
    path = Path("site.toml")
    path.write_text(SITE, encoding="utf-8")
    assert run("register", path)[0] == 0
    return path


def record(run: Run, *rows: tuple[str, str, str]) -> tuple[int, str, str]:
    """Quarter hours: local time, meter, kWh."""
    with Path("some.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "meter", "kwh", "kvarh"))
        writer.writerows((*row, "1.000") for row in rows)
    return run("record", "some.csv", *DECLARED)


def kept(run: Run) -> list[tuple[str, str]]:
    told: list[dict[str, Any]] = json.loads(run("quarantine", "--json")[1])
    return [(one["reason"], one["text"]) for one in told]


def measured(run: Run, month: str = "2026-01") -> int:
    found: int = json.loads(run("bill", "--month", month, "--json")[1])["intervals"]["measured"]
    return found


def replayed(run: Run, *words: str) -> str:
    code, out, _ = run("replay", *words)
    assert code == 0
    return out


def test_a_reading_for_an_unknown_meter_waits_until_it_is_registered(run: Run, site: Path) -> None:
    record(run, ("2026-01-07T10:00", "lathe", "5"), ("2026-01-07T10:00", "main", "100"))
    [(reason, text)] = kept(run)
    assert reason == "unknown meter"
    assert "'lathe'" in text
    assert "lathe" in run("quarantine")[1]
    assert measured(run) == 1
    assert "0 accepted" in replayed(run)
    site.write_text(SITE + "\n[meters.lathe]\nrated_power_kw = 50\n", encoding="utf-8")
    run("register", site)
    assert "1 tried, 1 accepted" in replayed(run)
    assert kept(run) == []


def test_what_waits_alike_is_told_in_one_row(run: Run, site: Path) -> None:
    record(run, *((f"2026-01-07T{n // 4:02}:{n % 4 * 15:02}", "lathe", "5") for n in range(24)))
    out = run("quarantine")[1]
    assert "24 in quarantine" in out
    assert out.count("lathe") == 1


def test_what_waits_alike_is_told_in_one_row_although_each_names_its_time(run: Run, site: Path) -> None:
    record(run, *((f"2026-01-04T{n // 4:02}:{n % 4 * 15:02}", "oven", "5") for n in range(24)))
    told = " ".join(run("quarantine")[1].split())
    assert "24 in quarantine" in told
    assert told.count("counts at plant since") == 1
    assert "energy since 2026-01-04T06:00:00+00:00 is older" in told
    assert "(the first of them)" in told
    assert replayed(run).count("stay:") == 1


def test_a_reading_before_commissioning_waits_until_the_meter_is_registered_earlier(run: Run, site: Path) -> None:
    record(run, ("2026-01-04T10:00", "oven", "5"), ("2026-01-04T10:00", "main", "100"))
    [(reason, text)] = kept(run)
    assert reason == "before commissioning"
    assert "register it earlier" in text
    assert measured(run) == 1
    site.write_text(SITE.replace("2026-01-05T", "2026-01-02T"), encoding="utf-8")
    run("register", site)
    assert "1 tried, 1 accepted" in replayed(run)


def test_a_reading_of_the_future_waits_until_its_time_has_come(
    run: Run, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = datetime.fromtimestamp(0, UTC) + timedelta(days=366 * 80)
    record(run, ("2026-01-07T10:00", "main", "100"))
    record(run, (f"{tomorrow:%Y-%m-%dT10:00}", "main", "100"))
    [(reason, text)] = kept(run)
    assert reason == "future"
    assert "replay it when its time has come" in text
    assert measured(run) == 1
    monkeypatch.setattr("adapters.system_clock.SystemClock.now", lambda _self: tomorrow + timedelta(days=1))
    assert "1 tried, 1 accepted" in replayed(run)


def test_an_impossible_jump_is_a_gap_until_the_meter_is_known_to_carry_it(run: Run, site: Path) -> None:
    record(run, ("2026-01-07T10:00", "main", "1000"), ("2026-01-07T10:15", "main", "100"))
    [(reason, _)] = kept(run)
    assert reason == "impossible jump"
    assert measured(run) == 1
    events = json.loads(run("history", "--month", "2026-01", "--json")[1])["events"]
    assert [one["text"] for one in events if one["what"] == "gap"] == ["1 intervals, jump"]
    site.write_text(SITE.replace("= 1500", "= 5000"), encoding="utf-8")
    run("register", site)
    assert "1 tried, 1 accepted" in replayed(run)
    assert measured(run) == 2


def test_a_reading_of_a_closed_month_waits_for_permission(run: Run, site: Path) -> None:
    record(run, ("2026-01-07T10:00", "main", "100"))
    run("close", "--month", "2026-01")
    record(run, ("2026-01-07T10:15", "main", "100"), ("2026-02-07T10:00", "main", "100"))
    [(reason, _)] = kept(run)
    assert reason == "closed period"
    assert measured(run, "2026-02") == 1
    assert "0 accepted" in replayed(run)
    assert "1 accepted" in replayed(run, *SAID)
    assert measured(run) == 2
    assert json.loads(run("bill", "--month", "2026-01", "--json")[1])["number"] == 2


def test_a_correction_of_nothing_waits_until_the_reading_came(run: Run, site: Path) -> None:
    record(run, ("2026-01-07T10:00", "main", "100"))
    code, _, err = run("correct", "main", "2026-01-07T10:15", "--wh", 7000, "--varh", 0, *SAID)
    assert code == 2
    assert "record it before correcting it" in err
    assert [reason for reason, _ in kept(run)] == ["nothing to correct"]
    assert "0 accepted" in replayed(run)
    record(run, ("2026-01-07T10:15", "main", "50"))
    assert "1 tried, 1 accepted" in replayed(run)
    events = json.loads(run("history", "--month", "2026-01", "--json")[1])["events"]
    [told] = [one for one in events if one["what"] == "correction"]
    assert told["text"] == "10:15, 50,000 Wh to 7,000 Wh"
    assert told["by"] == "Ana"


def test_a_correction_of_a_meter_that_nobody_registered_is_kept_too(run: Run, site: Path) -> None:
    record(run, ("2026-01-07T10:00", "main", "100"))
    code, _, err = run("correct", "lathe", "2026-01-07T10:00", "--wh", 1, "--varh", 0, *SAID)
    assert code == 2
    assert "'lathe' is not commissioned" in err
    assert [reason for reason, _ in kept(run)] == ["nothing to correct"]
    assert "0 accepted" in replayed(run)
    site.write_text(SITE + "\n[meters.lathe]\nrated_power_kw = 50\n", encoding="utf-8")
    run("register", site)
    record(run, ("2026-01-07T10:00", "lathe", "5"))
    assert "1 tried, 1 accepted" in replayed(run)


def test_after_all_of_it_the_ledger_verifies(run: Run, site: Path) -> None:
    rows = [("2026-01-07T10:00", meter, kwh) for meter, kwh in (("main", "1000"), ("lathe", "1"), ("oven", "20"))]
    record(run, *rows, ("2026-01-04T10:00", "oven", "5"), ("2026-01-07T10:15", "main", "90"))
    assert {reason for reason, _ in kept(run)} == {"impossible jump", "unknown meter", "before commissioning"}
    assert run("verify")[0] == 0


def change_the_upload(topic: str, cut: int) -> None:
    """Another stored name, and the last bytes gone."""
    change = "UPDATE stored_events SET topic = ?, state = substr(state, 1, length(state) - ?) WHERE topic LIKE ?"
    with closing(sqlite3.connect("ledger.sqlite")) as ledger, ledger:
        assert ledger.execute(change, (topic, cut, "ReadingsPriced.%")).rowcount == 1


@pytest.mark.parametrize("words", [("bill", "--month", "2026-01"), ("verify",), ("rebuild",)])
def test_a_ledger_that_is_damaged_or_newer_is_told_of_in_words(run: Run, site: Path, words: tuple[str, ...]) -> None:
    record(run, ("2026-01-07T10:00", "main", "100"))
    change_the_upload("ReadingsPriced.v99", 0)
    code, _, err = run(*words)
    assert code == 2
    assert "metering-day/edge-1/2026-01-07: stored event 'ReadingsPriced.v99' is not known here" in err
    change_the_upload("ReadingsPriced.v3", 1)
    code, _, err = run(*words)
    assert code == 2
    assert "metering-day/edge-1/2026-01-07: an upload of " in err
    assert "restore the ledger from a copy" in err
