"""`wattledger edge doctor`: what is wrong with this device, and what to do about it."""

from typing import Annotated

import typer

from entrypoints.edge_run import SETTINGS, Config
from entrypoints.screen import say

HELP = """
Examine the device: clock, disk, store, secrets, certificate, tariff, line, identity, meters; each fault with a remedy.

Exit code 1 when something fails. May run while the service runs, and then asks it instead of the meters.
"""
COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}
INDENT = 17


def command(
    config: Config = SETTINGS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    import json
    from dataclasses import asdict

    from adapters.device_clock import RELEASED, device_clock
    from edge.doctor import Verdict, examine
    from edge.settings import load_settings

    settings = load_settings(config)
    found = []
    for finding in examine(settings, device_clock(RELEASED)):
        found.append(finding)
        if not as_json:
            say(f"{finding.verdict:<5}{finding.name:<12}{finding.said}", COLOURS[finding.verdict], INDENT)
            if finding.remedy:
                say(f"{'':<{INDENT}}-> {finding.remedy}", indent=INDENT + 3)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False))
    if any(finding.verdict is Verdict.FAIL for finding in found):
        raise typer.Exit(1)
