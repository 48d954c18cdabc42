"""docs/commands.md names every option, key and exit code that there is, and none that there is not."""

import os
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from adapters.meter_files import Declaration, load_declaration

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OPTION_ROW = re.compile(r"^│[ *]+(--.*?) +<", re.MULTILINE)
LEDGER = (
    *("register", "record", "bill", "explain", "history", "close", "correct"),
    *("publish", "rerate", "quarantine", "replay", "rebuild", "verify"),
)
COMMANDS = {
    "wattledger demo": [["demo"]],
    "wattledger price": [["price"]],
    "wattledger explain": [["explain"]],
    "wattledger compare": [["compare"]],
    "wattledger ledger": [["ledger", name] for name in LEDGER],
    "wattledger simulate": [["simulate"]],
    "wattledger edge": [["edge", name] for name in ("probe", "profiles", "run", "status", "doctor", "enroll")],
    "wattledger tariffs": [["tariffs", "list"], ["tariffs", "show"]],
}


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "commands.md").read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    _, found, rest = page.partition(f"\n## {heading}\n")
    assert found, f"there is no section {heading}"
    return rest.partition("\n## ")[0]


def told(*arguments: str) -> str:
    """What a command's --help says, on a terminal so wide that no name is cut."""
    command = [str(Path(sysconfig.get_path("scripts")) / "wattledger"), *arguments, "--help"]
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "250"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("heading", COMMANDS)
def test_the_page_has_the_options_that_the_command_has(heading: str, page: str) -> None:
    rows = [row for arguments in COMMANDS[heading] for row in OPTION_ROW.findall(told(*arguments))]
    there = set(OPTION.findall(" ".join(rows))) - {"--help"}
    assert there
    assert set(OPTION.findall(section(page, heading))) == there


def test_every_command_has_a_section(page: str) -> None:
    listed = re.findall(r"^│ ([a-z]+) ", told().partition("Commands")[2], re.MULTILINE)
    assert {f"wattledger {name}" for name in listed} == set(COMMANDS)


def test_every_key_of_a_declaration_is_explained(page: str) -> None:
    keys = re.findall(r"^\| `(\w+)` \|", section(page, "The TOML beside the readings"), re.MULTILINE)
    assert sorted(keys) == sorted(Declaration.model_fields)


def test_the_declaration_on_the_page_is_understood(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "plant.toml").write_text(example, encoding="utf-8")
    declared = load_declaration(tmp_path / "plant.csv", {})
    assert {name: getattr(declared, name) for name in tomllib.loads(example)} == {
        name: tuple(value) if isinstance(value, list) else value for name, value in tomllib.loads(example).items()
    }


def test_every_exit_code_is_explained(page: str) -> None:
    codes = re.findall(r"^\| (\d+) \|", section(page, "Exit codes"), re.MULTILINE)
    _, _, said = " ".join(told().split()).partition("Exit codes: ")
    assert codes
    assert codes == re.findall(r"(?:^|; )(\d+) ", said.partition("╭")[0])
