"""`wattledger explain`: why a line of a bill is what it is, for a person."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from adapters.bill_json import StoredBill, StoredLine, as_stored, read_bills
from adapters.meter_files import read_meter_file
from domain.arrays import evidence_of
from domain.errors import BadOption
from domain.kpi import kpis_of
from entrypoints import price_options as opt
from entrypoints.explanation import in_full, overview, width_of
from entrypoints.price import Days, Money, price_loads, question_of
from entrypoints.screen import progress

HELP = """Explain the lines of a bill: quantity, rate, formula, rounding, law, and the intervals that made each of them.

The file is a bill that `price` wrote, or readings, with the options that `price` would have:

    wattledger explain bill/bill.json
    wattledger explain bill/bill.json --line capacity --month 2026-01
    wattledger explain plant.csv --tariff mx-gdmth:golfo-centro --contracted-kw all=800 --line capacity
"""

File = Annotated[Path, typer.Argument(help="A bill.json, or a CSV or Parquet file of readings.")]
LineCode = Annotated[str | None, typer.Argument(help="The same as --line.")]
Line = Annotated[
    str | None, typer.Option("--line", help="All about this line, or the lines of this charge or group; or all.")
]
Month = Annotated[str | None, typer.Option(help="Only the bill of this month, YYYY-MM.")]
Meter = Annotated[str | None, typer.Option(help="Only the bills of this meter, where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the lines as JSON, as they stand in bill.json.")]
Tariff = Annotated[str | None, typer.Option(help="For readings: tariff id, or tariff file.", rich_help_panel=opt.MONEY)]


@opt.declares_the_file
def command(
    file: File,
    facts: opt.Facts,
    code: LineCode = None,
    line: Line = None,
    month: Month = None,
    meter: Meter = None,
    as_json: AsJson = False,
    tariff: Tariff = None,
    agreements: opt.AgreementsFile = None,
    rates: opt.RateTableFile = None,
    rate: opt.RateAmounts = None,
    contracted_kw: opt.ContractedKw = None,
    low_side: opt.LowSide = False,
    series: opt.SeriesFiles = None,
    rate_of_exchange: opt.Exchange = None,
    history: opt.HistoryFiles = None,
    billing_timezone: opt.BillingTimezone = None,
    rates_of: opt.RatesOf = None,
    first: opt.FirstDay = None,
    end: opt.EndDay = None,
    on_bad_row: opt.BadRow = "stop",
) -> None:
    if code and line and code != line:
        raise BadOption(f"{code!r} and --line {line!r} ask for two lines; name one")
    if file.suffix == ".json":
        given = (
            tariff,
            agreements,
            rates,
            rate,
            contracted_kw,
            series,
            rate_of_exchange,
            history,
            billing_timezone,
            rates_of,
        )
        if low_side or any(one is not None for one in (*given, first, end)):
            raise BadOption(f"{file} is a bill, and bills are explained as they are; leave out what is for readings")
        found = read_bills(file)
    elif tariff is None and agreements is None:
        raise BadOption(
            f"{file}: readings are explained under a tariff; name one with --tariff, several by date with "
            "--agreements, or give a bill.json"
        )
    else:
        agreed = opt.AgreedOptions(tariff, agreements, rates, rate, contracted_kw, low_side)
        money = Money(agreed, series, rate_of_exchange, history, billing_timezone)
        found = bills_of_readings(file, facts, money, Days(first, end, rates_of), on_bad_row)
    show(chosen(found, opt.month(month, "--month"), meter), code or line, as_json=as_json)


def bills_of_readings(
    readings: Path, facts: opt.Facts, money: Money, days: Days, on_bad_row: opt.BadRow
) -> tuple[StoredBill, ...]:
    """The bills that `price` would write, meter by meter. Raises a `Refusal`."""
    question = question_of(readings, facts, money, days, on_bad_row)
    with progress("Reading") as bar:
        read = read_meter_file(readings, question.declaration, on_bad_row, question.wanted)
        bar.say("Pricing")
        priced = price_loads(question, read, bar)
    if read.rejected:
        left_out = f"{len(read.rejected):,} rows or gaps were left out; `wattledger price` writes each with its reason"
        typer.echo(f"note: {left_out}", err=True)
    return tuple(
        bill
        for one in priced
        for bill in as_stored(
            one.bills, kpis_of(one.bills, one.load.step_minutes, one.tariff.demand_minutes), evidence_of(one)
        )
    )


def chosen(bills: Sequence[StoredBill], first: date | None, meter: str | None) -> list[StoredBill]:
    """The bills of a month and a meter, or all. Raises `BadOption`."""
    found = [one for one in bills if meter in {None, one.supply_point}]
    if not found:
        raise BadOption(
            f"--meter {meter!r} has no bill here; there are bills of {_each(b.supply_point for b in bills)}"
        )
    of_month = [one for one in found if first is None or one.month == f"{first:%Y-%m}"]
    if not of_month:
        raise BadOption(f"--month {first:%Y-%m} has no bill in the file; it holds {_each(b.month for b in found)}")
    return of_month


def show(bills: Sequence[StoredBill], name: str | None, *, as_json: bool) -> None:
    """Print the bills with every line in short, or some lines in full. Raises `BadOption` for a name of no line."""
    lines = [lines_of(bill, name) for bill in bills]
    if not any(lines):
        codes = _each(line.code for bill in bills for line in bill.lines)
        raise BadOption(f"no line, charge or group is called {name!r}; the lines are {codes}")
    if as_json:
        values = [
            {"month": bill.month, "line": line.model_dump(mode="json")}
            for bill, of_bill in zip(bills, lines, strict=True)
            for line in of_bill
        ]
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    for bill, of_bill in zip(bills, lines, strict=True):
        for text in overview(bill, width_of()) if name is None else in_full(bill, of_bill, width_of()):
            typer.echo(text)


def lines_of(bill: StoredBill, name: str | None) -> list[StoredLine]:
    """The lines that a code, a charge or a group names; all of them where no name is given, or `all`."""
    if name in {None, "all"}:
        return list(bill.lines)
    return [line for line in bill.lines if name in {line.code, line.charge, line.group}]


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
