"""An outside opinion on imported records: NREL PySAM reads the same JSON and bills the same load.

Seasonal prices of demand, ratchets and hours of use, at prices of nine decimals. Two things are told to PySAM by hand,
because its reader of version 8 gets them wrong: that a month's own peak counts beside the ratchet, and which months'
peaks are looked back upon. No year lies before the first: at its edge PySAM looks a month too far back.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from adapters.urdb import Record, import_record
from benchmarks import peer_pysam
from domain.arrays import Load, bill_load
from domain.charges import MaximumDemand
from domain.terms import Contract

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]
YEAR, HOURS = 2018, 8760
Reader = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def reader() -> Reader:
    """PySAM's own, of records."""
    tools = pytest.importorskip("PySAM.UtilityRateTools", reason="NREL-PySAM is not installed")
    return cast(Reader, tools.URDBv8_to_ElectricityRates)


@dataclass(frozen=True)
class Drawn:
    """A record as the service answers, and a year of hourly energy."""

    fields: dict[str, Any]
    wh: NDArray[np.int64]


def drawn(seed: int) -> Drawn:
    dice = Random(seed)  # repeatable
    prices = [_price(dice, 20, 6) for _ in range(dice.randint(1, 4))]
    fields: dict[str, Any] = {
        "label": "drawn",
        **_energy(dice),
        "flatdemandstructure": [[{"rate": one, "unit": "kW"}] for one in prices],
        "flatdemandmonths": [dice.randrange(len(prices)) for _ in range(12)],
        "flatdemandunit": "kW",
        "demandwindow": 60,
        "lookbackpercent": Decimal(dice.randint(10, 100)).scaleb(-2),
        **dice.choice([{"lookbackrange": dice.randint(1, 11)}, {"lookbackmonths": _some(dice)}]),
    }
    chosen = np.random.default_rng(dice.randrange(10**9))
    monthly = chosen.random(HOURS // 730 + 1)[np.arange(HOURS) // 730]
    return Drawn(fields, (chosen.random(HOURS) * monthly * 900_000).astype(np.int64))


def _energy(dice: Random) -> dict[str, Any]:
    """Two periods, one ladder: kWh, or hours of use."""
    unit, limit = dice.choice([("kWh", dice.randint(1, 300_000)), ("kWh/kW", dice.randint(1, 500))])
    tiers = [[{"rate": _price(dice, 1, 9), "max": limit, "unit": unit}, {"rate": _price(dice, 1, 9), "unit": unit}]]
    tiers.append([dict(tier, rate=_price(dice, 1, 9)) for tier in tiers[0]])
    edge = dice.randint(1, 23)
    rows = [[0] * edge + [1] * (24 - edge) for _ in range(12)]
    return {
        "energyratestructure": tiers,
        "energyweekdayschedule": rows,
        "energyweekendschedule": [[0] * 24 for _ in range(12)],
    }


def _some(dice: Random) -> list[bool]:
    months = {dice.randrange(12) for _ in range(4)}
    return [n in months for n in range(12)]


def _price(dice: Random, most: int, places: int) -> Decimal:
    return Decimal(dice.randrange(1, most * 10**places)).scaleb(-places)


def ours(one: Drawn) -> list[float]:
    tariff = import_record(Record("drawn.json", one.fields), "Etc/UTC")
    assert all(charge.ratchet for charge in tariff.charges if isinstance(charge, MaximumDemand))
    load = Load("m", datetime(YEAR, 1, 1, tzinfo=UTC), 60, one.wh, None, np.zeros(HOURS, dtype=np.uint8))
    bills = bill_load(load, tariff, Contract(), ZoneInfo("UTC"))
    return [float(sum(line.gross for line in bill.lines)) for bill in bills]


def theirs(one: Drawn, reader: Reader) -> list[float]:
    as_floats = {key: _plain(value) for key, value in deepcopy(one.fields).items()}
    rates = reader(as_floats)
    percent = float(one.fields["lookbackpercent"]) * 100
    counts = one.fields.get("lookbackmonths", [True] * 12)
    rates |= {
        "ur_enable_billing_demand": 1,
        "ur_billing_demand_minimum": 0.0,
        "ur_billing_demand_lookback_period": one.fields.get("lookbackrange", 11),
        "ur_billing_demand_lookback_percentages": [[percent if counted else 0.0, 1] for counted in counts],
        "ur_dc_billing_demand_periods": [[1, 1]],
        "ur_yearzero_usage_peaks": [0.0] * 12,
    }
    model = peer_pysam.prepared(peer_pysam.Rates([[1] * 24] * 12, [[1] * 24] * 12, [[0.0]]), HOURS)
    for name, value in rates.items():
        if name != "en_electricity_rates":
            model.value(name, value)
    return peer_pysam.monthly_bills(model, (one.wh / 1000).tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return float(value) if isinstance(value, Decimal) else value


@given(one=st.builds(drawn, st.integers(0, 10**9)))
@settings(max_examples=40)
def test_pysam_bills_a_record_with_a_ratchet_as_we_do(reader: Reader, one: Drawn) -> None:
    assert ours(one) == pytest.approx(theirs(one, reader), rel=1e-9)
