"""`make bench`, or `python -m benchmarks`: measures what the README promises. Slow is never an error, wrong is.

Exit codes: 0 measured; 1 a command failed or answered wrongly; 2 misspelt; 130 interrupted.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.results import Disagreement, Result, conduct
from benchmarks.selftimed import SelfTimed, conduct_selftimed
from benchmarks.table import lines, values
from benchmarks.trials import ONLY_WHEN_ASKED, RUNS, TRIALS, WATTLEDGER


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if not Path(WATTLEDGER).exists():
        print(f"error: there is no {WATTLEDGER}; install it first: make bench", file=sys.stderr)
        return 2
    names = [options.only] if options.only else [n for n in TRIALS if options.all or n not in ONLY_WHEN_ASKED]
    results = list[Result]()
    found = collected(measured(names, options.runs), results)
    if options.json:
        print(json.dumps(values(machine(), found), indent=1))
    else:
        for line in lines(machine(), found):
            print(line, flush=True)
    return 1 if any(result.failure for result in results) else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    found.add_argument("--only", choices=TRIALS, metavar="ROW", help=f"one row: {', '.join(TRIALS)}")
    found.add_argument("--all", action="store_true", help=f"also {', '.join(ONLY_WHEN_ASKED)}, which downloads")
    found.add_argument("--runs", type=positive, metavar="N", help="runs of each side (3; 1 where one takes long)")
    found.add_argument("--json", action="store_true", help="print JSON")
    return found


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs; give 1 or more")
    return int(text)


def measured(names: Sequence[str], runs: int | None) -> Iterator[Result]:
    """One result after the other, each in a folder of its own that is gone afterwards."""
    for name in names:
        with TemporaryDirectory(prefix="wattledger-bench-") as folder:
            try:
                trial, many = TRIALS[name](Path(folder)), runs or RUNS[name]
                if isinstance(trial, SelfTimed):
                    yield conduct_selftimed(trial, many, say)
                else:
                    yield conduct(trial, many, say)
            except Disagreement as wrong:
                yield Result(name, failure=str(wrong))


def collected(results: Iterator[Result], into: list[Result]) -> Iterator[Result]:
    for result in results:
        into.append(result)
        yield result


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def machine() -> str:
    """What the figures were measured on, and how busy it was with something else."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    load = f"load average {os.getloadavg()[0]:.1f} at start"
    return f"{os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}, {python}; {load}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("error: interrupted")
        sys.exit(130)
