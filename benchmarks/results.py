"""What was measured, compared with what was promised and with a peer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Command, Run, Spread, least_peak_mb, run


@dataclass(frozen=True)
class Peer:
    """Somebody else's way to do comparable work.

    Where it does a part only, `times` says how often the part goes into the whole, and `idle` is the same command with
    nothing to do: start-up is paid once, so only the rest is multiplied. Its memory is then not compared.
    """

    what: str
    command: Command
    times: int = 1
    idle: Command | None = None


@dataclass(frozen=True)
class Trial:
    """Our command, what is promised of it, its peer, and whether their answers are right.

    `wall_s_below` and `peak_mb_below` are the promise (MB of 10^6 bytes; None: nothing promised). `check` takes what
    each side printed and returns a sentence about it, or raises `Disagreement`. `more` makes further figures of all
    that was printed, run by run.
    """

    name: str
    ours: Command
    wall_s_below: float | None
    peak_mb_below: float | None = None
    peer: Peer | None = None
    check: Callable[[str, str], str] = lambda _ours, _peer: ""
    more: Callable[[list[str], list[str]], tuple["Figure", ...]] = lambda _ours, _peers: ()


class Disagreement(Exception):
    """The commands ran but answered wrongly; how fast they did is then no matter."""


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` is ours / peer, of the medians: below 1, ours is the smaller.

    The promise is a value to stay below or above, or a largest ratio.
    """

    label: str
    unit: str
    ours: Spread
    below: float | None = None
    peer_what: str = ""
    peer: Spread | None = None
    above: float | None = None
    peers_share: float | None = None

    @property
    def verdict(self) -> str:
        if self.peers_share is not None:
            return "PASS" if self.ratio is not None and self.ratio <= self.peers_share else "OVER"
        if self.above is not None:
            return "PASS" if self.ours.median > self.above else "LOW"
        if self.below is None:
            return ""
        return "PASS" if self.ours.median < self.below else "OVER"

    @property
    def ratio(self) -> float | None:
        return self.ours.median / self.peer.median if self.peer and self.peer.median else None


@dataclass(frozen=True)
class Result:
    """The figures of a trial, or why there are none."""

    name: str
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""


def conduct(trial: Trial, runs: int, say: Callable[[str], None]) -> Result:
    """Run ours and the peer in turn, so that whatever else the machine does disturbs both."""
    ours, peers, idles = list[Run](), list[Run](), list[Run]()
    todo = [(trial.ours, ours)]
    if trial.peer is not None:
        todo.append((trial.peer.command, peers))
        todo += [] if trial.peer.idle is None else [(trial.peer.idle, idles)]
    for number in range(runs):
        for command, done in todo:
            shown = " ".join(Path(argument).name for argument in command.arguments[:3])
            say(f"{trial.name}, run {number + 1} of {runs}: {shown} ...")
            done.append(run(command))
            if done[-1].exit_code:
                return Result(trial.name, failure=told(done[-1]))
    try:
        note = trial.check(ours[-1].output, peers[-1].output if peers else "")
    except Disagreement as wrong:
        return Result(trial.name, failure=str(wrong))
    notes = [note] if note else []
    if any(done.peak_mb < 1.02 * least_peak_mb() for done in (*ours, *peers)):
        notes.append(f"memory is told from {least_peak_mb():.0f} MB up; what shows as that may be less")
    more = trial.more([done.output for done in ours], [done.output for done in peers])
    return Result(trial.name, (*figures(trial, ours, peers, idles), *more), tuple(notes))


def figures(trial: Trial, ours: list[Run], peers: list[Run], idles: list[Run]) -> tuple[Figure, ...]:
    """Wall time, CPU time (steadier where other work shares the machine) and memory."""
    what, times = (trial.peer.what, trial.peer.times) if trial.peer else ("", 1)
    wall = whole([r.wall_s for r in peers], [r.wall_s for r in idles], times)
    cpu = whole([r.cpu_s for r in peers], [r.cpu_s for r in idles], times)
    memory = Spread.of([r.peak_mb for r in peers]) if peers and times == 1 else None
    return (
        Figure(trial.name, "s", Spread.of([r.wall_s for r in ours]), trial.wall_s_below, what, wall),
        Figure("  CPU", "s", Spread.of([r.cpu_s for r in ours]), None, what, cpu),
        Figure("  memory", "MB", Spread.of([r.peak_mb for r in ours]), trial.peak_mb_below, what, memory),
    )


def whole(parts: list[float], idle: list[float], times: int) -> Spread | None:
    """Seconds of the whole from those of a part: start-up (`idle`; 0 if not measured) is paid once."""
    idle = idle or [0.0] * len(parts)
    return Spread.of([i + times * (part - i) for part, i in zip(parts, idle, strict=True)]) if parts else None


def told(failed: Run) -> str:
    """Why a command failed, on one line."""
    said = " ".join((failed.complaint or failed.output[-200:]).split())
    return f"ended with exit code {failed.exit_code}: {said or 'it said nothing'}"
