"""What happens in a simulated plant: actions with plain values, each drawn by chance before a history begins.

An action whose moment is not there (a correction before the first reading) does nothing, so that any part of a plan is
a plan, too: that is what lets a failing history be made shorter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

Value = int | str | bool
Draw = Callable[[Random], Value]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: an action by its name, and its values."""

    action: str
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        return ACTIONS[self.action].told.format(**dict(self.values))


@dataclass(frozen=True, slots=True)
class Action:
    """`told` is what it says of itself, `weight` how often it happens beside the others, `run` what it does."""

    name: str
    told: str
    weight: int
    always: bool
    draws: Mapping[str, Draw]
    run: Callable[..., None] = field(compare=False)

    def drawn(self, chance: Random) -> Step:
        return Step(self.name, tuple((name, draw(chance)) for name, draw in self.draws.items()))


ACTIONS: dict[str, Action] = {}


def happens(
    told: str, weight: int = 1, *, always: bool = False, **draws: Draw
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A function of the world and drawn values is an action. `always`: no plan goes without it."""

    def registered(run: Callable[..., None]) -> Callable[..., None]:
        ACTIONS[run.__name__] = Action(run.__name__, told, weight, always, draws, run)
        return run

    return registered


def one_of(*values: Value) -> Draw:
    return lambda chance: chance.choice(values)


def between(least: int, most: int) -> Draw:
    return lambda chance: chance.randint(least, most)
