"""Bills without the cost of each interval are the bills of `price_load`, to the last character."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from domain.arrays import Load, bill_load, bill_loads, calendar_year, price_load
from domain.arrays.bills import Billing
from domain.arrays.calendar_year import compiled, periods_and_offsets
from domain.arrays.load import Int
from domain.arrays.sums import LARGEST_WH
from domain.errors import BadReadings
from domain.measurement import Quality
from domain.tariff import Tariff
from domain.terms import Contract, midnight_utc
from tests.reference.cases import CONTRACT, DAYS, MONTHS, Case, drawn

TARIFFS = TariffFiles()
AGREED = Contract({"all": Decimal(800)})


def complete(tariff: str) -> Tariff:
    """With a price for what its source leaves out, at every time, so that both ways bill and do not only refuse."""
    found = TARIFFS.get(tariff)
    keys = {key for charge in found.charges for key in (*charge.rate_keys, *charge.percent_keys)}
    values = dict.fromkeys(keys, Decimal(7)) | dict(found.rate_table.rates[-1].values)
    rates = replace(found.rate_table.rates[-1], valid_from=date(2000, 1, 1), valid_to=None, values=values)
    return replace(found, rate_table=replace(found.rate_table, rates=(rates,)))


@given(
    tariff=st.sampled_from(TARIFFS.ids()),
    seed=st.integers(0, 10**9),
    start=st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    step=st.sampled_from([5, 15]),
    size=st.integers(1, 12_000),
    on_a_block=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_shipped_tariff_bills_alike_with_and_without_sharing(
    tariff: str, seed: int, start: datetime, step: int, size: int, on_a_block: bool
) -> None:
    known = complete(tariff)
    zone = ZoneInfo(known.timezone)
    if on_a_block:
        start, size = midnight_utc(start.date(), zone), -(-size // 12) * 12
    else:
        start = start.replace(minute=start.minute // step * step, second=0, microsecond=0)
    load = drawn(Random(seed), start, step, size)  # repeatable
    arguments = load, known, AGREED, zone
    assert bill_load(*arguments) == price_load(*arguments).bills


@given(case=DAYS)
@settings(max_examples=60, deadline=None)
def test_any_tariff_bills_some_days_alike(case: Case) -> None:
    check_same(case)


@given(case=MONTHS)
@settings(max_examples=10, deadline=None)
def test_any_tariff_bills_whole_months_alike(case: Case) -> None:
    check_same(case)


def check_same(case: Case) -> None:
    assert bill_load(case.load, case.tariff, CONTRACT, case.zone, history=case.history) == case.priced().bills


def a_year(of: int = 2026, seed: int = 1, zone: str = "America/Mexico_City") -> Load:
    start, end = (midnight_utc(date(year, 1, 1), ZoneInfo(zone)) for year in (of, of + 1))
    return drawn(Random(seed), start, 5, (end - start) // timedelta(minutes=5))  # repeatable


def test_a_fleet_bills_as_each_of_its_meters_does() -> None:
    tariff, zone, month = TARIFFS.get("mx-gdmth:golfo-centro"), ZoneInfo("America/Mexico_City"), date(2026, 1, 1)
    fleet = [replace(a_year(seed=n), meter=f"meter-{n}") for n in range(3)]
    bills = list(bill_loads(iter(fleet), tariff, AGREED, zone, month))
    assert bills == [price_load(one, tariff, AGREED, zone, month).bills for one in fleet]
    assert [one[0].supply_point for one in bills] == ["meter-0", "meter-1", "meter-2"]


def test_a_load_of_int32_has_the_same_bills() -> None:
    tariff, zone, month = TARIFFS.get("mx-gdmth:golfo-centro"), ZoneInfo("America/Mexico_City"), date(2026, 1, 1)
    load = a_year()
    assert load.reactive_varh is not None
    high = replace(load, energy_wh=load.energy_wh + 2**30, reactive_varh=load.reactive_varh + 2**30)
    wh, varh = (cast(Int, (one + 2**30).astype(np.int32)) for one in (load.energy_wh, load.reactive_varh))
    small = replace(high, energy_wh=wh, reactive_varh=varh)
    assert bill_load(small, tariff, AGREED, zone, month) == bill_load(high, tariff, AGREED, zone, month)


@pytest.mark.parametrize("largest", [LARGEST_WH - 1, LARGEST_WH, 3 * LARGEST_WH])
def test_energy_too_large_to_stand_beside_a_position_is_still_billed_exactly(largest: int) -> None:
    tariff, zone, month = TARIFFS.get("mx-gdmth:golfo-centro"), ZoneInfo("America/Mexico_City"), date(2026, 1, 1)
    load = a_year()
    load.energy_wh[:] = 0
    load.energy_wh[5000] = largest
    load.quality[5000] = Quality.MEASURED
    [found, *_] = bill_load(load, tariff, AGREED, zone, month)
    assert max(found.determinants.peak_wh) == largest == found.determinants.total_wh


def test_of_equal_blocks_the_earliest_is_the_peak_and_a_block_of_gaps_is_none() -> None:
    tariff, zone, month = TARIFFS.get("mx-gdmth:golfo-centro"), ZoneInfo("America/Mexico_City"), date(2026, 1, 1)
    load = a_year()
    load.energy_wh[:], load.quality[:] = 7, Quality.MEASURED
    load.energy_wh[:3], load.quality[:3] = 0, Quality.MISSING
    peak_at = bill_load(load, tariff, AGREED, zone, month)[0].determinants.peak_at
    assert peak_at[0] == load.start + timedelta(minutes=15)


def test_equal_calendars_share_one_compiled_year_and_nobody_can_change_it() -> None:
    first, second = (TariffFiles().get("es-6.1td").calendar for _ in range(2))
    assert first is not second
    madrid = ZoneInfo("Europe/Madrid")
    year = compiled(first, madrid, 5, 2025)
    assert compiled(second, madrid, 5, 2025) is year
    assert compiled(TARIFFS.get("es-6.1td-ceuta").calendar, madrid, 5, 2025) is not year
    with pytest.raises(ValueError, match="read-only"):
        year.period[0] = 1


def test_a_compiled_year_counts_the_hours_of_the_spanish_calendar_of_2025() -> None:
    year = compiled(TARIFFS.get("es-6.1td").calendar, ZoneInfo("Europe/Madrid"), 5, 2025)
    assert (np.bincount(year.period) / 12).tolist() == [765, 964, 854, 1035, 462, 4680]
    assert (year.grid.size, compiled.cache_info().maxsize) == (105_120, calendar_year.KEPT_YEARS)


@given(
    zone=st.sampled_from(["Europe/Madrid", "America/Caracas", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
    start=st.datetimes(datetime(2010, 1, 1), datetime(2020, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    step=st.sampled_from([15, 30, 60]),
    days=st.integers(1, 800),
)
@example("America/Caracas", datetime(2016, 1, 1, 4, 30, tzinfo=UTC), 60, 366)  # a year of no whole number of hours
@example("Asia/Kathmandu", datetime(2016, 1, 1, tzinfo=UTC), 60, 30)  # midnight is no full hour there
@settings(max_examples=25, deadline=None)
def test_periods_from_compiled_years_are_those_of_the_calendar(
    zone: str, start: datetime, step: int, days: int
) -> None:
    calendar, place = TARIFFS.get("es-6.1td").calendar, ZoneInfo(zone)
    start = start.replace(minute=start.minute // step * step, second=0, microsecond=0)
    size = days * 1440 // step
    nothing = np.zeros(size, dtype=np.int64)
    load = Load("main", start, step, nothing, nothing, nothing.astype(np.uint8))
    period, offset_s = periods_and_offsets(load, calendar, place)
    for i in {0, size // 3, size - 1}:
        local = (start + timedelta(minutes=step) * i).astimezone(place)
        assert period[i] == calendar.period_at(local.date(), local.hour * 60 + local.minute)
        assert timedelta(seconds=int(offset_s[i])) == local.utcoffset()
    assert (len(period), len(offset_s)) == (size, size)


def test_a_step_that_cannot_tell_the_demand_is_refused() -> None:
    load = drawn(Random(1), datetime(2026, 1, 1, tzinfo=UTC), 60, 24)  # repeatable
    billing = Billing.of(TARIFFS.get("mx-gdmth:golfo-centro"), AGREED, ZoneInfo("UTC"))
    with pytest.raises(BadReadings, match="measures demand in blocks of 15 minutes"):
        billing.bills(load)
