"""The rows of the whole device: a real process, composed as its service composes it, in front of a real plant.

Run as a program, `edge_whole FOLDER memory`: a plant, then a device for an hour's worth of polls; and `edge_whole
FOLDER backlog STORE`: a plant, then what sends a copy of that store. What it took, JSON.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.measuring import Command, run
from benchmarks.results import Disagreement, told
from benchmarks.selftimed import Said, SelfTimed, Wanted

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
POLLS = 12
METERS = 100
NAIVE = "a row and a record a reading; of one day, times 90"
BACKLOG_DAYS = 90


def edge_memory(folder: Path) -> SelfTimed:
    """An hour's worth of polls of 100 Modbus meters with a live stream: identity, prices, health page and Sentry on."""
    device = Command((sys.executable, "-m", "benchmarks.edge_whole", str(folder), "memory"), ROOT)
    wanted = (
        Wanted("edge-memory", "MB", ("device", "resident_mb"), below=70),
        Wanted("  peak", "MB", ("device", "device_peak_mb"), below=70),
        Wanted("  import", "s", ("device", "import_s"), below=1),
    )
    return SelfTimed("edge-memory", {"device": device}, wanted, whole)


def whole(said: Said) -> str:
    """Nothing was left out: every meter was read, every cycle stored, sent but for the last, and priced."""
    found = said["device"]
    wanted = {"polls": POLLS, "answering": METERS, "reports_faults": True}
    if wrong := {name: found[name] for name, value in wanted.items() if found[name] != value}:
        raise Disagreement(f"the device was not whole: {wrong}, not {wanted}")
    if found["delivered"] < POLLS - 1 or not found["today_wh"]:
        raise Disagreement(f"of {POLLS} cycles {found['delivered']} arrived, {found['today_wh']} Wh were priced")
    return f"{POLLS} polls of {METERS} meters stored and priced, {found['delivered']} on the stream when it stopped"


def edge_backlog(folder: Path) -> SelfTimed:
    """Ninety days of cycles, waiting in the device's store, encoded and handed to a stream; the peer sends one day."""
    stores = {"ours": folder / "ours", "peer": folder / "peer"}
    fill = {
        "ours": (sys.executable, "-m", "benchmarks.edge_poller", str(stores["ours"]), str(BACKLOG_DAYS), "down"),
        "peer": (sys.executable, str(HERE / "peer_naive_table.py"), str(stores["peer"]), "1"),
    }
    for side, command in fill.items():
        stores[side].mkdir()
        done = run(Command(command, ROOT))
        if done.exit_code:
            raise Disagreement(told(done))
    (ours,), (peer,) = stores["ours"].glob("*/store"), stores["peer"].glob("*/readings.sqlite")
    send = (sys.executable, "-m", "benchmarks.edge_whole", str(folder), "backlog")
    children = {"device": Command((*send, str(ours)), ROOT), "naive": Command((*send, str(peer)), ROOT)}
    wanted = (
        Wanted("edge-backlog", "s", ("device", "took_s"), 120, None, ("naive", "took_90_s"), NAIVE),
        Wanted("  memory", "MB", ("device", "device_peak_mb"), None, None, ("naive", "device_peak_mb"), NAIVE),
    )
    return SelfTimed("edge-backlog", children, wanted, all_arrived)


def all_arrived(said: Said) -> str:
    """Every cycle is on the stream, once, as it was stored; and every reading of the peer's day."""
    cycles, readings = BACKLOG_DAYS * 288, METERS * 288
    ours, peer = said["device"], said["naive"]
    if (ours["records"], ours["cycles"], peer["records"]) != (cycles, cycles, readings):
        raise Disagreement(f"{ours['cycles']:,} of {cycles:,} cycles and {peer['records']:,} of {readings:,} records")
    return f"{cycles:,} cycles of {METERS} meters are on the stream, each once"


def in_a_plant(folder: Path, *arguments: str) -> tuple[dict[str, Any], float]:
    """Run something of ours in front of a plant of its own: what both of them said, and its peak of memory, MB."""
    command = (sys.executable, "-m", "benchmarks.edge_plant", str(folder))
    plant = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found: Mapping[str, str] = json.loads(plant.stdout.readline() if plant.stdout else "{}")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {**found, "AWS_EC2_METADATA_DISABLED": "true"}
    done = run(Command((sys.executable, "-m", *arguments), ROOT, environment))
    arrived, _ = plant.communicate()
    if done.exit_code or plant.returncode:
        sys.exit(told(done))
    return json.loads(done.output) | json.loads(arrived), done.peak_mb


def measure_memory(folder: Path) -> None:
    said, peak_mb = in_a_plant(folder, "benchmarks.edge_device", str(folder / "edge.toml"), str(POLLS))
    figures = {"resident_mb": [said["resident_mb"]], "device_peak_mb": [peak_mb], "import_s": [said["import_s"]]}
    print(json.dumps(said | {"figures": figures}))


def measure_backlog(folder: Path, store: Path) -> None:
    copy = folder / store.name
    (shutil.copytree if store.is_dir() else shutil.copy2)(store, copy)
    said, peak_mb = in_a_plant(folder, "benchmarks.edge_uploader", str(folder / "edge.toml"), str(copy))
    took_s = said["took_s"]
    figures = {"took_s": [took_s], "took_90_s": [took_s * BACKLOG_DAYS], "device_peak_mb": [peak_mb]}
    print(json.dumps(said | {"figures": figures}))


if __name__ == "__main__":
    own = Path(mkdtemp(dir=sys.argv[1]))
    if sys.argv[2] == "memory":
        measure_memory(own)
    else:
        measure_backlog(own, Path(sys.argv[3]))
