"""A desk with `wattledger ledger` on it: its commands run in this process, on quarter hours of a small plant."""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.event_store import EventStore
from adapters.system_clock import SystemClock
from domain.measured_day import MeasuredDay
from entrypoints.cli import main

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
register_modulus_wh = 1000000000

[meters.oven]
rated_power_kw = 400
"""
SAID = ("--by", "Ana", "--why", "the line was down")
DECLARED = (
    *("--unit", "kWh", "--reactive-unit", "kvarh", "--time-column", "time", "--energy-column", "kwh"),
    *("--reactive-column", "kvarh", "--step-minutes", "15", "--timezone", "America/Mexico_City"),
    *("--meter-column", "meter", "--on-bad-row", "quarantine"),
)
INTERVALS = (*DECLARED, "--kind", "interval", "--stamp", "start")
REGISTERS = (*DECLARED, "--kind", "register", "--rated-power-kw", "1500")


@dataclass
class Desk:
    """`wattledger ledger ...` as a user runs it: exit code, standard output, standard error."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["wattledger", "ledger", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = self.capsys.readouterr()
        return int(end.value.code or 0), out, err

    def done(self, *words: object) -> str:
        """What a command says that is not refused."""
        code, out, err = self(*words)
        assert code == 0, err
        return out

    def refused(self, *words: object) -> str:
        """The one line of a refusal."""
        code, out, err = self(*words)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        return err

    def json(self, *words: object) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.done(*words, "--json"))

    def register(self, site: str = SITE) -> None:
        Path("site.toml").write_text(site, encoding="utf-8")
        self.done("register", "site.toml")

    def record(self, rows: Iterable[tuple[str, ...]], *words: object, registers: bool = False) -> str:
        """Quarter hours: local time, meter, kWh, kvarh; a fifth of the kWh where that is not told."""
        with Path("some.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("time", "meter", "kwh", "kvarh"))
            writer.writerows(row if len(row) == 4 else (*row, f"{float(row[2]) / 5:.3f}") for row in rows)
        return self.done("record", "some.csv", *(REGISTERS if registers else INTERVALS), *words)

    def bill(self, *words: object, month: str = "2026-01") -> Any:
        return self.json("bill", "--month", month, *words)

    def kwh(self, *words: object, month: str = "2026-01") -> Decimal:
        """What the month's bill counts."""
        lines = self.bill(*words, month=month)["lines"]
        return sum((Decimal(one["quantity"]) for one in lines if one["code"].startswith("energy.")), Decimal(0))

    def events(self, month: str = "2026-01") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("history", "--month", month, "--all")["events"]
        return found

    def measured(self, day: str) -> MeasuredDay:
        """What the ledger file has of the main meter on a local day."""
        store = EventStore.sqlite(Path("ledger.sqlite"), SystemClock())
        return store.days.measured("edge-1", date.fromisoformat(day), ["main"])["main"]

    def waiting(self) -> list[tuple[str, str]]:
        return [(one["reason"], one["text"]) for one in self.json("quarantine")]
