"""What is measured: the promises of the README, each beside a peer where there is one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks import ledger_trials, tariff_trials
from benchmarks.edge_store import edge_cycle, edge_disk, edge_disk_online, edge_thingsboard
from benchmarks.edge_whole import edge_backlog, edge_memory
from benchmarks.measuring import Command, run
from benchmarks.results import Disagreement, Peer, Trial, told
from benchmarks.selftimed import SelfTimed

ROOT = Path(__file__).parents[1]
WATTLEDGER = str(Path(sys.executable).with_name("wattledger"))
HERE = Path(__file__).parent

PRICE = (
    *("--tariff", "mx-gdmth:golfo-centro", "--rates-of", "2026-01", "--contracted-kw", "all=800"),
    *("--kind", "interval", "--unit", "kWh", "--step-minutes", "5", "--stamp", "start"),
    *("--timezone", "America/Mexico_City", "--time-column", "time", "--energy-column", "kwh"),
    *("--reactive-column", "kvarh", "--reactive-unit", "kvarh"),
)
TENTH = 10


def price_year(folder: Path) -> Trial:
    """`wattledger price` on one meter-year at 5 minutes."""
    readings, out = folder / "meter_year.csv", folder / "priced"
    made = run(Command((sys.executable, "-m", "benchmarks.meter_year", str(readings)), ROOT))
    if made.exit_code:
        raise Disagreement(told(made))
    peer = Command((sys.executable, str(HERE / "peer_plain_python.py"), str(readings)), folder)
    return Trial(
        name="price-year",
        ours=Command((WATTLEDGER, "price", str(readings), "--out", str(out), *PRICE), folder),
        wall_s_below=3,
        peak_mb_below=350,
        peer=Peer("plain Python script", peer),
        check=partial(same_bills, out / "bill.json"),
    )


def same_bills(bill_json: Path, _ours: str, peer: str) -> str:
    """Each month's total before power factor and VAT is the peer's, to the cent."""
    bills = json.loads(bill_json.read_text(encoding="utf-8"))["bills"]
    totals = {bill["from"][:7]: supply_total(bill["lines"]) for bill in bills}
    expected = {month: Decimal(total) for month, total in json.loads(peer).items()}
    for month in sorted(totals.keys() | expected.keys()):
        if totals.get(month) != expected.get(month):
            raise Disagreement(f"bill of {month}: ours {totals.get(month)}, the peer's {expected.get(month)}")
    count, total = len(totals), sum(totals.values())
    return f"{count} bills before power factor and VAT equal the peer's to the cent; together {total:,} MXN"


def supply_total(lines: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(line["amount"]) for line in lines if line["group"] == "supply"), Decimal(0))


def simulate(folder: Path) -> Trial:
    """`wattledger simulate` of 892,800 polled readings, beside a tenth of them in the eventsourcing library alone."""
    peer = (sys.executable, str(HERE / "peer_eventsourcing.py"))
    return Trial(
        name="simulate-10x10x31",
        ours=Command((WATTLEDGER, "simulate", "--factories", "10", "--meters", "10", "--days", "31", "--json"), folder),
        wall_s_below=60,
        peer=Peer(
            what=f"eventsourcing {version('eventsourcing')}, 1/{TENTH} scaled",
            command=Command((*peer, "31"), folder),
            times=TENTH,
            idle=Command((*peer, "0"), folder),
        ),
        check=nothing_lost,
    )


def nothing_lost(ours: str, peer: str) -> str:
    """The peer found all it recorded; ours proves itself and fails by exit code."""
    found, expected = json.loads(ours), 10 * 31 * 288
    if int(peer) != expected:
        raise Disagreement(f"the peer's log holds {int(peer):,} readings, not {expected:,}")
    return (
        f"ours: {found['taken']:,} readings taken (the rest fell in power cuts), {found['lost']} lost, "
        f"{found['priced_twice']} priced twice; peer: {expected:,} stored and found again"
    )


def demo(folder: Path) -> Trial:
    """`wattledger demo`, as `make demo` runs it once installed."""
    return Trial("demo", Command((WATTLEDGER, "demo", "--out", str(folder / "demo")), folder), wall_s_below=20)


def same_seed(folder: Path) -> Trial:
    """A hostile simulation twice, from one seed: the second ledger must be the first, byte for byte."""
    words = (
        "simulate",
        "--factories",
        "3",
        "--meters",
        "5",
        "--days",
        "7",
        "--seed",
        "11",
        "--faults",
        "hostile",
        "--json",
    )
    once = Command((WATTLEDGER, *words), folder)
    return Trial("same-seed", once, wall_s_below=60, peer=Peer("the same seed again", once), check=same_ledger)


def same_ledger(ours: str, peer: str) -> str:
    first, second = (json.loads(out)["ledger_sha256"] for out in (ours, peer))
    if first != second:
        raise Disagreement(f"two runs of one seed differ: ledgers {first[:16]} and {second[:16]}")
    return f"both ledgers have the digest {first[:16]}"


def fresh_demo(folder: Path) -> Trial:
    """`make demo` by a newcomer: mostly pip."""
    return newcomers_make(folder, "demo", 180)


def fresh_test(folder: Path) -> Trial:
    """`make test` by a newcomer: installing, then the whole suite."""
    return newcomers_make(folder, "test", 360)


def newcomers_make(folder: Path, target: str, below_s: float) -> Trial:
    """A make target in a copy of the repository's files, with an empty home."""
    tree, home = folder / "tree", folder / "home"
    home.mkdir()
    files = [name for name in listed("--cached", "--others", "--exclude-standard") if (ROOT / name).is_file()]
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    uncommitted = len(listed("--others", "--exclude-standard"))
    note = f"{len(files)} files of the working tree, {uncommitted} of them not in git"
    return Trial(
        name=f"fresh-{target}",
        ours=Command(("make", target), tree, newcomer(home)),
        wall_s_below=below_s,
        check=lambda _ours, _peer: note,
    )


