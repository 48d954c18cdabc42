"""`wattledger compare`: the same readings billed under several tariffs, and where the difference comes from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from adapters.comparison_json import comparison_to_json, write_comparison
from adapters.meter_files import MeterFile, read_meter_file, write_quarantine
from adapters.report import write_comparison_page
from application.compare_bills import Candidate, compare_bills, wanted_by_all
from domain.arrays import Load
from domain.comparison import Comparison
from domain.errors import BadOption, BadReadings
from entrypoints import price_options as opt
from entrypoints.beside_readings import meter_history
from entrypoints.candidates import FilesOf, candidates_of, names_of, remembered_by, worth_of_tariffs
from entrypoints.comparison_tables import difference_tables, lines_tables, totals_table
from entrypoints.screen import OUT, progress, wrote

HELP = """Bill the same readings under several tariffs: totals, every line side by side, and where the difference is.

All are compared with the first, in its civil time. The file is declared as for `wattledger price`. With `--out` there
is a page with every line and its pictures, too.

    wattledger compare plant.csv --tariffs mx-gdmth:golfo-centro mx-gdmth:peninsular --contracted-kw all=800

`--agreements` puts what was agreed beside what could be: tariffs and contracts by date, as for `wattledger price`.

    wattledger compare plant.csv --agreements agreed.toml --tariffs mx-gdmth:peninsular --out choice

