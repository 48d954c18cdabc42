"""`wattledger edge`: the commands of the device. Each is in a file of its own; this one only lists them."""

import typer

from entrypoints import edge_doctor, edge_enroll, edge_probe, edge_profiles, edge_run, edge_status

app = typer.Typer(
    no_args_is_help=True, help="The device in the factory: try a meter, run the device, and see how it does."
)
app.command("probe", help=edge_probe.HELP)(edge_probe.command)
app.command("profiles", help=edge_profiles.HELP)(edge_profiles.command)
app.command("run", help=edge_run.HELP)(edge_run.command)
app.command("status", help=edge_status.HELP)(edge_status.command)
app.command("doctor", help=edge_doctor.HELP)(edge_doctor.command)
app.command("enroll", help=edge_enroll.HELP)(edge_enroll.command)
