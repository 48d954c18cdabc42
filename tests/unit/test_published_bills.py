"""Bills that their issuers printed and others published: each line comes out to the cent from what the bill measured.

A bill prints no curve. The loads here have its registers: the energy of each period, and its highest block.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.tariff_files import TariffFiles
from domain.agreements import Agreed, Agreements
from domain.arrays.load import Load
from domain.arrays.pricing import price_agreed
from domain.bill import Bill
from domain.charges.power_factor import bonus_or_penalty_percent, power_factor_percent
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference.own_tariff import QUARTER, bill_of, charge, month_at, own_tariff, said
from tests.reference.steady_plant import rated_in

Registers = Sequence[tuple[int, int]]
"""kWh and highest kW of each period."""


def load_of(tariff: Tariff, first: str, end: str, registers: Registers, kvarh: int = 0) -> Load:
    """A load over local days `[first, end)` that a meter with these registers would show, in quarter hours."""
    zone = ZoneInfo(tariff.timezone)
    start, stop = (datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC) for day in (first, end))
    local = [(start + QUARTER * n).astimezone(zone) for n in range((stop - start) // QUARTER)]
    period = np.array([tariff.calendar.period_at(at.date(), at.hour * 60 + at.minute) for at in local])
    wh = np.zeros(len(local), dtype=np.int64)
    for p, (kwh, kw) in enumerate(registers):
        own = np.flatnonzero(period == p)
        rest, count = kwh * 1000 - kw * 250, len(own) - 1
        wh[own] = [kw * 250, *(rest // count + (1 if n < rest % count else 0) for n in range(count))]
    varh = np.full(len(wh), kvarh * 1000 // len(wh), dtype=np.int64)
    varh[0] += kvarh * 1000 - int(varh.sum())
    return Load("plant", start, 15, wh, varh, np.zeros(len(wh), dtype=np.uint8))


def billed(load: Load, *agreed: Agreed) -> Bill:
    [bill] = price_agreed(load, Agreements(agreed), ZoneInfo(agreed[0].tariff.timezone)).bills
    return bill


def by_code(bill: Bill, part: int | None = None) -> dict[str, Decimal]:
    return {line.code: line.amount for line in bill.lines if line.part == part}


GDMTH_2023_11 = {
    "supplier_fixed": "305.00",
    "distribution": "101.35",
    "transmission": "0.1736",
    "cenace": "0.0076",
    "energy.base": "0.8828",
    "energy.intermediate": "1.7228",
    "energy.peak": "1.9906",
    "capacity": "402.06",
    "scnmem": "0.0071",
    "low_side": "2",
    "vat": "16",
}
"""Fixed, distribution and energy are printed amount / printed quantity. How the rest of the printed sum falls on
capacity, transmission, CENACE and SCnMEM is not published: those four are fitted to it.
"""


def test_cfe_gdmth_november_2023_with_a_poor_power_factor_and_23_days(tmp_path: Path) -> None:
    """A tile factory's bill of 2023-11-07 to 30, 3,200 kW contracted: the fixture of a public reader of CFE's bills.

    Distribution is 1,211 kW, the cap of 23 days, x 101.35 x 0.7667: days of the month to four decimals (23/30 would be
    94,096.72). The penalty is 7.3 % of 1,099,938.95, one decimal; 7.2646 % would be 79,906.16.
    """
    tariff = rated_in(tmp_path)("mx-gdmth", GDMTH_2023_11)
    registers = ((128_800, 1204), (204_400, 1232), (47_600, 1232))
    load = load_of(tariff, "2023-11-08", "2023-12-01", registers, kvarh=282_800)
    bill = billed(load, Agreed(date(2023, 11, 8), tariff, Contract({"all": Decimal(3200)})))
    printed = said("""
        supplier_fixed=233.84 distribution=94100.81 energy.base=113704.64 energy.intermediate=352140.32
        energy.peak=94752.56 power_factor=80295.54 vat=188837.52
    """)
    assert {code: by_code(bill)[code] for code in printed} == printed
    assert sum(line.amount for line in bill.lines if line.group == "supply") == Decimal("1099705.11") + Decimal(
        "233.84"
    )
    assert bill.total == Decimal("1369072.01")
    [distribution] = [line for line in bill.lines if line.code == "distribution"]
    assert distribution.formula.endswith("= 1,211) kW x 101.35 x 0.7667 (23/30) of the month")


GDMTO_2018 = """
schema = "wattledger-tariff/1"
id = "own-gdmto-2018"
like = "mx-gdmto"
without = ["low_side", "power_factor", "vat"]
name = "GDMTO before the load factor decided capacity alone"

