"""What every test may rely on: a small plant and its tariff, the repository's own files, and no skip in silence.

A skipped or expectedly failing test fails the run unless `expected_skips.toml` declares it.
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest

from adapters.memory import MemoryTariffs, SetClock
from application.terms_of import TermsOf
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import (
    Charge,
    ContractedPower,
    EnergyByPeriod,
    EnergyFlat,
    Fixed,
    MaximumDemand,
    Percentage,
    PowerFactorAdjustment,
    Threshold,
)
from domain.measurement import MeterType
from domain.money import Rounding
from domain.supply_point import SupplyPoint
from domain.tariff import Rates, RateTable, Tariff
from domain.terms import Contract

HERE = Path(__file__).parent
ROOT = HERE.parent
REQUIRED = {"tests", "condition", "reason"}

hypothesis.settings.register_profile("desk", deadline=None)  # a busy machine is not a bug
hypothesis.settings.register_profile("build-server", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("build-server" if "CI" in os.environ else "desk")


class SkipsAreDeclared:
    """Collects what was skipped, tells why it may be, and fails the session where nobody said so."""

    def __init__(self, declared: list[dict[str, str]]) -> None:
        self.declared = declared
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:  # an expected failure arrives as a skip, too
            self.skipped[report.nodeid] = getattr(report, "wasxfail", "") or _said(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:  # a whole module that skips itself
            self.skipped[report.nodeid] = _said(report)

    def undeclared(self) -> list[str]:
        return [node for node in self.skipped if not self._declarations(node)]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.undeclared() and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._summary():
            terminalreporter.write_line(line)

    def _declarations(self, node: str) -> list[dict[str, str]]:
        # fnmatch would read the brackets of a parametrised test as a set of characters
        return [d for d in self.declared if fnmatchcase(node, d["tests"].replace("[", "[[]"))]

    def _summary(self) -> Iterator[str]:
        for node, said in self.skipped.items():
            known = self._declarations(node)
            if known:
                yield f"declared skip: {node}: {known[0]['condition']}; {known[0]['reason']}"
            else:
                yield f"UNDECLARED SKIP: {node}: {said}; make it pass, or declare it in tests/expected_skips.toml"


def _said(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason given at the skip: the last part of (path, line, reason)."""
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_configure(config: pytest.Config) -> None:
    declared = tomllib.loads((HERE / "expected_skips.toml").read_text(encoding="utf-8")).get("skip", [])
    for entry in declared:
        if set(entry) != REQUIRED:
            raise pytest.UsageError(f"tests/expected_skips.toml: {entry} must have exactly {sorted(REQUIRED)}")
    config.pluginmanager.register(SkipsAreDeclared(declared), "skips-are-declared")


def project_files(root: Path) -> list[Path]:
    """All files of the project, tracked or about to be; also where it was unpacked from an archive, without git."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        made = re.compile(r"(^|/)(\.git|\.venv|\.hypothesis|build|dist|[._]\w*cache(__)?)/")
        found = (path for path in root.rglob("*") if path.is_file())
        return sorted(path for path in found if not made.search(path.relative_to(root).as_posix()))
    return sorted(root / name for name in listed.split("\0") if name and (root / name).is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that belongs to the project."""
    return project_files(ROOT)


@pytest.fixture(scope="session")
def python_files(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix == ".py"]


NIGHT, DAY = (0, "night"), (1, "day")
PRICES = {
    "supply": "300",
    "power.night": "12",
    "power.day": "36",
    "energy.night": "0.10",
    "energy.day": "0.20",
    "network": "0.05",
    "demand": "10",
    "capacity": "5",
    "tax": "21",
}


@pytest.fixture(scope="session")
def small_tariff() -> Tariff:
    """One charge of every kind, at prices for the head; nights end at 08:00, weekends and 1 January are nights."""
    rates = Rates(date(2000, 1, 1), None, {key: Decimal(price) for key, price in PRICES.items()}, "made up")
    return Tariff(
        id="small",
        name="Small tariff",
        country="ES",
        currency="EUR",
        timezone="Europe/Madrid",
        source="made up",
        demand_minutes=15,
        calendar=Calendar(
            periods=("night", "day"),
            seasons=(Season("year", FixedDay(1, 1)),),
            day_types=("workday",) * 5 + ("weekend",) * 2,
            holiday_type="weekend",
            holidays=(FixedDay(1, 1),),
            schedules={
                ("year", "workday"): (Window(0, 480, "night"), Window(480, 1440, "day")),
                ("year", "weekend"): (Window(0, 1440, "night"),),
            },
        ),
        charges=small_charges(),
        rounding=Rounding(),
        rate_table=RateTable("small", "", (rates,)),
        version="1",
    )


def small_charges() -> tuple[Charge, ...]:
    bill = ("supply", "power", "energy", "network", "demand", "capacity")
    return (
        Fixed("supply", "Supply", "fixed", "", "month"),
        ContractedPower("power", "Contracted power", "fixed", "", (NIGHT, DAY)),
        EnergyByPeriod("energy", "Energy", "use", "", (NIGHT, DAY)),
        EnergyFlat("network", "Network", "use", ""),
        MaximumDemand("demand", "Demand by day", "peak", "", (DAY,), round_up_kw=True),
        MaximumDemand("capacity", "Capacity", "peak", "", (NIGHT, DAY), round_up_kw=False, load_factor=Decimal("0.5")),
        PowerFactorAdjustment(
            "factor",
            "Power factor",
            "adjustment",
            "",
            bill,
            (Threshold(date(2000, 1, 1), Decimal(90), Decimal(0), ""),),
        ),
        Percentage("tax", "Tax", "tax", "", (*bill, "factor")),
    )


@pytest.fixture(scope="session")
def mill(small_tariff: Tariff) -> SupplyPoint:
    """A supply point in Madrid with a main meter and two behind it, read every five minutes."""
    return SupplyPoint(
        id="mill",
        device="edge-1",
        zone=ZoneInfo("Europe/Madrid"),
        tariff=small_tariff.id,
        contract=Contract({"all": Decimal(100)}),
        main_meter="main",
        meters=dict.fromkeys(("main", "oven", "press"), MeterType(rated_power_w=400_000, modulus=10**9)),
    )


@pytest.fixture
def clock() -> SetClock:
    """Noon, until a test sets it."""
    return SetClock(datetime(2026, 1, 15, 12, tzinfo=UTC))


@pytest.fixture(scope="session")
def terms_of(small_tariff: Tariff) -> TermsOf:
    """The small tariff's terms for a supply point and month."""
    return TermsOf(MemoryTariffs({small_tariff.id: small_tariff}))
