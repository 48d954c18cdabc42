"""What is promised of the ledger, beside the eventsourcing library with an event a measurement, in the same run.

Of figures in k/s (thousand measurements a second) more is better, and a ratio above 1 is ours being quicker.
"""

import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import Command, run
from benchmarks.results import Disagreement, told
from benchmarks.selftimed import MEMORY, Said, SelfTimed, Wanted

ROOT = Path(__file__).parents[1]
PEER = f"eventsourcing {version('eventsourcing')}, an event a measurement"
MONTH, YEAR = 31, 365


def child(what: str, ledger: Path, days: int) -> Command:
    return Command((sys.executable, "-m", "benchmarks.ledger_runs", what, str(ledger), str(days)), ROOT)


def peer(what: str, days: int) -> Command:
    return Command((sys.executable, "-m", "benchmarks.peer_event_each", what, str(days)), ROOT)


def ledger_ingest(folder: Path) -> SelfTimed:
    """The bytes of an upload, decoded, priced, and appended as events; in uploads of 50 measurements."""
    return SelfTimed(
        name="ledger-ingest",
        children={"ours": child("ingest", folder, 4), "peer": peer("ingest", 2)},
        wanted=(
            Wanted("ledger-ingest", "k/s", ("ours", "memory"), None, 150, ("peer", "memory"), PEER),
            Wanted("  of CPU time", "k/s", ("ours", "memory_cpu")),
            Wanted("  in SQLite", "k/s", ("ours", "sqlite"), None, 60, ("peer", "sqlite")),
            Wanted("  of CPU time", "k/s", ("ours", "sqlite_cpu")),
            Wanted("  a write an upload", "k/s", ("ours", "alone")),
            Wanted("  of CPU time", "k/s", ("ours", "alone_cpu")),
            Wanted("  a measurement", "B", ("ours", "bytes"), 40, None, ("peer", "bytes")),
        ),
        check=lambda said: (
            f"thousand measurements a second; {said['ours']['measurements']:,} of 50 meters, GDMTH, an upload each 5 "
            "minutes, 96 of them delivered at once and one write; bytes are those of the whole file. The peer is given "
            "registers, not bytes"
        ),
    )


def ledger_rerate(folder: Path) -> SelfTimed:
    """A factory's year billed again, from a SQLite ledger."""
    ledger = made(folder, YEAR)
    return SelfTimed(
        name="ledger-rerate",
        children={"ours": child("rerate", ledger, YEAR), "peer": peer("rerate", 2)},
        wanted=(
            Wanted("ledger-rerate", "s", ("ours", "rerate"), 10, None, ("peer", "rerate"), f"{PEER}; 2 days, scaled"),
            Wanted("  CPU", "s", ("ours", "cpu")),
            Wanted("  memory", "MB", ("ours", MEMORY)),
        ),
        check=lambda said: (
            f"{said['ours']['measurements']:,} measurements; {said['ours']['months']} closed months have their next "
            "bill and its shares by meter, all stored; the peer multiplies each cost and stores nothing"
        ),
    )


def ledger_projection(folder: Path) -> SelfTimed:
    """A new view catches up with a month of the factory."""
    ledger = made(folder, MONTH)
    return SelfTimed(
        name="ledger-projection",
        children={"ours": child("projection", ledger, MONTH), "peer": peer("projection", 4)},
        wanted=(
            Wanted("ledger-projection", "k/s", ("ours", "projection"), None, 300, ("peer", "projection"), PEER),
            Wanted("  of CPU time", "k/s", ("ours", "cpu")),
        ),
        check=measured,
    )


def ledger_cold_load(folder: Path) -> SelfTimed:
    """The busiest stream, out of the file: 50 meters, 288 uploads."""
    ledger = made(folder, MONTH)
    return SelfTimed(
        name="ledger-cold-load",
        children={"ours": child("cold-load", ledger, MONTH), "peer": peer("cold-load", 1)},
        wanted=(
            Wanted("ledger-cold-load", "ms", ("ours", "cold"), 50, None, ("peer", "cold"), f"{PEER}; 50 streams"),
            Wanted("  CPU", "ms", ("ours", "cpu")),
        ),
        check=measured,
    )


def ledger_verify(folder: Path) -> SelfTimed:
    """A factory's month computed a second time, every amount."""
    ledger = made(folder, MONTH)
    return SelfTimed(
        name="ledger-verify",
        children={"ours": child("verify", ledger, MONTH)},
        wanted=(
            Wanted("ledger-verify", "k/s", ("ours", "verify")),
            Wanted("  of CPU time", "k/s", ("ours", "cpu")),
        ),
        check=lambda said: f"{measured(said)}; {said['ours']['amounts']:,} amounts are what their readings make them",
    )


def measured(said: Said) -> str:
    return f"{said['ours']['measurements']:,} measurements of 50 meters on GDMTH"


def made(folder: Path, days: int) -> Path:
    """A ledger file with some days of the plant; its making is measured by `ledger-ingest` alone."""
    ledger = folder / "ledger.sqlite"
    done = run(child("make", ledger, days))
    if done.exit_code:
        raise Disagreement(told(done))
    return ledger


TRIALS = {
    "ledger-ingest": ledger_ingest,
    "ledger-rerate": ledger_rerate,
    "ledger-projection": ledger_projection,
    "ledger-cold-load": ledger_cold_load,
    "ledger-verify": ledger_verify,
}
