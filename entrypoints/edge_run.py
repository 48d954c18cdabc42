"""`wattledger edge run`: reads, stores, sends and prices in the foreground, until it is told to stop."""

import os
import sys
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
    """This process becomes the device: what draws tables on a terminal would stay in its memory for years."""
    safe_path = "-I" if sys.flags.isolated else "-P"  # a folder `edge` where it is started is none of ours
    device = [sys.executable, safe_path, "-m", "edge", str(config)]
    os.execv(sys.executable, device)  # noqa: S606  # no shell is wanted
