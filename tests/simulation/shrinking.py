"""The shortest history that still fails for the same reason, found by leaving steps out, and how it is told."""

from collections.abc import Sequence

from tests.simulation.parts import SOUND, Parts
from tests.simulation.plans import plan
from tests.simulation.steps import Step
from tests.simulation.violation import Broken, Violation
from tests.simulation.world import run

MOST_TRIES = 250


def failure(steps: Sequence[Step], parts: Parts = SOUND) -> Violation | None:
    """What a history breaks; None where it breaks nothing."""
    try:
        run(steps, parts)
    except Violation as violation:
        return violation
    return None


def shortest(steps: Sequence[Step], broken: Broken, parts: Parts = SOUND, tries: int = MOST_TRIES) -> list[Step]:
    """Leave out halves, quarters and at last single steps, as long as the same promise is broken.

    The first step places the plant in time and stays. What `tries` do not suffice for is left as long as it is.
    """
    found, part = list(steps), max(1, len(steps) // 2)
    while tries > 0:
        shorter = _without_a_part(found, part, broken, parts, tries)
        found, tries, success = shorter
        if success:
            part = min(part, max(1, len(found) // 2))
        elif part == 1:
            break
        else:
            part //= 2
    return found


def _without_a_part(
    steps: list[Step], part: int, broken: Broken, parts: Parts, tries: int
) -> tuple[list[Step], int, bool]:
    """From the end to the beginning: what comes late is seldom the cause."""
    found, success, end = steps, False, len(steps)
    while end > 1 and tries > 0:
        begin = max(1, end - part)
        shorter = [*found[:begin], *found[end:]]
        tries -= 1
        violation = failure(shorter, parts)
        if violation is not None and violation.broken is broken:
            found, success = shorter, True
        end = begin
    return found, tries, success


def told(seed: int, violation: Violation, longest: int, parts: Parts = SOUND) -> str:
    """For whoever has to find the fault."""
    history = shortest(plan(seed, longest), violation.broken, parts)
    last = failure(history, parts) or violation
    lines = [f"{number:3}. {step}" for number, step in enumerate(history, 1)]
    again = f"SIM_SEED={seed} SIM_LONGEST={longest} python -m pytest tests/simulation/test_seeds.py -k one_seed"
    return "\n".join([f"seed {seed}: {last}", "the shortest history that shows it:", *lines, f"again: {again}"])