def listed(*options: str) -> list[str]:
    """Paths that git lists; raises `Disagreement` where there is no git or no repository."""
    command = ("git", "-C", str(ROOT), "ls-files", "-z", *options)
    try:
        out = subprocess.run(command, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise Disagreement(f"git must list the repository's files: {error}; run it in a clone") from None
    return [name for name in out.stdout.decode().split("\0") if name]


def newcomer(home: Path) -> dict[str, str]:
    """Our environment without what this shell, make or an earlier pip left in it. How pip reaches the net stays."""
    ours = {"VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PIP_CACHE_DIR"}
    kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith(("PYTHON", "XDG_"))}
    return kept | {"HOME": str(home)}


TRIALS: dict[str, Callable[[Path], Trial | SelfTimed]] = {
    "price-year": price_year,
    "tariff-year-gdmth": tariff_trials.tariff_year,
    "tariff-1000": tariff_trials.tariff_1000,
    "interval-cost": tariff_trials.interval_cost,
    "calendar-year": tariff_trials.calendar_year,
    "live-measurement": tariff_trials.live_measurement,
    "tariff-scale": tariff_trials.tariff_scale,
    **ledger_trials.TRIALS,
    "simulate-10x10x31": simulate,
    "demo": demo,
    "same-seed": same_seed,
    "edge-disk": edge_disk,
    "edge-disk-online": edge_disk_online,
    "edge-cycle": edge_cycle,
    "edge-memory": edge_memory,
    "edge-backlog": edge_backlog,
    "edge-thingsboard": edge_thingsboard,
    "fresh-demo": fresh_demo,
    "fresh-test": fresh_test,
}
RUNS = dict.fromkeys(TRIALS, 3) | dict.fromkeys(
    (
        "simulate-10x10x31",
        "same-seed",
        "tariff-1000",
        "tariff-scale",
        "edge-disk",
        "edge-disk-online",
        "edge-thingsboard",
        "edge-backlog",
        "fresh-demo",
        "fresh-test",
    ),
    1,
)
ONLY_WHEN_ASKED = ("edge-thingsboard", "fresh-demo", "fresh-test")
