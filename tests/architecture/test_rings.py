"""Who may import what. This is an allow-list: what is not named here is refused."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RINGS = ("domain", "application", "adapters", "entrypoints", "edge")
MODULES = sorted(path for ring in RINGS for path in (ROOT / ring).rglob("*.py"))

# Values and arithmetic. No clock, no chance, no files, no network, no logging.
DOMAIN_STDLIB = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "hashlib", "itertools", "math", "operator", "re", "types", "typing", "zoneinfo",
}  # fmt: skip
APPLICATION_STDLIB = DOMAIN_STDLIB | {"contextlib", "heapq"}
ARRAYS_ROOM = "domain/arrays/"  # the one room of the core that runs the same arithmetic over many rows
ARRAY_VOCABULARY = {"numpy"}  # vendors speak in its arrays, so it does not count as a second vendor
TOO_BIG_FOR_THE_DEVICE = {"numpy", "pandas", "plotly", "polars", "pyarrow"}


def imported_names(source: str) -> set[str]:
    """Every dotted name a module imports: `from a import b` counts as both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            names |= {parent} | {f"{parent}.{alias.name}" for alias in node.names}
    return names


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def vendors(names: set[str]) -> set[str]:
    return roots(names) - set(sys.stdlib_module_names) - set(RINGS) - ARRAY_VOCABULARY


def refused_imports(module: str, source: str) -> set[str]:
    """What `module` (a path such as `domain/tariff.py`) imports although its ring may not."""
    names = imported_names(source)
    match module.partition("/")[0]:
        case "domain":
            arrays = {"numpy"} if module.startswith(ARRAYS_ROOM) else set()
            return roots(names) - DOMAIN_STDLIB - {"domain"} - arrays
        case "application":
            return roots(names) - APPLICATION_STDLIB - {"application", "domain"}
        case "adapters":
            return refused_to_an_adapter(module, names)
        case "entrypoints":
            return roots(names) & {"tests"}
        case "edge":
            return roots(names) & ({"entrypoints", "tests"} | TOO_BIG_FOR_THE_DEVICE)
        case ring:
            raise AssertionError(f"{module}: nobody decided what {ring}/ may import")


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def refused_to_an_adapter(module: str, names: set[str]) -> set[str]:
    refused = roots(names) & {"entrypoints", "edge", "tests"}
    itself = "adapters." + module.split("/")[1].removesuffix(".py")
    for name in names - {"adapters", "application"}:
        if within(name, "application") and not within(name, "application.ports"):
            refused.add(name)
        if within(name, "adapters") and not (within(name, itself) or within(name, "adapters.event_codec")):
            refused.add(name)
    return refused | (vendors(names) if len(vendors(names)) > 1 else set())


def test_every_ring_was_found() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(RINGS)
    assert len(MODULES) > 20, "a rule over no files would hold for ever"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_ring_may(path: Path) -> None:
    module = path.relative_to(ROOT).as_posix()
    assert refused_imports(module, path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("module", "line", "refused"),
    [
        ("domain/tariff.py", "import numpy", {"numpy"}),
        ("domain/tariff.py", "from random import random", {"random"}),
        ("domain/tariff.py", "from application.ports import Sink", {"application"}),
        ("application/price.py", "import pydantic", {"pydantic"}),
        ("application/price.py", "from adapters import memory", {"adapters"}),
        ("adapters/memory.py", "from application.price import Price", {"application.price", "application.price.Price"}),
        ("adapters/memory.py", "from adapters import report", {"adapters.report"}),
        ("adapters/lake.py", "import pyarrow, plotly", {"pyarrow", "plotly"}),
        ("adapters/lake.py", "from entrypoints.cli import main", {"entrypoints"}),
        ("entrypoints/cli.py", "from tests.builders import a_reading", {"tests"}),
        ("edge/runtime.py", "import pyarrow.parquet", {"pyarrow"}),
        ("edge/runtime.py", "from entrypoints import cli", {"entrypoints"}),
        ("edge/runtime.py", "from tests.builders import a_reading", {"tests"}),
    ],
)
def test_a_forbidden_import_is_noticed(module: str, line: str, refused: set[str]) -> None:
    assert refused_imports(module, line) == refused


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("domain/arrays/load.py", "import numpy as np"),
        ("application/price.py", "from domain.tariff import Tariff"),
        ("adapters/memory.py", "from application.ports import Sink"),
        ("adapters/event_store/recorder.py", "from adapters.event_codec import encode"),
        ("adapters/lake.py", "import numpy, pyarrow"),
        ("edge/runtime.py", "from adapters.sqlite_outbox import SqliteOutbox"),
    ],
)
def test_an_allowed_import_passes(module: str, line: str) -> None:
    assert refused_imports(module, line) == set()
