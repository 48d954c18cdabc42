"""Rows of things too quick to be seen from outside: each child times its own work many times and prints the figures.

A child prints one JSON object: `figures` (name to the list of what it measured) and whatever its check needs. Children
take turns, as whole commands do elsewhere, and what is quoted is the median of all that all of them measured.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from benchmarks.measuring import Command, Run, Spread, run
from benchmarks.results import Disagreement, Figure, Result, told

Said = Mapping[str, Mapping[str, Any]]
"""What each child said, by its name."""


@dataclass(frozen=True)
class Wanted:
    """A line of the table: which child's which figure, what is promised, and whose figure stands beside it.

    `MEMORY` as a figure is the child's peak. `peers_share` is the promised ratio ours / peer, at most.
    """

    label: str
    unit: str
    ours: tuple[str, str]
    below: float | None = None
    above: float | None = None
    peer: tuple[str, str] | None = None
    peer_what: str = ""
    peers_share: float | None = None


MEMORY = "peak_mb"


@dataclass(frozen=True)
class SelfTimed:
    """Children by name, the lines to show, and a check that says a sentence or raises `Disagreement`."""

    name: str
    children: Mapping[str, Command]
    wanted: tuple[Wanted, ...]
    check: Callable[[Said], str] = lambda _said: ""


def conduct_selftimed(trial: SelfTimed, runs: int, say: Callable[[str], None]) -> Result:
    """Run all children in turn, so that whatever else the machine does disturbs all of them."""
    done: dict[str, list[Run]] = {name: [] for name in trial.children}
    for number in range(runs):
        for name, command in trial.children.items():
            say(f"{trial.name}, run {number + 1} of {runs}: {name} ...")
            done[name].append(run(command))
            if done[name][-1].exit_code:
                return Result(trial.name, failure=f"{name} {told(done[name][-1])}")
    said = {name: [json.loads(one.output) for one in every] for name, every in done.items()}
    try:
        note = trial.check({name: every[-1] for name, every in said.items()})
    except Disagreement as wrong:
        return Result(trial.name, failure=str(wrong))

    def spread(source: tuple[str, str]) -> Spread:
        child, figure = source
        if figure == MEMORY:
            return Spread.of([one.peak_mb for one in done[child]])
        return Spread.of([value for one in said[child] for value in one["figures"][figure]])

    found = tuple(
        Figure(
            label=line.label,
            unit=line.unit,
            ours=spread(line.ours),
            below=line.below,
            peer_what=line.peer_what,
            peer=None if line.peer is None else spread(line.peer),
            above=line.above,
            peers_share=line.peers_share,
        )
        for line in trial.wanted
    )
    return Result(trial.name, found, (note,) if note else ())


def check_installed(*modules: str) -> None:
    """Raises `Disagreement` that says how to install a peer that is not there."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise Disagreement(
            f"{' and '.join(missing)} not installed, so there is no peer to measure beside; "
            "`make bench` installs it, or: pip install --require-hashes -r requirements/oracles.txt"
        )
