"""Mexico in medium and high voltage, with the calendars of all regions: small bills by hand, at made-up rates."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.reference.steady_plant import Rated, amounts, bills, decimals, month_of, quantity, rated_in, spike


@pytest.fixture
def rated(tmp_path: Path) -> Rated:
    """A shipped structure with rates of one's own, which hold at all times."""
    return rated_in(tmp_path)


GDMTO = {
    "supplier_fixed": "500",
    "distribution": "10",
    "transmission": "0.1",
    "cenace": "0.01",
    "energy": "1.5",
    "capacity": "20",
    "scnmem": "0.01",
    "low_side": "2",
    "vat": "16",
}
HOURLY = {key: value for key, value in GDMTO.items() if key != "energy"} | {
    "energy.base": "1",
    "energy.intermediate": "2",
    "energy.peak": "3",
}


def test_gdmto_bills_its_demand_under_a_cap_of_its_own(rated: Rated) -> None:
    tariff = rated("mx-gdmto", GDMTO)
    load = month_of(tariff, "2025-06-01", "2025-07-01", 100)
    spike(tariff, load, "2025-06-10 03:00", 300)
    [bill] = bills(tariff, load)
    # 72,050 kWh / (24 x 30 x 0.55) = 181.9, so 182 kW.
    expected = decimals(
        supplier_fixed="500.00",
        distribution="1820.00",
        transmission="7205.00",
        cenace="720.50",
        energy="108075.00",
        capacity="3640.00",
        scnmem="720.50",
        power_factor="-3067.03",  # 2.5 % of 122,681.00
        vat="19138.24",
    )
    assert amounts(bill) == expected
    assert bill.total == Decimal("138752.21")


@pytest.mark.parametrize(
    ("structure", "kw"),
    [("mx-dist", 1353), ("mx-dit", 1410)],
)
def test_high_voltage_has_no_distribution_and_its_own_cap(structure: str, kw: int, rated: Rated) -> None:
    rates = {key: value for key, value in HOURLY.items() if key not in {"distribution", "low_side"}}
    tariff = rated(structure, rates)
    load = month_of(tariff, "2025-06-01", "2025-07-01", 1000)
    spike(tariff, load, "2025-06-10 20:00", 3000)
    [bill] = bills(tariff, load)
    # 720,500 kWh / (24 x 30 x 0.74) = 1,352.3 kW and / (24 x 30 x 0.71) = 1,409.4 kW; both under the 3,000 measured.
    assert quantity(bill, "capacity") == kw
    assert amounts(bill)["capacity"] == 20 * kw
    # 21 working days of 2 peak hours, 20 with the quarter hour of 3,000 kW on top.
    assert amounts(bill)["energy.peak"] == 3 * (42_000 + 500)
    assert amounts(bill)["power_factor"] == round(-bill.amount_of("supply") * Decimal("0.013"), 2)  # 95 % asked


@pytest.mark.parametrize(
    ("structure", "peak", "elsewhere"),
    [
        ("mx-gdmth-bc", "2025-07-07 14:00", "2025-07-07 20:00"),
        ("mx-gdmth-bcs", "2025-07-07 21:45", "2025-07-07 22:00"),
        ("mx-gdmth-bcs", "2025-07-05 19:00", "2025-07-05 18:45"),  # a Saturday
    ],
)
def test_capacity_in_the_californias_is_set_in_the_summers_peak(
    structure: str, peak: str, elsewhere: str, rated: Rated
) -> None:
    tariff = rated(structure, HOURLY)
    load = month_of(tariff, "2025-07-01", "2025-08-01", 100)
    spike(tariff, load, peak, 120)
    spike(tariff, load, elsewhere, 150)
    [bill] = bills(tariff, load, {"all": 200})
    assert quantity(bill, "capacity") == 120
    assert quantity(bill, "distribution") == 150
    assert amounts(bill)["energy.base"] == 0


@pytest.mark.parametrize(
    ("structure", "cap", "semi_peak_hours"),
    [("mx-dist-bc", "0.74", 138), ("mx-dit-bc", "0.71", 138), ("mx-dist-bcs", "0.74", 0), ("mx-dit-bcs", "0.71", 0)],
)
def test_high_voltage_in_the_californias_has_the_hours_of_its_region(
    structure: str, cap: str, semi_peak_hours: int, rated: Rated
) -> None:
    rates = {key: value for key, value in HOURLY.items() if key not in {"distribution", "low_side"}}
    rates |= {"energy.semi-peak": "2.5"} if structure.endswith("-bc") else {}
    tariff = rated(structure, rates)
    load = month_of(tariff, "2025-07-01", "2025-08-01", 100)
    spike(tariff, load, "2025-07-07 17:45", 3000)  # peak in both
    [bill] = bills(tariff, load)
    found = amounts(bill)
    # 23 working days: in Baja California 4 hours of peak and 6 of semi-peak, in the South 10 hours of peak and 3 on
    # each of 4 Saturdays. 75,125 kWh / (24 x 31 x 0.74) = 136.5 kW, / (24 x 31 x 0.71) = 142.2 kW.
    peak_hours = 92 if structure.endswith("-bc") else 242
    assert found["energy.peak"] == 3 * (100 * peak_hours + 725)
    assert found.get("energy.semi-peak", Decimal(0)) == Decimal("2.5") * 100 * semi_peak_hours
    assert quantity(bill, "capacity") == {"0.74": 137, "0.71": 143}[cap]
    assert "distribution" not in found


@pytest.mark.parametrize("region", ["-bc", "-bcs"])
def test_one_price_at_all_hours_needs_no_hours_but_a_clock(region: str, rated: Rated) -> None:
    tariff = rated(f"mx-gdmto{region}", GDMTO)
    assert tariff.timezone == {"-bc": "America/Tijuana", "-bcs": "America/Mazatlan"}[region]
    [bill] = bills(tariff, month_of(tariff, "2025-06-01", "2025-07-01", 100))
    assert amounts(bill)["energy"] == 108_000
    assert quantity(bill, "distribution") == 100
    assert quantity(bill, "capacity") == 182  # 72,000 kWh / (24 x 30 x 0.55) = 181.8: there is no peak period


@pytest.mark.parametrize("structure", ["mx-gdmth-bc", "mx-gdmth-bcs"])
@pytest.mark.parametrize("at", ["2025-01-07 03:00", "2025-01-07 19:00"])
def test_capacity_in_the_californias_is_the_cap_alone_in_a_month_without_peak(
    structure: str, at: str, rated: Rated
) -> None:
    tariff = rated(structure, HOURLY)
    load = month_of(tariff, "2025-01-01", "2025-02-01", 100)
    spike(tariff, load, at, 150)
    [bill] = bills(tariff, load, {"all": 200})
    # 74,412.5 kWh / (24 x 31 x 0.57) = 175.5: more than the 150 kW measured.
    assert quantity(bill, "capacity") == 176
    assert quantity(bill, "distribution") == 150
    assert amounts(bill)["energy.peak"] == 0
