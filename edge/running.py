"""From settings to a device that runs until it is told to stop; for the service and for `wattledger edge run`."""

import signal
from collections.abc import Iterable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from application.ports import Unavailable
from domain.errors import BadSettings
from edge.compose import RunningDevice, running_device
from edge.journal import log_to_standard_error
from edge.settings import Sentry, load_settings, secret_in

STOPPED_BY = (signal.SIGTERM, signal.SIGINT)


def run_device(config: Path) -> None:
    """Returns once it was told to stop, with everything stored and closed. Raises `Refusal`."""
    settings = load_settings(config)
    log_to_standard_error()
    with ExitStack() as stack:
        try:
            device = running_device(settings, stack)
        except (Unavailable, OSError) as fault:
            raise BadSettings(f"{settings.store.folder}: {fault}; `wattledger edge doctor` tells more") from fault
        if settings.sentry is not None:
            _report_faults(settings.device.id, settings.sentry)
        _stop_on(STOPPED_BY, device, stack)
        device.loop.run()


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
