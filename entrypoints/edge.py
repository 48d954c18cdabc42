"""`wattledger edge ...`: the device in the factory; each command in a file of its own, registered here."""

import typer

from entrypoints import edge_probe

app = typer.Typer(help="The device in the factory: try a meter before it is connected.", no_args_is_help=True)
app.command("probe", help=edge_probe.HELP)(edge_probe.command)


@app.callback()
def _edge() -> None:
    """With one command only, typer would leave out its name."""
