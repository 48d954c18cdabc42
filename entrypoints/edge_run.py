"""`wattledger edge run`: what the service runs. Reads, stores, sends and prices, until it is told to stop."""

import signal
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from domain.errors import BadSettings

HELP = """
Run the device: read the meters, store every reading, send what the line allows, price it.

Ends on SIGTERM or Ctrl-C, once the poll in progress is stored.
"""
SETTINGS = Path("/etc/wattledger/edge.toml")
Config = Annotated[Path, typer.Option(help="The device's settings.")]


def command(config: Config = SETTINGS) -> None:
    from application.ports import Unavailable
    from edge.compose import running_device
    from edge.journal import log_to_standard_error
    from edge.settings import Settings, load_settings, secret_in

    settings: Settings = load_settings(config)
    log_to_standard_error()
    with ExitStack() as stack:
        try:
            device = running_device(settings, stack)
        except Unavailable as fault:
            raise BadSettings(f"{settings.store.path}: {fault}; `wattledger edge doctor` tells more") from fault
        if settings.sentry is not None:
            dsn, told = secret_in(settings.sentry.dsn_file), (settings.device.id, settings.sentry.environment)
            Thread(target=_report_faults, args=(dsn, *told), name="sentry", daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: device.loop.stop.set())
        device.loop.run()


def _report_faults(dsn: str, device: str, environment: str) -> None:
    """In a thread of its own: the library takes a second to import, and a poll does not wait for it."""
    from importlib.metadata import version

    from adapters.sentry import report_faults

    report_faults(dsn, device, version("wattledger"), environment)
