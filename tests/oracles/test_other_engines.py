"""Outside opinions: NREL PySAM and eeco bill random tariffs and loads, inside what they can express, as we do.

They compute in floating point, so bills before rounding agree to 1e-9 of their amount. At five minutes PySAM's time
step is a 32-bit float, 3e-8 too long, and so is its energy: there it gets a load that is less by as much for the
energy, and the load itself for the demand. Installed and run by `make nightly`.
"""

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks import common_tariff as common
from benchmarks import peer_eeco, peer_pysam
from domain.arrays import bill_load
from domain.charges import TierScope
from domain.terms import Contract
from tests.oracles.drawn import Drawn, years

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]
BOTH = (TierScope.POOLED_PROPORTIONAL, TierScope.POOLED_CHRONOLOGICAL)
CHRONOLOGICAL = (TierScope.POOLED_CHRONOLOGICAL,)
FIVE_MINUTES_IN_PYSAM = float(np.float32(1 / 12)) * 12
"""As it has them, of real ones."""


@pytest.fixture(scope="module")
def pysam() -> None:
    pytest.importorskip("PySAM", reason="NREL-PySAM is not installed")


@pytest.fixture(scope="module")
def eeco() -> None:
    pytest.importorskip("eeco", reason="eeco is not installed")


def our_bills(one: Drawn) -> list[float]:
    bills = bill_load(one.load, one.tariff, Contract(), ZoneInfo("UTC"))
    return [float(sum(line.gross for line in bill.lines)) for bill in bills]


def pysam_bills(one: Drawn, less: float = 1) -> list[float]:
    """Of the load divided by `less`."""
    return peer_pysam.monthly_bills(peer_pysam.prepared(one.for_pysam(), len(one.wh)), (one.kw / less).tolist())


def eeco_bills(one: Drawn) -> list[float]:
    charges = peer_eeco.charges_of(peer_eeco.table(one.for_eeco()), common.YEAR, one.step_minutes)
    return peer_eeco.monthly_bills(charges, one.kw, common.YEAR, one.step_minutes)


@given(one=years(60, 15, scopes=BOTH))
@settings(max_examples=40)
def test_pysam_says_the_same_of_energy_tiers_and_demand(pysam: None, one: Drawn) -> None:
    assert our_bills(one) == pytest.approx(pysam_bills(one), rel=1e-9)


@given(one=years(5, scopes=BOTH))
@settings(max_examples=10)
def test_pysam_says_the_same_at_five_minutes_but_for_its_time_step(pysam: None, one: Drawn) -> None:
    zero = Decimal(0)
    of_energy = replace(one, flat=[zero] * len(one.flat), by_period=[zero] * len(one.by_period))
    of_demand = replace(one, energy=[[zero] * len(rates) for rates in one.energy], fixed=zero)
    pairs = zip(pysam_bills(of_energy, less=FIVE_MINUTES_IN_PYSAM), pysam_bills(of_demand), strict=True)
    assert our_bills(one) == pytest.approx([energy + demand for energy, demand in pairs], rel=1e-9)


@given(one=years(60, 15, 5, scopes=CHRONOLOGICAL))
@settings(max_examples=20)
def test_eeco_says_the_same_of_energy_tiers_and_demand(eeco: None, one: Drawn) -> None:
    assert our_bills(one) == pytest.approx(eeco_bills(one), rel=1e-9)


@pytest.mark.parametrize("step", common.STEPS)
def test_the_common_tariff_is_one_tariff_in_three_languages(pysam: None, eeco: None, step: int) -> None:
    scale, exact = 60 // step, float(common.EXPECTED[step]["total"])
    kw = common.watts(step) / 1000 * scale
    theirs = peer_pysam.monthly_bills(peer_pysam.prepared(common.for_pysam(scale), len(kw)), kw.tolist())
    assert sum(theirs) / scale == pytest.approx(exact, rel=3e-8 if step == 5 else 1e-9)
    charges = peer_eeco.charges_of(peer_eeco.table(common.for_eeco(scale)), common.YEAR, step)
    assert sum(peer_eeco.monthly_bills(charges, kw, common.YEAR, step)) / scale == pytest.approx(exact, rel=1e-9)
