"""Nothing in the project knows the machine it was written on, nor a package index."""

import re
from pathlib import Path

import pytest

# Written in pieces, so that this file does not break its own rule.
MACHINE_FOLDERS = ("work", "farm", "tmp", "root", "home", "Users", "opt")
INDEX_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com")
INDEX_OPTIONS = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")

FOREIGN = re.compile(
    "|".join(
        [
            rf"(?<![\w./<-])/(?:{'|'.join(MACHINE_FOLDERS)})/",
            r"\b[A-Z]:\\Users\\",
            "file" + ":///",
            *map(re.escape, INDEX_HOSTS),
            *map(re.escape, INDEX_OPTIONS),
        ]
    )
)


def foreign_lines(text: str) -> list[str]:
    return [f"{n}: {line.strip()[:120]}" for n, line in enumerate(text.splitlines(), 1) if FOREIGN.search(line)]


def text_of(path: Path) -> str:
    """The text of a file; nothing for a picture or another binary."""
    content = path.read_bytes()
    return "" if b"\0" in content[:8192] else content.decode("utf-8", errors="replace")


def test_no_file_names_a_machine_or_an_index(files: list[Path], root: Path) -> None:
    assert len(files) > 40
    found = {str(path.relative_to(root)): foreign_lines(text_of(path)) for path in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "data = Path('" + "/work" + "/data')",
        "cd " + "/home" + "/ana/project",
        "see https://" + INDEX_HOSTS[0] + "/simple",
        INDEX_OPTIONS[0] + " https://example.com",
    ],
)
def test_a_foreign_line_is_noticed(line: str) -> None:
    assert foreign_lines(line)


@pytest.mark.parametrize("line", ["docs/work/plan.md", "https://example.com/home/page", "outbox/work/x", "tests/opt/"])
def test_a_path_of_our_own_is_none_of_its_business(line: str) -> None:
    assert not foreign_lines(line)
