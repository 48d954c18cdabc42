"""The tariffs of each country: their calendars, and small bills by hand, at made-up rates where none ship."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.tariff_files import TariffFiles
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.steady_plant import Rated, amounts, bills, decimals, month_of, quantity, rated_in, reactive, spike

STEEL = Path(__file__).parents[3] / "shared" / "data" / "steel_2018_15min.csv"
STRUCTURES = TariffFiles().structure_ids()


@pytest.fixture
def rated(tmp_path: Path) -> Rated:
    """A shipped structure with rates of one's own, which hold at all times."""
    return rated_in(tmp_path)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure_becomes_a_tariff_with_any_complete_rates(structure: str, rated: Rated) -> None:
    charges = TariffFiles().structure(structure).charges()
    keys = dict.fromkeys(key for charge in charges for key in (*charge.rate_keys, *charge.percent_keys))
    tariff = rated(structure, dict.fromkeys(keys, "1"))
    assert tariff.notes
    assert all(charge.source for charge in tariff.charges)  # type: ignore[attr-defined]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_hour_of_a_year_has_a_period_and_every_period_has_hours(structure: str) -> None:
    parsed = TariffFiles().structure(structure)
    calendar, zone = parsed.calendar.to_domain(), ZoneInfo(parsed.timezone)
    start = datetime(2025, 1, 1, tzinfo=zone).astimezone(UTC)
    hours = [0] * len(calendar.periods)
    for n in range(8760):
        local = (start + timedelta(hours=n)).astimezone(zone)
        hours[calendar.period_at(local.date(), local.hour * 60)] += 1
    assert sum(hours) == 8760
    assert all(hours)


@pytest.mark.parametrize(
    ("toll", "excess"),
    [("3.0td", "168.06"), ("6.1td", "166.65"), ("6.2td", "164.65"), ("6.3td", "154.95"), ("6.4td", "136.63")],
)
def test_spain_charges_the_root_of_the_squared_excess(toll: str, excess: str) -> None:
    tariff = TariffFiles().get(f"es-{toll}")
    load = month_of(tariff, "2025-01-01", "2025-02-01", 100)
    spike(tariff, load, "2025-01-15 10:00", 130)  # 30 and 40 kW beyond the contract: the root of 30² + 40² is 50
    spike(tariff, load, "2025-01-16 10:00", 140)
    [bill] = bills(tariff, load, {"all": 100})
    found = amounts(bill)
    assert [code for code in found if code.startswith("excess")] == ["excess.P1"]
    assert found["excess.P1"] == Decimal(excess)


@pytest.mark.parametrize("zone", ["", "-canarias"])
def test_spain_charges_small_meters_twice_the_highest_excess_for_each_day(zone: str) -> None:
    tariff = TariffFiles().get(f"es-3.0td-types-4-5{zone}")
    load = month_of(tariff, "2025-05-01", "2025-06-01", 30)
    spike(tariff, load, "2025-05-15 10:00", 45)  # P4 in May
    spike(tariff, load, "2025-05-16 10:00", 55)
    [bill] = bills(tariff, load, {"all": 40})
    found = {code: amount for code, amount in amounts(bill).items() if code.startswith("excess")}
    assert found == {"excess.P4": Decimal("20.14")}  # 2 x 15 kW x 0.021656 x 31 days


@pytest.mark.parametrize(
    ("kvarh", "line"),
    [
        (6_000, None),  # 33 % of 18,900 kWh are 6,237 kvarh
        (10_000, "156.37"),  # cos phi 0.88: 3,763 kvarh x 0.041554
        (20_000, "857.88"),  # cos phi 0.69: 13,763 kvarh x 0.062332
    ],
)
def test_spain_charges_reactive_energy_beyond_a_third(kvarh: int, line: str | None) -> None:
    tariff = TariffFiles().get("es-6.1td")
    load = month_of(tariff, "2025-01-01", "2025-02-01", 100)  # P1 has 189 hours in January
    reactive(tariff, load, "2025-01-15 10:00", kvarh)
    reactive(tariff, load, "2025-01-15 03:00", 50_000)  # P6 is free
    [bill] = bills(tariff, load, {"all": 100})
    assert amounts(bill).get("reactive.P1") == (None if line is None else Decimal(line))
    assert [code for code in amounts(bill) if code.startswith("reactive.") and code != "reactive.P1"] == []


def test_a_spanish_month_in_the_canary_islands_adds_up() -> None:
    tariff = TariffFiles().get("es-6.1td-canarias", overrides={"igic": Decimal(3)})
    load = month_of(tariff, "2025-04-01", "2025-05-01", 100)
    [bill] = bills(tariff, load, {"all": 100})
    # 22 working days of 9 dear hours (P4) and 7 cheap ones (P5), and 720 - 352 hours of P6.
    energy = decimals(energy__P4="124.23", energy__P5="36.78", energy__P6="53.10")
    assert {code: amounts(bill)[code] for code in energy} == energy
    power = decimals(power__P1="236.65", power__P2="123.93", power__P3="53.91", power__P4="42.51", power__P5="15.89")
    assert {code: amounts(bill)[code] for code in power} == power
    assert amounts(bill)["power.P6"] == Decimal("7.53")
    assert amounts(bill)["electricity_tax"] == Decimal("36.00")  # 0.5 EUR for each of 72 MWh; 5.11 % were 35.51
    assert (amounts(bill)["igic"], bill.total) == (Decimal("21.92"), Decimal("752.45"))


