"""A file of prices as numbered rows of text, whatever it is stored in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

Row = tuple[int, str, str]
"""Number of the line or row, time and price as written."""


@dataclass(frozen=True, slots=True)
class Table:
    """`where` names the header in messages, `row` a row; `rows` reads two columns, those of times and of prices."""

    where: str
    row: str
    header: tuple[str, ...]
    rows: Callable[[int, int], Iterator[Row]]
