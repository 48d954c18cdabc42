"""A sink that writes and does not say so, or is dead for a while."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.memory import MemoryHotStore
from application.ports import Unavailable
from domain.cost_event import CostEvent

BEFORE, AFTER, DEAD = "fails before it writes", "fails after it wrote", "is dead"


@dataclass
class DoubtfulSink(MemoryHotStore):
    """CostSink. `fails` is what happens at its next call; a dead one stays so until somebody says otherwise."""

    fails: str = ""

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        fails = self.fails
        if fails != DEAD:
            self.fails = ""
        if fails in {BEFORE, DEAD}:
            raise Unavailable("the sink does not answer")
        self.take(costs, first, last)
        if fails == AFTER:
            raise Unavailable("the sink did not say whether it wrote")

    def take(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        super().write(costs, first, last)
