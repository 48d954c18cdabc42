"""A file of readings for each test: a test names only what it is about, everything else is as declared here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.meter_files import Declaration, MeterFile, OnBadRow, read_meter_file
from domain.errors import BadReadings

DECLARED: dict[str, object] = {
    "kind": "interval",
    "unit": "kWh",
    "step_minutes": 15,
    "stamp": "start",
    "timezone": "America/Mexico_City",
    "time_column": "time",
    "energy_column": "energy",
}


def declaration(facts: dict[str, object]) -> Declaration:
    """The usual declaration with some facts changed; None leaves one out."""
    merged = {**DECLARED, **facts}
    return Declaration.model_validate({key: value for key, value in merged.items() if value is not None})


@pytest.fixture
def declare() -> Callable[..., Declaration]:
    return lambda **facts: declaration(facts)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., MeterFile]:
    """Writes `meter.csv` and reads it: `read("2026-01-01 00:00,1.5", unit="Wh")`."""

    def read_lines(
        *lines: str, header: str = "time,energy", on_bad_row: OnBadRow = "stop", **facts: object
    ) -> MeterFile:
        path = tmp_path / "meter.csv"
        path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        return read_meter_file(path, declaration(facts), on_bad_row)

    return read_lines


@pytest.fixture
def refusal(read: Callable[..., MeterFile]) -> Callable[..., str]:
    """Reads as `read` does, and gives the one line of the refusal."""

    def refused(*lines: str, **facts: object) -> str:
        with pytest.raises(BadReadings) as refused:
            read(*lines, **facts)
        return one_line(refused.value)

    return refused


@pytest.fixture
def refusal_of_file(tmp_path: Path) -> Callable[..., str]:
    """The one line that refuses a file of these bytes, in both modes alike."""

    def refused(content: bytes, name: str = "meter.csv", **facts: object) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        modes: tuple[OnBadRow, OnBadRow] = ("stop", "quarantine")
        said = set()
        for mode in modes:
            with pytest.raises(BadReadings) as refused:
                read_meter_file(path, declaration(facts), mode)
            said.add(one_line(refused.value))
        assert len(said) == 1
        return said.pop()

    return refused


def one_line(error: BadReadings) -> str:
    assert "\n" not in str(error)
    assert "; " in str(error), "a refusal ends with what to do"
    return str(error)
