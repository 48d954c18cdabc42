"""The device as a process: started as the service starts it, asked as a person asks it, stopped as systemd stops it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.device_key import public_key_text
from adapters.sqlite_outbox import OutboxFolder
from tests.line.authority import Authority
from tests.unit.device.conftest import TOML, UPLOAD

ROOT = Path(__file__).parents[2]
WATTLEDGER = "from entrypoints.cli import main; main()"


@dataclass
class Machine:
    """A folder with settings, and what runs there."""

    folder: Path
    config: Path
    notify: socket.socket

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            **{"PYTHONPATH": str(ROOT), "JOURNAL_STREAM": "8:1", "COLUMNS": "100", "AWS_EC2_METADATA_DISABLED": "true"},
            **{"NOTIFY_SOCKET": str(self.folder / "notify"), "AWS_ENDPOINT_URL_KINESIS": "http://localhost:1"},
        }

    def start(self) -> subprocess.Popen[str]:
        """Once it is up."""
        running = subprocess.Popen(
            [sys.executable, "-m", "edge", self.config],
            env=self.environment(), cwd=self.folder, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while (said := self.notify.recv(1000)) != b"READY=1":
            assert running.poll() is None, said
        return running

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WATTLEDGER, "edge", *arguments, "--config", str(self.config)]
        return subprocess.run(
            command, env=self.environment(), cwd=self.folder, capture_output=True, text=True, check=False
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("status", "--json").stdout)
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (TOML + UPLOAD).format(folder=tmp_path, port=port, endpoint="localhost:1")
    config = tmp_path / "edge.toml"
    config.write_text(text, encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(60)
        yield Machine(tmp_path, config, notify)


def test_a_device_enrolls_runs_without_a_line_answers_and_stops_in_order(machine: Machine) -> None:
    enrolled = machine.ask("enroll")
    assert enrolled.returncode == 0, enrolled.stderr
    assert "PRIVATE" not in enrolled.stdout
    (line,) = [line for line in enrolled.stdout.splitlines() if line.startswith("device_keys = ")]
    assert tomllib.loads(line) == {"device_keys": [public_key_text(machine.folder / "device.key")]}
    assert machine.ask("enroll").returncode == 2
    Authority(machine.folder, "authority")
    running = machine.start()
    try:
        status = machine.status()
        shown = machine.ask("status")
        doctor = machine.ask("doctor")
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert (status["device"], status["line"]["delivered"], status["outbox"]["fault"]) == ("edge-1", 0, "")
    assert "edge-1" in shown.stdout
    assert "service     edge-1 runs" in doctor.stdout
    assert doctor.returncode == 1, "it has no certificate"
    assert [line[:3] for line in said.splitlines()] == ["<6>"] * len(said.splitlines())
    assert "the device stops; what is stored stays" in said
    while (last := machine.notify.recv(1000)) != b"STOPPING=1":
        assert last.startswith(b"WATCHDOG=1")
    # whether an instant of the grid passed meanwhile is the clock's affair; what was told to wait still does
    assert OutboxFolder(machine.folder / "outbox").backlog() >= status["outbox"]["waiting"]


def test_a_key_that_others_may_read_stops_the_line_and_not_the_meters(machine: Machine) -> None:
    machine.ask("enroll")
    (machine.folder / "device.key").chmod(0o644)
    running = machine.start()
    try:
        status = machine.status()
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert status["line"] is None
    assert any("run: chmod 600" in problem for problem in status["problems"])


def test_where_no_device_runs_the_status_says_what_to_do(machine: Machine) -> None:
    asked = machine.ask("status")
    assert asked.returncode == 1
    assert "systemctl start wattledger" in asked.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"), [("Europe/Madrid", "Madrid", "device.zone"), ("[store]", "[stores]", "store")]
)
def test_settings_that_are_wrong_are_one_line_and_exit_code_2(machine: Machine, old: str, new: str, said: str) -> None:
    machine.config.write_text(machine.config.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    for command in ("run", "status", "doctor", "enroll"):
        asked = machine.ask(command)
        assert asked.returncode == 2, asked.stderr
        assert said in asked.stderr
        assert "Traceback" not in asked.stderr
        assert len(asked.stderr.splitlines()) == 1
    service = subprocess.run(
        [sys.executable, "-m", "edge", machine.config],
        env=machine.environment(), cwd=machine.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (service.returncode, service.stderr[:10]) == (2, "<3>error: ")


def test_the_device_loads_nothing_that_only_a_desk_needs(machine: Machine) -> None:
    code = (
        "import sys; sys.argv = ['wattledger', 'edge', '--help']; import entrypoints.cli, edge.running, edge.doctor\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'plotly', 'eventsourcing', 'sentry_sdk', 'botocore'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code], env=machine.environment(), capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "[]"
