"""A device's settings in a folder of the test's own."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.settings import Settings, settings_of

TOML = """
[device]
id = "edge-1"
zone = "Europe/Madrid"
main_meter = "main"
[store]
folder = "{folder}/outbox"
[[bus]]
kind = "simulated"
name = "sim"
[[meter]]
name = "main"
bus = "sim"
rated_power_kw = 2000.5
modulus_wh = 10_000_000_000
[[meter]]
name = "oven"
bus = "sim"
rated_power_kw = 400
[tariff]
id = "es-3.0td"
rates_of = "2025-12"
contracted_kw = {{ all = 450 }}
[health]
port = {port}
"""
UPLOAD = """
[upload]
stream = "readings"
region = "eu-west-1"
[identity]
endpoint = "{endpoint}"
role_alias = "meter-writer"
key = "{folder}/device.key"
certificate = "{folder}/device.crt"
authority = "{folder}/authority.pem"
"""
FREE = 1
"""A port that nobody serves: the reserved first one."""

Make = Callable[..., str]


def free_port() -> int:
    """A port of this machine that nobody serves just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def toml(tmp_path: Path) -> Make:
    """The text of a device's settings, with a line; `replaced` pairs change it."""

    def make(*replaced: tuple[str, str], port: int = FREE, endpoint: str = "localhost:1", line: bool = True) -> str:
        text = (TOML + (UPLOAD if line else "")).format(folder=tmp_path, port=port, endpoint=endpoint)
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        return text

    return make


@pytest.fixture
def settings(toml: Make, tmp_path: Path) -> Settings:
    """Without a line."""
    return settings_of(toml(line=False).encode(), tmp_path / "edge.toml")
