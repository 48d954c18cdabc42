"""A planted bug: the house with one part broken, the promises that it breaks, and how it is looked for."""

from dataclasses import dataclass

from tests.simulation.parts import Parts
from tests.simulation.plans import plan
from tests.simulation.shrinking import failure
from tests.simulation.violation import Broken, Violation


@dataclass(frozen=True)
class Planted:
    """`breaks`: for one of these reasons it must be found, and for no other. `seeds`: so many histories suffice."""

    parts: Parts
    breaks: frozenset[Broken] | set[Broken]
    seeds: int = 60

    def found(self) -> tuple[int, Violation] | None:
        """The first seed that shows it, and how; None where none does."""
        for seed in range(self.seeds):
            violation = failure(plan(seed), self.parts)
            if violation is not None:
                return seed, violation
        return None
