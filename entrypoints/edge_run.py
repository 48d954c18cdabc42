"""`wattledger edge run`: reads, stores, sends and prices in the foreground, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

HELP = """
Run the device: read the meters, store every reading, send what the line allows, price it.

Ends on SIGTERM or Ctrl-C, once the poll in progress is stored. As a service: `systemctl start wattledger`.
"""
SETTINGS = Path("/etc/wattledger/edge.toml")
Config = Annotated[Path, typer.Option(help="The device's settings.")]


def command(config: Config = SETTINGS) -> None:
    from edge.running import run_device

    run_device(config)
