"""Each charge: its line of the bill, and that the bill to date arrives at it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.terms_of import TermsOf
from domain.bill import BillLine, ByEnergy, ByLines, ByPeak, Evenly, GrossLine, make_bill
from domain.charges import ContractedPower, EnergyByPeriod, EnergyFlat, Fixed, MaximumDemand, Percentage
from domain.determinants import Determinants
from domain.errors import ContractIncomplete
from domain.money import decimal_to_nano
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Contract, Terms

NIGHT, DAY = (0, "night"), (1, "day")
PEAK_AT = datetime(2026, 4, 8, 9, 15, tzinfo=UTC)
WH = st.integers(0, 10**12)


@pytest.fixture(scope="module")
def april(mill: SupplyPoint, terms_of: TermsOf) -> Terms:
    """Thirty days, 8,640 intervals of five minutes."""
    return terms_of(mill, BillingMonth(date(2026, 4, 1), mill.zone))


def load(
    night_wh: int = 0, day_wh: int = 0, night_peak_wh: int = 0, day_peak_wh: int = 0, intervals: int = 8640
) -> Determinants:
    varh = (night_wh + day_wh) // 3
    return Determinants([night_wh, day_wh], varh, [night_peak_wh, day_peak_wh], [PEAK_AT, PEAK_AT], intervals)


def only(lines: Sequence[GrossLine]) -> GrossLine:
    (line,) = lines
    return line


def test_energy_by_period_is_kwh_times_rate_a_line_each(april: Terms) -> None:
    night, day = EnergyByPeriod("energy", "Energy", "use", "", (NIGHT, DAY)).lines(load(1_000_500, 200_000), april, ())
    assert (night.code, night.quantity, night.gross) == ("energy.night", Decimal("1000.5"), Decimal("100.05"))
    assert (day.code, day.label, day.gross) == ("energy.day", "Energy, day", Decimal(40))
    assert (night.basis, day.basis) == (ByEnergy((0,)), ByEnergy((1,)))
    assert night.formula == "1,000.5 kWh x 0.10"


def test_energy_flat_is_every_kwh_at_one_rate(april: Terms) -> None:
    line = only(EnergyFlat("network", "Network", "use", "").lines(load(1_000, 2_000), april, ()))
    assert (line.quantity, line.gross, line.basis) == (Decimal(3), Decimal("0.15"), ByEnergy((0, 1)))


@pytest.mark.parametrize(("per", "gross"), [("month", "300"), ("day", "9000")])
def test_fixed_is_an_amount_a_month_or_a_day(april: Terms, per: str, gross: str) -> None:
    charge = Fixed("supply", "Supply", "fixed", "", "month" if per == "month" else "day")
    line = only(charge.lines(load(), april, ()))
    assert (line.gross, line.basis) == (Decimal(gross), Evenly())


def test_contracted_power_is_a_yearly_rate_by_days(april: Terms) -> None:
    night, day = ContractedPower("power", "Power", "fixed", "", (NIGHT, DAY)).lines(load(), april, ())
    assert night.formula == "100 kW x 12 x 30/365 days"
    assert (round(night.gross, 2), round(day.gross, 2)) == (Decimal("98.63"), Decimal("295.89"))


def test_contracted_power_knows_leap_years(mill: SupplyPoint, terms_of: TermsOf) -> None:
    february = terms_of(mill, BillingMonth(date(2028, 2, 1), mill.zone))
    night, _ = ContractedPower("power", "Power", "fixed", "", (NIGHT, DAY)).lines(load(), february, ())
    assert night.formula == "100 kW x 12 x 29/366 days"


def test_contracted_power_without_a_contract_is_refused_with_the_option_to_give(april: Terms) -> None:
    terms = replace(april, contract=Contract({"day": Decimal(50)}))
    with pytest.raises(ContractIncomplete, match=r"Power needs.*period 'night'.*--contracted-kw night=KW"):
        ContractedPower("power", "Power", "fixed", "", (NIGHT, DAY)).lines(load(), terms, ())


def test_maximum_demand_looks_at_its_own_periods(april: Terms) -> None:
    by_day = MaximumDemand("demand", "Demand", "peak", "", (DAY,), round_up_kw=False)
    line = only(by_day.lines(load(night_peak_wh=90_000, day_peak_wh=20_125), april, ()))
    assert (line.quantity, line.gross) == (Decimal("80.5"), Decimal(805))
    assert (line.peak_at, line.basis) == (PEAK_AT, ByPeak((1,)))


@pytest.mark.parametrize(("block_wh", "kw"), [(20_000, 80), (20_001, 81), (20_250, 81), (0, 0)])
def test_maximum_demand_rounds_up_to_whole_kw(april: Terms, block_wh: int, kw: int) -> None:
    charge = MaximumDemand("demand", "Demand", "peak", "", (DAY,), round_up_kw=True)
    assert only(charge.lines(load(day_peak_wh=block_wh), april, ())).quantity == kw


@pytest.mark.parametrize(
    ("energy_wh", "kw", "binds"),
    [(36_000_000, 80, False), (28_800_000, 80, False), (28_440_001, 80, False), (28_440_000, 79, True), (1, 1, True)],
)
def test_the_load_factor_caps_the_demand(april: Terms, energy_wh: int, kw: int, binds: bool) -> None:
    # 30 days x 24 h x 0.5 = 360 h: the cap is one kW for each 360 kWh begun, the demand 80 kW
    charge = MaximumDemand("capacity", "Capacity", "peak", "", (NIGHT, DAY), False, Decimal("0.5"))
    line = only(charge.lines(load(day_wh=energy_wh, day_peak_wh=20_000), april, ()))
    assert line.quantity == kw
    assert ("The cap binds" in line.note) is binds
    assert line.basis == (ByEnergy((0, 1)) if binds else ByPeak((0, 1)))


@given(night=WH, day=WH, night_peak=st.integers(0, 10**9), day_peak=st.integers(0, 10**9))
def test_at_the_months_end_the_bill_to_date_is_the_bill(
    april: Terms, night: int, day: int, night_peak: int, day_peak: int
) -> None:
    d = load(night, day, night_peak, day_peak)
    live = dict(zip(april.tariff.line_codes, april.accrued_nano(d), strict=True))
    bill = make_bill("mill", d, april)
    for line in bill.lines:
        closes_with = line.code in {"factor", "tax"}
        assert live[line.code] == (0 if closes_with else decimal_to_nano(line.gross)), line.code


@given(intervals=st.integers(0, 8640), energy=WH, peak=st.integers(0, 10**9))
def test_the_bill_to_date_never_exceeds_the_month(april: Terms, intervals: int, energy: int, peak: int) -> None:
    so_far = april.accrued_nano(load(0, energy, 0, peak, intervals))
    month = april.accrued_nano(load(0, energy, 0, peak))
    assert all(0 <= part <= whole for part, whole in zip(so_far, month, strict=True))


def line(code: str, group: str, amount: str) -> BillLine:
    money = Decimal(amount)
    charge = code.partition(".")[0]
    return BillLine(code, charge, group, code, money, "", money, "", "", money, "", Evenly(), amount=money)


LINES = (line("energy.night", "use", "100.05"), line("energy.day", "use", "40"), line("demand", "peak", "805.10"))


@pytest.mark.parametrize(
    ("base", "gross", "codes"),
    [
        (("use",), "29.4105", ("energy.night", "energy.day")),
        (("energy",), "29.4105", ("energy.night", "energy.day")),
        (("use", "peak"), "198.4815", ("energy.night", "energy.day", "demand")),
        (("energy", "use"), "29.4105", ("energy.night", "energy.day")),
    ],
)
def test_a_percentage_is_of_rounded_lines_by_charge_or_group_each_once(
    april: Terms, base: tuple[str, ...], gross: str, codes: tuple[str, ...]
) -> None:
    found = only(Percentage("tax", "Tax", "tax", "", base).lines(load(), april, LINES))
    assert (found.gross, found.basis) == (Decimal(gross), ByLines(codes))


@pytest.mark.parametrize(("mwh", "gross"), [(58, "29.4105"), (60, "30")])
def test_a_percentage_may_have_a_floor_per_mwh(april: Terms, mwh: int, gross: str) -> None:
    charge = Percentage("tax", "Tax", "tax", "", ("use",), floor_per_mwh=Decimal("0.5"))
    assert only(charge.lines(load(day_wh=mwh * 10**6), april, LINES)).gross == Decimal(gross)


@pytest.mark.parametrize(("low_side", "lines"), [(True, 1), (False, 0)])
def test_a_percentage_may_be_for_meters_on_the_low_side_only(april: Terms, low_side: bool, lines: int) -> None:
    terms = replace(april, contract=Contract({"all": Decimal(100)}, metered_on_low_side=low_side))
    charge = Percentage("tax", "Tax", "tax", "", ("use",), only_low_side=True)
    assert len(charge.lines(load(), terms, LINES)) == lines
