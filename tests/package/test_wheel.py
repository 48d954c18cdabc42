"""What a user installs: the built wheel and the pinned runtime dependencies, nothing of the repository around it."""

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # fills a fresh environment

PACKAGES = ("domain", "application", "adapters", "entrypoints", "edge")
ONLY_FOR_DEVELOPERS = ("pytest", "hypothesis", "mypy", "ruff", "hatchling", "pip")


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Standard output of a command; fails with everything it said when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, root)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and its pinned runtime dependencies only."""
    environment = tmp_path_factory.mktemp("fresh") / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    pip = (sys.executable, "-m", "pip", "--python", environment / "bin" / "python")
    install = (*pip, "install", "--quiet", "--no-compile")
    run(*install, "--require-hashes", "--only-binary", ":all:", "-r", root / "requirements" / "runtime.txt")
    run(*install, "--no-deps", "--no-index", wheel)
    return environment / "bin"


@pytest.fixture
def away(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """Runs an installed command in an empty folder, with an empty home and none of our variables."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    environment = {"HOME": str(tmp_path / "home"), "PATH": str(installed)}

    def command(name: str, *arguments: str) -> str:
        return run(installed / name, *arguments, cwd=tmp_path / "here", env=environment)

    return command


def test_the_wheel_brings_our_five_packages_and_nothing_else(wheel: Path) -> None:
    top = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_holds_every_file_of_the_five_packages(wheel: Path, root: Path, files: list[Path]) -> None:
    ours = {path.relative_to(root).as_posix() for path in files if path.relative_to(root).parts[0] in PACKAGES}
    assert len(ours) > 20
    assert {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name} == ours


def test_the_command_explains_itself_without_the_repository(away: Callable[..., str]) -> None:
    assert "price" in away("wattledger", "--help")


def test_the_tariffs_travel_with_the_wheel(away: Callable[..., str]) -> None:
    assert "gdmth" in away("wattledger", "tariffs", "list").lower()


@pytest.mark.parametrize("package", ONLY_FOR_DEVELOPERS)
def test_the_environment_is_a_users(away: Callable[..., str], package: str) -> None:
    # or the two tests above would prove nothing
    found = away("python", "-c", f"import importlib.util; print(importlib.util.find_spec({package!r}))")
    assert found.strip() == "None"
