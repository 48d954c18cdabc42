"""The plan of a history: a list of steps with plain values, drawn from one seed before anything happens."""

from collections.abc import Collection
from random import Random

from tests.simulation.happenings import ACTIONS
from tests.simulation.steps import Step

OFTEN = 0.6
"""Each plan goes without some kinds of trouble: where all of it happens, one hides the other."""


def plan(seed: int, longest: int = 45, among: Collection[str] = ()) -> list[Step]:
    """One seed, one plan; `among` names the only kinds of trouble that it may have."""
    chance = Random(seed)
    known = [ACTIONS[name] for name in sorted(ACTIONS)]
    possible = [action for action in known if action.weight and (action.always or not among or action.name in among)]
    happening = [action for action in possible if action.always or chance.random() < (1.0 if among else OFTEN)]
    first = ACTIONS["the_plant_begins"].drawn(chance)
    drawn = chance.choices(happening, [action.weight for action in happening], k=chance.randint(10, longest))
    return [first, *(action.drawn(chance) for action in drawn)]
