"""The results as a table of at most 100 columns, or as values for JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from benchmarks.measuring import Spread
from benchmarks.results import Figure, Result

HEAD = ("", "median (min-max) n", "target", "", "peer: median (min-max)", "ours/peer")
WIDTHS = (17, 23, 9, 4, 25, 9)
WIDTH = 98
LINE = "  ".join(f"{{:<{width}}}" for width in WIDTHS)


def lines(machine: str, results: Iterable[Result]) -> Iterable[str]:
    """The whole table, one line at a time, as each result comes."""
    yield machine
    yield LINE.format(*HEAD).rstrip()
    for result in results:
        yield "-" * WIDTH
        yield from lines_of(result)


def lines_of(result: Result) -> Iterable[str]:
    if result.failure:
        yield f"{result.name}  FAILED"
        yield from indented(result.failure)
    for figure in result.figures:
        yield LINE.format(*cells(figure)).rstrip()
    for what in dict.fromkeys(figure.peer_what for figure in result.figures if figure.peer_what):
        yield f"  peer: {what}"
    for note in result.notes:
        yield from indented(note)


def indented(text: str) -> Iterable[str]:
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def cells(figure: Figure) -> Sequence[str]:
    below = "" if figure.below is None else f"< {figure.below:g} {figure.unit}"
    if figure.above is not None:
        below = f"> {figure.above:g} {figure.unit}"
    if figure.peers_share is not None:
        below = f"1/{1 / figure.peers_share:g} peer"
    peer = spread(figure.peer, figure.unit) if figure.peer else "-"
    ratio = "-" if figure.ratio is None else f"{figure.ratio:.2f}"
    if figure.ratio is not None and 0 < figure.ratio < 0.1:
        ratio = f"1/{1 / figure.ratio:.1f}"  # how many times faster, where the decimals of a ratio would run out
    return figure.label, f"{spread(figure.ours, figure.unit)} {figure.ours.count}", below, figure.verdict, peer, ratio


def spread(found: Spread, unit: str) -> str:
    places = 0 if (unit == "MB" and found.median >= 20) or found.high >= 1000 else 2 if found.median < 10 else 1
    return f"{found.median:.{places}f} {unit} ({found.low:.{places}f}-{found.high:.{places}f})"


def values(machine: str, results: Iterable[Result]) -> dict[str, Any]:
    """The same for programs: seconds, and MB of 10^6 bytes."""
    return {
        "machine": machine,
        "rows": [
            {
                "row": result.name,
                "failure": result.failure or None,
                "notes": list(result.notes),
                "figures": [
                    asdict(figure) | {"label": figure.label.strip(), "verdict": figure.verdict, "ratio": figure.ratio}
                    for figure in result.figures
                ],
            }
            for result in results
        ],
    }
