"""`wattledger demo`: one factory, one month, everything that usually goes wrong; its bill and its report."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from adapters.bill_json import write_bills
from adapters.cost_files import write_costs
from adapters.parquet_lake import ParquetLake
from adapters.report import write_report
from adapters.simulated import FaultLevel
from adapters.tariff_files import TariffFiles
from application.load_of_ledger import load_of_ledger
from domain.arrays import evidence_of, price_load
from domain.kpi import kpis_of
from domain.terms import BillingMonth
from entrypoints.screen import OUT, progress, summary, wrote
from entrypoints.simulate import CONTRACT, EXIT_NOT_PROVEN, TARIFF, ZONE, proof
from entrypoints.simulation import Outcome, World, simulate

HELP = """A simulated factory: 8 meters, one month, a power cut, a six-hour line outage, late and repeated readings.

Readings go from the device's outbox (SQLite) through the stream and the pricing into the ledger (SQLite), and from
there to the hot store and the lake (Parquet). The month closes into a bill, priced a second time by the vectorised
engine, which must agree to the last unit.
"""
METERS, SEED = 8, 2026
FIRST = date(2026, 1, 1)


def command(
    out: Annotated[Path, typer.Option(help="Folder for what is written; an earlier demo in it is replaced.")] = Path(
        "demo"
    ),
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    forget_earlier_demo(out)
    tariff, month = TariffFiles().get(TARIFF), BillingMonth(FIRST, ZONE)
    world = World(1, METERS, month.days, SEED, FaultLevel.TYPICAL, tariff, FIRST, ZONE, CONTRACT, out)
    with progress("One month of a factory") as bar:
        outcome = simulate(world, [ParquetLake(out / "lake")], bar)
        bar.say("Bill and report")
        written = write_results(outcome, out)
    OUT.print(proof(outcome))
    wrote(written)
    if not outcome.reconciliation.holds:
        raise typer.Exit(EXIT_NOT_PROVEN)


def write_results(outcome: Outcome, out: Path) -> list[Path]:
    """Bill, cost of every measurement of the main meter, and the report; prints the summary."""
    [closed], [factory] = outcome.closed, outcome.factories
    point, month = factory.point, BillingMonth(FIRST, ZONE)
    load = load_of_ledger(outcome.store.days, point, point.main_meter, month)
    priced = price_load(load, factory.tariff, CONTRACT, ZONE)
    if priced.bills[0].lines != closed.bill.lines:
        raise AssertionError("the ledger and the vectorised engine bill this month differently")
    kpis = kpis_of(priced.bills, load.step_minutes, factory.tariff.demand_minutes)
    costs = write_costs(out, [priced])
    write_bills(out / "bill.json", priced.bills, kpis, evidence_of(priced))
    write_report(out / "report.html", [priced], kpis, f"{point.id}: what its electricity cost in {FIRST:%B %Y}")
    share = (kpis.cost / Decimal(sum(b.coverage.expected for b in priced.bills))).quantize(Decimal("0.01"))
    OUT.print(
        summary(f"\n{point.id}, {FIRST:%B %Y}", kpis, priced.bills, ZONE, [("Cost of 5 minutes", f"{share:,}", "mean")])
    )
    return [out / "bill.json", costs[0], out / "report.html", out / "ledger.sqlite", out / "lake"]


def forget_earlier_demo(out: Path) -> None:
    """Remove the files that a demo writes, and only those."""
    for path in [*out.glob("*.sqlite*"), *out.glob("lake/date=*/costs-*.parquet")]:
        path.unlink()
