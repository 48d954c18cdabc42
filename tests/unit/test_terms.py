"""The terms of a month: its length in civil time, its rates, and refusals instead of zeros."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.terms_of import TermsOf
from domain.calendar import Window
from domain.errors import BadReadings, InvalidTariff, NoPriceInForce
from domain.supply_point import SupplyPoint
from domain.tariff import Rates, RateTable, Tariff
from domain.terms import BillingMonth, Contract, Terms, midnight_utc

MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("first", "days", "intervals"),
    [
        (date(2026, 2, 1), 28, 8064),
        (date(2028, 2, 1), 29, 8352),
        (date(2026, 3, 1), 31, 8916),
        (date(2026, 10, 1), 31, 8940),
    ],
)
def test_a_month_with_a_clock_change_has_an_hour_less_or_more(first: date, days: int, intervals: int) -> None:
    month = BillingMonth(first, MADRID)
    assert (month.days, month.intervals(5)) == (days, intervals)


@given(instant=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # UTC is added
def test_every_instant_lies_in_its_own_month_and_months_meet(instant: datetime) -> None:
    month = BillingMonth.of(instant, MADRID)
    assert month.start_utc <= instant < month.end_utc
    assert month.next().start_utc == month.end_utc


def test_the_months_last_hour_belongs_to_the_local_month() -> None:
    assert str(BillingMonth.of(datetime(2026, 1, 31, 22, 59, tzinfo=UTC), MADRID)) == "2026-01"
    assert str(BillingMonth.of(datetime(2026, 1, 31, 23, 0, tzinfo=UTC), MADRID)) == "2026-02"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Madrid", date(2026, 3, 29), 23),
        ("Europe/Madrid", date(2026, 10, 25), 25),
        ("America/Mexico_City", date(2026, 4, 5), 24),  # summer tariff, no summer time
        ("America/Havana", date(2026, 3, 8), 23),  # its clock jumps over midnight
        ("America/Havana", date(2026, 11, 1), 25),  # its midnight comes twice
    ],
)
def test_a_local_day_has_as_many_hours_as_its_clock_says(zone: str, day: date, hours: int) -> None:
    start, end = (midnight_utc(one, ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    assert end - start == timedelta(hours=hours)


def rates(first: date, end: date | None, price: str = "1") -> Rates:
    return Rates(first, end, {"energy": Decimal(price)}, "made up")


JANUARY, FEBRUARY, APRIL = date(2026, 1, 1), date(2026, 2, 1), date(2026, 4, 1)
TABLE = RateTable(
    "t", "north", (rates(JANUARY, FEBRUARY), rates(FEBRUARY, date(2026, 3, 1), "2"), rates(APRIL, None, "4"))
)


@pytest.mark.parametrize(("first", "price"), [(JANUARY, 1), (FEBRUARY, 2), (APRIL, 4), (date(2031, 7, 1), 4)])
def test_the_rates_of_a_month_are_those_that_cover_it(first: date, price: int) -> None:
    assert TABLE.in_force(first, BillingMonth(first, MADRID).end).values["energy"] == price


@pytest.mark.parametrize("first", [date(2025, 12, 1), date(2026, 3, 1)])
def test_a_month_without_rates_is_refused_with_what_is_covered(first: date) -> None:
    with pytest.raises(
        NoPriceInForce, match=r"t:north has no rates for .* it covers 2026-01-01 to 2026-03-01, 2026-04-01"
    ):
        TABLE.in_force(first, BillingMonth(first, MADRID).end)


def test_rates_that_end_within_a_month_do_not_price_it() -> None:
    with pytest.raises(NoPriceInForce):
        RateTable("t", "", (rates(JANUARY, date(2026, 1, 16)), rates(date(2026, 1, 16), None))).in_force(
            JANUARY, FEBRUARY
        )


@pytest.mark.parametrize("end", [None, date(2026, 2, 2)])
def test_rates_may_not_overlap(end: date | None) -> None:
    with pytest.raises(InvalidTariff, match="rates from 2026-01-01 overlap those from 2026-02-01"):
        RateTable("t", "", (rates(JANUARY, end), rates(FEBRUARY, None)))


def test_a_charge_without_a_rate_is_refused_and_never_free(small_tariff: Tariff, mill: SupplyPoint) -> None:
    known = small_tariff.rate_table.rates[0]
    fewer = replace(known, values={key: rate for key, rate in known.values.items() if key != "energy.day"})
    with pytest.raises(NoPriceInForce, match=r"no rate for energy\.day in 2026-01.*--rate energy\.day=AMOUNT"):
        Terms(small_tariff, fewer, mill.contract, BillingMonth(JANUARY, MADRID), 5)


@pytest.mark.parametrize("step", [10, 60])
def test_a_step_that_does_not_divide_the_demand_block_is_refused(
    mill: SupplyPoint, terms_of: TermsOf, step: int
) -> None:
    point = replace(mill, id=f"read every {step} minutes", step_minutes=step)
    with pytest.raises(BadReadings, match=f"blocks of 15 minutes; readings of {step} minutes cannot tell it"):
        terms_of(point, BillingMonth(JANUARY, MADRID))


def test_terms_are_worked_out_once_a_month(terms_of: TermsOf, mill: SupplyPoint) -> None:
    january = BillingMonth(JANUARY, MADRID)
    assert terms_of(mill, january) is terms_of(mill, BillingMonth(JANUARY, MADRID))
    assert terms_of(mill, january.next()) is not terms_of(mill, january)


def test_contracted_power_of_a_period_goes_before_that_of_all() -> None:
    contract = Contract({"all": Decimal(100), "day": Decimal(60)})
    assert (contract.kw("day", "Power"), contract.kw("night", "Power")) == (Decimal(60), Decimal(100))


def test_two_charges_may_not_share_a_code(small_tariff: Tariff) -> None:
    with pytest.raises(InvalidTariff, match="charge code 'supply' is used twice"):
        replace(small_tariff, charges=(*small_tariff.charges, small_tariff.charges[0]))


def test_a_percentage_needs_its_base_before_it(small_tariff: Tariff) -> None:
    with pytest.raises(
        InvalidTariff, match="'factor' is reckoned from 'capacity', which is no charge or group before it"
    ):
        replace(small_tariff, charges=tuple(charge for charge in small_tariff.charges if charge.code != "capacity"))


def test_no_demand_block_lies_in_two_periods(small_tariff: Tariff) -> None:
    windows = (Window(0, 490, "night"), Window(490, 1440, "day"))
    calendar = replace(
        small_tariff.calendar, schedules={**small_tariff.calendar.schedules, ("year", "workday"): windows}
    )
    with pytest.raises(InvalidTariff, match=r"a period ends inside a demand block of 15 minutes .* minute 490"):
        replace(small_tariff, calendar=calendar)
    assert replace(small_tariff, calendar=calendar, demand_minutes=5).demand_minutes == 5


@pytest.mark.parametrize("minutes", [0, 10, 20, 1440])
def test_demand_blocks_divide_the_hour(small_tariff: Tariff, minutes: int) -> None:
    with pytest.raises(InvalidTariff, match=f"demand_minutes = {minutes}; use 5, 15, 30 or 60"):
        replace(small_tariff, demand_minutes=minutes)
