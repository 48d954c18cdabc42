"""`wattledger price`: a user's own readings become cost per measurement, bills, key figures and a report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from adapters.bill_json import bills_to_json, write_bills
from adapters.cost_files import write_costs
from adapters.meter_files import MeterFile, OnBadRow, load_declaration, read_meter_file, write_quarantine
from adapters.report import write_report
from adapters.tariff_files import TariffFiles
from domain.arrays import Load, PricedLoad, price_load
from domain.errors import NoPriceInForce
from domain.kpi import Kpis, kpis_of
from domain.tariff import Tariff
from domain.terms import Contract, midnight_utc
from entrypoints.screen import OUT, Bar, progress, summary, wrote

HELP = """Price a file of readings (CSV or Parquet): the cost of every measurement, a bill per month, key figures, a report.

The file cannot say everything about itself: declare the rest with options, or once and for all in a small TOML beside it
(`plant.csv` and `plant.toml`; each key is an option's name with `_` for `-`). Nothing is guessed in silence.

Example: a file of 15-minute kWh whose stamps mark the start of each interval

    wattledger price plant.csv --tariff mx-gdmth:golfo-centro --out bill --kind interval --unit kWh --step-minutes 15
      --stamp start --timezone America/Mexico_City --time-column time --energy-column kwh --contracted-kw all=800

A bad row stops everything and says why (`--on-bad-row stop`), or goes to quarantine.csv with its reason while the rest is
priced and the bill says what is missing (`--on-bad-row quarantine`).
"""


@dataclass(frozen=True)
class Question:
    """What the user wants priced, and how."""

    readings: Path
    out: Path
    tariff: Tariff
    contract: Contract
    zone: ZoneInfo
    first: date | None
    end: date | None
    rates_of: date | None
    on_bad_row: OnBadRow
    declaration_file: Path | None
    declared: dict[str, object]


@dataclass(frozen=True)
class Answer:
    """What came of it. `kpis` are those of all meters together only where there is one; see `priced` for each."""

    priced: tuple[PricedLoad, ...]
    kpis: tuple[Kpis, ...]
    file: MeterFile
    written: tuple[Path, ...]


def command(
    readings: Annotated[Path, typer.Argument(help="CSV or Parquet file of one or several meters.")],
    tariff: Annotated[str, typer.Option(help="Tariff id (see `wattledger tariffs list`) or tariff file.")],
    out: Annotated[Path, typer.Option(help="Folder for what is written; made if it is not there.")],
    rates: Annotated[Path | None, typer.Option(help="Rate table file, for a tariff file without rates.")] = None,
    rate: Annotated[list[str] | None, typer.Option(help="A rate the table lacks: CODE=AMOUNT. May repeat.")] = None,
    contracted_kw: Annotated[
        list[str] | None, typer.Option(help="Contracted power: PERIOD=KW, or all=KW. May repeat.")
    ] = None,
    low_side: Annotated[bool, typer.Option(help="The meter sits on the low-voltage side of the transformer.")] = False,
    billing_timezone: Annotated[
        str | None, typer.Option(help="Civil time that decides periods and months; the tariff's own by default.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First local day to price, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Local day at which to stop, not included.")] = None,
    rates_of: Annotated[
        str | None, typer.Option(help="What if: price every month at the rates of this one, YYYY-MM. Said on the bill.")
    ] = None,
    on_bad_row: Annotated[OnBadRow, typer.Option(help="What a bad row does: stop, or quarantine.")] = "stop",
    declaration: Annotated[
        Path | None, typer.Option(help="TOML that declares the file; by default the one beside it.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="interval (energy per interval) or register (cumulative).")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of active energy: Wh, kWh, MWh or GWh.")] = None,
    step_minutes: Annotated[int | None, typer.Option(help="Minutes between readings.")] = None,
    stamp: Annotated[str | None, typer.Option(help="What a time marks: start or end of its interval.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of times without offset, e.g. Europe/Madrid or -06:00.")
    ] = None,
    midnight: Annotated[
        str | None,
        typer.Option(help="An end stamp of 00:00 belongs to the day before its date (next-day) or same-day."),
    ] = None,
    ambiguous: Annotated[
        str | None, typer.Option(help="The hour repeated in autumn: refuse, or in-order if the file holds it twice.")
    ] = None,
    time_column: Annotated[str | None, typer.Option(help="Column of times.")] = None,
    time_format: Annotated[str | None, typer.Option(help="iso, or a format such as '%d/%m/%Y %H:%M'.")] = None,
    energy_column: Annotated[str | None, typer.Option(help="Column of active energy.")] = None,
    reactive_column: Annotated[str | None, typer.Option(help="Column of inductive reactive energy.")] = None,
    reactive_unit: Annotated[str | None, typer.Option(help="varh, kvarh or Mvarh.")] = None,
    meter_column: Annotated[str | None, typer.Option(help="Column that names the meter.")] = None,
    meter_name: Annotated[
        str | None, typer.Option(help="Name of the one meter of a file without meter column.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark: . or ,")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between columns of a CSV.")] = None,
    register_modulus: Annotated[
        int | None, typer.Option(help="Where registers start again at zero, in the unit.")
    ] = None,
    rated_power_kw: Annotated[float | None, typer.Option(help="What the meter can carry at most, kW.")] = None,
    check_header_unit: Annotated[
        bool | None, typer.Option(help="Refuse a column whose name tells another unit.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print key figures and bills as JSON.")] = False,
) -> None:
    declared = {
        "kind": kind,
        "unit": unit,
        "step_minutes": step_minutes,
        "stamp": stamp,
        "timezone": timezone,
        "midnight": midnight,
        "ambiguous": ambiguous,
        "time_column": time_column,
        "time_format": time_format,
        "energy_column": energy_column,
        "reactive_column": reactive_column,
        "reactive_unit": reactive_unit,
        "meter_column": meter_column,
        "meter_name": meter_name,
        "decimal": decimal,
        "delimiter": delimiter,
        "register_modulus": register_modulus,
        "rated_power_kw": None if rated_power_kw is None else Decimal(str(rated_power_kw)),
        "check_header_unit": check_header_unit,
    }
    chosen = TariffFiles().get(tariff, rates, _amounts(rate, "--rate", "CODE=AMOUNT"))
    question = Question(
        readings=readings,
        out=out,
        tariff=chosen,
        contract=Contract(_amounts(contracted_kw, "--contracted-kw", "PERIOD=KW"), low_side),
        zone=_zone(billing_timezone or chosen.timezone),
        first=_day(first, "--from"),
        end=_day(end, "--to"),
        rates_of=_day(f"{rates_of}-01" if rates_of else None, "--rates-of"),
        on_bad_row=on_bad_row,
        declaration_file=declaration,
        declared={name: value for name, value in declared.items() if value is not None},
    )
    with progress("Reading") as bar:
        answer = price_file(question, bar)
    if as_json:
        meters = [bills_to_json(one.bills, kpis) for one, kpis in zip(answer.priced, answer.kpis, strict=True)]
        typer.echo(json.dumps({"meters": meters, "notes": _notes(answer.file)}, indent=1, ensure_ascii=False))
        return
    for one, kpis in zip(answer.priced, answer.kpis, strict=True):
        OUT.print(summary(f"\n{one.load.meter}", kpis, one.bills, one.zone, _coverage(one)))
    for note in _notes(answer.file):
        OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    wrote(answer.written)


def price_file(question: Question, bar: Bar) -> Answer:
    """Read, price, write. Raises a `Refusal` that names file, row, column and value."""
    declaration = load_declaration(question.readings, question.declared, question.declaration_file)
    file = read_meter_file(question.readings, declaration, question.on_bad_row)
    bar.say("Pricing")
    loads = [_window(load, question) for load in file.loads]
    priced = []
    for done, load in enumerate(loads):
        bar(done, len(loads) + 2)
        priced.append(_priced(load, question))
    kpis = tuple(kpis_of(one.bills, one.load.step_minutes, one.tariff.demand_minutes) for one in priced)
    bar.say("Writing")
    bar(len(loads), len(loads) + 2)
    written = _write(question, priced, kpis, file)
    return Answer(tuple(priced), kpis, file, written)


def _priced(load: Load, question: Question) -> PricedLoad:
    try:
        return price_load(load, question.tariff, question.contract, question.zone, question.rates_of)
    except NoPriceInForce as refusal:
        raise NoPriceInForce(f"{question.readings.name}, meter {load.meter}: {refusal}") from refusal


def _window(load: Load, question: Question) -> Load:
    first = midnight_utc(question.first, question.zone) if question.first else load.start
    end = midnight_utc(question.end, question.zone) if question.end else load.end
    return load if (first, end) == (load.start, load.end) else load.between(first, end)


def _write(question: Question, priced: Sequence[PricedLoad], kpis: Sequence[Kpis], file: MeterFile) -> tuple[Path, ...]:
    question.out.mkdir(parents=True, exist_ok=True)
    written = list(write_costs(question.out, priced))
    for one, figures in zip(priced, kpis, strict=True):
        name = "bill.json" if len(priced) == 1 else f"bill-{_file_name(one.load.meter)}.json"
        write_bills(question.out / name, one.bills, figures)
        written.append(question.out / name)
    title = f"{question.readings.stem}: what its electricity cost"
    write_report(question.out / "report.html", priced, kpis[0], title, _notes(file))
    written.append(question.out / "report.html")
    if file.rejected:
        write_quarantine(question.out / "quarantine.csv", file)
        written.append(question.out / "quarantine.csv")
    return tuple(written)


def _notes(file: MeterFile) -> list[str]:
    rejected = f"{len(file.rejected):,} rows or gaps are in quarantine.csv, each with its reason"
    return [*file.notes, *([rejected] if file.rejected else [])]


def _coverage(priced: PricedLoad) -> list[tuple[str, str, str]]:
    coverage = [bill.coverage for bill in priced.bills]
    measured, estimated = sum(c.measured for c in coverage), sum(c.estimated for c in coverage)
    missing = sum(c.missing for c in coverage)
    rows = [("Measurements priced", f"{measured + estimated:,}", f"{estimated:,} of them estimated")]
    if missing:
        rows.append(
            ("Missing", f"{missing:,}", "intervals of the billed months have no reading: the bills are not whole")
        )
    return rows


def _amounts(given: list[str] | None, option: str, shape: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for text in given or ():
        name, _, amount = text.partition("=")
        try:
            found[name] = Decimal(amount)
        except InvalidOperation:
            raise typer.BadParameter(f"{option} {text!r} is not {shape}, for example {name or 'all'}=461.75") from None
        if not name or not found[name].is_finite() or found[name] < 0:
            raise typer.BadParameter(f"{option} {text!r} is not {shape} with an amount of 0 or more")
    return found


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text!r} is no date; write it as 2026-01-31 (a month as 2026-01)") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"time zone {name!r} is not known; use a name such as America/Mexico_City") from None


def _file_name(meter: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in meter)
