"""The clocks of a Linux device: the wall clock, who vouches for it, and the seconds since boot that nobody sets.

A device whose battery is dead starts in 1970, or months off. What is certain is that now is not earlier than the newest
reading in its own store, nor than this software: that is the floor. Below it the wall clock is not believed, and time
runs on from the floor until the network tells better: whoever keeps the clock right, or, where nobody does because the
factory lets no time server through, the server that takes the readings.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.upload import ClockFacts, ClockState

RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""No device that runs this software lives earlier."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BATTERY_CLOCK = Path("/sys/class/rtc/rtc0")
TIME_ERROR = 5
STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    """`struct timex` of Linux; what comes after `status` is only room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 512),
    )


def synchronised() -> bool:
    """The kernel's own word on whether something disciplines the clock (`adjtimex`, which changes nothing here)."""
    asked = _Timex()
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    return 0 <= answer < TIME_ERROR and not asked.status & STA_UNSYNC


def wall() -> datetime:
    """The system's UTC time, right or wrong."""
    return datetime.fromtimestamp(time.time(), UTC)


def elapsed_s() -> float:
    """Seconds since boot, also while suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Random name of this boot."""
    return BOOT_ID.read_text(encoding="ascii").strip()


def raise_system_clock(to: datetime) -> bool:
    """Set the system's clock, and tell whether we were allowed to (CAP_SYS_TIME).

    TLS does not trust certificates that are not valid yet, so a clock in 1970 would never find its way back.
    """
    try:
        time.clock_settime(time.CLOCK_REALTIME, to.timestamp())
    except PermissionError:
        return False
    return True


def nobody_told() -> None:
    """No server has answered yet."""


@dataclass
class DeviceClock:
    """Clock. `wall` may be wrong, `elapsed_s` only grows; where nobody vouches for it, `now` is not before `floor`.

    `told` is the server's UTC time, once it has answered. It is believed where nothing disciplines the wall clock.
    """

    floor: datetime
    boot: str
    wall: Callable[[], datetime] = wall
    elapsed_s: Callable[[], float] = elapsed_s
    synchronised: Callable[[], bool] = synchronised
    has_battery: bool = False
    told: Callable[[], datetime | None] = nobody_told
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_s = self.elapsed_s()
        self.floor = max(self.floor, RELEASED)

    def now(self) -> datetime:
        return self._vouched() or self._own()

    def own(self) -> datetime:
        """What this machine makes of its clock, whatever a server says."""
        return self.wall() if self._is_kept() else self._own()

    def facts(self) -> ClockFacts:
        """What is known about the time, for whoever has to judge it later."""
        return ClockFacts(self.boot, int(self.elapsed_s() * 1000), int(self.wall().timestamp() * 1000), self.state())

    def state(self) -> ClockState:
        if self._vouched() is not None:
            return ClockState.NETWORK
        believed = self.wall() >= self.floor
        return ClockState.BATTERY if believed and self.has_battery else ClockState.UNSYNCED

    def _vouched(self) -> datetime | None:
        """The time by the network, also below the floor: readings of a clock that was ahead must not hold it there."""
        if self._is_kept():
            return self.wall()
        said = self.told()
        return said if said is not None and said >= RELEASED else None

    def _is_kept(self) -> bool:
        return self.wall() >= RELEASED and self.synchronised()

    def _own(self) -> datetime:
        said = self.wall()
        return said if said >= self.floor else self.floor + timedelta(seconds=self.elapsed_s() - self._started_s)


def device_clock(floor: datetime) -> DeviceClock:
    """The clock of this machine."""
    return DeviceClock(floor, boot_id(), has_battery=BATTERY_CLOCK.exists())
