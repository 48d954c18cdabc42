"""The children of `tariff_trials`: each checks its answer, times its own work, and prints one JSON object.

Run `python -m benchmarks.tariff_runs WHAT [METERS]`.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from adapters.tariff_files import TariffFiles
from benchmarks import common_tariff as common
from benchmarks import peer_eeco, peer_pysam
from domain.arrays import Billing, Load, bill_load, energy_cost, price_load
from domain.arrays.bills import layout
from domain.arrays.calendar_year import compiled
from domain.bill import Bill
from domain.measured_day import MeasuredDay
from domain.measurement import Measurement, MeterType
from domain.metering_day import MeteringDay
from domain.money import decimal_to_nano
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, Terms, midnight_utc

STEP = 5
SCALE = 60 // STEP
MEXICO, UTC_ZONE = ZoneInfo("America/Mexico_City"), ZoneInfo("UTC")
RATES_OF, CONTRACT = date(2026, 1, 1), Contract({"all": Decimal(800)})
CHUNK = 100


def year() -> dict[str, Any]:
    """Ours: a meter-year on GDMTH and on the common tariff."""
    load, plain = gdmth_load(), common.load(STEP)
    gdmth = gdmth_billing()
    other = Billing.of(common.tariff(STEP), Contract(), UTC_ZONE)
    found = common.by_group(other.bills(plain), STEP)
    same(gdmth.bills(load), price_load(load, gdmth.tariff, CONTRACT, MEXICO, RATES_OF).bills)

    def from_scratch() -> None:
        compiled.cache_clear()
        layout.cache_clear()
        bill_load(load, gdmth.tariff, CONTRACT, MEXICO, RATES_OF)

    return {
        "figures": {
            "gdmth": times_ms(lambda: gdmth.bills(load), 60),
            "read": times_ms(lambda: read(gdmth.bills(load)), 60),
            "common": times_ms(lambda: other.bills(plain), 60),
            "scratch": times_ms(from_scratch, 20),
        },
        "found": {group: str(amount) for group, amount in found.items()},
        "expected": {group: f"{amount:.6f}" for group, amount in common.EXPECTED[STEP].items()},
    }


def read(bills: Iterable[Bill]) -> list[object]:
    """All that a line forms only when it is asked: its words, and what shares it."""
    return [(line.formula, line.note, line.basis) for bill in bills for line in bill.lines]


def pysam_year() -> dict[str, Any]:
    kw = (common.watts(STEP) / 1000 * SCALE).tolist()
    rates = common.for_pysam(SCALE)
    model = peer_pysam.prepared(rates, len(kw))
    return {
        "total": sum(peer_pysam.monthly_bills(model, kw)) / SCALE,
        "figures": {
            "kept": times_ms(lambda: peer_pysam.monthly_bills(model, kw), 20),
            "execute": times_ms(lambda: model.execute(0), 20),
            "scratch": times_ms(lambda: peer_pysam.monthly_bills(peer_pysam.prepared(rates, len(kw)), kw), 10),
        },
    }


def eeco_year() -> dict[str, Any]:
    kw, rates = common.watts(STEP) / 1000 * SCALE, peer_eeco.table(common.for_eeco(SCALE))
    kept = peer_eeco.charges_of(rates, common.YEAR, STEP)

    def whole() -> list[float]:
        return peer_eeco.monthly_bills(peer_eeco.charges_of(rates, common.YEAR, STEP), kw, common.YEAR, STEP)

    return {
        "total": sum(whole()) / SCALE,
        "figures": {
            "year": times_ms(whole, 3),
            "kept": times_ms(lambda: peer_eeco.monthly_bills(kept, kw, common.YEAR, STEP), 3),
        },
    }


def fleet(meters: int) -> dict[str, Any]:
    """The bills of many meters on GDMTH, a chunk of loads at a time; making the loads is not counted.

    By the clock, which runs on while other work has the core, and by the core's own time for this process.
    """
    billing, each, cpu, bills = gdmth_billing(), list[float](), list[float](), 0
    for chunk in chunks(meters):
        for load in chunk:
            began, began_cpu = perf_counter(), process_time()
            found = billing.bills(load)
            cpu.append((process_time() - began_cpu) * 1000)
            each.append((perf_counter() - began) * 1000)
            bills += len(found)
        last = load_of(chunk[-1].energy_wh.astype(np.int64), chunk[-1].meter)
        same(billing.bills(chunk[-1]), price_load(last, billing.tariff, CONTRACT, MEXICO, RATES_OF).bills)
    figures = {
        "each": [sum(each) / meters],
        "cpu_each": [sum(cpu) / meters],
        "all": [sum(each) / 1000],
        "cpu": [sum(cpu) / 1000],
    }
    return {"figures": figures, "meters": meters, "bills": bills}


def intervals() -> dict[str, Any]:
    """Exact costs by interval; in million intervals a second."""
    load, billing = gdmth_load(), gdmth_billing()
    found, bills = energy_cost(load, billing), billing.bills(load)
    lines = [line for bill in bills for line in bill.lines if line.code in found.lines]
    same(int(found.nano.sum()), sum(decimal_to_nano(line.gross) for line in lines))
    priced = price_load(load, billing.tariff, CONTRACT, MEXICO, RATES_OF)
    same(sum(int(cost.sum()) for cost in priced.cost_micro.values()), int(sum(bill.total for bill in bills) * 10**6))
    count, per_bill = len(load.energy_wh) / 1000, len(bills[0].lines)
    energy = times_ms(lambda: energy_cost(load, billing), 60)
    shared = times_ms(lambda: price_load(load, billing.tariff, CONTRACT, MEXICO, RATES_OF), 10)
    return {
        "figures": {
            "energy": [count / ms for ms in energy],
            "shared": [count / ms for ms in shared],
            "line_shares": [count * per_bill / ms for ms in shared],
        },
        "lines": per_bill,
    }


def calendar() -> dict[str, Any]:
    files = TariffFiles()
    places = [(files.get(name).calendar, ZoneInfo(files.get(name).timezone)) for name in files.ids()]
    spain = compiled(files.get("es-6.1td").calendar, ZoneInfo("Europe/Madrid"), STEP, 2025)
    same((np.bincount(spain.period) / SCALE).tolist(), [765, 964, 854, 1035, 462, 4680])
    cold = list[float]()
    for calendar, zone in places:

        def afresh(calendar: Any = calendar, zone: ZoneInfo = zone) -> None:
            compiled.cache_clear()
            compiled(replace(calendar), zone, STEP, 2025)

        cold += times_ms(afresh, 3)
    again = times_ms(lambda: compiled(*places[-1], STEP, 2025), 100)
    return {"figures": {"compile": cold, "again": [ms * 1000 for ms in again]}, "tariffs": len(places)}


def live() -> dict[str, Any]:
    """A day of 50 meters, each upload priced and taken in; microseconds per measurement."""
    names = [f"meter-{n:02}" for n in range(50)]
    billing = gdmth_billing()
    point = SupplyPoint("plant", "edge", MEXICO, billing.tariff.id, CONTRACT, names[0], dict.fromkeys(names, METER))
    month = BillingMonth(date(2026, 1, 1), MEXICO)
    terms = Terms(billing.tariff, billing.tariff.rate_table.in_force(month.first, month.end), CONTRACT, month, STEP)
    uploads = [upload(names, slot, midnight_utc(DAY, MEXICO)) for slot in range(288)]
    day = MeteringDay("edge", DAY)
    day.evolve(day.open(point, terms, None))
    priced, evolved, alone = list[float](), list[float](), list[float]()
    for slot, measurements in enumerate(uploads):
        alone.append(times_ms(lambda now=measurements: day.record("one", now[:1], terms), 1)[0] * 1000)  # type: ignore[misc]
        began = perf_counter()
        event = day.record(str(slot), measurements, terms)
        told = perf_counter()
        if event is not None:
            day.evolve(event)
        priced.append((told - began) / len(names) * 1e6)
        evolved.append((perf_counter() - began) / len(names) * 1e6)
    check_live(day, uploads, terms)
    figures = {"of_50": priced, "evolved": evolved, "alone": alone}
    return {"figures": figures, "measurements": len(names) * len(uploads)}


METER, DAY = MeterType(10**9), date(2026, 1, 5)


def check_live(day: MeteringDay, uploads: list[list[Measurement]], terms: Terms) -> None:
    """What the first meter's measurements cost live is the bill to date of the same load as an array."""
    mine = [measurements[0] for measurements in uploads]
    start = mine[0].start
    wh, varh, quality = zip(*((one.energy_wh, one.reactive_varh, one.quality) for one in mine), strict=True)
    measured = MeasuredDay(start, STEP, wh, varh, quality)
    load = Load.of_days(mine[0].meter, start, start + timedelta(days=1), STEP, [measured])
    [bill] = bill_load(load, terms.tariff, CONTRACT, MEXICO, RATES_OF)
    same(day.meters[0].live_nano, terms.accrued_nano(bill.determinants))


