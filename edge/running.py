"""From settings to a device that runs until it is told to stop; for the service and for `wattledger edge run`."""

import ctypes
import signal
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from adapters.device_clock import DeviceClock, device_clock
from application.ports import Unavailable
from domain.errors import BadSettings
from edge.compose import RunningDevice, running_device
from edge.journal import log_to_standard_error
from edge.settings import Sentry, Settings, load_settings, secret_in

STOPPED_BY = (signal.SIGTERM, signal.SIGINT)
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES = 64 * 1024


def run_device(config: Path) -> None:
    """Returns once it was told to stop, with everything stored and closed. Raises `Refusal`."""
    settings = load_settings(config)
    with ExitStack() as stack:
        ready_device(settings, stack).loop.run()


def ready_device(
    settings: Settings, stack: ExitStack, clock_of: Callable[[datetime], DeviceClock] = device_clock
) -> RunningDevice:
    """A device with its log, its faults reported where that is asked for, and an ear for signals. Raises `Refusal`."""
    log_to_standard_error()
    _keep_one_heap()
    try:
        device = running_device(settings, stack, clock_of)
    except (Unavailable, OSError) as fault:
        raise BadSettings(f"{settings.store.folder}: {fault}; `wattledger edge doctor` tells more") from fault
    if settings.sentry is not None:
        _report_faults(settings.device.id, settings.sentry)
    _stop_on(STOPPED_BY, device, stack)
    return device


def _keep_one_heap() -> None:
    """By default glibc gives every new thread a heap of its own, and keeps what large blocks leave behind.

    A device has a dozen threads, most of them asleep, and runs for years. Another C library has no such settings.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_ARENA_MAX, 1)
        tune(M_MMAP_THRESHOLD, LARGE_BYTES)


def _stop_on(numbers: Iterable[signal.Signals], device: RunningDevice, stack: ExitStack) -> None:
    for number in numbers:
        before = signal.signal(number, lambda *_: device.loop.stop.set())
        stack.callback(signal.signal, number, before)


def _report_faults(device: str, told: Sentry) -> None:
    """In a thread of its own: the library takes a second to import, and a poll does not wait for it."""
    dsn = secret_in(told.dsn_file)

    def start() -> None:
        from adapters.sentry import report_faults  # noqa: PLC0415  # a second on a small device

        report_faults(dsn, device, version("wattledger"), told.environment)

    Thread(target=start, name="sentry", daemon=True).start()
