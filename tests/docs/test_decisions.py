"""A decision is one page of one shape, and speaks of files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "decisions").glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences"]
MOST_LINES = 60
OUR_FILE = re.compile(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w-]*\.(?:toml|importlinter))`")
PLANNED: set[str] = set()
"""Files that a decision promises for later; each leaves this list when it is there."""


def named_files(text: str) -> set[str]:
    return set(OUR_FILE.findall(text))


def test_the_pages_are_numbered_without_a_hole() -> None:
    assert [path.name[:5] for path in PAGES] == [f"{number:04d}-" for number in range(1, len(PAGES) + 1)]
    assert len(PAGES) > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_has_the_shape_of_a_decision(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(rf"# {path.name[:4]} \S.*", lines[0])
    assert re.fullmatch(r"Status: decided(; .*)?", lines[2])
    assert re.fullmatch(r"Date: \d{4}-\d{2}-\d{2}", lines[3])
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert [heading.partition(":")[0] for heading in headings] == SECTIONS
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_names_files_that_are_there(path: Path) -> None:
    named = named_files(path.read_text(encoding="utf-8"))
    assert [name for name in sorted(named - PLANNED) if not (ROOT / name).exists()] == []


def test_what_is_planned_is_named_and_not_there_yet() -> None:
    named = {name for path in PAGES for name in named_files(path.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert named >= PLANNED
    assert [name for name in PLANNED if (ROOT / name).exists()] == []
