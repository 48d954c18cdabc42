"""Whole bills at shipped rates that no example has: each worked out apart from the engine, in plain decimals.

Rules: the notes and sources of the tariff files. What is awkward in each stands in the name of its test.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.tariff_files import TariffFiles
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.errors import ContractIncomplete
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.steady_plant import QUARTER, amounts, index_of, month_of, quantity, rated_in


def at(tariff: Tariff, load: Load, local: str, wh: int) -> None:
    """Energy of one quarter of an hour."""
    load.energy_wh[index_of(tariff, load, local)] = wh


def with_reactive(load: Load, above: int, below: int) -> Load:
    """Reactive energy is the same share of active energy in every quarter of an hour."""
    load.reactive_varh[:] = load.energy_wh * above // below  # type: ignore[index]
    return load


def only_bill(tariff: Tariff, load: Load, contract: Contract) -> Bill:
    [bill] = price_load(load, tariff, contract, ZoneInfo(tariff.timezone)).bills
    return bill


def said(text: str) -> dict[str, Decimal]:
    pairs = (one.split("=") for one in text.split())
    return {code: Decimal(amount) for code, amount in pairs}


GOLFO_NORTE = """
    supplier_fixed=502.03 distribution=10219.98 transmission=12188.48 cenace=514.34 energy.base=19540.80
    energy.intermediate=49414.38 energy.peak=13142.98 capacity=71155.77 scnmem=466.97 low_side=3542.91
