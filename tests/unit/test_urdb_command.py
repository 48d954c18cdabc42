"""`wattledger tariffs import` as a user meets it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.tariff_files import TariffFiles
from entrypoints.cli import main

Run = Callable[..., tuple[int, str, str]]
ALWAYS = [[0] * 24] * 12
RECORD = {
    "label": "5b1",
    "name": "Small",
    "energyratestructure": [[{"rate": 0.1}]],
    "energyweekdayschedule": ALWAYS,
    "energyweekendschedule": ALWAYS,
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wattledger", "tariffs", "import", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "rates.json"
    reactive = {**RECORD, "label": "5b2", "demandreactivepowercharge": 1}
    path.write_text(json.dumps({"items": [RECORD, reactive]}), encoding="utf-8")
    return path


def test_a_record_becomes_a_tariff_file(run: Run, records: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.toml"
    code, said, notes = run(records, "--label", "5b1", "--timezone", "America/Denver", "--out", out)
    assert (code, f"{out}: Small; rates for 1970-01-01 to today" in said) == (0, True)
    assert "note: Saturdays and Sundays follow the weekend schedule" in notes
    assert TariffFiles().get(str(out)).timezone == "America/Denver"


def test_without_a_file_the_tariff_is_printed(run: Run, records: Path) -> None:
    code, said, _ = run(records, "--label", "5b1", "--timezone", "America/Denver")
    assert code == 0
    assert said.startswith('schema = "wattledger-tariff/1"\nid = "urdb-5b1"\n')


def test_a_ratchet_is_put_where_the_user_says(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "both.json"
    demand = {"demandratestructure": [[{"rate": 2}]], "demandweekdayschedule": ALWAYS, "demandweekendschedule": ALWAYS}
    flat = {"flatdemandstructure": [[{"rate": 5}]], "flatdemandmonths": [0] * 12}
    ratchet = {"lookbackPercent": 0.8, "lookbackRange": 11}
    path.write_text(json.dumps({**RECORD, **demand, **flat, **ratchet}), encoding="utf-8")
    code, said, _ = run(path, "--timezone", "America/Denver", "--ratchet-on", "flat")
    assert code == 0
    assert said.count("ratchet = {") == 1
    code, said, err = run(path, "--timezone", "America/Denver")
    assert (code != 0, said, "--ratchet-on flat" in err) == (True, "", True)


def test_a_refused_record_leaves_no_file(run: Run, records: Path, tmp_path: Path) -> None:
    out = tmp_path / "own.toml"
    code, _, error = run(records, "--label", "5b2", "--timezone", "America/Denver", "--out", out)
    assert (code, out.exists()) == (2, False)
    assert "demandreactivepowercharge: 1: a price per kVAr" in error
    left = ("--leave-out", "demandreactivepowercharge")
    assert run(records, "--label", "5b2", "--timezone", "America/Denver", "--out", out, *left)[0] == 0


@pytest.mark.parametrize(
    ("name", "fault"), [("own.txt", "must end in .toml"), ("rates.toml", "is there already; name another")]
)
def test_nothing_is_overwritten(run: Run, records: Path, tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / "rates.toml").write_text("mine", encoding="utf-8")
    code, _, error = run(records, "--label", "5b1", "--timezone", "America/Denver", "--out", tmp_path / name)
    assert (code, fault in error) == (2, True)
    assert (tmp_path / "rates.toml").read_text(encoding="utf-8") == "mine"


def test_a_time_zone_that_is_none_is_refused(run: Run, records: Path) -> None:
    code, _, error = run(records, "--label", "5b1", "--timezone", "Denver")
    assert (code, "time zone 'Denver' is not known" in error) == (2, True)
