"""`python -m edge SETTINGS`: the device alone, without the 13 MB of a fine terminal. The service runs this."""

import os
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
        priority = "<3>" if "JOURNAL_STREAM" in os.environ else ""
        sys.stderr.write(f"{priority}error: {' '.join(str(refusal).split())}\n")
        return EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
