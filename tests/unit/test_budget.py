"""Overflow is impossible: a tariff that loads has room for any month of the largest load, and no larger one is read."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import domain.budget
import domain.charges
from adapters.tariff_files import TariffFiles
from domain.arrays import Load, price_load
from domain.arrays.bills import Billing, bill_load
from domain.arrays.interval_cost import energy_cost
from domain.budget import (
    LARGEST_BILL_MICRO,
    LARGEST_LOAD_KW,
    LARGEST_MONTH_KWH,
    LARGEST_RATED_KW,
    MOST_CURRENCY,
    check_contracted,
    most_of,
    over_budget,
)
from domain.charges import EnergyFlat, IndexedPrice, Percentage, PriceSeries
from domain.errors import BadOption, BadReadings, InvalidTariff
from domain.measurement import MeterType
from domain.money import MICRO, NANO
from domain.registry import changes
from domain.supply_point import SupplyPoint
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract
from tests.reference.cases import DAYS, MONTHS, Case, some_days

IDS = TariffFiles().ids()
LARGEST_W = LARGEST_LOAD_KW * 1000


@cache
def at_the_edge(name: str) -> Tariff:
    """A shipped tariff with its last rates, as dear as it may be and still load."""
    tariff = TariffFiles().get(name)
    [*_, last] = tariff.rate_table.rates
    keys = (key for charge in tariff.charges for key in (*charge.rate_keys, *charge.percent_keys))
    last = replace(last, values=dict.fromkeys(keys, Decimal(1)) | dict(last.values))  # what a user has to give is 1
    percents = {key for charge in tariff.charges for key in charge.percent_keys}
    low, high = 1, MOST_CURRENCY * MICRO
    while high - low > 1:
        middle = (low + high) // 2
        dearer = _times(last, Decimal(middle), percents)
        low, high = (low, middle) if over_budget(tariff.charges, dearer.values) else (middle, high)
    return replace(tariff, rate_table=replace(tariff.rate_table, rates=(_times(last, Decimal(low), percents),)))


def _times(rates: Rates, factor: Decimal, percents: set[str]) -> Rates:
    return replace(rates, values={k: v if k in percents else v * factor for k, v in rates.values.items()})


def largest_load(start: datetime, days: int, step: int, seed: int) -> Load:
    """Registers that are at their most, all of them, or now and then."""
    size, most = days * 1440 // step, LARGEST_W * step // 60
    chance = np.random.default_rng(seed)
    active, reactive, export, capacitive = (
        np.where(chance.random(size) < share, most, 0).astype(np.int64) for share in chance.choice([0.01, 0.5, 1], 4)
    )
    quality = np.zeros(size, dtype=np.uint8)
    return Load("m", start, step, active, reactive, quality, export, capacitive)


@given(name=st.sampled_from(IDS), seed=st.integers(0, 2**32), step=st.sampled_from([5, 15]), kw=st.sampled_from([0, 1]))
@settings(max_examples=60)
def test_the_largest_load_fits_a_tariff_as_dear_as_it_may_be(name: str, seed: int, step: int, kw: int) -> None:
    tariff = at_the_edge(name)
    zone, contract = ZoneInfo(tariff.timezone), Contract({"all": Decimal(kw * LARGEST_RATED_KW)})
    begins = tariff.rate_table.rates[-1].valid_from
    month = BillingMonth(begins.replace(day=1), zone).next()
    rates_of = begins if begins.day == 1 else month.first  # a month that has these rates on all of its days
    load = largest_load(month.start_utc, month.days, step, seed)
    priced = price_load(load, tariff, contract, zone, rates_of=rates_of)
    for bill in priced.bills:
        assert sum(abs(line.amount) for line in bill.lines) * MICRO <= LARGEST_BILL_MICRO
    for charge in tariff.charges:
        lines = [line.amount for bill in priced.bills for line in bill.lines if line.charge == charge.code]
        assert sum(priced.cost_micro[charge.code].tolist()) == sum(lines) * MICRO
    billing = Billing.of(tariff, contract, zone, rates_of)
    assert bill_load(load, tariff, contract, zone, rates_of=rates_of) == priced.bills
    cost = energy_cost(load, billing)
    gross = [line.gross for bill in priced.bills for line in bill.lines if line.code in cost.lines]
    assert sum(cost.nano.tolist()) == sum(gross) * NANO


@given(case=DAYS | MONTHS)
@example(some_days(127, 0, {"tiers", "demand", "fixed", "energy"}))  # a credit below nothing, topped up to a minimum
@settings(max_examples=150)
def test_no_charge_comes_to_more_than_the_budget_says_whatever_its_options(case: Case) -> None:
    case = replace(case, load=_as_large_as_it_may_be(case.load))
    tariff = case.tariff
    bounds: dict[str, Fraction] = {}
    for rates in tariff.rate_table.rates:
        for charge, most in most_of(tariff.charges, rates.values, tariff.series):
            bounds[charge.code] = max(bounds.get(charge.code, Fraction(0)), most)
    for bill in case.priced().bills:
        for code, most in bounds.items():
            lines = [abs(line.amount) for line in bill.lines if line.charge == code]
            assert sum(lines) <= most + len(lines), code


def _as_large_as_it_may_be(load: Load) -> Load:
    most = LARGEST_W * load.step_minutes // 60
    columns = (load.energy_wh, load.reactive_varh, load.export_wh, load.capacitive_varh)
    active, *others = (None if one is None else one * most // max(1, int(one.max())) for one in columns)
    assert active is not None
    return Load(load.meter, load.start, load.step_minutes, active, others[0], load.quality, others[1], others[2])


def test_every_kind_of_charge_has_a_budget() -> None:
    """Drawn and shipped tariffs hold all kinds; a new one without a bound fails there, and here by its name."""
    kinds = {name for name, one in vars(domain.charges).items() if isinstance(one, type) and hasattr(one, "lines")}
    source = Path(domain.budget.__file__).read_text(encoding="utf-8")
    assert len(kinds) >= 19
    assert [kind for kind in sorted(kinds - {"Charge"}) if f"{kind}()" not in source] == []


FLAT, TAX = EnergyFlat("flow", "Transmission", "energy", ""), Percentage("vat", "VAT", "tax", "", ("energy",))


@pytest.mark.parametrize(("flow", "vat", "blamed"), [
    ("5000", "0", None),
    ("5100", "0", ("flow", "flow", 2_350_080_000_000)),
    ("4000", "30", ("flow", "flow", 1_843_200_000_000)),
    ("2700", "100", ("flow", "flow", 1_244_160_000_000)),
])  # fmt: skip
def test_the_charge_at_fault_is_named_with_its_dearest_rate(
    flow: str, vat: str, blamed: tuple[str, str, int] | None
) -> None:
    found = over_budget((FLAT, TAX), {"flow": Decimal(flow), "vat": Decimal(vat)})
    assert (found and (found.charge.code, found.key, found.amount)) == blamed
    assert LARGEST_MONTH_KWH == 460_800_000


def test_a_tax_that_leaves_almost_nothing_of_the_price_is_named_itself() -> None:
    inside = Percentage("icms", "ICMS", "tax", "", ("energy",), inside=("icms",))
    found = over_budget((FLAT, inside), {"flow": Decimal(10), "icms": Decimal("99.9999")})
    assert found is not None
    assert (found.charge.code, found.key) == ("icms", "icms")


def test_published_prices_count_as_soon_as_they_are_known() -> None:
    charge = IndexedPrice("spot", "Spot", "energy", "", "omie")
    values = {"spot.adder": Decimal(1), "spot.factor": Decimal(1000), "spot.losses": Decimal(10)}
    prices = PriceSeries("omie", 60, datetime(2026, 1, 1, tzinfo=UTC), (None, 10**6, -1000 * 10**6), "made up")
    assert over_budget((charge,), values) is None
    found = over_budget((charge,), values, (prices,))
    assert found is not None
    assert found.amount == (11 * 1000 + 1) * LARGEST_MONTH_KWH
    later = PriceSeries("omie", 60, datetime(2026, 2, 1, tzinfo=UTC), (1,), "made up")
    assert over_budget((charge,), values, (prices, later)) == found, "of several publications the dearest price counts"


FILE = """schema = "wattledger-tariff/1"
id = "dear"
name = "Dear"
country = "MX"
currency = "MXN"
timezone = "America/Mexico_City"
source = "made up"
demand_minutes = 15
[rounding]
places = 2
mode = "half_up"
[calendar]
periods = ["day"]
day_types = { monday = "a", tuesday = "a", wednesday = "a", thursday = "a", friday = "a", saturday = "a", sunday = "a" }
[[calendar.season]]
name = "year"
starts = { month = 1, day = 1 }
[calendar.schedule.year]
a = ["00:00-24:00 day"]
[[charge]]
kind = "maximum_demand"
code = "demand"
label = "Demand"
group = "power"
round_up_kw = true
at_least_kw = "AT_LEAST"
[[rates]]
valid_from = 2026-01-01
source = "made up"
[rates.values]
demand = "RATE"
"""


def _file(folder: Path, rate: str, at_least: str = "10") -> Path:
    path = folder / "dear.toml"
    path.write_text(FILE.replace("RATE", rate).replace("AT_LEAST", at_least), encoding="utf-8")
    return path


def test_a_rate_that_could_overflow_is_refused_with_file_place_value_and_remedy(tmp_path: Path) -> None:
    assert TariffFiles().get(str(_file(tmp_path, "2500000"))).currency == "MXN"
    path = _file(tmp_path, "25000000")
    with pytest.raises(InvalidTariff) as refused:
        TariffFiles().get(str(path))
    assert str(refused.value) == (
        f"{path}: rates[1].values.demand: 25000000: Demand would come to 22,500,025,000,000 in a month of the largest "
        "load (600,000 kW), and 2,305,842,009,213 is the most for a bill; check its unit and the figures of the charge"
    )


def test_a_given_rate_is_refused_as_that_of_a_file_is(tmp_path: Path) -> None:
    with pytest.raises(InvalidTariff, match="--rate demand: 25000000: Demand would come to 22,500,025,000,000"):
        TariffFiles().get(str(_file(tmp_path, "1")), overrides={"demand": Decimal(25_000_000)})


def test_a_least_demand_beyond_the_largest_load_is_refused(tmp_path: Path) -> None:
    said = r"charge\[1\].at_least_kw: '600001': is beyond the largest load, 600,000 kW; give it in kW, not in W"
    with pytest.raises(InvalidTariff, match=said):
        TariffFiles().get(str(_file(tmp_path, "1", "600001")))


def test_contracted_power_beyond_the_largest_supply_point_is_refused() -> None:
    check_contracted({"all": Decimal(500_000)}, "--contracted-kw")
    with pytest.raises(BadOption, match="--contracted-kw all=500001: more than 500,000 kW, the largest supply point"):
        check_contracted({"all": Decimal(500_001)}, "--contracted-kw")


def test_contracted_power_finer_than_a_watt_is_refused_and_not_cut() -> None:
    """An excess is compared in whole W: 100.0005 kW would be billed as 100 kW, and told as 100.0005."""
    check_contracted({"all": Decimal("15.001"), "P6": Decimal("25.5000")}, "--contracted-kw")
    with pytest.raises(BadOption, match=r"--contracted-kw P1=100.0005: finer than a watt; give at most 3 decimals"):
        check_contracted({"P1": Decimal("100.0005")}, "--contracted-kw")


def test_no_larger_meter_and_no_larger_contract_is_registered(mill: SupplyPoint) -> None:
    with pytest.raises(BadReadings, match="meter 'big' is rated 500,001 kW, and the largest is 500,000 kW"):
        changes(None, replace(mill, meters={**mill.meters, "big": MeterType(500_001_000)}))
    with pytest.raises(BadOption, match="contracted power P1=600000: more than 500,000 kW"):
        changes(None, replace(mill, contract=Contract({"P1": Decimal(600_000)})))
