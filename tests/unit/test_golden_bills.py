"""Bills that others worked out. Their numbers are typed into `tests/golden/`, each with its source and its strength."""

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.tariff_files import TariffFiles
from domain.bill import Bill, BillLine, make_bill
from domain.charges import Charge, Fixed, MaximumDemand, PowerFactorAdjustment
from domain.charges.power_factor import bonus_or_penalty_percent, power_factor_percent
from domain.determinants import Determinants
from domain.tariff import Rates, RateTable, Tariff
from domain.terms import BillingMonth, Contract, Terms

GOLDEN = Path(__file__).parents[1] / "golden"
STEEL = Path(__file__).parents[3] / "shared" / "data" / "steel_2018_15min.csv"
NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)


def golden(name: str) -> dict[str, Any]:
    return tomllib.loads((GOLDEN / f"{name}.toml").read_text(encoding="utf-8"))


FULL = golden("mx-gdmth-2018-12")
CAPACITY_BILLS = golden("mx-gdmth-capacity")["bill"]
POWER_FACTOR = golden("mx-power-factor")
HOURS = golden("es-calendar-2025")
E20 = golden("us-pge-e20-2018")


@pytest.fixture(scope="module")
def december() -> Bill:
    tariff = TariffFiles().get(FULL["tariff"])
    determinants = load(tariff, FULL["kwh"], FULL["kw"], FULL["kvarh"])
    return bill_of(tariff, determinants, FULL["month"], contracted_kw=200)


def test_the_bill_of_december_2018_has_its_lines_in_order(december: Bill) -> None:
    supply = [line.code for line in december.lines if line.group == "supply"]
    assert supply == list(FULL["lines"])


@pytest.mark.parametrize(("code", "amount"), FULL["lines"].items())
def test_a_line_of_december_2018_is_right_to_the_cent(december: Bill, code: str, amount: str) -> None:
    assert line_of(december, code).amount == Decimal(amount)


def test_december_2018_adds_up(december: Bill) -> None:
    assert december.amount_of("supply") == Decimal(FULL["total_before_power_factor_and_tax"])


@pytest.mark.parametrize(("code", "kw"), FULL["billed_kw"].items())
def test_december_2018_bills_these_kilowatts(december: Bill, code: str, kw: int) -> None:
    assert line_of(december, code).quantity == kw


def test_december_2018_has_this_power_factor(december: Bill) -> None:
    d = december.determinants
    assert power_factor_percent(d.total_wh, d.reactive_varh or 0) == Decimal(FULL["power_factor_percent"])


def test_a_line_whose_cap_binds_says_that_a_lower_peak_saves_nothing(december: Bill) -> None:
    distribution = line_of(december, "distribution")
    assert f"/ (24 x 31 x 0.57)) = {FULL['billed_kw']['distribution']}) kW" in distribution.formula
    assert distribution.note.startswith("The cap binds: this month the charge acts as 0.3280 MXN on every kWh")
    assert "a lower peak alone would save nothing" in distribution.note


def test_a_line_whose_cap_does_not_bind_says_nothing_about_it(december: Bill) -> None:
    assert line_of(december, "capacity").note == ""


@pytest.mark.parametrize("case", CAPACITY_BILLS, ids=lambda case: f"{case['month']:%Y-%m}")
def test_the_capacity_line_bills_the_peak_under_the_cap(case: dict[str, Any]) -> None:
    tariff = gdmth_with_one_charge("capacity", Decimal(case["rate"]))
    determinants = load(tariff, case["kwh"], {"peak": case["peak_kw"]})
    line = line_of(bill_of(tariff, determinants, case["month"]), "capacity")
    assert f"= {case['cap_kw']:,}) kW" in line.formula
    assert (line.quantity, line.amount, line.note) == (case["billed_kw"], Decimal(case["amount"]), "")


def test_a_power_factor_bonus_rounds_its_percent_before_the_money() -> None:
    base = Fixed("base", "Fixed, energy and low side", "supply", "")
    power_factor = next(c for c in gdmth().charges if isinstance(c, PowerFactorAdjustment))
    tariff = with_charges((base, replace(power_factor, base=("supply",))), {"base": Decimal(POWER_FACTOR["base"])})
    determinants = load(tariff, {"base": 97_830}, {}, kvarh=20_719)
    line = line_of(bill_of(tariff, determinants, POWER_FACTOR["month"]), "power_factor")
    assert f"power factor {POWER_FACTOR['power_factor_percent']} %, threshold 90 %" in line.formula
    assert line.rate == -Decimal(POWER_FACTOR["bonus_percent"])
    assert line.amount == -Decimal(POWER_FACTOR["bonus"])


def test_the_bonus_percent_of_the_article_is_two() -> None:
    factor, threshold = Decimal(POWER_FACTOR["power_factor_percent"]), Decimal(POWER_FACTOR["threshold_percent"])
    assert bonus_or_penalty_percent(factor, threshold) == -Decimal(POWER_FACTOR["bonus_percent"])


@pytest.mark.parametrize("tariff", HOURS["tariffs"])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_spanish_month_of_2025_has_these_hours_in_each_period(tariff: str, month: int) -> None:
    assert hours_by_period(TariffFiles().get(tariff), date(2025, month, 1)) == HOURS["months"][month - 1]


def test_the_spanish_months_add_up_to_the_year() -> None:
    assert [sum(column) for column in zip(*HOURS["months"], strict=True)] == HOURS["year"]
    assert sum(HOURS["year"]) == 8760


