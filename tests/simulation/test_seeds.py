"""Nothing is lost and nothing is priced twice, whatever happens, in any order: one seed is one history.

A failure prints its seed and the shortest history that shows it. `SIM_SEED=4711 python -m pytest
tests/simulation/test_seeds.py -k one_seed` lives through one seed alone, of any number.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore, SQLiteTrackingRecorder

from edge.journal import LOG
from tests.simulation.disk import SqliteDisk
from tests.simulation.parts import SOUND, Parts
from tests.simulation.plans import plan
from tests.simulation.shrinking import failure, shortest, told
from tests.simulation.steps import ACTIONS, Step
from tests.simulation.violation import Broken
from tests.simulation.world import run

IN_EVERY_RUN, CHUNKS, NIGHTLY_CHUNKS = 200, 10, 50
LONGEST = 45
NIGHTLY = range(10_000, 15_000)


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device in trouble says so at every step."""
    monkeypatch.setattr(LOG, "disabled", True)


def live_through(seed: int, longest: int) -> None:
    violation = failure(plan(seed, longest))
    assert violation is None, "\n" + told(seed, violation, longest)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_house_holds_in_200_histories(chunk: int) -> None:
    for seed in range(chunk, IN_EVERY_RUN, CHUNKS):
        live_through(seed, LONGEST)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("chunk", range(NIGHTLY_CHUNKS))
def test_the_house_holds_in_5000_histories(chunk: int) -> None:
    for seed in NIGHTLY[chunk::NIGHTLY_CHUNKS]:
        live_through(seed, LONGEST)


def test_one_seed(request: pytest.FixtureRequest) -> None:
    """The one that somebody asks for; a long one where nobody does."""
    live_through(int(os.environ.get("SIM_SEED", "7")), int(os.environ.get("SIM_LONGEST", "90")))


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Parts]:
    """Outbox and ledger in SQLite files, as a device and a desk have them."""

    class DiskInFolder(SqliteDisk):
        folder = tmp_path

    store = SQLiteDatastore(
        str(tmp_path / "ledger.sqlite"), originator_id_type="text", pool_size=1, max_overflow=0, lock_timeout=5
    )
    events, tracking = SQLiteApplicationRecorder(store), SQLiteTrackingRecorder(store)
    events.create_table()
    tracking.create_table()
    yield replace(SOUND, disk=DiskInFolder, recorders=lambda: (events, tracking))
    store.close()


@pytest.mark.parametrize("seed", range(8))
def test_the_house_holds_on_files(seed: int, files: Parts) -> None:
    violation = failure(plan(seed), files)
    assert violation is None, str(violation)


@pytest.mark.parametrize("seed", [5, 6])
def test_files_and_memory_come_to_the_same_ledger(seed: int, files: Parts) -> None:
    steps = [step for step in plan(seed) if step.action != "the_disk_is_small"]  # a file's room is counted in pages
    memory, on_files = run(steps), run(steps, files)
    assert memory.cloud.opened().ledger.digest() == on_files.cloud.opened().ledger.digest()


@pytest.mark.parametrize("seed", [3, 11, 58])
def test_one_seed_is_one_ledger_to_the_last_byte(seed: int) -> None:
    first, again = (run(plan(seed)) for _ in range(2))
    assert plan(seed) == plan(seed)
    assert first.cloud.opened().ledger.digest() == again.cloud.opened().ledger.digest()
    assert first.told.digests == again.told.digests
    assert first.cloud.view.digest() == again.cloud.view.digest()


def test_another_seed_is_another_ledger() -> None:
    assert len({run(plan(seed)).cloud.opened().ledger.digest() for seed in (3, 11)}) == 2


def test_every_kind_of_trouble_happens_somewhere() -> None:
    happened = {step.action for seed in range(IN_EVERY_RUN) for step in plan(seed)}
    assert happened == ACTIONS.keys()


def test_a_step_is_told_in_plain_words() -> None:
    step = Step("quiet_time", (("polls", 3), ("main", 3_000), ("oven", 0)))
    assert str(step) == "3 polls go by: main 3000 Wh, oven 0 Wh each"
    assert all(str(step) for seed in range(20) for step in plan(seed))


def test_any_part_of_a_plan_is_a_plan() -> None:
    steps = plan(17)
    for begin in range(1, len(steps), 5):
        assert failure([steps[0], *steps[begin:]]) is None


def test_what_breaks_nothing_is_not_made_shorter() -> None:
    steps = plan(4)
    assert shortest(steps, Broken.LOST, tries=20) == steps
