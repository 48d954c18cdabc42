"""The five zones of the Spanish access tariffs: which period holds when, and which rates and taxes."""

from datetime import date, timedelta

import pytest

from adapters.tariff_files import TariffFiles

TOLLS = ["3.0td", "6.1td", "6.2td", "6.3td", "6.4td"]

# The dear and the cheap period of working days, January to December, and the dear and night hours. Typed from a second
# public implementation of the Circular, not from the files.
ZONES = {
    "": ("12 12 23 45 45 34 12 34 34 45 23 12", [range(9, 14), range(18, 22)]),
    "-baleares": ("34 34 45 45 23 12 12 12 12 23 45 34", [range(10, 15), range(18, 22)]),
    "-canarias": ("24 24 24 45 45 45 13 13 13 13 23 23", [range(10, 15), range(18, 22)]),
    "-ceuta": ("14 14 24 35 35 35 23 14 14 23 24 24", [range(10, 15), range(19, 23)]),
    "-melilla": ("12 23 45 45 45 34 12 12 12 34 34 23", [range(10, 15), range(19, 23)]),
}
SPANISH_HOLIDAYS = ["01-01", "01-06", "05-01", "08-15", "10-12", "11-01", "12-06", "12-08", "12-25"]


@pytest.mark.parametrize("toll", [*TOLLS, "3.0td-types-4-5", "6.1td-types-4-5"])
@pytest.mark.parametrize("zone", ZONES)
def test_every_spanish_zone_has_these_periods_in_2025(toll: str, zone: str) -> None:
    calendar = TariffFiles().structure(f"es-{toll}{zone}").calendar.to_domain()
    pairs, dear = ZONES[zone]
    for n in range(365):
        day = date(2025, 1, 1) + timedelta(days=n)
        pair = pairs.split()[day.month - 1]
        free = day.weekday() > 4 or f"{day:%m-%d}" in SPANISH_HOLIDAYS
        for hour in range(24):
            expected = "6" if free or hour < 8 else pair[0] if any(hour in hours for hours in dear) else pair[1]
            assert calendar.periods[calendar.period_at(day, hour * 60)] == f"P{expected}", (day, hour)


@pytest.mark.parametrize(
    ("zone", "timezone", "tax"),
    [
        ("-baleares", "Europe/Madrid", "vat"),
        ("-canarias", "Atlantic/Canary", "igic"),
        ("-ceuta", "Africa/Ceuta", "ipsi"),
        ("-melilla", "Africa/Ceuta", "ipsi"),
    ],
)
@pytest.mark.parametrize("toll", TOLLS)
def test_a_spanish_zone_has_the_rates_of_the_peninsula_and_its_own_tax(
    toll: str, zone: str, timezone: str, tax: str
) -> None:
    peninsula, here = TariffFiles().get(f"es-{toll}"), TariffFiles().get(f"es-{toll}{zone}")
    common = {key: value for key, value in peninsula.rate_table.rates[0].values.items() if key != "vat"}
    found = here.rate_table.rates[0].values
    assert {key: value for key, value in found.items() if key != tax} == common
    assert found[tax] == {"vat": 21, "igic": 3, "ipsi": 1}[tax]
    assert (here.timezone, here.charges[-1].code) == (timezone, tax)
