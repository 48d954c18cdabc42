"""Where rows go that cannot be taken: kept as they were, with the reason, so that a person can mend them."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken, or a gap between two rows that were.

    `line` counts lines of a CSV (the header is line 1) or rows of a Parquet file (the first is row 1). A gap has no
    cells; its line is that of the row after it, and its reason begins with `gap:`.
    """

    line: int
    reason: str
    cells: tuple[str, ...]


class HasRejected(Protocol):
    """What is needed of a meter file to write its quarantine."""

    @property
    def header(self) -> tuple[str, ...]: ...

    @property
    def rejected(self) -> tuple[RejectedRow, ...]: ...


def write_quarantine(path: Path, meter_file: HasRejected) -> None:
    """Write a CSV with the columns line, reason and those of the file itself; UTF-8, comma, the cells unchanged."""
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        write(("line", "reason", *meter_file.header))
        for row in meter_file.rejected:
            write((row.line, row.reason, *_padded(row.cells, len(meter_file.header))))


def _padded(cells: tuple[str, ...], width: int) -> Iterable[str]:
    return cells + ("",) * (width - len(cells))
