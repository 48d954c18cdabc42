"""A month in which something changes is billed in parts: cases reckoned by hand, and what no change may alter."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from domain import charges as kinds
from domain.agreements import ALWAYS, Agreed, Agreements
from domain.arrays import Load, PricedLoad, price_agreed
from domain.bill import Bill
from domain.errors import InvalidTariff, NoPriceInForce
from domain.tariff import Rates, RateTable, Tariff
from domain.terms import BillingMonth, Contract
from tests.reference.cases import DAYS, Case
from tests.reference.workbench import hourly, tariff_of

UTC_ZONE, MEXICO = ZoneInfo("UTC"), ZoneInfo("America/Mexico_City")
EVERY = ((0, "all"),)
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
FIXED = kinds.Fixed("supply", "Supply", "use", "")
ENERGY = kinds.EnergyFlat("energy", "Energy", "use", "")
DEMAND = kinds.MaximumDemand("demand", "Demand", "use", "", EVERY, round_up_kw=True)
POWER = kinds.ContractedPower("power", "Power", "use", "", EVERY)
MINIMUM = kinds.MinimumBill("minimum", "Minimum", "topped up", "", ("use",))
SURCHARGE = kinds.Percentage("surcharge", "Surcharge", "use", "", ("energy",))
TAX = kinds.Percentage("tax", "Tax", "tax", "", ("use",))
PRICES = {"supply": "300", "energy": "0.10", "demand": "10", "tax": "20"}


def changing(charges: Sequence[kinds.Charge], *validities: tuple[date, Mapping[str, str]]) -> Tariff:
    """Rates from some days on, until the next."""
    tariff = tariff_of(charges, [{}])
    ends = [*(first for first, _ in validities[1:]), None]
    rates = tuple(
        Rates(first, end, {key: Decimal(text) for key, text in values.items()}, f"decree of {first}")
        for (first, values), end in zip(validities, ends, strict=True)
    )
    return replace(tariff, rate_table=RateTable("bench", "", rates))


def april(*kwh: int) -> Load:
    """One kWh in every hour, but so many in the first hours of days: (day, kWh) pairs flattened."""
    wh = [1000] * 720
    for day, much in zip(kwh[::2], kwh[1::2], strict=True):
        wh[(day - 1) * 24] = much * 1000
    return hourly(wh, datetime(2026, 4, 1, tzinfo=UTC))


def bill_of(agreements: Agreements, load: Load | None = None) -> Bill:
    return price_agreed(load or april(), agreements, UTC_ZONE).bills[0]


def printed(bill: Bill) -> list[tuple[int | None, str, str]]:
    return [(line.part, line.code, f"{line.amount}") for line in bill.lines]


def always(tariff: Tariff, contract: Contract = Contract()) -> Agreements:  # noqa: B008  # it is frozen
    return Agreements.of(tariff, contract)


def test_a_rate_that_changes_within_a_month_is_billed_in_two_parts() -> None:
    """10 and 20 days: 300 x 10/30 + 330 x 20/30; 240 + 480 kWh and the two peaks; the tax stands once."""
    dearer = {**PRICES, "supply": "330", "energy": "0.20"}
    tariff = changing((FIXED, ENERGY, DEMAND, TAX), (date(2020, 1, 1), PRICES), (date(2026, 4, 11), dearer))
    bill = bill_of(always(tariff), april(3, 60, 20, 31))
    assert printed(bill) == [
        (0, "supply", "100.00"),
        (0, "energy", "29.90"),  # 239 + 60 kWh
        (0, "demand", "200.00"),  # 60 kW x 10 x 10/30
        (1, "supply", "220.00"),
        (1, "energy", "102.00"),  # 479 + 31 kWh
        (1, "demand", "206.67"),  # 31 kW x 10 x 20/30
        (None, "tax", "171.71"),  # 20 % of 858.57
    ]
    assert bill.total == Decimal("1030.28")
    assert [(part.first, part.days) for part in bill.parts] == [(APRIL, 10), (date(2026, 4, 11), 20)]
    assert bill.lines[2].formula == "maximum of 60 min in all: 60 kW x 10 x 10/30 of the month"
    assert bill.lines[-1].source == "decree of 2020-01-01; decree of 2026-04-11"
    assert (bill.determinants.total_wh, bill.coverage.expected) == (809_000, 720)


def test_a_tax_that_changes_stands_in_each_part_and_so_does_what_it_is_taken_of() -> None:
    """The surcharge of 10 % is the same, but the tax needs it by part: 24 + 2.40 at 20 %, 48 + 4.80 at 10 %."""
    prices = {"energy": "0.10", "surcharge": "10", "tax": "20"}
    tariff = changing(
        (ENERGY, SURCHARGE, TAX), (date(2020, 1, 1), prices), (date(2026, 4, 11), {**prices, "tax": "10"})
    )
    assert printed(bill_of(always(tariff))) == [
        (0, "energy", "24.00"),
        (0, "surcharge", "2.40"),
        (0, "tax", "5.28"),
        (1, "energy", "48.00"),
        (1, "surcharge", "4.80"),
        (1, "tax", "5.28"),
    ]


def test_a_minimum_of_a_day_holds_for_all_days_of_the_month_or_for_those_of_its_rate() -> None:
    daily, first = replace(MINIMUM, per="day"), {"energy": "0.10", "minimum": "3"}
    same, lower = (
        changing((ENERGY, daily), (date(2020, 1, 1), first), (date(2026, 4, 11), {**first, **changed}))
        for changed in ({"energy": "0.15"}, {"minimum": "2"})
    )
    assert printed(bill_of(always(same))) == [(0, "energy", "24.00"), (1, "energy", "72.00")]  # 96 is enough for 3 x 30
    assert printed(bill_of(always(lower))) == [
        (0, "energy", "24.00"),
        (0, "minimum", "6.00"),  # 3 x 10 - 24
        (1, "energy", "48.00"),  # more than 2 x 20
    ]


def test_a_minimum_holds_for_the_whole_month_unless_it_changes_itself() -> None:
    prices = {"energy": "0.10", "minimum": "90"}
    first = (date(2020, 1, 1), prices)
    same = changing((ENERGY, MINIMUM), first, (date(2026, 4, 11), {**prices, "energy": "0.15"}))
    assert printed(bill_of(always(same))) == [(0, "energy", "24.00"), (1, "energy", "72.00")]  # 96 is enough for both
    lower = changing((ENERGY, MINIMUM), first, (date(2026, 4, 11), {**prices, "minimum": "60"}))
    assert printed(bill_of(always(lower))) == [
        (0, "energy", "24.00"),
        (0, "minimum", "6.00"),  # 90 x 10/30 - 24
        (1, "energy", "48.00"),  # more than 60 x 20/30
    ]


def test_a_contract_that_changes_is_paid_by_its_days() -> None:
    """100 kW for 15 days and 150 kW for 15 at 73 a year: 100 x 73 x 15/365 and 150 x 73 x 15/365."""
    tariff = changing((POWER,), (date(2020, 1, 1), {"power.all": "73"}))
    hundred, more = (Contract({"all": Decimal(kw)}) for kw in (100, 150))
    agreed = (Agreed(ALWAYS, tariff, hundred), Agreed(date(2026, 4, 16), tariff, more))
    assert printed(bill_of(Agreements(agreed))) == [(0, "power.all", "300.00"), (1, "power.all", "450.00")]


def test_reactive_energy_is_compared_for_each_meter_alone() -> None:
    """100 kvarh beyond a third of nothing and far under it: together nothing would be paid."""
    reactive = kinds.ReactiveEnergy(
        "kvarh", "Reactive", "use", "", EVERY, Decimal(50), "month", (kinds.ReactiveStep(Decimal(0), "any"),)
    )
    tariff = changing((reactive,), (date(2020, 1, 1), {"kvarh.any": "0.10"}))
    load = april()
    varh = np.zeros_like(load.energy_wh)
    varh[:240] = 1000  # 240 kvarh on 240 kWh: 120 too many; none on the other 480 kWh
    load = replace(load, reactive_varh=varh)
    assert bill_of(always(tariff), load).total == 0
    agreements = Agreements(always(tariff).agreed, meter_changed=(date(2026, 4, 11),))
    assert printed(bill_of(agreements, load)) == [(0, "kvarh", "12.00")]


def test_another_tariff_brings_its_own_lines_and_one_tax_for_both() -> None:
    old = changing((FIXED, ENERGY, TAX), (date(2020, 1, 1), PRICES))
    new = replace(changing((POWER, ENERGY, TAX), (date(2020, 1, 1), {**PRICES, "power.all": "365"})), id="new")
    agreed = (Agreed(ALWAYS, old, Contract()), Agreed(date(2026, 4, 21), new, Contract({"all": Decimal(3)})))
    priced = price_agreed(april(), Agreements(agreed), UTC_ZONE)
    (bill,) = priced.bills
    assert printed(bill) == [
        (0, "supply", "200.00"),
        (0, "energy", "48.00"),
        (1, "power.all", "30.00"),  # 3 kW x 365 x 10/365
        (1, "energy", "24.00"),
        (None, "tax", "60.40"),
    ]
    assert (bill.tariff, [tariff.id for tariff in priced.tariffs]) == ("bench, new", ["bench", "new"])
    assert {code: int(micro.sum()) for code, micro in priced.cost_micro.items()} == {
        "supply": 200_000_000,
        "energy": 72_000_000,
        "tax": 60_400_000,
        "power": 30_000_000,
    }
    assert int(priced.cost_micro["tax"][:480].sum()) == 49_600_000  # 20 % of what the first twenty days cost


def test_a_month_of_two_seasons_has_two_caps_where_the_tariff_says_so() -> None:
    """GDMTH, April 2026: summer begins on the 5th. 100 kW always: ceil(100 x 24 x d / (24 x d x 0.57)) = 176 kW."""
    tariff = TariffFiles().get("mx-gdmth:golfo-centro")
    assert tariff.splits_at_seasons
    (january,) = [one for one in tariff.rate_table.rates if one.valid_from <= date(2026, 1, 1)][-1:]
    open_ended = RateTable("mx-gdmth", "", (replace(january, valid_to=None),))
    tariff = replace(tariff, rate_table=open_ended)
    wh = np.full(30 * 96, 25_000, dtype=np.int64)
    load = Load("main", BillingMonth(APRIL, MEXICO).start_utc, 15, wh, wh * 0, np.zeros_like(wh, dtype=np.uint8))
    contract = Contract({"all": Decimal(200)})
    split = price_agreed(load, always(tariff, contract), MEXICO).bills[0]
    whole = price_agreed(load, always(replace(tariff, splits_at_seasons=False), contract), MEXICO).bills[0]
    assert [(part.first, part.end) for part in split.parts] == [(APRIL, date(2026, 4, 5)), (date(2026, 4, 5), MAY)]
    rates = january.values
    first, second = (line for line in split.lines if line.code == "distribution")
    assert first.gross == 100 * rates["distribution"] * Decimal("0.1333")  # 4/30 to four decimals, as CFE does
    assert "24 x 4 x 0.57)) = 176" in first.formula
    assert "24 x 26 x 0.57)) = 176" in second.formula
    assert [line.code for line in split.lines if line.part is None] == ["power_factor", "vat"]
    assert abs(split.total - whole.total) <= Decimal("0.10")  # a load that never changes pays the roundings only
    holy = price_agreed(load, always(tariff, contract), MEXICO).cost_micro
    assert sum(int(micro.sum()) for micro in holy.values()) == split.total * 10**6


def test_a_day_without_rates_within_a_month_refuses_the_month_and_is_named() -> None:
    tariff = changing((ENERGY,), (date(2020, 1, 1), PRICES), (date(2026, 4, 11), PRICES))
    before, after = tariff.rate_table.rates
    gap = replace(tariff, rate_table=RateTable("bench", "", (replace(before, valid_to=date(2026, 4, 9)), after)))
    with pytest.raises(NoPriceInForce, match=r"no rates for 2026-04-01 to 2026-05-01 .*: none on 2026-04-09"):
        bill_of(always(gap))


def test_rates_published_again_at_the_same_prices_cut_nothing() -> None:
    tariff = changing((FIXED, DEMAND), (date(2020, 1, 1), PRICES), (date(2026, 4, 11), PRICES))
    assert len(bill_of(always(tariff)).parts) == 1


def test_a_supply_that_begins_within_a_month_pays_for_its_days() -> None:
    tariff = changing((FIXED, ENERGY), (date(2020, 1, 1), PRICES))
    agreements = Agreements((Agreed(date(2026, 4, 21), tariff, Contract()),))
    load = april().between(datetime(2026, 4, 21, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    bill = bill_of(agreements, load)
    assert printed(bill) == [(None, "supply", "100.00"), (None, "energy", "24.00")]
    assert bill.coverage.missing == 0
    with pytest.raises(NoPriceInForce, match="nothing was agreed for 2026-04-01: the first agreement is since 2026-04"):
        bill_of(agreements, april())


def test_a_part_of_which_the_load_has_nothing_is_billed_and_borne_by_the_rest() -> None:
    tariff = changing((FIXED, ENERGY), (date(2020, 1, 1), PRICES), (date(2026, 4, 11), {**PRICES, "supply": "330"}))
    load = april().between(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC))
    priced = price_agreed(load, always(tariff), UTC_ZONE)
    assert [amount for _, code, amount in printed(priced.bills[0]) if code == "supply"] == ["100.00", "220.00"]
    assert int(priced.cost_micro["supply"].sum()) == 320_000_000


def test_a_look_back_counts_months_and_not_their_parts() -> None:
    """March had 80 and 60 kW on two meters, April 40: the two highest of three months are 80 and 40."""
    chile = replace(DEMAND, look_back=kinds.LookBack(2, 3))
    tariff = changing((chile,), (date(2020, 1, 1), PRICES))
    wh = [1000] * (31 + 30) * 24
    wh[0], wh[20 * 24], wh[31 * 24] = 80_000, 60_000, 40_000
    load = hourly(wh, datetime(2026, 3, 1, tzinfo=UTC))
    agreements = Agreements(always(tariff).agreed, meter_changed=(date(2026, 3, 16),))
    march, of_april = price_agreed(load, agreements, UTC_ZONE).bills
    assert march.remembered == {"demand": {date(2026, 3, 1): 80, date(2026, 3, 16): 60}}
    assert [line.quantity for line in march.lines] == [80, 60]
    assert [line.quantity for line in of_april.lines] == [60]  # (80 + 40) / 2


def test_a_power_factor_is_that_of_all_parts_unless_its_threshold_changes() -> None:
    adjustment = kinds.PowerFactorAdjustment(
        "factor",
        "Power factor",
        "factor",
        "",
        ("use",),
    )

    def asking(first: str, second: str) -> Tariff:
        later = {**PRICES, "energy": "0.20", "factor.threshold": second}
        earlier = {**PRICES, "factor.threshold": first}
        return changing((ENERGY, adjustment), (date(2020, 1, 1), earlier), (date(2026, 4, 11), later))

    assert [code for part, code, _ in printed(bill_of(always(asking("90", "95")))) if part is None] == []
    load = replace(april(), reactive_varh=np.where(np.arange(720) < 240, 1000, 0))
    bill = bill_of(always(asking("90", "90")), load)
    (line,) = [line for line in bill.lines if line.part is None]
    assert line.formula.startswith("power factor 94.87 %")  # 720 kWh with 240 kvarh


ASKS = kinds.PowerFactorAdjustment(
    "factor",
    "Power factor",
    "factor",
    "",
    ("use",),
    (
        kinds.Threshold(date(2020, 1, 1), Decimal(90), Decimal(0), ""),
        kinds.Threshold(date(2026, 4, 8), Decimal(97), Decimal(1000), ""),
    ),
)


def test_a_threshold_that_changes_within_a_month_counts_from_the_next_and_cuts_nothing() -> None:
    """Power factor 95 % throughout: a bonus of 1.3 % in April, though 97 % are asked from the 8th; a penalty in May."""
    tariff = changing((ENERGY, ASKS), (date(2020, 1, 1), PRICES))
    load = replace(april(), reactive_varh=np.full(720, 329))
    bill = bill_of(always(tariff, Contract({"all": Decimal(1000)})), load)
    assert [(part.first, part.days) for part in bill.parts] == [(APRIL, 30)]
    assert bill.lines[-1].formula == "power factor 94.99 %, threshold 90 %: 72.00 x -1.3 %"
    may = bill_of(
        always(tariff, Contract({"all": Decimal(1000)})), replace(load, start=load.start + timedelta(days=30))
    )
    assert may.lines[-1].formula == "power factor 94.99 %, threshold 97 %: 72.00 x 1.3 %"


@pytest.mark.parametrize(
    ("agreed", "told"),
    [
        ((), "there is no agreement"),
        ((date(2026, 1, 2), date(2026, 1, 1)), "since 2026-01-01 follows that since 2026-01-02; give them by date"),
        ((date(2026, 1, 2), date(2026, 1, 2)), "since 2026-01-02 follows that since 2026-01-02"),
    ],
)
def test_agreements_out_of_order_are_refused(agreed: Sequence[date], told: str) -> None:
    tariff = changing((ENERGY,), (date(2020, 1, 1), PRICES))
    with pytest.raises(InvalidTariff, match=told):
        Agreements(tuple(Agreed(since, tariff, Contract()) for since in agreed))


def test_tariffs_of_two_currencies_are_no_one_bill() -> None:
    tariff = changing((ENERGY,), (date(2020, 1, 1), PRICES))
    euros = replace(tariff, currency="EUR")
    with pytest.raises(InvalidTariff, match="is in USD and bench in EUR; a bill has one currency"):
        Agreements((Agreed(ALWAYS, tariff, Contract()), Agreed(APRIL, euros, Contract())))


IN_PROPORTION: tuple[kinds.Charge, ...] = (
    FIXED,
    kinds.Fixed("daily", "Daily", "fixed", "", "day"),
    ENERGY,
    POWER,
)


@given(case=DAYS, cuts=st.lists(st.integers(1, 40), min_size=1, max_size=4))
@settings(max_examples=50)
def test_a_month_cut_at_an_equal_tariff_pays_the_same_for_energy_days_and_contract(case: Case, cuts: list[int]) -> None:
    """Months of 28 to 31 days, and of a changed clock: sums are exact before they are rounded."""
    prices = {"supply": "461.75", "daily": "1.37", "energy": "0.123457", "power.all": "40.183"}
    tariff = changing(IN_PROPORTION, (date(2000, 1, 1), prices))
    first, contract = case.load.start.astimezone(case.zone).date(), Contract({"all": Decimal(77)})
    meters = tuple(date.fromordinal(first.toordinal() - 15 + cut) for cut in cuts)
    whole = price_agreed(case.load, Agreements.of(tariff, contract), case.zone)
    parts = price_agreed(case.load, Agreements(Agreements.of(tariff, contract).agreed, meters), case.zone)
    for one, many in zip(whole.bills, parts.bills, strict=True):
        assert len(many.parts) == 1 + sum(1 for day in set(meters) if one.first < day < one.end)
        assert all(before.end == after.first for before, after in pairwise(many.parts))
        assert gross_by_code(one) == gross_by_code(many)
        assert one.determinants == replace(many.determinants, gauges=[])


def gross_by_code(bill: Bill) -> dict[str, Fraction]:
    """Exact: each share of a month or of a year is rounded in the sixtieth digit."""
    found: dict[str, Fraction] = {}
    for line in bill.lines:
        found[line.code] = found.get(line.code, Fraction(0)) + Fraction(line.gross)
    return {code: round(gross, 50) for code, gross in found.items()}


def test_the_periods_of_several_tariffs_are_told_by_name(small_tariff: Tariff) -> None:
    other = replace(tariff_of((ENERGY,), [{"energy": "1"}], demand_minutes=15), id="other", currency="EUR")
    agreed = (Agreed(ALWAYS, small_tariff, Contract({"all": Decimal(1)})), Agreed(date(2026, 4, 2), other, Contract()))
    madrid = ZoneInfo("Europe/Madrid")
    wh = np.full(2 * 96, 1000, dtype=np.int64)
    load = Load("main", BillingMonth(APRIL, madrid).start_utc, 15, wh, wh * 0, np.zeros_like(wh, dtype=np.uint8))
    priced: PricedLoad = price_agreed(load, Agreements(agreed), madrid)
    assert priced.periods == ("night", "day", "all")
    assert [priced.periods[priced.period[n * 48]] for n in range(4)] == ["night", "day", "all", "all"]
    assert priced.bills[0].determinants.energy_wh == [32_000, 64_000, 96_000]
