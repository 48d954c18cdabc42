"""The options of `wattledger price`, each with its help, and what a user may write in them.

Those of FILE are also the keys of the TOML beside the readings; `declares_the_file` gives them to a command.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from adapters.agreement_files import read_agreements
from adapters.meter_files import Declaration, load_declaration
from adapters.tariff_files import TariffFiles
from domain.agreements import Agreed, Agreements
from domain.budget import check_contracted
from domain.errors import BadOption, BadReadings
from domain.tariff import Tariff
from domain.terms import Contract

Facts = dict[str, Any]
"""What the options say about the file of readings: a value, or None, for each."""


def _option(help_text: str, *names: str, panel: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(*names, help=help_text, rich_help_panel=panel)
    return option


FILE, MONEY, RESULT = "The file of readings", "Tariff and contract", "What is priced, and what is written"

Readings = Annotated[Path, typer.Argument(help="CSV or Parquet file of one or several meters.")]

TariffName = Annotated[str, _option("Tariff id (`wattledger tariffs list`) or tariff file.", panel=MONEY)]
OneTariff = Annotated[str | None, _option("Tariff id (`wattledger tariffs list`) or tariff file.", panel=MONEY)]
AgreementsFile = Annotated[
    Path | None,
    _option("TOML of tariffs and contracts by date, instead of those options.", "--agreements", panel=MONEY),
]
RateTableFile = Annotated[Path | None, _option("Rate table file, for a tariff without these rates.", panel=MONEY)]
RateAmounts = Annotated[list[str] | None, _option("A rate the table lacks, CODE=AMOUNT. May repeat.", panel=MONEY)]
ContractedKw = Annotated[list[str] | None, _option("Contracted power, PERIOD=KW or all=KW. May repeat.", panel=MONEY)]
LowSide = Annotated[bool, _option("Metered on the low-voltage side of the own transformer.", panel=MONEY)]
BillingTimezone = Annotated[str | None, _option("Civil time of periods and months; else the tariff's.", panel=MONEY)]
RatesOf = Annotated[str | None, _option("What if: every month at the rates of YYYY-MM. Said on the bill.", panel=MONEY)]

SeriesFiles = Annotated[list[str] | None, _option("Published prices, NAME=FILE. May repeat.", panel=MONEY)]
HistoryFiles = Annotated[
    list[Path] | None,
    _option("Demand of earlier months: CSV, TOML, bill.json, folder of bills. May repeat.", panel=MONEY),
]
Exchange = Annotated[
    list[str] | None, _option("EUR=20.9: what 1 EUR of prices is in the tariff's currency. May repeat.", panel=MONEY)
]

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
ExportColumn = Annotated[str | None, _option("Column of energy delivered to the grid, in --unit.", panel=FILE)]
CapacitiveColumn = Annotated[str | None, _option("Column of capacitive energy, in --reactive-unit.", panel=FILE)]
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


def declares_the_file(command: Callable[..., None]) -> Callable[..., None]:
    """A command that has the options of FILE as well; it is given them all at once, as `facts`."""
    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "facts"]
    facts = inspect.signature(_file_options).parameters

    def with_facts(**values: Any) -> None:
        command(facts={name: values.pop(name) for name in facts}, **values)

    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *facts.values())]
    with_facts.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]  # what typer reads
    return with_facts


def declaration_of(readings: Path, facts: Facts) -> Declaration:
    """What is declared about a file, by options and by the TOML beside it. Raises `BadReadings`."""
    if not readings.is_file():
        raise BadReadings(f"{readings}: there is no such file; check the path")
    declared = {name: value for name, value in facts.items() if name in Declaration.model_fields}
    return load_declaration(readings, declared, facts["declaration"])


@dataclass(frozen=True, slots=True)
class AgreedOptions:
    """What the options of MONEY say about tariff and contract."""

    tariff: str | None
    agreements: Path | None
    rates: Path | None
    rate: Sequence[str] | None
    contracted_kw: Sequence[str] | None
    low_side: bool


def agreements_of(money: AgreedOptions) -> Agreements:
    """One tariff and contract, or those of a file. Raises `BadOption`, and `InvalidTariff` for a tariff at fault."""
    files, rates = TariffFiles(), amounts(money.rate, "--rate", "CODE=AMOUNT")
    if money.agreements is None:
        if money.tariff is None:
            raise BadOption(
                "--tariff is missing; name a tariff, or tariffs and contracts by date with --agreements FILE"
            )
        contract = Contract(contracted(money.contracted_kw), money.low_side)
        return Agreements.of(files.get(money.tariff, money.rates, rates), contract)
    given = {
        "--tariff": money.tariff,
        "--rates": money.rates,
        "--rate": money.rate,
        "--contracted-kw": money.contracted_kw,
        "--low-side": money.low_side or None,
    }
    for option, value in given.items():
        if value is not None:
            raise BadOption(f"{option} and --agreements say both what is agreed; write it into {money.agreements}")
    return agreed_in(money.agreements)


def agreed_in(path: Path) -> Agreements:
    """What a file of agreements says. Raises `BadOption`, and `InvalidTariff` for a tariff at fault."""
    stated, files = read_agreements(path), TariffFiles()
    tariffs: dict[tuple[str, Path | None], Tariff] = {}
    for one in stated.agreements:
        if (one.tariff, one.rates) not in tariffs:
            tariffs[one.tariff, one.rates] = files.get(one.tariff, one.rates)
    agreed = (Agreed(one.since, tariffs[one.tariff, one.rates], one.contract) for one in stated.agreements)
    return Agreements(tuple(agreed), stated.meter_changed)


def zone_of(billing_timezone: str | None, agreements: Agreements) -> ZoneInfo:
    """The civil time that decides periods and months. Raises `BadOption`."""
    usual = list(dict.fromkeys(tariff.timezone for tariff in agreements.tariffs))
    if billing_timezone is None and len(usual) > 1:
        raise BadOption(f"the tariffs hold in {', '.join(usual)}; say which with --billing-timezone")
    return zone(billing_timezone or usual[0])


def amounts(given: Sequence[str] | None, option: str, shape: str) -> dict[str, Decimal]:
    """NAME=AMOUNT, each an amount of 0 or more. Raises `BadOption`."""
    found: dict[str, Decimal] = {}
    for text in given or ():
        name, _, amount = text.partition("=")
        try:
            found[name] = Decimal(amount)
        except InvalidOperation:
            raise BadOption(f"{option} {text!r} is not {shape}, for example {name or 'all'}=461.75") from None
        if not name or not found[name].is_finite() or found[name] < 0:
            raise BadOption(f"{option} {text!r} is not {shape} with an amount of 0 or more")
    return found


def contracted(given: Sequence[str] | None) -> dict[str, Decimal]:
    """PERIOD=KW, each within the largest supply point. Raises `BadOption`."""
    found = amounts(given, "--contracted-kw", "PERIOD=KW")
    check_contracted(found, "--contracted-kw")
    return found


def files(given: Sequence[str] | None, option: str, shape: str) -> dict[str, Path]:
    """NAME=FILE, each name once. Raises `BadOption`."""
    found: dict[str, Path] = {}
    for text in given or ():
        name, equals, file = text.partition("=")
        if not name or not equals or not file:
            raise BadOption(f"{option} {text!r} is not {shape}")
        if name in found:
            raise BadOption(f"{option} {name} is there twice, as {found[name]} and as {file}; give one")
        found[name] = Path(file)
    return found


def exchange(given: Sequence[str] | None) -> dict[str, Decimal]:
    """CURRENCY=AMOUNT, each above 0. Raises `BadOption`."""
    found = amounts(given, "--rate-of-exchange", "CURRENCY=AMOUNT")
    for currency, amount in found.items():
        if not amount:
            raise BadOption(f"--rate-of-exchange {currency}=0 would make what is in {currency} free; give its worth")
    return found


def day(text: str | None, option: str) -> date | None:
    """A local day. Raises `BadOption`."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} {text!r} is no date; write it as 2026-01-31 (a month as 2026-01)") from None


