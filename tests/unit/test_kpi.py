"""The key figures that a plant manager reads first, from bills whose figures are known."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from application.terms_of import TermsOf
from domain.bill import Bill, make_bill
from domain.determinants import Determinants
from domain.kpi import kpis_of
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

NINTH, TENTH = datetime(2026, 4, 9, 9, tzinfo=UTC), datetime(2026, 4, 10, 9, tzinfo=UTC)


@pytest.fixture
def april(mill: SupplyPoint, terms_of: TermsOf) -> Bill:
    """720 h at 100 kW, and a demand of 200 kW."""
    d = Determinants([36_000_000, 36_000_000], 54_000_000, [40_000, 50_000], [NINTH, TENTH], 8640)
    return make_bill("mill", d, terms_of(mill, BillingMonth(date(2026, 4, 1), mill.zone)))


@pytest.fixture
def may(mill: SupplyPoint, terms_of: TermsOf) -> Bill:
    d = Determinants([0, 74_400_000], 0, [0, 60_000], [None, NINTH], 8928)
    return make_bill("mill", d, terms_of(mill, BillingMonth(date(2026, 5, 1), mill.zone)))


def test_the_figures_of_one_month(april: Bill) -> None:
    kpis = kpis_of([april], step_minutes=5, demand_minutes=15)
    assert (kpis.energy_kwh, kpis.peak_kw, kpis.peak_at) == (Decimal(72_000), Decimal(200), TENTH)
    assert (kpis.load_factor_percent, kpis.power_factor_percent) == (Decimal("50.0"), Decimal("80.00"))
    assert kpis.cost == april.total
    assert kpis.cost_per_kwh == round(april.total / 72_000, 4)
    assert kpis.currency == "EUR"


def test_the_figures_of_two_months_are_of_both_together(april: Bill, may: Bill) -> None:
    kpis = kpis_of([april, may], step_minutes=5, demand_minutes=15)
    assert (kpis.energy_kwh, kpis.peak_kw, kpis.peak_at) == (Decimal(146_400), Decimal(240), NINTH)
    assert kpis.load_factor_percent == Decimal("41.7")  # 146,400 kWh in 1,464 h, of 240 kW
    assert kpis.cost == april.total + may.total


def test_one_month_without_reactive_energy_leaves_the_power_factor_unknown(april: Bill, may: Bill) -> None:
    may.determinants.reactive_varh = None
    assert kpis_of([april, may], 5, 15).power_factor_percent is None


def test_of_nothing_measured_the_ratios_are_unknown_and_not_zero(mill: SupplyPoint, terms_of: TermsOf) -> None:
    bill = make_bill("mill", Determinants.nothing(2), terms_of(mill, BillingMonth(date(2026, 4, 1), mill.zone)))
    kpis = kpis_of([bill], 5, 15)
    assert (kpis.energy_kwh, kpis.peak_kw, kpis.peak_at) == (Decimal(0), Decimal(0), None)
    assert (kpis.load_factor_percent, kpis.power_factor_percent, kpis.cost_per_kwh) == (None, None, None)
    assert kpis.cost == bill.total > 0
