"""Energy delivered to the grid: how it is metered, credited, banked, refused and shared."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.cost_files import cost_table
from adapters.messages import WattledgerWire
from adapters.meter_files import Declaration, read_meter_file
from domain.arrays import PricedLoad, price_load
from domain.arrays.load import Load
from domain.charges import Charge, EnergyByPeriod, ExportCredit, NetMetering, PriceSeries
from domain.cost_event import CostEvent, costs_of_day_event
from domain.errors import BadReadings, NoPriceInForce
from domain.events import DayEvent
from domain.measurement import (
    Correction,
    Extra,
    Measurement,
    MeterType,
    Reading,
    Registers,
    Swap,
    Verdict,
    measure,
)
from domain.metering_day import MeteringDay
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.cases import Case
from tests.reference.workbench import hourly, tariff_of

ZONE = ZoneInfo("UTC")
START = datetime(2018, 1, 1, tzinfo=UTC)
PERIODS = ((0, "night"), (1, "day"))
WINDOWS = (("night", 8), ("day", 24))
RATES = {"energy.night": "0.10", "energy.day": "0.20", "sold.night": "0.04", "sold.day": "0.06", "net.buy_out": "0.03"}
ENERGY = EnergyByPeriod("energy", "Energy", "use", "", PERIODS)


def tariff(*charges: Charge) -> Tariff:
    return tariff_of(charges, [RATES | {"net.night": "0.10", "net.day": "0.20"}], WINDOWS)


def load(drawn: Sequence[int], out: Sequence[int], start: datetime = START) -> Load:
    return replace(hourly(drawn, start), export_wh=np.array(out, dtype=np.int64))


def priced(of: Load, by: Tariff) -> PricedLoad:
    return price_load(of, by, Contract(), ZONE)


DAY_OF_SUN = load([1000] * 8 + [500] * 16, [0] * 10 + [4000] * 4 + [0] * 10)


def test_a_credit_is_what_was_delivered_at_the_sell_price_of_its_period() -> None:
    (bill,) = priced(DAY_OF_SUN, tariff(ENERGY, ExportCredit("sold", "Sold", "credit", "", PERIODS))).bills
    night, day = (line for line in bill.lines if line.charge == "sold")
    assert (night.amount, day.amount) == (Decimal(0), Decimal("-0.96"))
    assert (day.quantity * day.rate, day.formula) == (Decimal("-0.96"), "-(16 kWh delivered x 0.06)")
    assert bill.total == Decimal("0.80") + Decimal("1.60") - Decimal("0.96")


def test_a_credit_is_limited_to_the_lines_it_is_told_and_the_rest_is_lost() -> None:
    dear = ExportCredit("sold", "Sold", "credit", "", PERIODS, limited_to=("use",))
    by = tariff(replace(ENERGY, periods=((0, "night"),)), dear)
    (bill,) = priced(DAY_OF_SUN, by).bills
    assert (bill.amount_of("use"), bill.amount_of("credit")) == (Decimal("0.80"), Decimal("-0.80"))
    assert bill.lines[-1].formula == "-(16 kWh delivered x 0.06); limited to use: 0.80"


def test_a_credit_at_published_prices_pays_each_hour_its_own() -> None:
    by = tariff(ExportCredit("sold", "Sold", "credit", "", PERIODS, "spot"))
    values = {"sold.factor": Decimal(90), "sold.losses": Decimal(0), "sold.adder": Decimal(0)}
    rates = replace(by.rate_table.rates[0], values=values)
    prices = PriceSeries("spot", 60, START, tuple(1000 * hour for hour in range(24)), "an exchange")
    by = replace(by, rate_table=replace(by.rate_table, rates=(rates,)), series=(prices,))
    sold = priced(DAY_OF_SUN, by)
    assert sold.bills[0].lines[0].gross == Decimal("-0.1656")  # 4 kWh x 0.9 x (0.010 + 0.011 + 0.012 + 0.013)
    short = replace(by, series=(replace(prices, prices_micro=prices.prices_micro[:12]),))
    with pytest.raises(NoPriceInForce, match=r"no price for 2018-01-01 12:00 UTC \(8.000 kWh"):
        priced(DAY_OF_SUN, short)


def test_each_interval_gets_the_credit_of_what_it_delivered() -> None:
    cost = priced(DAY_OF_SUN, tariff(ExportCredit("sold", "Sold", "credit", "", PERIODS))).cost_micro["sold"]
    assert cost.tolist() == [0] * 10 + [-240_000] * 4 + [0] * 10


@pytest.mark.parametrize(
    "charge", [ExportCredit("sold", "Sold", "c", "", PERIODS), NetMetering("net", "Net", "c", "", PERIODS)]
)
def test_a_month_whose_export_is_not_metered_is_refused_with_the_option_to_give(charge: Charge) -> None:
    with pytest.raises(BadReadings, match=r"needs the energy delivered to the grid, and 24 intervals.*--export-column"):
        priced(replace(DAY_OF_SUN, export_wh=None), tariff(charge))


def months(*each: tuple[int, int]) -> Load:
    """January, February ... of one hour by day each: (kWh drawn, kWh delivered)."""
    first = [datetime(2018, 1 + n, 10, 12, tzinfo=UTC) for n in range(len(each))]
    size = (first[-1] - first[0]) // timedelta(hours=1) + 1
    drawn, out = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for at, (kwh, delivered) in zip(first, each, strict=True):
        drawn[(at - first[0]) // timedelta(hours=1)] = kwh * 1000
        out[(at - first[0]) // timedelta(hours=1)] = delivered * 1000
    return load(drawn.tolist(), out.tolist(), first[0])


def test_what_is_delivered_beyond_what_is_drawn_waits_in_the_bank() -> None:
    sunny = priced(months((500, 620), (400, 100), (90, 0)), tariff(NetMetering("net", "Net", "use", "", PERIODS)))
    assert [bill.lines[1].quantity for bill in sunny.bills] == [0, 180, 90]
    assert sunny.bills[1].lines[1].formula == "max(0, 400 drawn - 100 delivered - 120 in the bank) kWh x 0.20"
    assert sunny.bills[1].total == 36


def test_a_bank_ends_with_its_month_lost_or_bought_out() -> None:
    for buy_out, paid in ((False, 0), (True, Decimal("-3.60"))):
        charge = NetMetering("net", "Net", "use", "", PERIODS, expires_in_month=1, buy_out=buy_out)
        january, february = priced(months((500, 620), (400, 100)), tariff(charge)).bills
        assert january.amount_of("net.buy_out") == paid
        assert february.lines[1].quantity == 300


def test_a_bank_is_of_its_period() -> None:
    by_night = load([1000] + [0] * 8 + [1000], [5000] + [0] * 9)
    (bill,) = priced(by_night, tariff(NetMetering("net", "Net", "use", "", PERIODS))).bills
    assert [line.quantity for line in bill.lines] == [0, 1]


def test_a_month_remembers_its_banks_and_begins_with_no_other_than_the_month_before() -> None:
    charge = NetMetering("net", "Net", "use", "", PERIODS)
    history = {"net.day": {date(2018, 1, 1): Fraction(70), date(2017, 12, 1): Fraction(999)}}
    february = months((0, 0), (100, 0)).between(datetime(2018, 2, 1, tzinfo=UTC), datetime(2018, 3, 1, tzinfo=UTC))
    (bill,) = price_load(february, tariff(charge), Contract(), ZONE, history=history).bills
    assert bill.lines[1].quantity == 30
    terms = Case(tariff(charge), february, ZONE, {}).terms(date(2018, 2, 1), history)
    assert charge.remembered(bill.determinants, terms) == {"net.night": 0, "net.day": 0}


STEP = timedelta(minutes=5)


def reading(minutes: int, extra: Extra) -> Reading:
    return Reading("main", START + timedelta(minutes=minutes), 1000 + minutes, 0, extra)


def test_export_registers_are_measured_like_any_register() -> None:
    found, gap = measure(reading(0, Extra(500)), reading(5, Extra(620)), MeterType(100_000), STEP)
    assert ([one.extra for one in found], gap) == ([Extra(120)], None)
    found, _ = measure(reading(0, Extra(500, 7)), reading(15, Extra(620, 10)), MeterType(100_000), STEP)
    assert [one.extra for one in found] == [Extra(40, 1)] * 3


def test_a_reset_export_register_is_a_gap_and_an_absent_one_is_not_metered() -> None:
    _, gap = measure(reading(0, Extra(500)), reading(5, Extra(2)), MeterType(100_000), STEP)
    assert gap is not None
    assert gap.reason is Verdict.RESET
    (found,), _ = measure(reading(0, Extra()), reading(5, Extra(2)), MeterType(100_000), STEP)
    assert found.extra == Extra()


OLD, NEW = MeterType(100_000, 1_000_000), MeterType(100_000)


def across(last: Extra, first: Extra) -> Swap:
    return Swap(START + timedelta(minutes=2), Registers(1003, 0, last), OLD, Registers(1003, 0, first), NEW)


def test_what_both_meters_delivered_and_exchanged_is_carried_across_a_swap() -> None:
    swap = across(Extra(999_990, 40), Extra(7, 0))
    found, gap = measure(reading(0, Extra(999_900, 31)), reading(10, Extra(117, 6)), NEW, STEP, swap)
    assert (sum(one.energy_wh for one in found), gap) == (10, None)
    assert [one.extra for one in found] == [Extra(100, 7), Extra(100, 8)]
    turned_over = across(Extra(20), Extra(0))
    (one,), _ = measure(reading(0, Extra(999_900)), reading(5, Extra(5)), NEW, STEP, turned_over)
    assert one.extra == Extra(125)


@pytest.mark.parametrize(
    ("before", "last", "first", "after"),
    [
        (Extra(500), Extra(), Extra(0), Extra(20)),
        (Extra(500), Extra(510), Extra(), Extra(20)),
        (Extra(None, 1), Extra(510), Extra(0), Extra(20)),
        (Extra(500), Extra(510), Extra(0), Extra(None, 1)),
    ],
)
def test_a_register_of_which_a_swap_does_not_tell_everything_is_not_metered_there(
    before: Extra, last: Extra, first: Extra, after: Extra
) -> None:
    (found,), gap = measure(reading(0, before), reading(5, after), NEW, STEP, across(last, first))
    assert (found.extra, gap) == (Extra(), None)


def test_an_export_register_that_jumped_across_a_swap_is_a_gap() -> None:
    swap = across(Extra(510), Extra(0))
    found, gap = measure(reading(0, Extra(500)), reading(5, Extra(10**9)), NEW, STEP, swap)
    assert (found, gap and gap.reason) == ((), Verdict.JUMP)


def test_the_wire_carries_extra_registers_and_says_nothing_of_absent_ones() -> None:
    wire = WattledgerWire()
    plain = [(None, reading(0, Extra()))]
    mixed = [
        (reading(0, Extra(5)), reading(5, Extra(9))),
        (None, reading(5, Extra())),
        (None, reading(5, Extra(None, 3))),
    ]
    for pairs in (plain, mixed):
        assert list(wire.readings(wire.body(pairs))) == pairs
    assert b"export" not in zlib.decompress(wire.body(plain)[1:])


def test_a_correction_keeps_the_export_it_does_not_tell() -> None:
    case = Case(tariff(ExportCredit("sold", "Sold", "credit", "", PERIODS)), DAY_OF_SUN, ZONE, {})
    terms = case.terms(date(2018, 1, 1), {})
    day = MeteringDay("edge", date(2018, 1, 1))
    day.evolve(day.open(case.point(), terms, None))
    at = START + timedelta(hours=12)
    event = day.record("s/1", [Measurement("main", at, 0, 0, extra=Extra(4000))], terms)
    assert event is not None
    day.evolve(event)
    assert day.meters[0].live_nano == [0, -240_000_000]
    assert [one.extra for one in costs_of(day, event)] == [Extra(4000)]
    for extra, live, before, after in (
        (Extra(), -240_000_000, 4000, 4000),
        (Extra(1000), -60_000_000, 4000, 1000),
        (Extra(0, 9), 0, 1000, 0),
    ):
        corrected = day.correct(Correction("main", at, 500, 0, "ana", "wrong ratio", extra), terms)
        assert [one.extra.export_wh for one in costs_of(day, corrected)] == [-before, after]
        day.evolve(corrected)
        assert day.meters[0].live_nano == [0, live]


def costs_of(day: MeteringDay, event: DayEvent) -> list[CostEvent]:
    assert day.opened is not None
    return list(costs_of_day_event(day.opened, day.grid, 7, event))


def test_the_costs_of_a_load_tell_what_it_delivered_and_nothing_where_it_is_not_metered() -> None:
    tariffed = priced(DAY_OF_SUN, tariff(ENERGY))
    table = cost_table(tariffed)
    assert table["export_wh"].to_pylist() == [0] * 10 + [4000] * 4 + [0] * 10
    assert table["capacitive_varh"].to_pylist() == [None] * 24


def test_a_correction_below_zero_is_refused() -> None:
    with pytest.raises(BadReadings, match="-1 Wh exported"):
        Correction("main", START, 0, 0, "ana", "why", Extra(-1))


@pytest.mark.parametrize("kind", ["interval", "register"])
def test_a_file_may_have_columns_of_export_and_capacitive_energy(tmp_path: Path, kind: str) -> None:
    rows = [(0, 10, 1, 0, 5), (15, 20, 3, 4, 5), (30, 40, 4, 9, 6)]
    text = "t,kwh,kvarh,out,cap\n" + "".join(f"2026-01-05T00:{m:02}:00Z,{a},{b},{c},{d}\n" for m, a, b, c, d in rows)
    (tmp_path / "plant.csv").write_text(text)
    declared = {
        "kind": kind, "unit": "kWh", "step_minutes": 15, "time_column": "t", "energy_column": "kwh",
        "reactive_column": "kvarh", "reactive_unit": "kvarh", "export_column": "out", "capacitive_column": "cap",
        **({"stamp": "start"} if kind == "interval" else {"rated_power_kw": "400"}),
    }  # fmt: skip
    (found,) = read_meter_file(tmp_path / "plant.csv", Declaration.model_validate(declared), "stop").loads
    assert found.export_wh is not None
    assert found.capacitive_varh is not None
    out, capacitive = ([0, 4000, 9000], [5000, 5000, 6000]) if kind == "interval" else ([4000, 5000], [0, 1000])
    assert (found.export_wh.tolist(), found.capacitive_varh.tolist()) == (out, capacitive)
