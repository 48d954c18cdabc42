"""`wattledger edge profiles`: which meters are known, and the file of one of them, to make one's own of."""

from typing import Annotated

import typer

HELP = """
List the meter profiles that ship; or print the file of one, to make a profile of your own of it.

For example: wattledger edge profiles carlogavazzi.em340 > mine.toml
"""


def command(
    profile: Annotated[str | None, typer.Argument(help="Id of a profile, to print its file.")] = None,
) -> None:
    from adapters.meter_profiles import MeterProfiles
    from entrypoints.screen import OUT

    profiles = MeterProfiles()
    if profile is not None:
        typer.echo(profiles.path_of(profile).read_text(encoding="utf-8"), nl=False)
        return
    named = [(name, profiles.modbus(name).name, "Modbus") for name in profiles.ids()]
    named += [(name, profiles.mqtt(name).name, "MQTT") for name in profiles.pushing()]
    longest = max(len(name) for name, _, _ in named)
    for name, meter, protocol in named:
        OUT.print(f"{name:<{longest}}  {protocol:<6}  {meter}", highlight=False, markup=False)
