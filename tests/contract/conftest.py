"""Event stores that can be opened again: another process on the same ledger, or the same one after a power cut."""

from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder

from adapters.event_store import EventStore
from adapters.memory import SetClock

OpenStore = Callable[[], EventStore]


def in_memory(folder: Path, clock: SetClock) -> OpenStore:
    events, tracking = POPOApplicationRecorder(), POPOTrackingRecorder()
    return lambda: EventStore._over(events, tracking, clock)


def in_a_file(folder: Path, clock: SetClock) -> OpenStore:
    return lambda: EventStore.sqlite(folder / "ledger.sqlite", clock)


STORES = {"memory": in_memory, "sqlite file": in_a_file}


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> OpenStore:
    """Opens the same ledger, each time by a store that knows nothing of the others."""
    return STORES[request.param](tmp_path, clock)


@pytest.fixture
def store(open_store: OpenStore) -> EventStore:
    return open_store()
