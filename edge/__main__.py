"""`python -m edge SETTINGS`, what the service runs: `wattledger edge run` without the 13 MB of a fine terminal."""

import sys
from pathlib import Path

from domain.errors import Refusal
from edge.running import run_device

EXIT_REFUSED = 2


def main(arguments: list[str]) -> int:
    """The exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m edge SETTINGS\n")
        return EXIT_REFUSED
    try:
        run_device(Path(arguments[0]))
    except Refusal as refusal:
        sys.stderr.write(f"<3>error: {' '.join(str(refusal).split())}\n")
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