def upload(names: list[str], slot: int, midnight: datetime) -> list[Measurement]:
    at = midnight + timedelta(minutes=STEP * slot)
    return [Measurement(m, at, 40_000 + (37 * slot + 101 * n) % 9000, 9000) for n, m in enumerate(names)]


def gdmth_billing() -> Billing:
    return Billing.of(gdmth(), CONTRACT, MEXICO, RATES_OF)


def gdmth() -> Tariff:
    return TariffFiles().get("mx-gdmth:golfo-centro")


def gdmth_load() -> Load:
    """The common load at a twelfth of its watts: a plant of some 540 kW, in local 2025."""
    return load_of(common.watts(STEP) // SCALE, "plant")


def load_of(wh: NDArray[Any], meter: str) -> Load:
    start = midnight_utc(date(2025, 1, 1), MEXICO)
    return Load(meter, start, STEP, wh, wh * 2 // 5, np.zeros(len(wh), dtype=np.uint8))


def chunks(meters: int) -> Iterator[list[Load]]:
    """Loads of the common plant in other sizes, int32 as a fleet is kept in memory."""
    base, dice = common.watts(STEP) // SCALE, np.random.default_rng(0)
    for first in range(0, meters, CHUNK):
        sizes = dice.uniform(0.5, 1.5, min(CHUNK, meters - first))
        yield [load_of((base * size).astype(np.int32), f"meter-{first + n}") for n, size in enumerate(sizes)]


def times_ms(work: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each of some runs, after one that is not counted."""
    work()
    found = list[float]()
    for _ in range(times):
        began = perf_counter()
        work()
        found.append((perf_counter() - began) * 1000)
    return found


def same(ours: object, expected: object) -> None:
    """Ends the child with a sentence where an answer is wrong: how fast it was is then no matter."""
    if ours != expected:
        sys.exit(f"wrong answer: {ours!s:.200} instead of {expected!s:.200}")


RUNS: dict[str, Callable[..., dict[str, Any]]] = {
    "year": year,
    "pysam-year": pysam_year,
    "eeco-year": eeco_year,
    "fleet": fleet,
    "intervals": intervals,
    "calendar": calendar,
    "live": live,
}

if __name__ == "__main__":
    print(json.dumps(RUNS[sys.argv[1]](*map(int, sys.argv[2:]))))
