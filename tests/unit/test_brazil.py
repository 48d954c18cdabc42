"""Charges that Brazil needs: excess reactive energy and demand, demand not used, demand far beyond the contract."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.arrays import price_load
from domain.arrays.load import Int, Load
from domain.bill import Bill, BillLine
from domain.charges import (
    Band,
    Charge,
    ExcessPower,
    ExcessRule,
    MaximumDemand,
    Percentage,
    PowerFactorDemand,
    PowerFactorEnergy,
    ReactiveEnergy,
    ReactiveStep,
    UnusedPower,
)
from domain.errors import BadReadings
from domain.terms import Contract
from tests.reference.workbench import hourly, tariff_of

ALL = ((0, "all"),)
POSTS = ((0, "off-peak"), (1, "peak"))
DEMAND = MaximumDemand("demand", "Demand", "demand", "", ALL, round_up_kw=False)
UNUSED = UnusedPower("unused", "Demand not used", "unused", "", ALL, ("demand",))
DRE = PowerFactorDemand("dre", "DRE", "reactive", "", ALL, 92, kw_of=("demand", "unused"))
START = datetime(2018, 1, 10, tzinfo=UTC)


def ints(values: Sequence[int]) -> Int:
    return np.array(values, dtype=np.int64)


def load(wh: Sequence[int], varh: Sequence[int] = (), capacitive: Sequence[int] | None = None) -> Load:
    found = hourly(wh, START)
    reactive = ints(varh or [0] * len(wh))
    return replace(found, reactive_varh=reactive, capacitive_varh=None if capacitive is None else ints(capacitive))


def bill(of: Load, charges: Sequence[Charge], contracted_kw: int = 1000, peak: bool = False) -> Bill:
    keys = {key: "2" for charge in charges for key in charge.rate_keys}
    percents = {key: "18" for charge in charges for key in charge.percent_keys}
    windows = (("off-peak", 18), ("peak", 21), ("off-peak", 24)) if peak else (("all", 24),)
    tariff = tariff_of(charges, [keys | percents], windows)
    return price_load(of, tariff, Contract({"all": Decimal(contracted_kw)}), ZoneInfo("UTC")).bills[0]


def only(of: Bill, charge: str) -> BillLine:
    (line,) = (line for line in of.lines if line.charge == charge)
    return line


def test_demand_that_was_contracted_and_not_used_is_a_line_without_the_tax_on_the_rest() -> None:
    icms = Percentage("icms", "ICMS", "tax", "", ("demand",))
    found = bill(load([800_000, 500_000]), [DEMAND, UNUSED, icms])
    assert (only(found, "demand").quantity, only(found, "unused").quantity) == (Decimal(800), Decimal(200))
    assert only(found, "unused").formula == "(1,000 contracted - 800 billed) kW x 2"
    assert only(found, "icms").amount == Decimal("288.00")


def test_demand_at_the_contract_leaves_nothing_unused() -> None:
    assert [line.charge for line in bill(load([1_000_000]), [DEMAND, UNUSED]).lines] == ["demand"]
    assert [line.charge for line in bill(load([1_200_000]), [DEMAND, UNUSED]).lines] == ["demand"]


@pytest.mark.parametrize(("wh", "quantity"), [(1_050_000, 0), (1_050_001, Decimal("100.002")), (1_100_000, 200)])
def test_beyond_105_percent_the_whole_excess_counts_twice_in_unrounded_kw(wh: int, quantity: Decimal) -> None:
    over = ExcessPower(
        "over", "Over", "demand", "", ALL, ExcessRule.BANDED, (Band(None, Decimal(2)),), Decimal(5), minutes=60
    )
    found = [line.quantity for line in bill(load([wh]), [over]).lines]
    assert found == ([quantity] if quantity else [])


def test_one_line_of_excess_looks_at_all_posts_together() -> None:
    over = ExcessPower(
        "over", "Over", "demand", "", POSTS, ExcessRule.BANDED, free_percent=Decimal(5), minutes=60, together=True
    )
    wh = [100_000] * 24
    wh[5], wh[19] = 1_200_000, 1_300_000
    line = only(bill(load(wh), [over], peak=True), "over")
    assert (line.code, line.quantity) == ("over", Decimal(300))
    assert line.peak_at == (datetime(2018, 1, 10, 19, tzinfo=UTC))


def test_excess_that_one_period_has_paid_the_next_does_not_pay_again() -> None:
    """Taiwan: up to 10 % of the contract at twice the rate, beyond at three times, the peak first."""
    bands = (Band(Decimal(10), Decimal(2)), Band(None, Decimal(3)))
    over = ExcessPower("over", "Over", "demand", "", POSTS[::-1], ExcessRule.BANDED, bands, minutes=60, once=True)
    wh = [100_000] * 24
    wh[5], wh[19] = 1_250_000, 1_150_000
    peak, off_peak = bill(load(wh), [over], peak=True).lines
    assert (peak.quantity, off_peak.quantity) == (Decimal(100 * 2 + 50 * 3), Decimal(100 * 3))


def test_demand_displaced_by_a_poor_power_factor_is_what_it_exceeds_the_billed_demand_by() -> None:
    of = load([900_000, 600_000], [0, 800_000])  # the second hour: 1,000 kVA, 0.6
    line = only(bill(of, [DEMAND, replace(DRE, kw_of=("demand",))]), "dre")
    assert (line.quantity, line.amount) == (Decimal(20), Decimal(40))
    assert line.peak_at == datetime(2018, 1, 10, 1, tzinfo=UTC)
    assert line.formula == "(maximum of kW x 92 % / power factor = 920 - 900 billed) kW x 2"


def test_billed_demand_is_the_contract_where_less_was_used() -> None:
    of = load([900_000, 600_000], [0, 800_000])
    assert [line.charge for line in bill(of, [DEMAND, UNUSED, DRE]).lines] == ["demand", "unused"]


NIGHT = (0, 360)


def test_by_night_the_capacitive_energy_counts_and_by_day_the_inductive() -> None:
    ere = PowerFactorEnergy("ere", "ERE", "reactive", "", ALL, 92, capacitive_minutes=NIGHT)
    wh, inductive, capacitive = [0] * 24, [0] * 24, [0] * 24
    for hour in (3, 12):
        wh[hour], inductive[hour], capacitive[hour] = 600_000, 800_000, 450_000
    line = only(bill(load(wh, inductive, capacitive), [ere]), "ere")
    assert line.quantity == Decimal(690 - 600) + Decimal(920 - 600)
    all_day = only(bill(load(wh, inductive), [replace(ere, capacitive_minutes=None)]), "ere")
    assert all_day.quantity == 2 * Decimal(320)


def test_hours_across_midnight_begin_in_the_evening_before() -> None:
    ere = PowerFactorEnergy("ere", "ERE", "reactive", "", ALL, 92, capacitive_minutes=(1380, 1740))
    hours = [n for n in range(24) if only_hour(ere, n)]
    assert hours == [0, 1, 2, 3, 4, 23]


def only_hour(ere: PowerFactorEnergy, hour: int) -> bool:
    wh, capacitive = [0] * 24, [0] * 24
    wh[hour], capacitive[hour] = 600_000, 800_000
    first = replace(load(wh, capacitive=capacitive), start=datetime(2018, 1, 1, tzinfo=UTC))
    return bool(bill(first, [ere]).lines)


@pytest.mark.parametrize(
    "charge",
    [
        PowerFactorEnergy("x", "ERE", "reactive", "", ALL, 92, capacitive_minutes=NIGHT),
        PowerFactorDemand("x", "DRE", "reactive", "", ALL, 92, capacitive_minutes=NIGHT),
        ReactiveEnergy("x", "P6", "r", "", ALL, Decimal(20), "month", (ReactiveStep(Decimal(0), "any"),), True),
    ],
)
def test_readings_of_inductive_energy_alone_are_refused_where_capacitive_counts(charge: Charge) -> None:
    with pytest.raises(BadReadings, match=r"needs capacitive reactive energy, and 2 intervals.*--capacitive-column"):
        bill(load([5, 5], [1, 1]), [charge])


@pytest.mark.parametrize(("per", "code"), [("month", "x"), ("period", "x.all"), ("hour", "x")])
def test_capacitive_energy_beyond_a_share_is_charged_like_inductive(per: str, code: str) -> None:
    """Spain, period 6: cos 0.98 is 20.3 % of the kWh."""
    step = (ReactiveStep(Decimal(0), "any"),)
    charge = ReactiveEnergy("x", "P6", "r", "", ALL, Decimal("20.3"), per, step, capacitive=True)  # type: ignore[arg-type]
    line = only(bill(load([100_000], [99_000], [30_300]), [charge]), "x")
    assert (line.code, line.quantity, line.amount) == (code, Decimal(10), Decimal(20))
