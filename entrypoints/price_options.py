"""The options of `wattledger price`, each with its help. Those of FILE are also the keys of the TOML beside it."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def _option(help_text: str, *names: str, panel: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(*names, help=help_text, rich_help_panel=panel)
    return option


FILE, MONEY, RESULT = "The file of readings", "Tariff and contract", "What is priced, and what is written"

Readings = Annotated[Path, typer.Argument(help="CSV or Parquet file of one or several meters.")]

TariffName = Annotated[str, _option("Tariff id (`wattledger tariffs list`) or tariff file.", panel=MONEY)]
RateTableFile = Annotated[Path | None, _option("Rate table file, for a tariff without these rates.", panel=MONEY)]
RateAmounts = Annotated[list[str] | None, _option("A rate the table lacks, CODE=AMOUNT. May repeat.", panel=MONEY)]
ContractedKw = Annotated[list[str] | None, _option("Contracted power, PERIOD=KW or all=KW. May repeat.", panel=MONEY)]
LowSide = Annotated[bool, _option("Metered on the low-voltage side of the own transformer.", panel=MONEY)]
BillingTimezone = Annotated[str | None, _option("Civil time of periods and months; else the tariff's.", panel=MONEY)]
RatesOf = Annotated[str | None, _option("What if: every month at the rates of YYYY-MM. Said on the bill.", panel=MONEY)]

Out = Annotated[Path, _option("Folder for what is written; made if it is not there.", panel=RESULT)]
FirstDay = Annotated[str | None, _option("First local day to price, YYYY-MM-DD.", "--from", panel=RESULT)]
EndDay = Annotated[str | None, _option("Local day at which to stop, itself not priced.", "--to", panel=RESULT)]
BadRow = Annotated[Literal["stop", "quarantine"], _option("What a bad row, or a gap, does.", panel=RESULT)]
AsJson = Annotated[bool, _option("Print key figures and bills as JSON.", "--json", panel=RESULT)]

DeclarationFile = Annotated[Path | None, _option("TOML that declares the file; else the one beside it.", panel=FILE)]
Kind = Annotated[str | None, _option("interval (energy per interval) or register (cumulative).", panel=FILE)]
Unit = Annotated[str | None, _option("Unit of active energy: Wh, kWh, MWh or GWh.", panel=FILE)]
StepMinutes = Annotated[int | None, _option("Minutes between readings.", panel=FILE)]
Stamp = Annotated[str | None, _option("What a time marks: start or end of its interval.", panel=FILE)]
Timezone = Annotated[str | None, _option("Zone of times without offset: Europe/Madrid, -06:00.", panel=FILE)]
Midnight = Annotated[str | None, _option("End stamp 00:00 dated next-day (usual) or same-day.", panel=FILE)]
Ambiguous = Annotated[str | None, _option("Autumn's repeated hour: refuse, or in-order.", panel=FILE)]
TimeColumn = Annotated[str | None, _option("Column of times.", panel=FILE)]
TimeFormat = Annotated[str | None, _option("iso, or a format such as '%d/%m/%Y %H:%M'.", panel=FILE)]
EnergyColumn = Annotated[str | None, _option("Column of active energy.", panel=FILE)]
ReactiveColumn = Annotated[str | None, _option("Column of inductive reactive energy.", panel=FILE)]
ReactiveUnit = Annotated[str | None, _option("varh, kvarh or Mvarh.", panel=FILE)]
MeterColumn = Annotated[str | None, _option("Column that names the meter.", panel=FILE)]
MeterName = Annotated[str | None, _option("Name of the meter, where no column has it.", panel=FILE)]
MeterNames = Annotated[
    list[str] | None, _option("A meter the file may hold. May repeat; others are refused.", panel=FILE)
]
DecimalMark = Annotated[str | None, _option("Decimal mark of numbers: . or ,", panel=FILE)]
Delimiter = Annotated[str | None, _option("What stands between the columns of a CSV.", panel=FILE)]
RegisterModulus = Annotated[int | None, _option("Where registers start again at zero, in the unit.", panel=FILE)]
RatedPowerKw = Annotated[str | None, _option("What the meter can carry at most, kW.", panel=FILE)]
CheckHeaderUnit = Annotated[bool | None, _option("Refuse a column named after another unit.", panel=FILE)]
