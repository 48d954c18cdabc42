"""Time and memory of a whole child process, seen from outside: start-up, imports and exit count."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from time import perf_counter

BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024
LAST_WORDS = 400


@dataclass(frozen=True)
class Command:
    """What to run, where, and in which environment (None: ours)."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run: wall and CPU seconds (user + system, children included), peak resident MB of its largest process."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    output: str
    complaint: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing; `median` is the one to quote."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(median(values), min(values), max(values), len(values))


def run(command: Command) -> Run:
    """Run to the end. A failure is a value (`exit_code`); a killed child has a negative one."""
    with TemporaryFile() as output, TemporaryFile() as complaint:
        start = perf_counter()
        child = subprocess.Popen(
            command.arguments, cwd=command.folder, env=command.environment, stdout=output, stderr=complaint
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)  # the only wait that tells the peak of this one child
        except KeyboardInterrupt:
            child.kill()
            child.wait()
            raise
        wall_s = perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaint.seek(0)
        return Run(
            wall_s=wall_s,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6,
            exit_code=child.returncode,
            output=output.read().decode(errors="replace"),
            complaint=complaint.read().decode(errors="replace")[-LAST_WORDS:],
        )


def least_peak_mb() -> float:
    """Below this no child's peak can be told: Linux counts what the forking parent held.

    It is why this process imports nothing big, and leaves even the making of input to children.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_MAXRSS / 1e6
