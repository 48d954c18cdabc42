"""`wattledger tariffs import`: a rate of the U.S. Utility Rate Database as a tariff file."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from adapters.tariff_files import TariffFiles
from adapters.urdb import choose, import_record, read_records, to_toml
from domain.errors import BadOption, InvalidTariff
from domain.tariff import Tariff
from entrypoints.price_options import zone
from entrypoints.screen import ERR

HELP = """A rate of the U.S. Utility Rate Database (OpenEI URDB, version 7 or 8) as a tariff file, whole or not at all.

What a record says and no tariff can express is listed, and nothing is written. The file's notes tell what was assumed.
"""


def command(
    records: Annotated[Path, typer.Argument(help="JSON as the service answers with detail=full.")],
    timezone: Annotated[str, typer.Option(help="Civil time of the schedules; URDB does not say it.")],
    label: Annotated[str | None, typer.Option(help="Which record, where the file holds several.")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="A refused field to import without. May repeat.")] = None,
    ratchet_on: Annotated[
        Literal["flat"] | None,
        typer.Option(help="Which demand looks back, where the record has several and does not say."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The tariff file to write; else it is printed.")] = None,
) -> None:
    record = choose(read_records(records), label)
    tariff = import_record(record, zone(timezone).key, leave_out or (), ratchet_on)
    text = to_toml(tariff)
    if out is None:
        typer.echo(text, nl=False)
        return
    _write(out, text)
    _tell(tariff, out)


def _write(out: Path, text: str) -> None:
    """The file is read as any other before it stays. Raises `BadOption` or `InvalidTariff`."""
    if out.suffix != ".toml" or out.exists():
        remedy = "is there already; name another" if out.exists() else "must end in .toml"
        raise BadOption(f"--out {out}: {remedy}")
    out.write_text(text, encoding="utf-8")
    try:
        TariffFiles().get(str(out))
    except InvalidTariff:
        out.unlink()
        raise


def _tell(tariff: Tariff, out: Path) -> None:
    typer.echo(f"{out}: {tariff.name}; rates for {tariff.rate_table.coverage}")
    for note in tariff.notes:
        ERR.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    typer.echo(f"Price with it: wattledger price READINGS --tariff {out} --out DIR")
