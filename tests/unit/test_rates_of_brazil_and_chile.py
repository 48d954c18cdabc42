"""The rates that ship for Brazil and Chile: what they share, what is asked for, and which hours are the peak."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from adapters.tariff_files import TariffFiles
from domain.errors import NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, Terms

TAXED = [name for name in TariffFiles().ids() if name.startswith("br-") and "-net:" not in name]
"""Brazil with its taxes, which change by state and month: whoever bills gives them."""
COMMUNES = ["cge-rancagua", "cge-san-bernardo", "frontel-temuco", "saesa-osorno", "saesa-puerto-montt"]


def terms_of(tariff: Tariff) -> Terms:
    """In the month after the first in which rates begin: it has them on all of its days."""
    first = (tariff.rate_table.rates[0].valid_from + timedelta(days=31)).replace(day=1)
    month = BillingMonth(first, ZoneInfo(tariff.timezone))
    return Terms(tariff, tariff.rate_table.in_force(month.first, month.end), Contract(), month, 15)


def period_at(tariff: Tariff, local: str) -> str:
    at = datetime.fromisoformat(local)
    return tariff.periods[tariff.calendar.period_at(at.date(), at.hour * 60 + at.minute)]


@pytest.mark.parametrize("name", TAXED)
def test_the_taxes_of_brazil_are_asked_for_and_never_taken_as_zero(name: str) -> None:
    tariff = TariffFiles().get(name)
    taxes = ("icms", "pis", "cofins", "pis_unused", "cofins_unused")
    with pytest.raises(NoPriceInForce, match=r"no rate for icms, pis, cofins, pis_unused, cofins_unused in .*--rate"):
        terms_of(tariff)
    given = TariffFiles().get(name, overrides=dict.fromkeys(taxes, Decimal(5)))
    assert terms_of(given).micro


@pytest.mark.parametrize("place", ["-1730-net:enel-sp", "-1730-net:cosern", "-net:cpfl-paulista"])
def test_green_and_blue_of_a_distributor_agree_in_what_they_share(place: str) -> None:
    """Green has no peak demand: its price is in the kWh of the peak, spread over 41.2 hours everywhere in Brazil."""
    green, blue = (
        TariffFiles().get(f"br-a4-{colour}{place}").rate_table.rates[0].values for colour in ("verde", "azul")
    )
    assert green["energy.off-peak"] == blue["energy.off-peak"]
    assert green["demand"] == blue["demand_off_peak"] < blue["demand_peak"]
    assert green["reactive_excess"] == blue["reactive_excess"]
    hours = blue["demand_peak"] / (green["energy.peak"] - blue["energy.peak"])
    assert abs(hours - Decimal("41.17")) < Decimal("0.03")


@pytest.mark.parametrize("name", TAXED)
def test_the_rates_before_taxes_are_the_same_with_and_without_them(name: str) -> None:
    structure, _, distributor = name.partition(":")
    taxed, net = (TariffFiles().get(one).rate_table.rates[0] for one in (name, f"{structure}-net:{distributor}"))
    assert taxed == net


@pytest.mark.parametrize(
    ("local", "half_past", "on_the_hour"),
    [
        ("2026-05-12 17:29", "off-peak", "off-peak"),
        ("2026-05-12 17:30", "peak", "off-peak"),
        ("2026-05-12 18:00", "peak", "peak"),
        ("2026-05-12 20:30", "off-peak", "peak"),
        ("2026-05-12 21:00", "off-peak", "off-peak"),
        ("2026-05-09 19:00", "off-peak", "off-peak"),  # a Saturday
        ("2026-06-04 19:00", "off-peak", "off-peak"),  # Corpus Christi
    ],
)
def test_the_peak_hours_of_brazil_begin_at_half_past_or_on_the_hour(
    local: str, half_past: str, on_the_hour: str
) -> None:
    assert period_at(TariffFiles().get("br-a4-verde-1730-net:enel-sp"), local) == half_past
    assert period_at(TariffFiles().get("br-a4-azul-net:cpfl-paulista"), local) == on_the_hour


@pytest.mark.parametrize("place", COMMUNES)
def test_high_voltage_is_cheaper_than_low_in_all_that_differs_between_them(place: str) -> None:
    high, low = (TariffFiles().get(f"cl-{kind}:{place}").rate_table.rates for kind in ("at4.3", "bt4.3"))
    for one, other in zip(high, low, strict=True):
        differ = {key for key in one.values if one.values[key] != other.values[key]}
        assert differ == {"energy", "demand", "peak_demand"}
        assert one.values["energy"] < other.values["energy"]
        assert one.values["peak_demand"] < other.values["peak_demand"]


@pytest.mark.parametrize(
    ("name", "month", "energy", "demand", "peak_demand"),
    [
        ("cl-at4.3:cge-rancagua", "2026-09-01", "144.759", "4292.0", "12340.5"),
        ("cl-bt4.3:cge-rancagua", "2026-08-01", "153.183", "5162.9", "20646.7"),
        ("cl-bt4.3:saesa-osorno", "2026-10-01", "140.214", "8344.784", "26531.399"),
        ("cl-at4.3:frontel-temuco", "2026-09-01", "134.262", "12273.303", "23556.472"),
    ],
)
def test_with_vat_a_rate_of_chile_is_what_the_distributors_list_has(
    name: str, month: str, energy: str, demand: str, peak_demand: str
) -> None:
    first = date.fromisoformat(month)
    values = TariffFiles().get(name).rate_table.in_force(first, first + timedelta(days=28)).values
    listed = {"energy": energy, "demand": demand, "peak_demand": peak_demand}
    for key, with_vat in listed.items():
        assert abs(values[key] * Decimal("1.19") - Decimal(with_vat)) < Decimal("0.000001")
