"""What is promised of the tariff engine, beside NREL PySAM and eeco on one load and a tariff that all can express."""

import sys
from decimal import Decimal
from pathlib import Path

from benchmarks.measuring import Command
from benchmarks.results import Disagreement
from benchmarks.selftimed import MEMORY, Said, SelfTimed, Wanted, check_installed

ROOT = Path(__file__).parents[1]
SIZES = (1, 10, 100, 1000, 5000)
PYSAM, EECO = "PySAM 7.1.1.post1 Utilityrate5", "eeco 0.4.2"
CLOSE = {"pysam": 3e-8, "eeco": 1e-9}
"""How far a peer may be from the exact total: PySAM's time step is a 32-bit float."""


def child(*arguments: str) -> Command:
    return Command((sys.executable, "-m", "benchmarks.tariff_runs", *arguments), ROOT)


def tariff_year(_folder: Path) -> SelfTimed:
    """One meter-year at 5 minutes, from arrays in memory to twelve bills."""
    check_installed("PySAM", "eeco")
    kept = f"{PYSAM}; from load to bills, its tariff kept"
    return SelfTimed(
        name="tariff-year-gdmth",
        children={"ours": child("year"), "pysam": child("pysam-year"), "eeco": child("eeco-year")},
        wanted=(
            Wanted("tariff-year-gdmth", "ms", ("ours", "gdmth"), None, None, ("pysam", "kept"), kept, 1 / 25),
            Wanted("  all words read", "ms", ("ours", "read"), None, None, ("pysam", "kept")),
            Wanted("  execute alone", "ms", ("ours", "gdmth"), None, None, ("pysam", "execute")),
            Wanted("  from scratch", "ms", ("ours", "scratch"), None, None, ("pysam", "scratch")),
            Wanted("  eeco", "ms", ("ours", "gdmth"), None, None, ("eeco", "year"), f"{EECO}: 12 months", 1 / 300),
            Wanted("  eeco, kept", "ms", ("ours", "gdmth"), None, None, ("eeco", "kept")),
            Wanted("  common, PySAM", "ms", ("ours", "common"), None, None, ("pysam", "kept")),
            Wanted("  common, eeco", "ms", ("ours", "common"), None, None, ("eeco", "year")),
        ),
        check=same_totals,
    )


def same_totals(said: Said) -> str:
    """Ours is the exact total, to six decimals and in each group; the peers' is near it."""
    exact = Decimal(said["ours"]["expected"]["total"])
    if said["ours"]["found"] != said["ours"]["expected"]:
        raise Disagreement(f"ours: {said['ours']['found']} instead of {said['ours']['expected']}")
    for peer, close in CLOSE.items():
        total = said[peer]["total"]
        if abs(total / float(exact) - 1) > close:
            raise Disagreement(f"{peer} found {total:.6f}, the exact total is {exact}")
    return (
        f"the common tariff's year costs {exact:,} exactly; PySAM says {said['pysam']['total']:,.6f}, eeco "
        f"{said['eeco']['total']:,.6f}. GDMTH, which they cannot express, is ours with caps, power factor and VAT; "
        "every quantity, gross and amount is worked out, the words of a line are formed when they are read"
    )


def tariff_1000(_folder: Path) -> SelfTimed:
    """The GDMTH bills of 1,000 meters for a year at 5 minutes, in one process on one core."""
    return SelfTimed(
        name="tariff-1000",
        children={"ours": child("fleet", "1000")},
        wanted=(
            Wanted("tariff-1000", "ms", ("ours", "each"), below=2),
            Wanted("  of the core", "ms", ("ours", "cpu_each")),
            Wanted("  memory", "MB", ("ours", MEMORY), below=1000),
        ),
        check=lambda said: (
            f"ms of each meter-year, {said['ours']['meters']:,} of them, {said['ours']['bills']:,} bills; loads in "
            "chunks, their making not counted; each 100th meter's bills equal those that share cost. The first line is "
            "by the clock, other work on the core included"
        ),
    )


def interval_cost(_folder: Path) -> SelfTimed:
    """Million intervals a second: what their energy cost, and all lines of the bill shared among them."""
    return SelfTimed(
        name="interval-cost",
        children={"ours": child("intervals")},
        wanted=(
            Wanted("interval-cost", "M/s", ("ours", "energy"), above=50),
            Wanted("  all lines shared", "M/s", ("ours", "shared")),
            Wanted("  line shares", "M/s", ("ours", "line_shares")),
        ),
        check=lambda said: (
            "exact int64 nano-currency of all charges on energy (3 periods, transmission, operator, services), which "
            "adds up to the bills' lines before rounding; `all lines shared` bills, and gives every interval its part "
            f"of every rounded line ({said['ours']['lines']} a month), demand and taxes too"
        ),
    )


def calendar_year(_folder: Path) -> SelfTimed:
    """A tariff's calendar compiled for a year at 5 minutes."""
    return SelfTimed(
        name="calendar-year",
        children={"ours": child("calendar")},
        wanted=(
            Wanted("calendar-year", "ms", ("ours", "compile"), below=30),
            Wanted("  found again", "us", ("ours", "again")),
        ),
        check=lambda said: f"{said['ours']['tariffs']} tariffs, 105,120 intervals each; hours of 6.1TD as published",
    )


def live_measurement(_folder: Path) -> SelfTimed:
    """One measurement priced as it arrives, on all charges of GDMTH, in plain Python."""
    return SelfTimed(
        name="live-measurement",
        children={"ours": child("live")},
        wanted=(
            Wanted("live-measurement", "us", ("ours", "of_50"), below=20),
            Wanted("  taken in, too", "us", ("ours", "evolved")),
            Wanted("  alone", "us", ("ours", "alone"), below=20),
        ),
        check=lambda said: (
            f"{said['ours']['measurements']:,} measurements of 50 meters, an upload each 5 minutes; their live cost is "
            "the bill to date of the array, to the nano-unit"
        ),
    )


def tariff_scale(_folder: Path) -> SelfTimed:
    """Time and memory of 1 to 5,000 meter-years."""
    names = {size: f"{size:,} meter-years" for size in SIZES}
    return SelfTimed(
        name="tariff-scale",
        children={name: child("fleet", str(size)) for size, name in names.items()},
        wanted=tuple(
            line
            for name in names.values()
            for line in (
                Wanted(name, "s", (name, "all")),
                Wanted("  of the core", "s", (name, "cpu")),
                Wanted("  memory", "MB", (name, MEMORY)),
            )
        ),
        check=linear,
    )


def linear(said: Said) -> str:
    """Told in time of the core: by the clock a long run meets more of the machine's other work than a short one."""
    each = {name: one["figures"]["cpu_each"][0] for name, one in said.items()}
    said_each = ", ".join(f"{ms:.2f} of {name}" for name, ms in each.items())
    return f"ms of the core for each: {said_each}; the first one compiles the calendar for all"
