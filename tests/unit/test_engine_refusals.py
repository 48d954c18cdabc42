"""What the engine refuses to price: figures that the readings at hand cannot tell."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.arrays import price_load
from domain.charges import Charge, ExcessPower, ExcessRule, MaximumDemand, PowerFactorEnergy
from domain.determinants import Determinants
from domain.errors import BadReadings
from domain.terms import BillingMonth, Contract, Terms
from tests.reference.workbench import hourly, tariff_of

ALL = ((0, "all"),)
UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    "charge",
    [
        MaximumDemand("kw", "Demand", "power", "", ALL, round_up_kw=False, minutes=15),
        ExcessPower("kw", "Excess", "power", "", ALL, ExcessRule.BANDED),
    ],
    ids=lambda charge: charge.label,
)
def test_hours_cannot_tell_blocks_of_fifteen_minutes(charge: Charge) -> None:
    tariff = tariff_of([charge], [{"kw": "1", "kw.all": "1"}])
    with pytest.raises(BadReadings, match=r"tariff bench looks at blocks of 15 minutes; readings of 60 minutes"):
        price_load(hourly([1000]), tariff, Contract({"all": Decimal(1)}), UTC)


@pytest.mark.parametrize(
    "charge",
    [
        MaximumDemand("q", "Apparent demand", "power", "", ALL, round_up_kw=False, apparent=True),
        PowerFactorEnergy("q", "Displaced energy", "power", "", ALL, 92),
    ],
    ids=lambda charge: charge.label,
)
def test_without_reactive_energy_nothing_that_needs_it_is_priced(charge: Charge) -> None:
    tariff = tariff_of([charge], [{"q": "1"}])
    terms = Terms(tariff, tariff.rate_table.rates[0], Contract(), BillingMonth(date(2018, 1, 1), UTC), 60)
    unmetered = Determinants.nothing(1, terms.gauges)
    unmetered.reactive_varh = None
    with pytest.raises(BadReadings, match=rf"{charge.label} needs reactive energy.*--reactive-column"):
        charge.lines(unmetered, terms, ())
