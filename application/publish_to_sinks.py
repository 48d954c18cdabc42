"""Every sink at its own pace: one that is dead is parked with its reason, and the others go on."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports import SomeoneElseWrote, Unavailable
from application.publish_costs import PublishCosts


@dataclass(frozen=True, slots=True)
class SinkReport:
    """How a sink got on: costs delivered, and why it is parked; empty where it is not."""

    sink: str
    delivered: int
    parked: str = ""


def publish_to_sinks(publishers: Sequence[PublishCosts]) -> tuple[SinkReport, ...]:
    """Carry to each sink what it does not have yet. A parked one is tried again at the next call, from its position."""
    found: list[SinkReport] = []
    for publish in publishers:
        try:
            found.append(SinkReport(publish.sink.name, publish()))
        except (Unavailable, SomeoneElseWrote) as fault:
            found.append(SinkReport(publish.sink.name, 0, str(fault) or type(fault).__name__))
    return tuple(found)
