"""The whole device, as its service runs it, for some polls: `edge_device SETTINGS POLLS`. Prints what it takes, JSON.

Nothing of it is left out or replaced but its patience: a clock that skips the waits between two polls.
"""

import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

STARTED = time.perf_counter()

import adapters.kinesis  # noqa: E402
import adapters.modbus  # noqa: E402
import adapters.tariff_files  # noqa: E402, F401  # their import is measured: a device loads them when it is composed
from adapters.device_clock import DeviceClock, boot_id, elapsed_s, wall  # noqa: E402
from edge.compose import RunningDevice  # noqa: E402
from edge.health import ask_the_device  # noqa: E402
from edge.running import ready_device  # noqa: E402
from edge.settings import load_settings  # noqa: E402

IMPORTED_S = time.perf_counter() - STARTED
BREATH_S = 0.03
"""Of every wait this much is waited for: the threads that send and price have their turn."""


@dataclass
class Impatience:
    """A clock, and a way to wait, that leave out most of each wait. After `polls` the device is asked, and stopped."""

    polls: int
    health_port: int
    skipped_s: float = 0.0
    seen: datetime | None = None
    told: dict[str, Any] = field(default_factory=dict)

    def clock(self, floor: datetime) -> DeviceClock:
        return DeviceClock(floor, boot_id(), wall=self.wall, elapsed_s=lambda: elapsed_s() + self.skipped_s)

    def wall(self) -> datetime:
        return datetime.fromtimestamp(wall().timestamp() + self.skipped_s, UTC)

    def run(self, device: RunningDevice) -> None:
        def wait(stop: Event, seconds: float) -> bool:
            if device.loop.last != self.seen:
                self.seen, self.polls = device.loop.last, self.polls - 1
            self.skipped_s += seconds
            stopped = stop.wait(BREATH_S)
            if not self.polls and not stopped:
                self.told = {"resident_mb": resident_mb(), **json.loads(ask_the_device(self.health_port) or "{}")}
                stop.set()
            return stopped

        device.loop.wait = wait
        device.loop.run()


def main(config: Path, polls: int) -> None:
    settings = load_settings(config)
    impatience = Impatience(polls, settings.health.port)
    with ExitStack() as stack:
        device = ready_device(settings, stack, impatience.clock)
        impatience.run(device)
        polls_stored = device.outbox.last_seq
    status = impatience.told
    told = {
        "import_s": IMPORTED_S,
        "resident_mb": status["resident_mb"],
        "polls": polls_stored,
        "delivered": status["line"]["delivered"],
        "answering": sum(meter["answers"] for meter in status["meters"]),
        "today_wh": status["today"]["energy_wh"],
        "reports_faults": "sentry_sdk" in sys.modules,
    }
    print(json.dumps(told))


def resident_mb() -> float:
    """What the process holds in memory now. Linux only."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