def month(text: str | None, option: str) -> date | None:
    """The first day of a month, written YYYY-MM. Raises `BadOption`."""
    return day(text and f"{text}-01", option)


def zone(name: str) -> ZoneInfo:
    """A time zone by its name. Raises `BadOption`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadOption(f"time zone {name!r} is not known; use a name such as America/Mexico_City") from None


def _file_options(
    declaration: DeclarationFile = None,
    kind: Kind = None,
    unit: Unit = None,
    step_minutes: StepMinutes = None,
    stamp: Stamp = None,
    timezone: Timezone = None,
    midnight: Midnight = None,
    ambiguous: Ambiguous = None,
    time_column: TimeColumn = None,
    time_format: TimeFormat = None,
    energy_column: EnergyColumn = None,
    reactive_column: ReactiveColumn = None,
    reactive_unit: ReactiveUnit = None,
    export_column: ExportColumn = None,
    capacitive_column: CapacitiveColumn = None,
    meter_column: MeterColumn = None,
    meter_name: MeterName = None,
    meters: MeterNames = None,
    decimal: DecimalMark = None,
    delimiter: Delimiter = None,
    register_modulus: RegisterModulus = None,
    rated_power_kw: RatedPowerKw = None,
    check_header_unit: CheckHeaderUnit = None,
) -> None:
    """Never called: its parameters are the options of FILE."""
