"""`wattledger edge status` on a screen of 80 columns: what a person wants to know, in the factory's own time."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from application.todays_figures import MeterToday, Today
from edge import health
from edge.status import ClockReport, DeviceStatus, OutboxState, as_json
from edge.watched_meters import WatchedMeter
from edge.workers import LineState
from entrypoints.cli import main
from tests.unit.device.conftest import TOML

AT = datetime(2026, 1, 14, 10, 2, 7, 123456, tzinfo=UTC)
POLL = datetime(2026, 1, 14, 10, tzinfo=UTC)
TODAY = Today(
    day=date(2026, 1, 14),
    tariff="es-3.0td",
    currency="EUR",
    assumption="What if: priced at the rates of 2025-12, not at those of its own month.",
    energy_wh=1_250_000,
    cost=Decimal("190.1234"),
    month_energy_wh=21_250_000,
    month_cost=Decimal("3190.5678"),
    peak_today_kw=Decimal("301.200"),
    peak_kw=Decimal("412.000"),
    peak_at=datetime(2026, 1, 8, 11, 15, tzinfo=UTC),
    intervals=3_877,
    intervals_expected=3_878,
    meters=(MeterToday("main", 1_250_000, Decimal("190.1234")), MeterToday("oven", 300_000, Decimal("42.0000"))),
)
WELL = DeviceStatus(
    device="edge-1",
    version="0.1.0",
    today=TODAY,
    period="P1",
    outbox=OutboxState("store-1", 1, 0, POLL, "", fullness_percent=3),
    clock=ClockReport(AT, "network", -3),
    line=LineState("done", delivered=14, last_delivery=POLL),
    meters=(WatchedMeter("main", True, POLL), WatchedMeter("oven", True, POLL)),
    problems=(),
)
ILL = DeviceStatus(
    device="edge-1",
    version="0.1.0",
    today=None,
    period=None,
    outbox=OutboxState("store-1", 2, 1, None, "the disk is full", broken_stores=1),
    clock=ClockReport(AT, "unsynced", None),
    line=None,
    meters=(WatchedMeter("main", True, POLL), WatchedMeter("oven", False, None, "unit 2: no usable answer")),
    problems=("store: the disk is full", "meter oven: unit 2: no usable answer within 1 s, and nothing since then"),
)
Shown = Callable[[DeviceStatus], tuple[int, str]]


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    config = tmp_path / "edge.toml"
    config.write_text(TOML.format(folder=tmp_path, port=1), encoding="utf-8")

    def show(status: DeviceStatus) -> tuple[int, str]:
        monkeypatch.setattr(health, "ask_the_device", lambda _: as_json(status))
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setattr(sys, "argv", ["wattledger", "edge", "status", "--config", str(config)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capsys.readouterr().out

    return show


def test_a_device_that_is_well_fits_the_screen_and_tells_the_factorys_time(shown: Shown) -> None:
    code, out = shown(WELL)
    assert code == 0
    assert [line.rstrip() for line in out.splitlines()] == [
        "edge-1, 2026-01-14 11:02",
        "Today      1,250.0 kWh, 190.1234 EUR (provisional)",
        "Period     P1",
        "Peak       412.000 kW, 2026-01-08 12:15; today 301.200 kW",
        "Month      21,250.0 kWh, 3190.5678 EUR; 3,877 of 3,878 intervals known",
        "Assumed    What if: priced at the rates of 2025-12, not at those of its own",
        "           month.",
        "Outbox     1 cycle waiting, 3 % full",
        "Last poll  2026-01-14 11:00",
        "Line       all sent; 14 cycles delivered, last 2026-01-14 11:00",
        "Clock      network; 3 seconds behind the server",
        "Meters     2 of 2 answer",
        "           main: 1,250.0 kWh, 190.1234 EUR today",
        "           oven: 300.0 kWh, 42.0000 EUR today",
        "Version    0.1.0",
    ]


def test_what_is_wrong_is_told_under_the_table_and_is_the_exit_code(shown: Shown) -> None:
    code, out = shown(ILL)
    assert code == 1
    assert max(map(len, out.splitlines())) <= 80
    said = " ".join(out.split())
    for sentence in (
        "Today nothing priced yet",
        "2 cycles waiting, 1 set aside, 0 % full, 1 damaged store kept",
        "Last poll none yet",
        "Line none declared",
        "Clock unsynced",
        "1 of 2 answer; not: oven",
        "! store: the disk is full",
        "! meter oven: unit 2: no usable answer within 1 s, and nothing since then",
    ):
        assert sentence in said


def test_a_device_that_has_not_polled_yet_says_so(shown: Shown) -> None:
    _, out = shown(replace(WELL, today=None, meters=()))
    assert "Meters     not polled yet" in out


def test_json_is_the_devices_own_word() -> None:
    told = json.loads(as_json(WELL))
    assert (told["today"]["cost"], told["outbox"]["fullness_percent"]) == ("190.1234", 3)
