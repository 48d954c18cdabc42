"""docs/meters.md lists the profiles that ship as they are, and its example is a profile."""

import json
import re
from pathlib import Path

import pytest

from adapters.meter_profiles import MeterProfiles
from adapters.meter_profiles.modbus_schema import (
    IdentityPart,
    MarkerPart,
    ModbusFile,
    RegisterPart,
    SerialPart,
    TransportPart,
)
from adapters.meter_profiles.reading import MQTT
from adapters.mqtt_meters.payload import understand
from domain.meter_profile import MeterProfile
from domain.plausibility import RULES

PROFILES = MeterProfiles()


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "meters.md").read_text(encoding="utf-8")


def between(page: str, kind: str) -> list[str]:
    found = re.search(rf"<!-- profiles: {kind} -->\n(.*?)<!-- end -->", page, re.DOTALL)
    assert found
    return found[1].splitlines()


def steps(profile: MeterProfile) -> str:
    counter = next(r for r in profile.registers if r.quantity == "active_energy_import")
    if counter.type.is_float:
        return f"{counter.type.value} {counter.unit}"
    return f"{counter.factor.normalize():f} Wh"


def uncounted(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_energy_", " ") for name in names) or "none"


def _yes(there: object) -> str:
    return "no" if there is None else "yes"


def modbus_rows() -> list[str]:
    return [
        f"| `{profile.id}` | {profile.name} | {profile.transport.function} | {profile.transport.words.value} "
        f"| {steps(profile)} | {uncounted(profile.uncounted)} | {_yes(profile.serial)} |"
        for profile in map(PROFILES.modbus, PROFILES.ids())
    ]


def mqtt_rows() -> list[str]:
    return [
        f"| `{profile.id}` | {profile.name} | `{profile.topic}` | {uncounted(profile.uncounted)} "
        f"| {_yes(profile.serial)} |"
        for profile in map(PROFILES.mqtt, PROFILES.ids(MQTT))
    ]


def test_the_page_lists_the_modbus_profiles_as_they_are(page: str) -> None:
    assert between(page, "modbus") == modbus_rows()


def test_the_page_lists_the_mqtt_profiles_as_they_are(page: str) -> None:
    assert between(page, "mqtt") == mqtt_rows()


def test_the_example_is_a_profile(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "m1.toml").write_text(example, encoding="utf-8")
    assert PROFILES.modbus(str(tmp_path / "m1.toml")).modulus == 10**11


def test_the_message_on_the_page_is_understood(page: str) -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    message = understand(PROFILES.mqtt("wattledger.registers"), json.dumps(json.loads(example)).encode())
    assert message.values["active_energy_import"] == 123_456_789
    assert message.measured is not None
    assert message.serial == "KX-20417"


def test_every_key_and_every_rule_is_on_the_page(page: str) -> None:
    parts = (ModbusFile, RegisterPart, TransportPart, IdentityPart, MarkerPart, SerialPart)
    keys = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    for word in (*keys, *RULES):
        assert re.search(rf"\b{word}\b", page), word
