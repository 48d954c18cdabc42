"""A simulation is worth what it finds: each of these mistakes is found, for its own reason, within some histories."""

import pytest

from edge.journal import LOG
from tests.simulation import bugs_of_billing, bugs_of_measuring, bugs_of_the_cloud, bugs_of_the_device
from tests.simulation.planted import Planted
from tests.simulation.shrinking import shortest

BUGS: dict[str, Planted] = {
    **bugs_of_the_device.BUGS,
    **bugs_of_measuring.BUGS,
    **bugs_of_the_cloud.BUGS,
    **bugs_of_billing.BUGS,
}


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device in trouble says so at every step."""
    monkeypatch.setattr(LOG, "disabled", True)


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    planted = BUGS[bug]
    found = planted.found()
    assert found is not None, f"not in {planted.seeds} histories"
    _, violation = found
    assert violation.broken in planted.breaks, str(violation)


def test_a_bug_is_told_by_its_shortest_history() -> None:
    planted = BUGS["a restarted device does not look into its store"]
    found = planted.found()
    assert found is not None
    seed, violation = found
    history = shortest(planted.plan(seed), violation.broken, planted.parts)
    assert len(history) <= 6, "\n".join(map(str, history))
