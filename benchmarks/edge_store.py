"""The rows of the device's store: what it writes, keeps and takes, beside a naive table and thingsboard-gateway's.

Written is what the process gave to the system (`wchar` of /proc/self/io), so Linux only.
"""

import json
import sys
from functools import partial
from pathlib import Path

from benchmarks.measuring import Command, Spread, run
from benchmarks.results import Disagreement, Figure, Peer, Trial, told

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
NAIVE = "a row a reading under a random key"
THINGSBOARD = "thingsboard-gateway==3.8.5"
Promises = dict[str, tuple[str, str, float | None]]
"""By the name of a figure: what it is called in the table, its unit, and what it must stay below."""

DISK: Promises = {
    "written_mb_a_day": ("  written a day", "MB", 10),
    "on_disk_mb": ("  on the disk", "MB", None),
}


def edge_disk(folder: Path) -> Trial:
    """Ninety days without a line, 100 meters; the peer stores one day."""
    ours, peer = ours_and(folder, HERE / "peer_naive_table.py", 90, "down")
    promises = DISK | {"on_disk_mb": ("  90 days on disk", "MB", 330.0)}
    what = f"{NAIVE}; of one day, times 90 on the disk"
    more = partial(figures, promises, what, {"on_disk_mb": 90})
    return Trial("edge-disk", ours, None, peer=Peer(what, peer, times=90), check=partial(stored, 90, 1), more=more)


def edge_disk_online(folder: Path) -> Trial:
    """A day with a line: every cycle is stored, and the one before it marked as delivered."""
    ours, peer = ours_and(folder, HERE / "peer_naive_table.py", 1, "up")
    what = f"{NAIVE}, without marks"
    more = partial(figures, DISK, what, {})
    return Trial("edge-disk-online", ours, None, peer=Peer(what, peer), check=partial(stored, 1, 1), more=more)


def edge_cycle(folder: Path) -> Trial:
    """The time from the meters' answers to the returned commit."""
    ours, peer = ours_and(folder, HERE / "peer_naive_table.py", 1, "down")
    promises: Promises = {"cycle_ms": ("  a cycle", "ms", 20), "slow_cycle_ms": ("  the slowest 1 %", "ms", 20)}
    more = partial(figures, promises, NAIVE, {})
    return Trial("edge-cycle", ours, None, peer=Peer(NAIVE, peer), check=partial(stored, 1, 1), more=more)


def edge_thingsboard(folder: Path) -> Trial:
    """The storage that a widespread gateway ships, in an environment of its own that is gone afterwards."""
    ours, _ = ours_and(folder, HERE / "peer_naive_table.py", 1, "down")
    python = str(folder / "gateway" / "bin" / "python")
    for command in (
        (sys.executable, "-m", "venv", str(folder / "gateway")),
        (python, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", THINGSBOARD),
    ):
        done = run(Command(command, folder))
        if done.exit_code:
            raise Disagreement(f"{THINGSBOARD} is measured where pip can fetch it: {told(done)}")
    (folder / "peer").mkdir(exist_ok=True)
    peer = Command((python, str(HERE / "peer_thingsboard.py"), str(folder / "peer"), "1"), folder)
    what = f"{THINGSBOARD}, SQLite storage: WAL, synchronous NORMAL"
    more = partial(figures, DISK, what, {})
    return Trial("edge-thingsboard", ours, None, peer=Peer(what, peer), check=partial(stored, 1, 1), more=more)


def ours_and(folder: Path, peer: Path, days: int, line: str) -> tuple[Command, Command]:
    """Both sides; each run makes a folder of its own in this one, so that none finds the store of the one before."""
    ours = (sys.executable, "-m", "benchmarks.edge_poller", str(folder), str(days), line)
    return Command(ours, ROOT), Command((sys.executable, str(peer), str(folder), "1"), folder)


def stored(days: int, peer_days: int, ours: str, peer: str) -> str:
    """Both kept every cycle that they were given."""
    found = json.loads(ours)["cycles"]
    if found != days * 288:
        raise Disagreement(f"ours holds {found:,} cycles, not {days * 288:,}")
    if peer and json.loads(peer)["cycles"] != peer_days * 288:
        raise Disagreement(f"the peer holds {json.loads(peer)['cycles']:,} cycles, not {peer_days * 288:,}")
    return f"{found:,} cycles of 100 meters stored and found again"


def figures(
    promises: Promises, peer_what: str, times: dict[str, int], ours: list[str], peers: list[str]
) -> tuple[Figure, ...]:
    """What both sides told of themselves; `times` scales what the peer did a part of only."""
    made = []
    for name, (label, unit, below) in promises.items():
        beside = [json.loads(told)[name] * times.get(name, 1) for told in peers if name in json.loads(told)]
        spread = Spread.of([json.loads(told)[name] for told in ours])
        made.append(Figure(label, unit, spread, below, peer_what, Spread.of(beside) if beside else None))
    return tuple(made)