"""


@pytest.mark.parametrize(
    ("contracted", "rest", "total"),
    [
        (999, "power_factor=13551.65 vat=31078.45", "225318.74"),  # 90 % asked: 7.5 %
        (1000, "power_factor=20417.82 vat=32177.03", "233283.49"),  # 95 % from 1 MW on: 11.25 % is rounded up to 11.3 %
    ],
)
def test_gdmth_with_both_demands_capped_on_the_low_side_at_a_power_factor_of_080(
    contracted: int, rest: str, total: str
) -> None:
    tariff = TariffFiles().get("mx-gdmth:golfo-norte")
    load = month_of(tariff, "2026-02-01", "2026-03-01", 100)
    at(tariff, load, "2026-02-11 19:00", 225_300)  # 901.2 kW at peak, 902 of them billed but for the cap
    at(tariff, load, "2026-02-12 10:00", 300_900)
    bill = only_bill(
        tariff, with_reactive(load, 3, 4), Contract({"all": Decimal(contracted)}, metered_on_low_side=True)
    )
    # 67,676.2 kWh / (24 x 28 x 0.57) = 176.7: 177 kW.
    assert amounts(bill) == said(GOLFO_NORTE) | said(rest)
    assert bill.total == Decimal(total)


def test_gdmth_in_april_bills_each_season_its_own_days_demand_and_cap() -> None:
    tariff = TariffFiles().get("mx-gdmth:valle-de-mexico-centro")
    load = month_of(tariff, "2025-04-01", "2025-05-01", 100)
    at(tariff, load, "2025-04-04 19:00", 65_100)  # a Friday of winter: peak, 260.4 kW over a cap of 177
    at(tariff, load, "2025-04-07 19:00", 103_200)  # the first Monday of summer: intermediate
    at(tariff, load, "2025-04-08 20:15", 37_600)  # 150.4 kW, so 151, under a cap of 176
    bill = only_bill(tariff, load, Contract({"all": Decimal(500)}))
    winter, summer = ({line.code: line.amount for line in bill.lines if line.part == part} for part in (0, 1))
    assert winter == said("""
        supplier_fixed=77.82 distribution=1891.92 transmission=2178.05 cenace=78.26 energy.base=3150.40
        energy.intermediate=12336.10 energy.peak=3851.15 capacity=12764.84 scnmem=74.65
    """)
    assert summer == said("""
        supplier_fixed=389.01 distribution=9403.89 transmission=10870.43 cenace=390.59 energy.base=20182.25
        energy.intermediate=63404.38 energy.peak=7560.81 capacity=54435.84 scnmem=372.56
    """)
    assert {line.code: line.amount for line in bill.lines if line.part is None} == said(
        "power_factor=-5085.32 vat=31732.42"
    )
    assert bill.total == Decimal("230060.05")


def test_gdmth_without_energy_at_peak_hours_pays_no_capacity() -> None:
    tariff = TariffFiles().get("mx-gdmth:jalisco")
    load = month_of(tariff, "2026-03-01", "2026-04-01", 100)
    peak = tariff.periods.index("peak")
    for n in range(len(load.energy_wh)):
        local = (load.start + n * QUARTER).astimezone(ZoneInfo(tariff.timezone))
        if tariff.calendar.period_at(local.date(), local.hour * 60 + local.minute) == peak:
            load.energy_wh[n] = 0
    bill = only_bill(tariff, load, Contract({"all": Decimal(200)}))
    assert [quantity(bill, code) for code in ("capacity", "energy.peak")] == [0, 0]
    assert quantity(bill, "distribution") == 100


def test_gdmto_above_its_load_factor_pays_capacity_for_more_than_it_ever_drew() -> None:
    tariff = TariffFiles().get("mx-gdmto:bajio")
    load = month_of(tariff, "2020-01-01", "2020-02-01", 60)
    at(tariff, load, "2020-01-15 11:30", 19_800)  # 79.2 kW
    bill = only_bill(tariff, load, Contract())
    assert amounts(bill) == said("""
        supplier_fixed=464.57 distribution=7669.60 transmission=7495.86 cenace=357.16 energy=52810.33 capacity=32686.50
        scnmem=250.01 power_factor=-2543.35 vat=15870.51
    """)
    assert bill.total == Decimal("115061.19")


def test_dist_at_97_percent_just_reached_gains_nothing() -> None:
    tariff = TariffFiles().get("mx-dist:centro-sur")
    load = with_reactive(month_of(tariff, "2026-07-01", "2026-08-01", 2000), 1, 4)
    bill = only_bill(tariff, load, Contract())
    assert amounts(bill) == said("""
        supplier_fixed=793.13 transmission=267988.80 cenace=11308.80 energy.base=414546.00
        energy.intermediate=1399099.20 energy.peak=167789.60 capacity=772740.00 scnmem=10267.20 power_factor=0.00
        vat=487125.24
    """)
    assert bill.total == Decimal("3531657.97")


def test_baja_california_in_winter_pays_capacity_for_the_cap_alone() -> None:
    tariff = TariffFiles().get("mx-gdmth-bc:baja-california")
    bill = only_bill(tariff, month_of(tariff, "2026-01-01", "2026-02-01", 1000), Contract({"all": Decimal(1500)}))
    assert quantity(bill, "capacity") == 1755
    assert (amounts(bill)["capacity"], amounts(bill)["distribution"]) == (Decimal("628272.45"), Decimal("90010.00"))
    [line] = [line for line in bill.lines if line.code == "capacity"]
    assert line.formula.startswith("cap ceil(744,000 kWh / (24 x 31 x 0.57)) = 1,755 kW x 357.99")
    assert line.note.startswith("The cap alone is billed")


def test_spain_in_a_march_of_743_hours_in_which_the_electricity_tax_falls() -> None:
    tariff = TariffFiles().get("es-6.1td")
    load = month_of(tariff, "2026-03-01", "2026-04-01", 290)
    for day, kw in (("2026-03-03", 310), ("2026-03-04", 330), ("2026-03-05", 340), ("2026-03-24", 305)):
        at(tariff, load, f"{day} 10:00", kw * 250)
    contract = {"P1": 300, "P2": 300, "P3": 310, "P4": 310, "P5": 310, "P6": 450}
    bill = only_bill(tariff, load, Contract({period: Decimal(kw) for period, kw in contract.items()}))
    before, after = ({line.code: line.amount for line in bill.lines if line.part == part} for part in (0, 1))
    assert before == said("""
        power.P1=510.82 power.P2=267.79 power.P3=121.32 power.P4=96.20 power.P5=37.90 power.P6=26.00
        energy.P1=0 energy.P2=1046.71 energy.P3=393.66 energy.P4=0 energy.P5=0 energy.P6=121.58
        excess.P2=92.71 electricity_tax=138.79
    """)  # excess: the root of 10² + 30² + 40² is 50.99
    assert after == said("""
        power.P1=243.25 power.P2=127.52 power.P3=57.77 power.P4=45.81 power.P5=18.05 power.P6=12.38
        energy.P1=0 energy.P2=488.22 energy.P3=183.71 energy.P4=0 energy.P5=0 energy.P6=58.49
        excess.P2=9.09 electricity_tax=34.66
    """)  # 0.5 % were 6.22 EUR, and 0.5 EUR for each of 69.31375 MWh are more
    assert amounts(bill)["vat"] == Decimal("867.81")
    assert bill.total == Decimal("5000.24")


def test_spain_with_a_small_meter_in_an_october_of_745_hours() -> None:
    tariff = TariffFiles().get("es-3.0td-types-4-5")
    load = month_of(tariff, "2026-10-01", "2026-11-01", 45)
    at(tariff, load, "2026-10-13 19:00", 13_150)  # 52.6 kW in P4
    contract = {"P1": 20, "P2": 20, "P3": 20, "P4": 40, "P5": 50, "P6": 50}
    bill = only_bill(tariff, load, Contract({period: Decimal(kw) for period, kw in contract.items()}))
    assert amounts(bill) == said("""
        power.P1=34.61 power.P2=18.04 power.P3=7.61 power.P4=13.20 power.P5=10.68 power.P6=6.12
        energy.P1=0 energy.P2=0 energy.P3=0 energy.P4=83.33 energy.P5=31.13 energy.P6=53.34
        excess.P4=17.10 electricity_tax=16.76 vat=61.30
    """)
    assert bill.total == Decimal("353.22")


def test_spain_refuses_a_contract_with_less_in_a_later_period() -> None:
    tariff = TariffFiles().get("es-6.4td")
    load = month_of(tariff, "2026-01-01", "2026-02-01", 10)
    contract = Contract({"all": Decimal(500), "P3": Decimal(499)})
    with pytest.raises(ContractIncomplete, match=r"499 kW are contracted in P3 and 500 in P2.*--contracted-kw P3=KW"):
        only_bill(tariff, load, contract)


@pytest.mark.parametrize(
    ("more_varh", "rates"),
    [
        (-1, "reactive.P1=279.24"),  # cos phi 0.80 and a little more: 6,720 kvarh beyond 33 %
        (0, "reactive.P1=279.24"),  # 0.80 itself
        (1, "reactive.P1=418.87"),  # a thousandth of a kvarh less than it, and the dearer rate
    ],
)
def test_spanish_reactive_energy_steps_at_a_cosine_of_080_exactly(more_varh: int, rates: str) -> None:
    tariff = TariffFiles().get("es-6.1td")
    load = month_of(tariff, "2026-01-01", "2026-02-01", 0)
    at(tariff, load, "2026-01-07 10:00", 16_000_000)
    assert load.reactive_varh is not None
    load.reactive_varh[index_of(tariff, load, "2026-01-07 10:00")] = 12_000_000 + more_varh
    bill = only_bill(tariff, load, Contract({"all": Decimal(100_000)}))
    assert {code: value for code, value in amounts(bill).items() if code.startswith("reactive")} == said(rates)


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


@pytest.mark.parametrize(
    ("more_varh", "rest"),
    [
        (0, "power_factor=1778785 vat=3074883 rounding=-22"),  # 0.80 exactly: 13 hundredths under 0.93
        (1, "power_factor=1915614 vat=3100881 rounding=-49"),  # and a fraction: 14
    ],
)
def test_chile_in_june_looks_back_on_demand_and_not_on_the_peak(more_varh: int, rest: str, tmp_path: Path) -> None:
    tariff = rated_in(tmp_path)("cl-bt4.3", CHILE)
    load = month_of(tariff, "2026-06-01", "2026-07-01", 100)
    at(tariff, load, "2026-06-10 19:00", 60_100)  # 240.4 kW in peak hours
    at(tariff, load, "2026-06-11 03:00", 75_000)
    load = with_reactive(load, 3, 4)
    load.reactive_varh[0] += more_varh  # type: ignore[index]
    history = {"demand": months("2025-07=410 2025-12=500.25 2026-05=400"), "peak_demand": months("2025-09=900")}
    [bill] = price_load(load, tariff, Contract(), ZoneInfo(tariff.timezone), history=history).bills
    same = "fixed=1000 public_service=36043 transmission=720851 energy=7208510 demand=4551250 peak_demand=1923200 "
    assert amounts(bill) == said(same + rest)
    assert bill.total % 100 == 0


def test_high_voltage_in_temuco_in_september_loses_an_hour_and_pays_for_its_power_factor() -> None:
    tariff = TariffFiles().get("cl-at4.3:frontel-temuco")
    load = month_of(tariff, "2026-09-01", "2026-10-01", 200)  # 719 hours: the clock was put forward
    at(tariff, load, "2026-09-10 03:00", 65_000)
    at(tariff, load, "2026-09-10 19:00", 60_000)  # 240 kW in peak hours
    bill = only_bill(tariff, with_reactive(load, 1, 2), Contract())  # 0.894: four hundredths under 0.93
    assert amounts(bill) == said("""
        fixed=1097 public_service=587381 transmission=3808583 energy=16227086 demand=2681562 peak_demand=4750885
        power_factor=946381 vat=5398963 rounding=-38
    """)
    assert bill.total == 34_401_900


def test_low_voltage_in_osorno_in_october_comes_to_what_saesas_list_with_vat_does() -> None:
    tariff = TariffFiles().get("cl-bt4.3:saesa-osorno")
    load = month_of(tariff, "2026-10-01", "2026-11-01", 90)
    at(tariff, load, "2026-10-20 12:00", 32_500)
    history = {
        "demand": months("2026-06=170 2026-08=150"),
        "peak_demand": months("2026-05=120 2026-07=140 2026-09=100"),
    }
    [bill] = price_load(load, tariff, Contract(), ZoneInfo(tariff.timezone), history=history).bills
    assert amounts(bill) == said("""
        fixed=1043 public_service=273505 transmission=1763450 energy=7890867 demand=1121988 peak_demand=2898388
        vat=2598390 rounding=-31
    """)
    # 1,241.607 + 66,970 x (31.335 + 140.214) + 160 x 8,344.784 + 130 x 26,531.399 with VAT, + 66,970 x 4.084 without.
    assert bill.total == 16_547_600


def test_chile_in_october_bills_the_two_highest_peaks_of_the_season_and_no_zero_between_them(tmp_path: Path) -> None:
    tariff = rated_in(tmp_path)("cl-at4.3", CHILE)
    load = month_of(tariff, "2026-10-01", "2026-11-01", 100)
    for known, kw in (("2026-09=300", 300), ("2026-09=300 2026-04=200 2026-07=100", 250), ("2025-10=999", 0)):
        history = {"peak_demand": months(known)}
        [bill] = price_load(load, tariff, Contract(), ZoneInfo(tariff.timezone), history=history).bills
        assert quantity(bill, "peak_demand") == kw


BRAZIL = {
    "demand": "31.07",
    "unused": "31.07",
    "over_demand": "31.07",
    "energy.peak": "1.9",
    "energy.off-peak": "0.47",
    "reactive_excess": "0.31",
    "reactive_demand": "31.07",
    "icms": "18",
    "pis": "0.93",
    "cofins": "4.28",
    "pis_unused": "0.93",
    "cofins_unused": "4.28",
}


@pytest.mark.parametrize(
    ("wh", "over"),
    [(105_000, None), (105_001, "1243.05")],  # 420 kW are 1.05 of the contract; 4 W more, and the whole 20.004 kW count
)
def test_brazil_forgives_five_percent_and_then_nothing(wh: int, over: str | None, tmp_path: Path) -> None:
    tariff = rated_in(tmp_path)("br-a4-verde", BRAZIL)
    load = month_of(tariff, "2026-06-01", "2026-07-01", 300)
    at(tariff, load, "2026-06-10 10:00", wh)
    found = amounts(only_bill(tariff, load, Contract({"all": Decimal(400)})))
    assert found.get("over_demand") == (None if over is None else Decimal(over))


def test_brazil_taxes_what_was_not_used_without_icms(tmp_path: Path) -> None:
    tariff = rated_in(tmp_path)("br-a4-verde", BRAZIL)
    bill = only_bill(tariff, month_of(tariff, "2026-06-01", "2026-07-01", 300), Contract({"all": Decimal(400)}))
    # 21 working days, Corpus Christi is none: 63 peak hours, 657 others.
    assert amounts(bill) == said("""
        demand=9321.00 unused=3107.00 energy.peak=35910.00 energy.off-peak=92637.00
        icms=32317.02 pis=1669.71 cofins=7684.27 pis_unused=30.48 cofins_unused=140.29
    """)


def test_green_at_cpfl_paulista_in_may_is_billed_before_taxes() -> None:
    tariff = TariffFiles().get("br-a4-verde-net:cpfl-paulista")
    load = month_of(tariff, "2026-05-01", "2026-06-01", 300)
    at(tariff, load, "2026-05-12 10:00", 85_000)  # 340 kW: 30 beyond the contract, which forgives 15.5
    hour = index_of(tariff, load, "2026-05-13 10:00")
    load.reactive_varh[hour : hour + 4] = 100_000  # type: ignore[index]  # an hour at 0.60
    # 20 working days, Labour Day is none. ERE 300 x (0.92 / 0.60 - 1); DRE 300 x 0.92 / 0.60 - 340.
    bill = only_bill(tariff, load, Contract({"all": Decimal(310)}))
    assert amounts(bill) == said("""
        demand=5620.20 over_demand=991.80 energy.peak=32102.10 energy.off-peak=89672.67
        reactive_excess=46.43 reactive_demand=1983.60
    """)
    assert bill.total == Decimal("130416.80")


def test_blue_at_enel_in_september_has_its_peak_from_half_past_five() -> None:
    tariff = TariffFiles().get("br-a4-azul-1730-net:enel-sp")
    load = month_of(tariff, "2025-09-01", "2025-10-01", 300)
    at(tariff, load, "2025-09-10 17:15", 80_000)  # 320 kW, just before the peak
    at(tariff, load, "2025-09-10 17:30", 90_000)  # 360 kW
    bill = only_bill(tariff, load, Contract({"all": Decimal(330)}))
    assert amounts(bill) == said("""
        demand_peak=10548.00 demand_off_peak=5452.80 unused_off_peak=170.40 over_demand.peak=1758.00
        energy.peak=11179.23 energy.off-peak=78205.35
    """)
    assert bill.total == Decimal("107313.78")


def test_green_at_cosern_in_june_spares_corpus_christi() -> None:
    tariff = TariffFiles().get("br-a4-verde-1730-net:cosern")
    bill = only_bill(tariff, month_of(tariff, "2026-06-01", "2026-07-01", 100), Contract({"all": Decimal(100)}))
    assert amounts(bill) == said("demand=3200.00 energy.peak=15719.89 energy.off-peak=26264.23")


def test_where_the_peak_begins_at_half_past_reactive_energy_is_that_of_half_hours() -> None:
    """Of the half hour with 150 kWh and 100 kvarh: 0.92 x sqrt(150² + 100²) - 150 kWh, and twice that beyond 300 kW."""
    tariff = TariffFiles().get("br-a4-azul-1730-net:enel-sp")
    load = month_of(tariff, "2025-09-01", "2025-10-01", 300)
    load.reactive_varh[index_of(tariff, load, "2025-09-10 17:30")] = 100_000  # type: ignore[index]
    bill = only_bill(tariff, load, Contract({"all": Decimal(300)}))
    assert amounts(bill)["reactive_excess"] == Decimal("4.64")  # 15.855 kWh x 0.29274
    assert amounts(bill)["reactive_demand_peak"] == Decimal("929.12")  # 31.7107 kW x 29.30


@pytest.mark.parametrize(("year", "day"), [(2018, "02-13"), (2030, "03-05"), (2038, "03-09")])
def test_carnival_has_no_peak_hours_in_any_year(year: int, day: str) -> None:
    calendar = TariffFiles().structure("br-a4-azul").calendar.to_domain()
    assert day in {f"{one:%m-%d}" for one in calendar.holidays_of(year)}


def months(text: str) -> dict[date, Fraction]:
    """What a demand was in some months."""
    pairs = (one.split("=") for one in text.split())
    return {date.fromisoformat(f"{month}-01"): Fraction(kw) for month, kw in pairs}