@pytest.fixture(scope="module")
def e20_bills() -> tuple[Bill, ...]:
    if not STEEL.exists():
        pytest.skip("the steel plant's load is not on this machine")
    tariff = TariffFiles().get(E20["tariff"])
    rates = tariff.rate_table.rates[0]
    months = [BillingMonth(date(2018, month, 1), ZoneInfo("UTC")) for month in range(1, 13)]
    parts = reduce_by_month(tariff, list(steel_load(E20["times"])))
    terms = (Terms(tariff, rates, Contract(), month, E20["step_minutes"]) for month in months)
    return tuple(make_bill("steel", part, term) for part, term in zip(parts, terms, strict=True))


@pytest.mark.parametrize("group", ["energy", "flat_demand", "tou_demand"])
def test_each_month_on_e20_costs_this_before_rounding(e20_bills: tuple[Bill, ...], group: str) -> None:
    assert [gross_of(bill, group) for bill in e20_bills] == [Decimal(text) for text in E20["months"][group]]


def test_the_year_on_e20_costs_this_before_rounding(e20_bills: tuple[Bill, ...]) -> None:
    groups = ["energy", "flat_demand", "tou_demand", "fixed"]
    found = {group: sum(gross_of(bill, group) for bill in e20_bills) for group in groups}
    assert found == {group: Decimal(E20["year"][group]) for group in groups}
    assert abs(sum(found.values()) - Decimal(E20["year"]["total"])) < Decimal("0.000001")


def test_the_printed_year_on_e20_is_off_by_less_than_a_cent_a_line(e20_bills: tuple[Bill, ...]) -> None:
    lines = sum(len(bill.lines) for bill in e20_bills)
    printed = sum(bill.total for bill in e20_bills)
    assert abs(printed - Decimal(E20["year"]["total"])) <= Decimal("0.005") * lines


def test_the_energy_of_each_e20_period_is_this(e20_bills: tuple[Bill, ...]) -> None:
    found = [sum(bill.determinants.energy_wh[period] for bill in e20_bills) for period in range(5)]
    assert [Decimal(wh) / 1000 for wh in found] == [Decimal(text) for text in E20["kwh"].values()]


def test_the_highest_demand_of_each_e20_month_is_this(e20_bills: tuple[Bill, ...]) -> None:
    found = [line_of(bill, "demand").quantity for bill in e20_bills]
    assert found == [Decimal(text) for text in E20["months"]["highest_kw"]]


def test_the_demand_of_september_on_e20_is_set_in_the_peak_period(e20_bills: tuple[Bill, ...]) -> None:
    september = e20_bills[8]
    assert line_of(september, "demand").quantity == line_of(september, "demand_summer_peak").quantity


def gdmth() -> Tariff:
    return TariffFiles().get("mx-gdmth:2018")


def gdmth_with_one_charge(code: str, rate: Decimal) -> Tariff:
    charge = next(c for c in gdmth().charges if c.code == code)
    assert isinstance(charge, MaximumDemand)
    return with_charges((charge,), {code: rate})


def with_charges(charges: tuple[Charge, ...], values: dict[str, Decimal]) -> Tariff:
    rates = Rates(date(2018, 1, 1), None, values, "as printed")
    return replace(gdmth(), charges=charges, rate_table=RateTable("mx-gdmth", "test", (rates,)))


def load(tariff: Tariff, kwh: dict[str, int], kw: dict[str, int], kvarh: int | None = None) -> Determinants:
    """Determinants of a month, given as the bill prints them: kWh and kW by period."""
    return Determinants(
        energy_wh=[kwh.get(period, 0) * 1000 for period in tariff.periods],
        reactive_varh=None if kvarh is None else kvarh * 1000,
        peak_wh=[kw.get(period, 0) * 1000 * tariff.demand_minutes // 60 for period in tariff.periods],
        peak_at=[NOON if period in kw else None for period in tariff.periods],
    )


def bill_of(tariff: Tariff, determinants: Determinants, first: date, contracted_kw: int = 0) -> Bill:
    month = BillingMonth(first, ZoneInfo(tariff.timezone))
    contract = Contract({"all": Decimal(contracted_kw)})
    rates = tariff.rate_table.in_force(month.first, month.end)
    return make_bill("plant", determinants, Terms(tariff, rates, contract, month, 15))


def line_of(bill: Bill, code: str) -> BillLine:
    return next(line for line in bill.lines if line.code == code)


def gross_of(bill: Bill, group: str) -> Decimal:
    return sum((line.gross for line in bill.lines if line.group == group), Decimal(0))


def hours_by_period(tariff: Tariff, first: date) -> list[int]:
    """Hours of a local month by period; hours pass in UTC, periods hold in local time."""
    month, hours = BillingMonth(first, ZoneInfo(tariff.timezone)), [0] * len(tariff.periods)
    for n in range(month.intervals(60)):
        local = (month.start_utc + timedelta(hours=n)).astimezone(month.zone)
        hours[tariff.calendar.period_at(local.date(), local.hour * 60)] += 1
    return hours


def steel_load(times: int) -> Iterator[tuple[datetime, int]]:
    """Starts and Wh of the plant's year. The file stamps ends, and the end of a day with 00:00 of the same day."""
    with STEEL.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            end = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
            end += timedelta(days=1) if (end.hour, end.minute) == (0, 0) else timedelta()
            yield end - timedelta(minutes=15), int(Decimal(row["Usage_kWh"]) * 1000) * times


def reduce_by_month(tariff: Tariff, intervals: list[tuple[datetime, int]]) -> list[Determinants]:
    """The slow way, an opinion beside `domain.arrays`: one interval after the other, by a clock without summer time."""
    months = [Determinants.nothing(len(tariff.periods)) for _ in range(12)]
    for at, wh in intervals:
        period = tariff.calendar.period_at(at.date(), at.hour * 60 + at.minute)
        month = months[at.month - 1]
        month.energy_wh[period] += wh
        month.see_block(period, wh, at)
        month.intervals += 1
    return months