Tariffs in another currency stand beside the first without a difference, unless `--rate-of-exchange` says what it is
worth.
"""

AgreementsFiles = Annotated[
    list[Path] | None,
    typer.Option(
        help="TOML of tariffs and contracts by date; stands first, under its file's name. May repeat.",
        rich_help_panel=opt.MONEY,
    ),
]
TariffNames = Annotated[
    list[str] | None,
    typer.Option(
        "--tariffs", "--tariff", help="Tariff ids or files, A B C or A,B,C. May repeat.", rich_help_panel=opt.MONEY
    ),
]
OwnRates = Annotated[
    list[str] | None,
    typer.Option(help="A rate a table lacks, TARIFF/CODE=AMOUNT. May repeat.", rich_help_panel=opt.MONEY),
]
OwnTables = Annotated[
    list[str] | None,
    typer.Option(help="A tariff's rate table file, TARIFF=FILE. May repeat.", rich_help_panel=opt.MONEY),
]
OwnSeries = Annotated[
    list[str] | None,
    typer.Option(
        help="Prices, NAME=FILE for all tariffs, TARIFF/NAME=FILE for one. May repeat.", rich_help_panel=opt.MONEY
    ),
]
OwnHistory = Annotated[
    list[str] | None,
    typer.Option(
        help="Demand of earlier months under a tariff, TARIFF=FILE (or folder of bills). May repeat.",
        rich_help_panel=opt.MONEY,
    ),
]
OwnKw = Annotated[
    list[str] | None,
    typer.Option(help="PERIOD=KW for all tariffs, TARIFF/PERIOD=KW for one. May repeat.", rich_help_panel=opt.MONEY),
]
RatesOf = Annotated[
    str | None,
    typer.Option(help="What if: rates of YYYY-MM for tariffs without these months.", rich_help_panel=opt.MONEY),
]
BillingTimezone = Annotated[
    str | None,
    typer.Option(help="Civil time of periods and months; else the first tariff's.", rich_help_panel=opt.MONEY),
]
Exchange = Annotated[
    list[str] | None,
    typer.Option(help="USD=17.1: 1 USD in the first tariff's currency. May repeat.", rich_help_panel=opt.MONEY),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the page and the files; made if it is not there.", rich_help_panel=opt.RESULT),
]
Meter = Annotated[
    str | None,
    typer.Option(help="The meter to compare for, where the file holds several.", rich_help_panel=opt.RESULT),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.", rich_help_panel=opt.RESULT)]


@opt.declares_the_file
def command(
    readings: opt.Readings,
    facts: opt.Facts,
    tariff: TariffNames = None,
    agreements: AgreementsFiles = None,
    out: Out = None,
    rates: OwnTables = None,
    rate: OwnRates = None,
    contracted_kw: OwnKw = None,
    low_side: opt.LowSide = False,
    series: OwnSeries = None,
    history: OwnHistory = None,
    billing_timezone: BillingTimezone = None,
    rates_of: RatesOf = None,
    rate_of_exchange: Exchange = None,
    first: opt.FirstDay = None,
    end: opt.EndDay = None,
    meter: Meter = None,
    on_bad_row: opt.BadRow = "stop",
    as_json: AsJson = False,
) -> None:
    if on_bad_row == "quarantine" and out is None:
        raise BadOption("--on-bad-row quarantine needs --out DIR: bad rows are kept there, each with its reason")
    declaration, worth = opt.declaration_of(readings, facts), opt.exchange(rate_of_exchange)
    single, agreed = names_of(tariff or ()), agreements or []
    files = FilesOf(
        opt.files(rates, "--rates", "TARIFF=FILE"),
        opt.files(series, "--series", "NAME=FILE or TARIFF/NAME=FILE"),
        opt.files(history, "--history", "TARIFF=FILE"),
    )
    candidates = candidates_of(single, agreed, rate, contracted_kw, files, worth, low_side=low_side)
    remembered = remembered_by([*(path.stem for path in agreed), *single], candidates, files)
    zone, assumed = _zone(billing_timezone, candidates), opt.month(rates_of, "--rates-of")
    wanted = wanted_by_all(candidates, zone, opt.day(first, "--from"), opt.day(end, "--to"), assumed)
    with progress("Reading") as bar:
        file = read_meter_file(readings, declaration, on_bad_row, wanted)
        bar.say("Comparing")
        load = _load(file, meter)
        histories = [meter_history(one, load.meter, 1) for one in remembered]
        ready = [replace(one, history=own) for one, own in zip(candidates, histories, strict=True)]
        comparison = compare_bills(load, ready, zone, assumed, worth_of_tariffs(worth, candidates, files))
        notes = [*notes_on(comparison), *file.notes]
        title = f"{readings.stem}: what it costs under each tariff"
        written = [] if out is None else _write(out, comparison, file, title, notes)
    show(comparison, notes, written, as_json=as_json)


def _zone(billing_timezone: str | None, candidates: Sequence[Candidate]) -> ZoneInfo:
    """The civil time of all. Raises `BadOption`, also where there is nothing to compare."""
    if not candidates:
        raise BadOption("--tariffs is missing; name two tariffs, or one beside --agreements FILE")
    return opt.zone_of(billing_timezone, candidates[0].agreements)


def notes_on(comparison: Comparison) -> list[str]:
    """What a reader must know before believing a difference."""
    currency, zone = comparison.first.tariff.currency, comparison.first.bills[0].zone.key
    notes = []
    for offer in comparison.offers:
        name, own = offer.name, offer.tariff.currency
        if offer.worth is None:
            notes.append(
                f"{name} is billed in {own}, {comparison.first.name} in {currency}: they stand side by side, and "
                f"no difference is taken; --rate-of-exchange {own}=AMOUNT says what 1 {own} is in {currency}"
            )
        elif own != currency:
            notes.append(f"{name} is billed in {own}, taken at 1 {own} = {offer.worth} {currency}")
        for usual in dict.fromkeys(tariff.timezone for tariff in offer.tariffs if tariff.timezone != zone):
            notes.append(f"{name} usually holds in {usual}; its periods are taken in {zone} here")
        notes += dict.fromkeys(f"{name}: {bill.assumption}" for bill in offer.bills if bill.assumption)
    coverage = [bill.coverage for bill in comparison.first.bills]
    if missing := sum(one.missing for one in coverage):
        expected = sum(one.expected for one in coverage)
        notes.append(f"{missing:,} of {expected:,} intervals of the billed months are missing: no bill is whole")
    return notes


def show(comparison: Comparison, notes: Sequence[str], written: Sequence[Path], *, as_json: bool) -> None:
    """Print what came of it."""
    if as_json:
        typer.echo(json.dumps(comparison_to_json(comparison, notes), indent=1, ensure_ascii=False))
        return
    OUT.print(totals_table(comparison), *lines_tables(comparison, OUT.width), *difference_tables(comparison, OUT.width))
    OUT.print()
    for note in notes:
        OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    wrote(written)
    if not written:
        OUT.print("A page with every line and its pictures: --out DIR", style="dim", highlight=False)


def _write(out: Path, comparison: Comparison, file: MeterFile, title: str, notes: Sequence[str]) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "comparison.json", out / "comparison.html"]
    write_comparison(written[0], comparison, notes)
    write_comparison_page(written[1], comparison, title, notes)
    if file.rejected:
        written.append(out / "quarantine.csv")
        write_quarantine(written[-1], file)
    return written


def _load(file: MeterFile, meter: str | None) -> Load:
    """The one load to compare for. Raises `BadReadings`."""
    names = [load.meter for load in file.loads]
    if meter is None and len(names) > 1:
        raise BadReadings(f"the file holds {len(names)} meters; choose one with --meter: {', '.join(names)}")
    if meter is not None and meter not in names:
        raise BadReadings(f"--meter {meter!r} is not in the file; it holds {', '.join(names)}")
    return file.loads[0 if meter is None else names.index(meter)]
