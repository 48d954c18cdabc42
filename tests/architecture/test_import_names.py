"""Our five packages have plain names, so another distribution could bring one of its own and be imported instead."""

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

OURS = ("domain", "application", "adapters", "entrypoints", "edge")


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_brings_a_package_of_our_name(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"wattledger"}


@pytest.mark.parametrize("name", OURS)
def test_the_name_imports_this_repository(name: str, root: Path) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(root / name / "__init__.py")
