"""What is installed on a device: the wheel and the packages of requirements/edge.txt, by the script, nothing else."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # fills a fresh environment

NOT_ON_A_DEVICE = ("numpy", "pandas", "plotly", "pyarrow", "eventsourcing", "pytest")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, root)
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def run_install(root: Path, wheel: Path, destination: Path) -> subprocess.CompletedProcess[str]:
    script, requirements = root / "edge" / "deploy" / "install.sh", root / "requirements" / "edge.txt"
    environment = {**os.environ, "DESTDIR": str(destination), "PYTHON": sys.executable}
    return subprocess.run(
        ["sh", script, wheel, requirements], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def device(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a machine on which the script was run."""
    destination = tmp_path_factory.mktemp("device")
    done = run_install(root, wheel, destination)
    assert done.returncode == 0, done.stderr
    return destination


@pytest.fixture
def away(device: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an installed command in an empty folder, with an empty home and none of our variables."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        bin_folder = device / "usr/local/lib/wattledger/bin"
        environment = {"HOME": str(tmp_path), "PATH": str(bin_folder), "COLUMNS": "100"}
        program = bin_folder / arguments[0]
        return subprocess.run(
            [program, *arguments[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return command


def test_an_upgrade_leaves_one_environment_and_the_settings_as_they_were(root: Path, wheel: Path, device: Path) -> None:
    (device / "etc/wattledger/edge.toml").write_text("# mine\n", encoding="utf-8")
    assert run_install(root, wheel, device).returncode == 0
    assert (device / "etc/wattledger/edge.toml").read_text(encoding="utf-8") == "# mine\n"
    assert len(list((device / "usr/local/lib").iterdir())) == 2, "the environment and the link to it"
    assert (device / "usr/local/bin/wattledger").is_file()


@pytest.mark.parametrize("package", NOT_ON_A_DEVICE)
def test_a_device_has_nothing_that_only_a_desk_needs(
    away: Callable[..., subprocess.CompletedProcess[str]], package: str
) -> None:
    found = away("python", "-c", f"import importlib.util; print(importlib.util.find_spec({package!r}))")
    assert found.stdout.strip() == "None"


def test_the_device_has_its_commands(away: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    for arguments in (("--help",), ("edge", "--help"), ("edge", "run", "--help"), ("--version",)):
        done = away("wattledger", *arguments)
        assert done.returncode == 0, done.stderr
    assert "doctor" in away("wattledger", "edge", "--help").stdout


def test_the_device_starts_reads_and_stops(root: Path, device: Path, tmp_path: Path) -> None:
    example = (root / "edge/deploy/edge.toml").read_text(encoding="utf-8")
    config, (bin_folder) = tmp_path / "edge.toml", device / "usr/local/lib/wattledger/bin"
    with socket.socket() as free, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        free.bind(("127.0.0.1", 0))
        changed = example.replace("/var/lib/wattledger", str(tmp_path)).replace("8377", str(free.getsockname()[1]))
        config.write_text(changed.replace("raise_clock = true", "raise_clock = false"), encoding="utf-8")
        free.close()
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(60)
        environment = {"HOME": str(tmp_path), "NOTIFY_SOCKET": str(tmp_path / "notify")}
        running = subprocess.Popen(
            [bin_folder / "python", "-I", "-m", "edge", config],
            env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert notify.recv(1000) == b"READY=1"
        asked = subprocess.run(
            [bin_folder / "wattledger", "edge", "status", "--json", "--config", config],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        running.terminate()
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert '"device": "factory-01"' in asked.stdout, asked.stderr


def test_the_unit_names_what_the_script_installs(root: Path, device: Path) -> None:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    unit.read(device / "etc/systemd/system/wattledger.service", encoding="utf-8")
    program, *arguments = unit["Service"]["ExecStart"].split()
    assert (device / program.removeprefix("/")).exists()
    assert arguments == ["-I", "-m", "edge", "/etc/wattledger/edge.toml"]
    asked = {name: unit["Service"][name] for name in ("Type", "Restart", "WatchdogSec", "MemoryMax", "User")}
    assert asked == {
        "Type": "notify",
        "Restart": "always",
        "WatchdogSec": "180",
        "MemoryMax": "200M",
        "User": "wattledger",
    }


def test_systemd_finds_nothing_wrong_with_the_unit(device: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze on this machine")
    installed = (device / "etc/systemd/system/wattledger.service").read_text(encoding="utf-8")
    unit = tmp_path / "wattledger.service"
    unit.write_text(installed.replace("ExecStart=", f"ExecStart={device}"), encoding="utf-8")
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("arguments", [(), ("none.whl", "none.txt")])
def test_the_script_refuses_on_one_line(root: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    script = root / "edge" / "deploy" / "install.sh"
    environment = {"PATH": os.environ["PATH"], "DESTDIR": str(tmp_path)}
    done = subprocess.run(["sh", script, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert list(tmp_path.iterdir()) == []
