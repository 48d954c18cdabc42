"""A planted bug: the house with one part broken, the promises that it breaks, and how it is looked for."""

from dataclasses import dataclass

from tests.simulation.parts import Parts
from tests.simulation.plans import plan
from tests.simulation.shrinking import failure
from tests.simulation.steps import Step
from tests.simulation.violation import Broken, Violation


@dataclass(frozen=True)
class Planted:
    """`breaks`: for one of these reasons it must be found, and for no other. `among` and `seeds`:
    so many histories, with these troubles only where any are named, suffice.
    """

    parts: Parts
    breaks: frozenset[Broken] | set[Broken]
    among: tuple[str, ...] = ()
    seeds: int = 60

    def plan(self, seed: int) -> list[Step]:
        return plan(seed, among=self.among)

    def found(self) -> tuple[int, Violation] | None:
        """The first seed that shows it, and how; None where none does."""
        for seed in range(self.seeds):
            violation = failure(self.plan(seed), self.parts)
            if violation is not None:
                return seed, violation
        return None
