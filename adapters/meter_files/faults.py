"""What can be wrong with one row, and the limits that keep a hostile file harmless."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_BYTES_OF_A_FILE = 4 * 1024**3
MOST_COLUMNS = 200
MOST_CHARACTERS_OF_A_CELL = 10_000
MOST_CHARACTERS_SHOWN = 60


class RowFault(Exception):
    """One row cannot be taken: column, value, what is wrong and what to do. Whoever knows them adds file and row."""

    def __init__(self, column: str, value: object, problem: str, remedy: str) -> None:
        super().__init__(f"column {column}: {quoted(value)} {problem}; {remedy}")


class OffGrid(RowFault):
    """The stamp lies between two steps: perhaps one bad row, perhaps a file of another step than declared."""


def quoted(value: object) -> str:
    """A value as it may be shown on one line: without control characters, and cut when it is long."""
    text = "" if value is None else str(value)
    return repr(text if len(text) <= MOST_CHARACTERS_SHOWN else text[:MOST_CHARACTERS_SHOWN] + "…")


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?`, or nothing when no known name resembles this one."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower(), by_lower_case, n=1)
    return f", did you mean {by_lower_case[found[0]]!r}?" if found else ""
