"""The calendar compiled for arrays says what the calendar says, minute by minute, on days of 23 and 25 hours too."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from domain.arrays.load import Grid, Load
from domain.arrays.periods import local_offsets, periods_of
from domain.errors import BadReadings
from domain.tariff import Tariff
from domain.terms import midnight_utc

MADRID = ZoneInfo("Europe/Madrid")
TARIFFS = TariffFiles()
ZONES = [
    "Europe/Madrid",
    "America/Mexico_City",
    "America/New_York",
    "America/Havana",  # its clock jumps over midnight
    "America/Sao_Paulo",
    "Africa/Casablanca",  # four changes a year
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",  # skipped a whole day in 2011
    "Asia/Kathmandu",
]


def empty(start: datetime, step_minutes: int, size: int) -> Load:
    nothing = np.zeros(size, dtype=np.int64)
    return Load("main", start, step_minutes, nothing, nothing, np.zeros(size, dtype=np.uint8))


def starts(load: Load) -> list[datetime]:
    return [load.start + timedelta(minutes=load.step_minutes) * i for i in range(len(load.energy_wh))]


@pytest.mark.parametrize("tariff", TARIFFS.ids())
@pytest.mark.parametrize("year", [2018, 2024, 2026])
def test_every_interval_of_a_year_has_the_calendars_period(tariff: str, year: int) -> None:
    calendar, zone = TARIFFS.get(tariff).calendar, ZoneInfo(TARIFFS.get(tariff).timezone)
    load = empty(midnight_utc(date(year, 1, 1), zone), 15, 366 * 96)
    local = [start.astimezone(zone) for start in starts(load)]
    expected = [calendar.period_at(one.date(), one.hour * 60 + one.minute) for one in local]
    assert periods_of(calendar, load.grid, local_offsets(zone, load.grid)).tolist() == expected


def test_an_ordinary_workday_of_five_minutes_has_288_steps(small_tariff: Tariff) -> None:
    assert counted(small_tariff, date(2026, 3, 30)) == {"night": 96, "day": 192}


@pytest.mark.parametrize(("day", "steps"), [(date(2026, 3, 29), 276), (date(2026, 10, 25), 300)])
def test_a_day_of_23_or_25_hours_has_276_or_300_steps(small_tariff: Tariff, day: date, steps: int) -> None:
    assert counted(small_tariff, day) == {"night": steps}  # both are Sundays


def counted(tariff: Tariff, day: date, zone: ZoneInfo = MADRID) -> dict[str, int]:
    first, end = midnight_utc(day, zone), midnight_utc(day + timedelta(days=1), zone)
    load = empty(first, 5, (end - first) // timedelta(minutes=5))
    found = periods_of(tariff.calendar, load.grid, local_offsets(zone, load.grid))
    return dict(Counter(tariff.periods[p] for p in found.tolist()))


@pytest.mark.parametrize(("day", "nights", "days"), [(date(2026, 4, 24), 84, 192), (date(2026, 10, 29), 96, 204)])
def test_a_changed_clock_takes_its_hour_from_the_period_it_falls_in(
    small_tariff: Tariff, day: date, nights: int, days: int
) -> None:
    # Cairo changes its clock on workdays: over midnight in April, and an hour before it in October
    assert counted(small_tariff, day, ZoneInfo("Africa/Cairo")) == {"night": nights, "day": days}


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    hour=st.integers(0, 23),
    step=st.sampled_from([15, 30, 60]),
)
@example(zone="Australia/Lord_Howe", day=date(2026, 7, 1), hour=0, step=60)  # changes at half past
@example(zone="Pacific/Apia", day=date(2011, 12, 1), hour=0, step=60)
@settings(max_examples=25)
def test_local_offsets_are_those_of_the_time_zone_at_every_interval(zone: str, day: date, hour: int, step: int) -> None:
    load = empty(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), step, 250 * 1440 // step)
    found = local_offsets(ZoneInfo(zone), load.grid)
    expected = [
        offset.total_seconds()
        for start in starts(load)
        if (offset := start.astimezone(ZoneInfo(zone)).utcoffset()) is not None
    ]
    assert found.tolist() == expected
    assert len(found) == len(expected)


def test_a_load_of_one_interval_has_an_offset() -> None:
    assert local_offsets(MADRID, Grid(datetime(2026, 7, 1, tzinfo=UTC), 5, 1)).tolist() == [7200]


def test_a_step_that_straddles_two_periods_is_refused_with_the_minute(small_tariff: Tariff) -> None:
    load = empty(datetime(2026, 1, 7, tzinfo=UTC), 9, 160)
    with pytest.raises(BadReadings, match="a reading of 9 minutes lies in two tariff periods: night ends at 08:00"):
        periods_of(small_tariff.calendar, load.grid, local_offsets(MADRID, load.grid))