CHILE = {
    "fixed": "1000",
    "public_service": "0.5",
    "transmission": "10",
    "energy": "100",
    "demand": "10000",
    "peak_demand": "8000",
    "power_factor": "1",
    "vat": "19",
}


@pytest.fixture(params=["cl-at4.3", "cl-bt4.3"])
def chile(request: pytest.FixtureRequest, rated: Rated) -> tuple[Tariff, Load]:
    tariff = rated(request.param, CHILE)
    load = month_of(tariff, "2025-04-01", "2025-11-01", 100)
    spike(tariff, load, "2025-04-10 19:00", 200)
    spike(tariff, load, "2025-05-10 21:45", 150)
    spike(tariff, load, "2025-05-20 03:00", 400)
    return tariff, load


def test_chile_bills_the_mean_of_the_two_highest_months(chile: tuple[Tariff, Load]) -> None:
    found = [quantity(bill, "demand") for bill in bills(*chile)]
    assert found == [200, 300, 300, 300, 300, 300, 300]


def test_chile_bills_the_peak_of_the_month_and_then_that_of_the_season(chile: tuple[Tariff, Load]) -> None:
    found = [quantity(bill, "peak_demand") for bill in bills(*chile)]
    assert found == [200, 150, 100, 100, 100, 100, 175]


def test_an_october_in_chile_adds_up_in_whole_pesos(chile: tuple[Tariff, Load]) -> None:
    october = bills(*chile)[-1]
    expected = decimals(
        fixed="1000",
        public_service="37200",
        transmission="744000",
        energy="7440000",
        demand="3000000",
        peak_demand="1400000",
        vat="2391150",  # the public service charge bears none
        rounding="50",
    )
    assert (amounts(october), october.total) == (expected, Decimal(15_013_400))


def test_chile_charges_one_percent_for_each_hundredth_of_power_factor_or_fraction(chile: tuple[Tariff, Load]) -> None:
    tariff, load = chile
    reactive(tariff, load, "2025-10-10 10:00", 37_200)  # power factor 0.8944: four steps under 0.93
    october = bills(tariff, load)[-1]
    assert amounts(october)["power_factor"] == Decimal(473_600)  # 4 % of 7,440,000 + 3,000,000 + 1,400,000


BRAZIL = {
    "energy.peak": "2",
    "energy.off-peak": "0.5",
    "reactive_excess": "0.3",
    "icms": "18",
    "pis": "1",
    "cofins": "6",
    "pis_unused": "1",
    "cofins_unused": "6",
}


def by_demand(colour: str, rate: str, off_peak: str = "") -> dict[str, str]:
    """The same rate for all that a kW may be charged for; blue has another off the peak."""
    kinds = ("demand", "unused", "reactive_demand")
    if colour == "verde":
        return dict.fromkeys((*kinds, "over_demand"), rate)
    peak = dict.fromkeys((*(f"{kind}_peak" for kind in kinds), "over_demand.peak"), rate)
    return peak | dict.fromkeys((*(f"{kind}_off_peak" for kind in kinds), "over_demand.off-peak"), off_peak or rate)


def test_a_green_june_in_brazil_adds_up_with_its_taxes_inside(rated: Rated) -> None:
    tariff = rated("br-a4-verde", BRAZIL | by_demand("verde", "30"))
    load = month_of(tariff, "2025-06-01", "2025-07-01", 400)
    spike(tariff, load, "2025-06-10 10:00", 430)
    [bill] = bills(tariff, load, {"all": 400})
    expected = {
        "demand": Decimal("12900.00"),
        "over_demand": Decimal("1800.00"),  # 30 kW, at twice the price
        "energy.peak": Decimal("48000.00"),  # 20 days of 3 hours: Corpus Christi has no peak
        "energy.off-peak": Decimal("132003.75"),
        "icms": Decimal("46728.90"),
        "pis": Decimal("2596.05"),
        "cofins": Decimal("15576.30"),
        "pis_unused": Decimal("0.00"),
        "cofins_unused": Decimal("0.00"),
    }
    assert (amounts(bill), bill.total) == (expected, Decimal("259605.00"))


def test_a_blue_june_in_brazil_has_a_demand_for_each_period(rated: Rated) -> None:
    tariff = rated("br-a4-azul", BRAZIL | by_demand("azul", "40", off_peak="20"))
    load = month_of(tariff, "2025-06-01", "2025-07-01", 400)
    spike(tariff, load, "2025-06-10 18:00", 450)
    spike(tariff, load, "2025-06-10 17:45", 420)  # 5 % beyond the contract is free
    [bill] = bills(tariff, load, {"all": 400})
    found = amounts(bill)
    assert (found["demand_peak"], found["demand_off_peak"]) == (Decimal(18_000), Decimal(8_400))
    assert {code: value for code, value in found.items() if code.startswith("over")} == {"over_demand.peak": 4000}