[[charge]]
kind = "maximum_demand"
code = "capacity"
label = "Capacity"
group = "supply"
round_up_kw = true
load_factor = "0.55"

[[rates]]
valid_from = 2018-07-01
valid_to = 2018-08-01
source = "CFE, Valle de México Sur, July 2018"
[rates.values]
supplier_fixed = "667.33"
distribution = "65.67"
transmission = "0.1585"
cenace = "0.0061"
energy = "1.2420"
capacity = "306.63"
scnmem = "0.0054"

[[rates]]
valid_from = 2018-08-01
source = "CFE, Valle de México Sur, August 2018"
[rates.values]
supplier_fixed = "667.33"
distribution = "65.67"
transmission = "0.1585"
cenace = "0.0091"
energy = "1.4130"
capacity = "348.95"
scnmem = "0.0054"
"""


def test_cfe_gdmto_from_july_to_august_2018_bears_22_and_8_days_of_31(tmp_path: Path) -> None:
    """A published sheet with a real bill of Valle de México Sur: 6,538 kWh and 15 kW, 22 days of July and 8 of August.

    CFE shared the kWh by days (22/30, 8/30), and kW by days of the calendar month to four decimals, 0.7097 and 0.2581:
    exact shares would give 953.27 and 4,614.90. Distribution's cap of 17 kW did not bind; nor, before A/064/2018, was
    capacity the cap alone: at a load factor of 0.605 it was billed on the 15 kW measured.
    """
    path = tmp_path / "gdmto.toml"
    path.write_text(GDMTO_2018, encoding="utf-8")
    tariff = TariffFiles().get(str(path))
    none = Contract()
    july = load_of(tariff, "2018-07-10", "2018-08-01", [(0, 0)])
    july.energy_wh[:] = spread(4_794_533, len(july.energy_wh), 3750)
    august = load_of(tariff, "2018-08-01", "2018-08-09", [(0, 0)])
    august.energy_wh[:] = spread(1_743_467, len(august.energy_wh), 3750)
    first = billed(july, Agreed(date(2018, 7, 10), tariff, none))
    second = billed(
        august, Agreed(date(2018, 8, 1), tariff, none), Agreed(date(2018, 8, 9), tariff, Contract({"all": Decimal(1)}))
    )
    found = {
        code: amount + by_code(second, 0).get(code, by_code(second).get(code, Decimal(0)))
        for code, amount in by_code(first).items()
    }
    assert found == said("""
        supplier_fixed=645.84 distribution=953.33 transmission=1036.27 cenace=45.12 energy=8418.33 capacity=4615.19
        scnmem=35.30
    """)
    assert sum(found.values()) == Decimal("15749.38")


def spread(total_wh: int, blocks: int, highest_wh: int) -> list[int]:
    """One block at the highest, and the rest as even as whole Wh are."""
    rest, count = total_wh - highest_wh, blocks - 1
    return [highest_wh, *(rest // count + (1 if n < rest % count else 0) for n in range(count))]


@pytest.mark.parametrize(
    ("kwh", "kvarh", "factor", "percent", "base", "printed"),
    [
        (380_800, 282_800, "80.28", "7.3", "1099938.95", "80295.54"),  # GDMTH, November 2023, as above
        (6_538, 3_320, "89.16", "0.6", "16064.37", "96.39"),  # GDMTO, July 2018, as above: 0.5653 % would be 90.81
    ],
)
def test_cfe_rounds_the_percent_of_the_power_factor_to_one_decimal(
    kwh: int, kvarh: int, factor: str, percent: str, base: str, printed: str
) -> None:
    """Printed by the issuer, and predicted from the kWh and kVArh that it printed."""
    found = power_factor_percent(kwh * 1000, kvarh * 1000)
    assert found == Decimal(factor)
    assert bonus_or_penalty_percent(found, Decimal(90)) == Decimal(percent)
    assert round(Decimal(base) * Decimal(percent) / 100, 2) == Decimal(printed)


def test_cfe_gdmth_october_2025_bears_each_season_its_own_highest_demand(tmp_path: Path) -> None:
    """A hotel's bill in a public set of twelve: 1,608 kW until the season changed, 1,399 kW in the six days after.

    Distribution is published as the printed amount / 1,399 kW, to the cent: 106.01, at a rate of 94.61 in the months
    around. That is 94.61 x (1,608 x 25 + 1,399 x 6 days) / 31; one demand for the whole month would be 108.74.
    """
    values = dict.fromkeys(GDMTH_2023_11, "1") | {"distribution": "94.61", "low_side": "2", "vat": "16"}
    tariff = rated_in(tmp_path)("mx-gdmth", values)
    load = load_of(tariff, "2025-10-01", "2025-11-01", ((300_000, 900), (500_000, 900), (60_000, 900)))
    zone = ZoneInfo(tariff.timezone)
    for at, kw in (("2025-10-08 12:00", 1608), ("2025-10-29 12:00", 1399)):
        n = (datetime.fromisoformat(at).replace(tzinfo=zone) - load.start) // QUARTER
        load.energy_wh[n] = kw * 250
    bill = billed(load, Agreed(date(2025, 10, 1), tariff, Contract({"all": Decimal(2300)})))
    lines = [line for line in bill.lines if line.code == "distribution"]
    assert [line.quantity for line in lines] == [1608, 1399]
    together = sum((line.amount for line in lines), Decimal(0))
    assert abs(together / 1399 - Decimal("106.01")) <= Decimal("0.005")


def test_chile_bills_the_two_highest_peaks_of_2024_until_the_next_winter(tmp_path: Path) -> None:
    """Published by Enerlink: 213, 220, 258, 198, 308 and 236 kW in peak hours from April to September 2024."""
    values = dict.fromkeys(("fixed", "public_service", "transmission", "energy", "demand", "power_factor", "vat"), "1")
    tariff = rated_in(tmp_path)("cl-at4.3", values | {"peak_demand": "1000"})
    winter = {
        date(2024, month, 1): Fraction(kw)
        for month, kw in zip(range(4, 10), (213, 220, 258, 198, 308, 236), strict=True)
    }
    for month, kw in (("2024-10-01", 283), ("2024-12-01", 283), ("2025-03-01", 283), ("2025-04-01", 50)):
        bill = bill_of(tariff, month_at(month, lambda _: 50_000, tariff.timezone), history={"peak_demand": winter})
        assert next(line.quantity for line in bill.lines if line.code == "peak_demand") == kw


HOTEL = (
    charge("energy_by_period", "energy")
    + charge("contracted_power", "power", 'per = "day"')
    + charge("percentage", "discount", 'base = ["energy"]\ncredit = true')
    + charge("fixed", "reactive", 'per = "month"')
    + charge("percentage", "electricity_tax", 'base = ["energy", "power", "discount", "reactive"]', "tax")
    + charge("fixed", "meter", 'per = "month"')
    + charge("percentage", "vat", 'base = ["energy", "power", "discount", "reactive", "tax", "meter"]')
)
THREE = """
schema = "wattledger-tariff/1"
id = "own"
name = "Spanish 3.0A of a supplier"
country = "ES"
currency = "EUR"
timezone = "Europe/Madrid"
source = "offer of a supplier"
demand_minutes = 15

