"""The installed device at work: real meters, a real line, stopped in order, killed, and started again. Minutes long."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.messages import WattledgerWire
from adapters.meter_profiles import MeterProfiles
from adapters.sqlite_outbox import OutboxFolder
from domain.upload import ReadingPair
from edge.health import ask_the_device
from tests.line.conftest import World
from tests.line.test_running_device import TOML
from tests.reference.meter_servers import MeterServer, SimulatedMeter, sane_values
from tests.unit.device.conftest import free_port

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]  # the device polls every minute, and nobody hurries it

LONGEST_S = 200
"""Within this a device that polls every minute has polled, and sent what it polled."""
MOST_MB = 70
ADDED_WH = 7_000
Status = dict[str, Any]


@pytest.fixture
def program(root: Path, tmp_path: Path) -> Path:
    """The Python of a device on which the script was run with a built wheel."""
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, root)
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    install = ("sh", root / "edge/deploy/install.sh", wheel, root / "requirements/edge.txt")
    environment = {**os.environ, "DESTDIR": str(tmp_path / "device"), "PYTHON": sys.executable}
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tmp_path / "device/usr/local/lib/wattledger/bin/python"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    folder = tmp_path / "world"
    folder.mkdir()
    with ExitStack() as stack:
        yield World(folder, stack, monkeypatch)


def test_the_installed_device_loses_and_doubles_nothing_when_it_is_stopped_killed_and_started_again(
    program: Path, world: World, tmp_path: Path
) -> None:
    meters = {unit: SimulatedMeter(MeterProfiles().modbus("schneider.iem3x55")) for unit in (1, 2)}
    show(meters, 0)
    with MeterServer(meters) as server:
        config, port = settings(tmp_path, world, server.port)
        with running(program, config, world) as device:
            status = until(port, lambda told: told["line"]["delivered"] >= 2)
            peak_mb = peak(device)
            show(meters, ADDED_WH)
            device.send_signal(signal.SIGTERM)
            assert device.wait(60) == 0, "it ends in order"
        with running(program, config, world) as device:
            status = until(port, lambda told: last(told) > last(status))
            show(meters, 2 * ADDED_WH)
            device.kill()
            device.wait(60)
        with running(program, config, world) as device:
            until(port, lambda told: last(told) > last(status) and told["line"]["delivered"])
            device.send_signal(signal.SIGTERM)
            assert device.wait(60) == 0
    kept = all_that_there_is(tmp_path / "outbox", world)
    assert sorted(kept) == list(range(1, max(kept) + 1)), "no number is missing"
    pairs = [pair for seq in sorted(kept) for pair in kept[seq]]
    for meter in ("main", "oven"):
        assert_unbroken([pair for pair in pairs if pair[1].meter == meter])
    assert peak_mb < MOST_MB


def settings(folder: Path, world: World, modbus: int) -> tuple[Path, int]:
    """A file of settings, polls every minute, and the port of its health page."""
    text = TOML.replace("[store]", "step_minutes = 1\n[store]").format(
        folder=folder, modbus=modbus, iot=world.iot_endpoint, key=world.key, certificate=world.certificate,
        authority=world.authority.file, health=(port := free_port()),
    )  # fmt: skip
    config = folder / "edge.toml"
    config.write_text(text, encoding="utf-8")
    return config, port


@contextmanager
def running(program: Path, config: Path, world: World) -> Iterator[subprocess.Popen[bytes]]:
    """What the unit starts. It does not outlive the block."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    device = subprocess.Popen([program, "-I", "-m", "edge", config], env=environment, cwd=world.folder)
    try:
        yield device
    finally:
        device.kill()
        device.wait(60)


def until(port: int, enough: Callable[[Status], bool]) -> Status:
    """The device's own word, as soon as it is enough."""
    told: Status = {}
    for _ in range(LONGEST_S * 2):
        text = ask_the_device(port)
        if text is not None and (told := json.loads(text))["outbox"]["last_poll"] and enough(told):
            return told
        time.sleep(0.5)
    raise AssertionError(f"not within {LONGEST_S} s: {told}")


def last(status: Status) -> str:
    return str(status["outbox"]["last_poll"])


def peak(device: subprocess.Popen[bytes]) -> float:
    """The most memory that it ever held, MB."""
    lines = Path(f"/proc/{device.pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def show(meters: dict[int, SimulatedMeter], more_wh: int) -> None:
    values = sane_values()
    values["active_energy_import"] += more_wh
    for meter in meters.values():
        meter.show(values)


def all_that_there_is(outbox: Path, world: World) -> dict[int, tuple[ReadingPair, ...]]:
    """By number: what arrived and what waits. A cycle that arrived twice is the same both times."""
    wire = WattledgerWire()
    found: dict[int, tuple[ReadingPair, ...]] = {}
    store = OutboxFolder(outbox)
    uploads = [wire.upload(data) for data in world.kinesis.stored]
    assert uploads
    assert {(upload.device, upload.store) for upload in uploads} == {("edge-1", store.store)}
    for upload in uploads:
        assert found.setdefault(upload.seq, tuple(upload.readings)) == tuple(upload.readings)
    for cycle in store.pending(10_000):
        readings = tuple(wire.readings(cycle.body))
        assert found.setdefault(cycle.seq, readings) == readings
    store.close()
    return found


def assert_unbroken(pairs: list[ReadingPair]) -> None:
    """Each reading goes on from the one before it, so that every watt-hour is there once; and instants only grow."""
    assert pairs[0][0] is None
    for (_, before), (told, after) in pairwise(pairs):
        assert told == before
        assert after.at > before.at
    assert pairs[-1][1].active_wh - pairs[0][1].active_wh == 2 * ADDED_WH
