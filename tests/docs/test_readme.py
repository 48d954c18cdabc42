"""What README.md and docs/commands.md promise: their commands run, their output is real, their code is ours."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DOCUMENTS = ("README.md", "docs/commands.md", "docs/ledger.md")
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"#.*\bexit (?P<code>\d+)\s*$")
RUN_ELSEWHERE = re.compile(r"(make|git clone|cd)\b")  # they set up a fresh copy: the last test here does so once
SOURCE = re.compile(r"^# ((?:domain|application|adapters|entrypoints|edge)/[\w/]+\.py)$", re.MULTILINE)
LEFT_OUT = {"", "...", "…", "# ...", "# …"}
WIDTH = "100"
"""Columns of the terminal in the documents."""


@dataclass
class Command:
    """A line after `$ `, the exit code its comment tells, and the lines shown below it."""

    line: str
    shown: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        told = EXIT.search(self.line)
        return int(told["code"]) if told else 0


def fenced(text: str, *languages: str) -> list[str]:
    return [block["text"] for block in FENCE.finditer(text) if block["language"] in languages]


def commands(text: str) -> list[Command]:
    found: list[Command] = []
    for block in fenced(text, "console", "bash"):
        known = len(found)
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:].strip()))
            elif len(found) > known:
                found[-1].shown.append(line)
    return found


def not_in(shown: list[str], said: str) -> list[str]:
    """The lines of `shown` that `said` does not have, each after the one before; spaces do not count."""
    return not_in_order([line for line in shown if line.strip() not in LEFT_OUT], said.splitlines())


def not_in_source(block: str, root: Path) -> list[str]:
    """The lines of a block of code that the file named above them does not have, in this order; spaces do not count."""
    unnamed, *parts = SOURCE.split(block)
    missing = [line for line in unnamed.splitlines() if line.strip() not in LEFT_OUT]
    for path, code in zip(parts[::2], parts[1::2], strict=True):
        source = (root / path).read_text(encoding="utf-8").splitlines()
        wanted = [line for line in code.splitlines() if line.strip() not in LEFT_OUT]
        missing += not_in_order(wanted, source)
    return missing


def not_in_order(wanted: list[str], lines: list[str]) -> list[str]:
    """The wanted lines that do not come after the ones before them."""
    bare, missing, since = ["".join(line.split()) for line in lines], list[str](), 0
    for line in wanted:
        try:
            since = bare.index("".join(line.split()), since) + 1
        except ValueError:
            missing.append(line)
    return missing


def run(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit code, everything it said, and the part of it on standard output."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, done.stdout


@pytest.fixture
def desk(root: Path, tmp_path: Path) -> Path:
    """A folder with the examples and the environment where a reader has them, and nothing else."""
    folder = tmp_path / "wattledger"
    shutil.copytree(root / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document_do_what_it_shows(document: str, root: Path, desk: Path, home: Path) -> None:
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(home), "COLUMNS": WIDTH}
    run_here = [
        one for one in commands((root / document).read_text(encoding="utf-8")) if not RUN_ELSEWHERE.match(one.line)
    ]
    assert run_here
    for one in run_here:
        exit_code, said, _ = run(["bash", "-c", one.line], desk, environment)
        assert exit_code == one.exit_code, f"{document}: $ {one.line}\n{said}"
        assert not_in(one.shown, said) == [], f"{document}: $ {one.line}\nshows lines that it did not say:\n{said}"


def test_the_readme_names_the_two_commands(root: Path) -> None:
    lines = {one.line.partition("#")[0].strip() for one in commands((root / "README.md").read_text(encoding="utf-8"))}
    assert {"make demo", "make test"} <= lines


def test_the_code_in_the_readme_is_ours(root: Path) -> None:
    blocks = fenced((root / "README.md").read_text(encoding="utf-8"), "python")
    ours = [block for block in blocks if SOURCE.match(block)]
    assert ours, "the way of one reading is told in real code: begin each block with its file, as in `# domain/bill.py`"
    missing = [line for block in ours for line in not_in_source(block, root)]
    told = "not in the file named above them, or not in its order (name the file again to begin at its top)"
    assert not missing, "\n".join([told, *missing])


@pytest.mark.slow
@pytest.mark.timeout(300)  # fills a fresh environment
def test_the_demo_runs_in_a_fresh_copy_with_an_empty_home(
    root: Path, files: list[Path], tmp_path: Path, home: Path
) -> None:
    copy = tmp_path / "fresh"
    for path in files:
        target = copy / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    # of this machine only its programs and its way to the packages, which no copy can know
    kept = {name: os.environ[name] for name in os.environ if re.fullmatch(r"PATH|PIP_.*|.*_proxy", name, re.IGNORECASE)}
    environment = {**kept, "HOME": str(home), "COLUMNS": WIDTH}
    exit_code, said, printed = run(["make", "demo", f"PYTHON={sys.executable}"], copy, environment)
    assert exit_code == 0, said
    written = {path.name for path in (copy / "demo").iterdir()}
    assert written >= {"bill.json", "costs.parquet", "report.html"}
    assert re.search(r"^\s*Lost\s+0\b", printed, re.MULTILINE)
    for document in DOCUMENTS:
        for one in commands((root / document).read_text(encoding="utf-8")):
            if one.line.partition("#")[0].strip() == "make demo":
                assert not_in(one.shown, printed) == [], f"{document} shows lines that the demo did not say"


def test_a_command_is_read_with_its_exit_code_and_what_it_shows() -> None:
    text = "```console\n$ one --two \\\n  three  # exit 2\nsaid\n\n$ four\n```\n\n```python\n$ five\n```\n"
    first, second = commands(text)
    assert (first.line.split(), first.exit_code, first.shown) == (
        ["one", "--two", "three", "#", "exit", "2"],
        2,
        ["said", ""],
    )
    assert (second.line, second.exit_code, second.shown) == ("four", 0, [])


@pytest.mark.parametrize(
    ("shown", "missing"),
    [(["a  b", "...", "d"], []), (["a b", "x"], ["x"]), (["d", "a b"], ["a b"]), ([], [])],
    ids=["spaces", "invented", "out-of-order", "nothing"],
)
def test_output_that_was_never_said_is_noticed(shown: list[str], missing: list[str]) -> None:
    assert not_in(shown, " a b\nc\nd \n") == missing


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("def one(  ):\n    ...\n    return 1", []),
        ("def one():\n    return 2", ["    return 2"]),
        ("    return 1\ndef one():", ["def one():"]),
    ],
    ids=["left-out", "invented", "out-of-order"],
)
def test_code_that_is_not_ours_is_noticed(code: str, missing: list[str], tmp_path: Path) -> None:
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain" / "bill.py").write_text("def one():\n    a = 1\n    return 1\n", encoding="utf-8")
    assert not_in_source(f"# domain/bill.py\n{code}\n", tmp_path) == missing
    assert not_in_source(code, tmp_path) == [line for line in code.splitlines() if line.strip() != "..."]
