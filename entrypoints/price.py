"""`wattledger price`: a user's own readings become cost per measurement, bills, key figures and a report."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from adapters.bill_json import bills_to_json, write_bills
from adapters.cost_files import write_costs
from adapters.meter_files import (
    Declaration,
    MeterFile,
    OnBadRow,
    Wanted,
    read_meter_file,
    write_quarantine,
)
from adapters.report import write_report
from application.wanted_readings import wanted_by
from domain.agreements import Agreements
from domain.arrays import PricedLoad, evidence_of, price_agreed
from domain.kpi import Kpis, kpis_of
from entrypoints import price_options as opt
from entrypoints.beside_readings import Remembered, all_with_series, history_of, meter_history, unknown_months
from entrypoints.screen import OUT, Bar, progress, summary, wrote

HELP = """Price a file of readings (CSV or Parquet): cost of every measurement, a bill per month, key figures, a report.

The file cannot say everything about itself: declare the rest with options, or once and for all in a small TOML beside
it (`plant.csv` and `plant.toml`; each key is an option's name with `_` for `-`). Nothing is guessed in silence.

Example: a file of 15-minute kWh whose stamps mark the start of each interval

    wattledger price plant.csv --tariff mx-gdmth:golfo-centro --out bill --kind interval --unit kWh --step-minutes 15
      --stamp start --timezone America/Mexico_City --time-column time --energy-column kwh --contracted-kw all=800

A bad row stops everything and says why (`--on-bad-row stop`), or goes to quarantine.csv with its reason while the rest
is priced and the bill says what is missing (`--on-bad-row quarantine`).
"""


@dataclass(frozen=True)
class Money:
    """What is agreed, and what is given beside it, as the user wrote it."""

    agreed: opt.AgreedOptions
    series: list[str] | None
    rate_of_exchange: list[str] | None
    history: list[Path] | None
    billing_timezone: str | None


@dataclass(frozen=True)
class Days:
    """The options of what is priced, as the user wrote them."""

    first: str | None
    end: str | None
    rates_of: str | None


@dataclass(frozen=True)
class Question:
    """What the user wants priced, and how."""

    readings: Path
    agreements: Agreements
    zone: ZoneInfo
    wanted: Wanted
    rates_of: date | None
    on_bad_row: OnBadRow
    declaration: Declaration
    history: Remembered


@dataclass(frozen=True)
class Answer:
    """What came of it: `priced` and `kpis` have one entry a meter."""

    priced: tuple[PricedLoad, ...]
    kpis: tuple[Kpis, ...]
    file: MeterFile
    written: tuple[Path, ...]

    @property
    def notes(self) -> list[str]:
        rejected = f"{len(self.file.rejected):,} rows or gaps are in quarantine.csv, each with its reason"
        forgotten = [note for one in self.priced for note in unknown_months(one)]
        return [*self.file.notes, *([rejected] if self.file.rejected else []), *forgotten]


@opt.declares_the_file
def command(
    readings: opt.Readings,
    out: opt.Out,
    facts: opt.Facts,
    tariff: opt.OneTariff = None,
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
    as_json: opt.AsJson = False,
) -> None:
    money = Money(
        opt.AgreedOptions(tariff, agreements, rates, rate, contracted_kw, low_side),
        series,
        rate_of_exchange,
        history,
        billing_timezone,
    )
    question = question_of(readings, facts, money, Days(first, end, rates_of), on_bad_row)
    with progress("Reading") as bar:
        answer = price_file(question, out, bar)
    show(answer, as_json=as_json)


def question_of(readings: Path, facts: opt.Facts, money: Money, days: Days, on_bad_row: OnBadRow) -> Question:
    """What the options ask. Raises a `Refusal`."""
    declaration = opt.declaration_of(readings, facts)
    series = opt.files(money.series, "--series", "NAME=FILE")
    agreements = all_with_series(opt.agreements_of(money.agreed), series, opt.exchange(money.rate_of_exchange))
    zone, assumed = opt.zone_of(money.billing_timezone, agreements), opt.month(days.rates_of, "--rates-of")
    return Question(
        readings=readings,
        agreements=agreements,
        zone=zone,
        wanted=wanted_by(agreements, zone, opt.day(days.first, "--from"), opt.day(days.end, "--to"), assumed),
        rates_of=assumed,
        on_bad_row=on_bad_row,
        declaration=declaration,
        history=history_of(money.history or (), agreements.tariffs),
    )


def price_file(question: Question, out: Path, bar: Bar) -> Answer:
    """Read, price, write. Raises a `Refusal` that names file, row, column and value."""
    file = read_meter_file(question.readings, question.declaration, question.on_bad_row, question.wanted)
    bar.say("Pricing")
    priced = price_loads(question, file, bar)
    bar.say("Writing")
    kpis = tuple(kpis_of(one.bills, one.load.step_minutes, one.tariff.demand_minutes) for one in priced)
    answer = Answer(tuple(priced), kpis, file, ())
    return Answer(answer.priced, kpis, file, _write(question, out, answer))


def price_loads(question: Question, file: MeterFile, bar: Bar) -> list[PricedLoad]:
    """The bills of each meter of a file. Raises a `Refusal`."""
    priced = []
    for done, load in enumerate(file.loads):
        bar(done, len(file.loads) + 1)
        history = meter_history(question.history, load.meter, len(file.loads))
        priced.append(price_agreed(load, question.agreements, question.zone, question.rates_of, history))
    return priced


def show(answer: Answer, *, as_json: bool) -> None:
    """Print what came of it."""
    meters = list(zip(answer.priced, answer.kpis, strict=True))
    if as_json:
        values = {
            "meters": [bills_to_json(one.bills, kpis, evidence_of(one)) for one, kpis in meters],
            "notes": answer.notes,
        }
        typer.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    for one, kpis in meters:
        OUT.print(summary(f"\n{one.load.meter}", kpis, one.bills, one.zone, _coverage(one)))
    for note in answer.notes:
        OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    wrote(answer.written)


def _write(question: Question, out: Path, answer: Answer) -> tuple[Path, ...]:
    out.mkdir(parents=True, exist_ok=True)
    written = list(write_costs(out, answer.priced))
    for one, figures in zip(answer.priced, answer.kpis, strict=True):
        name = "bill.json" if len(answer.priced) == 1 else f"bill-{_file_name(one.load.meter)}.json"
        write_bills(out / name, one.bills, figures, evidence_of(one))
        written.append(out / name)
    title = f"{question.readings.stem}: what its electricity cost"
    write_report(out / "report.html", answer.priced, _overall(answer), title, answer.notes)
    written.append(out / "report.html")
    if answer.file.rejected:
        write_quarantine(out / "quarantine.csv", answer.file)
        written.append(out / "quarantine.csv")
    return tuple(written)


def _overall(answer: Answer) -> Kpis:
    """Figures of all meters together; a load factor has no meaning for several."""
    if len(answer.priced) == 1:
        return answer.kpis[0]
    [step], [block] = (
        {one.load.step_minutes for one in answer.priced},
        {one.tariff.demand_minutes for one in answer.priced},
    )
    together = kpis_of([bill for one in answer.priced for bill in one.bills], step, block)
    return replace(together, load_factor_percent=None)


def _coverage(priced: PricedLoad) -> list[tuple[str, str, str]]:
    coverage = [bill.coverage for bill in priced.bills]
    measured, estimated = sum(c.measured for c in coverage), sum(c.estimated for c in coverage)
    missing = sum(c.missing for c in coverage)
    rows = [("Measurements priced", f"{measured + estimated:,}", f"{estimated:,} of them estimated")]
    if missing:
        rows.append(("Missing", f"{missing:,}", "intervals of the billed months: these bills are not whole"))
    return rows


def _file_name(meter: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in meter)
