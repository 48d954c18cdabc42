"""docs/device.md explains every key of the settings, and none that there is not."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from edge.settings import (
    Device,
    Health,
    Identity,
    LocalTariff,
    Meter,
    ModbusRtu,
    ModbusTcp,
    Mqtt,
    Sentry,
    Settings,
    Simulated,
    Store,
    Upload,
)

SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "[device]": (Device,),
    "[store]": (Store,),
    "[[meter]]": (Meter,),
    "[tariff]": (LocalTariff,),
    "[upload]": (Upload,),
    "[identity]": (Identity,),
    "[health] and [sentry]": (Health, Sentry),
}
BUSES = (ModbusTcp, ModbusRtu, Mqtt, Simulated)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "device.md").read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    _, found, rest = page.partition(f"\n### {heading}\n")
    assert found, f"there is no section {heading}"
    return re.split(r"\n##", rest)[0]


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_is_explained_and_no_other(heading: str, page: str) -> None:
    keys = re.findall(r"^\| `(\w+)` \|", section(page, heading), re.MULTILINE)
    assert sorted(keys) == sorted(key for model in SECTIONS[heading] for key in model.model_fields)


@pytest.mark.parametrize("bus", BUSES, ids=lambda bus: bus.__name__)
def test_every_key_of_a_bus_is_in_its_row(bus: type[BaseModel], page: str) -> None:
    (kind,) = bus.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]  # a Literal
    (row,) = re.findall(rf"^\| `{kind}` \| (.*) \|$", section(page, "[[bus]]"), re.MULTILINE)
    assert set(bus.model_fields) - {"kind", "name"} == set(re.findall(r"`(\w+)`", row))


def test_every_table_of_the_settings_has_a_section(page: str) -> None:
    for name in Settings.model_fields:
        assert f"[{name}]" in page