@pytest.mark.parametrize("colour", ["verde", "azul"])
def test_brazil_charges_the_energy_that_a_poor_power_factor_displaces(colour: str, rated: Rated) -> None:
    tariff = rated(f"br-a4-{colour}", BRAZIL | by_demand(colour, "20"))
    load = month_of(tariff, "2025-06-01", "2025-07-01", 400)
    reactive(tariff, load, "2025-06-10 10:00", 75, quarters=4)  # an hour of 400 kWh at 0.80: 400 x (0.92/0.80 - 1)
    [bill] = bills(tariff, load, {"all": 500})
    assert quantity(bill, "reactive_excess") == 60
    assert amounts(bill)["reactive_excess"] == 18
    assert [code for code in amounts(bill) if code.startswith("reactive_demand")] == []  # 460 kW are in the contract


@pytest.mark.parametrize("colour", ["verde", "azul"])
def test_brazil_charges_the_demand_that_a_poor_power_factor_displaces(colour: str, rated: Rated) -> None:
    tariff = rated(f"br-a4-{colour}", BRAZIL | by_demand(colour, "20"))
    load = month_of(tariff, "2025-06-01", "2025-07-01", 400)
    reactive(tariff, load, "2025-06-10 10:00", 75, quarters=4)
    [bill] = bills(tariff, load, {"all": 400})
    found = {code: amount for code, amount in amounts(bill).items() if code.startswith("reactive_demand")}
    name = "reactive_demand" if colour == "verde" else "reactive_demand_off_peak"
    assert found == {name: Decimal(60 * 20)}  # 400 kW x 0.92 / 0.80 - 400 kW


def test_demand_not_used_in_brazil_bears_pis_and_cofins_and_no_icms(rated: Rated) -> None:
    tariff = rated("br-a4-azul", BRAZIL | by_demand("azul", "40", off_peak="20"))
    load = month_of(tariff, "2025-06-01", "2025-07-01", 400)
    taxed, untaxed = (amounts(bills(tariff, load, {"all": kw})[0]) for kw in (400, 500))
    assert (untaxed["unused_peak"], untaxed["unused_off_peak"]) == (Decimal(4_000), Decimal(2_000))
    assert (untaxed["pis_unused"], untaxed["cofins_unused"]) == (Decimal("64.52"), Decimal("387.10"))  # x 1 and 6 / 93
    assert untaxed["icms"] == taxed["icms"]


def test_peak_hours_in_brazil_spare_the_holidays_that_follow_easter() -> None:
    calendar = TariffFiles().structure("br-a4-azul").calendar.to_domain()
    movable = {day for day in calendar.holidays_of(2026) if f"{day:%m-%d}" in {"02-17", "04-03", "06-04"}}
    assert len(movable) == 3
    assert len(calendar.holidays_of(2026)) == 11


def test_a_january_on_tou_gs_3_adds_up() -> None:
    tariff = TariffFiles().get("us-sce-tou-gs-3-cpp-2016")
    [bill] = bills(tariff, month_of(tariff, "2017-01-01", "2017-02-01", 100))
    # 22 working days of 13 hours are mid-peak.
    assert bill.amount_of("customer") == Decimal("441.93")
    assert bill.amount_of("energy.winter-mid-peak") == Decimal("2438.15")
    assert bill.amount_of("energy.winter-off-peak") == Decimal("2984.33")
    assert bill.amount_of("demand") == Decimal("1617.00")
    assert bill.total == Decimal("7481.41")


def test_the_steel_plants_year_on_tou_gs_3_costs_what_pysam_says() -> None:
    """NREL PySAM 7.1.1 on the URDB record and the load x 10, by a clock without summer time; unrounded."""
    if not STEEL.exists():
        pytest.skip("the steel plant's load is not on this machine")
    with STEEL.open(encoding="utf-8-sig", newline="") as file:
        wh = np.array([int(Decimal(row["Usage_kWh"]) * 10_000) for row in csv.DictReader(file)], dtype=np.int64)
    load = Load("steel", datetime(2018, 1, 1, tzinfo=UTC), 15, wh, None, np.zeros(len(wh), dtype=np.uint8))
    tariff = TariffFiles().get("us-sce-tou-gs-3-cpp-2016")
    priced = price_load(load, tariff, Contract(), ZoneInfo("UTC"), rates_of=date(2018, 1, 1))
    expected = {"energy": "822033.244743", "flat_demand": "1094172.156", "tou_demand": "476606.632", "fixed": "5303.16"}
    for group, amount in expected.items():
        found = sum(line.gross for bill in priced.bills for line in bill.lines if line.group == group)
        assert abs(found - Decimal(amount)) < Decimal("0.000001"), group