[rounding]
places = 2
mode = "half_up"

[calendar]
periods = ["P1", "P2", "P3"]

[calendar.day_types]
monday = "any"
tuesday = "any"
wednesday = "any"
thursday = "any"
friday = "any"
saturday = "any"
sunday = "any"

[[calendar.season]]
name = "year"
starts = { month = 1, day = 1 }

[calendar.schedule.year]
any = ["00:00-08:00 P3", "08:00-18:00 P2", "18:00-22:00 P1", "22:00-24:00 P2"]
"""


def test_a_spanish_hotel_with_a_discount_on_its_energy(tmp_path: Path) -> None:
    """A 3.0A bill (Scribd 359069744), 30 days, 15.001 kW: 18 % off the energy, electricity tax 4.864 % x 1.05113.

    The sheet adds 1.26 for an excess after all taxes, which no rule of the toll does: without it it prints 301.53.
    """
    of = """
        energy.P1=0.179841 energy.P2=0.144875 energy.P3=0.109001 power.P1=0.115625 power.P2=0.070141 power.P3=0.049894
        discount=18 reactive=1.94 electricity_tax=5.11269632 meter=12.00 vat=21
    """
    tariff = own_tariff(tmp_path, HOTEL, of, THREE)
    load = load_of(tariff, "2017-06-01", "2017-07-01", ((215, 0), (531, 0), (256, 0)))
    bill = bill_of(tariff, load, {"all": "15.001"})
    assert by_code(bill) == said("""
        energy.P1=38.67 energy.P2=76.93 energy.P3=27.90 power.P1=52.03 power.P2=31.57 power.P3=22.45 discount=-25.83
        reactive=1.94 electricity_tax=11.54 meter=12.00 vat=52.33
    """)
    assert bill.total == Decimal("301.53")


def test_a_rider_below_its_base_gives_money_back(tmp_path: Path) -> None:
    """A store in June, Public Service Electric & Gas, in a handbook of energy management: 17,588 kWh, 30 kW."""
    charges = (
        charge("fixed", "customer", 'per = "month"')
        + charge("energy_flat", "energy")
        + charge("energy_credit", "adjustment")
        + charge("fixed", "demand", 'per = "month"')  # 262.34 is printed for 30 kW, its blocks are not
    )
    tariff = own_tariff(tmp_path, charges, "customer=3.74 energy=0.09444 adjustment=0.017192 demand=262.34")
    load = month_at("2020-06-01", lambda _: 0)
    load.energy_wh[:] = spread(17_588_000, len(load.energy_wh), 7500)
    bill = bill_of(tariff, load)
    assert by_code(bill) == said("customer=3.74 energy=1661.01 adjustment=-302.37 demand=262.34")
    assert bill.total == Decimal("1624.72")
    [line] = [line for line in bill.lines if line.code == "adjustment"]
    assert (line.rate, line.formula) == (Decimal("-0.017192"), "-(17,588 kWh x 0.017192)")


@pytest.mark.parametrize(
    ("reactive", "factor", "amount"),
    [
        (20, "98.06", "-150.00"),  # 98 %, but 95 is the most: 15 x 0.1 %
        (54, "87.99", "-80.00"),  # rounded to 88 %
        (75, "80.00", None),
        (76, "79.62", None),  # rounded to 80 %
        (78, "78.85", "10.00"),
        (100, "70.71", "90.00"),  # rounded to 71 %: 9 x 0.1 %
    ],
)
def test_taiwan_adds_or_takes_off_a_tenth_of_a_percent_for_each_percent_around_80(
    reactive: int, factor: str, amount: str | None, tmp_path: Path
) -> None:
    """Taipower's rule of industrial contracts: 0.1 % for each percent of power factor, and none beyond 95 %."""
    more = 'base = ["energy"]\nthreshold_percent = "80"\nbonus_up_to_percent = "95"'
    tariff = own_tariff(
        tmp_path, charge("energy_flat", "energy") + charge("power_factor_steps", "pf", more), "energy=1 pf=0.1"
    )
    load = month_at("2026-03-01", lambda _: 0, reactive=0)
    load.energy_wh[:] = spread(10_000_000, len(load.energy_wh), 3600)
    assert load.reactive_varh is not None
    load.reactive_varh[0] = 100_000 * reactive
    assert power_factor_percent(10_000_000, 100_000 * reactive) == Decimal(factor)
    assert by_code(bill_of(tariff, load)).get("pf") == (None if amount is None else Decimal(amount))
