"""Quarantine: what could not be understood is kept, once, with the first reason."""

from collections.abc import Callable

import pytest

from adapters.memory import MemoryQuarantine
from application.ports import Quarantine

KEEPERS: dict[str, Callable[[], Quarantine]] = {"memory": MemoryQuarantine}


@pytest.fixture(params=KEEPERS)
def quarantine(request: pytest.FixtureRequest) -> Quarantine:
    return KEEPERS[request.param]()


def test_a_new_quarantine_is_empty(quarantine: Quarantine) -> None:
    assert list(quarantine.kept()) == []


def test_everything_is_kept_oldest_first(quarantine: Quarantine) -> None:
    for data in (b"\x00\xff", b"", b"abc"):
        quarantine.keep(data, f"{len(data)} bytes")
    assert list(quarantine.kept()) == [(b"\x00\xff", "2 bytes"), (b"", "0 bytes"), (b"abc", "3 bytes")]


def test_the_same_bytes_are_kept_once_with_the_first_reason(quarantine: Quarantine) -> None:
    quarantine.keep(b"abc", "no header")
    quarantine.keep(b"xyz", "no header")
    quarantine.keep(b"abc", "another reason")
    assert list(quarantine.kept()) == [(b"abc", "no header"), (b"xyz", "no header")]
