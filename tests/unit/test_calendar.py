"""When periods hold: day rules, seasons, day types, and the windows that must cover every minute once."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar, DayRule, FixedDay, NthWeekday, Season, Window, clock
from domain.errors import InvalidTariff

ANY_DAY = st.dates(date(1990, 1, 1), date(2060, 12, 31))
PLAIN = (Window(0, 480, "low"), Window(480, 1440, "high"))
REST = (Window(0, 1440, "low"),)
CALENDAR = Calendar(
    periods=("low", "high"),
    seasons=(Season("summer", NthWeekday(4, 6, 1)), Season("winter", NthWeekday(10, 6, -1))),
    day_types=("work",) * 5 + ("rest",) * 2,
    holiday_type="rest",
    holidays=(FixedDay(1, 1), NthWeekday(2, 0, 1), FixedDay(12, 1, 2000, 2018, 6)),
    schedules={
        (season, kind): PLAIN if kind == "work" else REST
        for season in ("summer", "winter")
        for kind in ("work", "rest")
    },
)


@pytest.mark.parametrize(
    ("rule", "year", "day"),
    [
        (NthWeekday(2, 0, 1), 2026, date(2026, 2, 2)),
        (NthWeekday(3, 0, 3), 2026, date(2026, 3, 16)),
        (NthWeekday(4, 6, 1), 2026, date(2026, 4, 5)),
        (NthWeekday(10, 6, -1), 2026, date(2026, 10, 25)),
        (NthWeekday(12, 3, -1), 2026, date(2026, 12, 31)),
        (NthWeekday(12, 3, -2), 2026, date(2026, 12, 24)),
        (NthWeekday(2, 6, -1), 2028, date(2028, 2, 27)),
        (NthWeekday(11, 3, 4), 2018, date(2018, 11, 22)),
    ],
)
def test_the_nth_weekday_counts_from_both_ends_of_a_month(rule: NthWeekday, year: int, day: date) -> None:
    assert rule.day_in(year) == day


@given(year=st.integers(1950, 2100), month=st.integers(1, 12), weekday=st.integers(0, 6), n=st.integers(1, 4))
def test_an_nth_weekday_is_that_weekday_of_that_month(year: int, month: int, weekday: int, n: int) -> None:
    first, last = NthWeekday(month, weekday, n).day_in(year), NthWeekday(month, weekday, -n).day_in(year)
    assert first is not None
    assert last is not None
    assert (first.month, first.weekday(), (first.day - 1) // 7) == (month, weekday, n - 1)
    assert (last.month, last.weekday()) == (month, weekday)
    assert first <= last or n > 2


@pytest.mark.parametrize(
    ("year", "falls"), [(1994, False), (2000, True), (2006, True), (2007, False), (2018, True), (2024, False)]
)
def test_a_fixed_day_may_come_every_six_years_for_a_while(year: int, falls: bool) -> None:
    rule = FixedDay(12, 1, first_year=2000, last_year=2018, every=6)
    assert rule.day_in(year) == (date(year, 12, 1) if falls else None)


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 1, 1), "winter"),
        (date(2026, 4, 4), "winter"),
        (date(2026, 4, 5), "summer"),
        (date(2026, 10, 24), "summer"),
        (date(2026, 10, 25), "winter"),
        (date(2026, 12, 31), "winter"),
    ],
)
def test_a_season_runs_from_its_first_day_to_the_next_ones_over_the_new_year(day: date, season: str) -> None:
    assert CALENDAR.season_of(day) == season


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 1, 1), "rest"),  # a Thursday
        (date(2026, 1, 2), "work"),
        (date(2026, 1, 3), "rest"),  # a Saturday
        (date(2026, 2, 2), "rest"),  # the first Monday of February
        (date(2026, 2, 9), "work"),
        (date(2006, 12, 1), "rest"),  # a Friday, every six years
        (date(2017, 12, 1), "work"),
    ],
)
def test_a_holiday_has_the_day_type_of_holidays(day: date, kind: str) -> None:
    assert CALENDAR.day_type_of(day) == kind


def test_without_a_holiday_type_a_holiday_is_a_weekday_like_any_other() -> None:
    assert replace(CALENDAR, holiday_type=None).day_type_of(date(2026, 1, 1)) == "work"


@pytest.mark.parametrize(("minute", "period"), [(0, 0), (479, 0), (480, 1), (1439, 1)])
def test_a_window_ends_where_the_next_begins(minute: int, period: int) -> None:
    assert CALENDAR.period_at(date(2026, 1, 7), minute) == period


@given(day=ANY_DAY)
def test_every_minute_of_every_day_has_one_period(day: date) -> None:
    minutes = [minute for window in CALENDAR.windows_of(day) for minute in range(window.from_minute, window.to_minute)]
    assert minutes == list(range(1440))


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ((), "nothing from 00:00"),
        ((Window(60, 1440, "low"),), "a gap at 00:00"),
        ((Window(0, 480, "low"), Window(485, 1440, "high")), "a gap at 08:00"),
        ((Window(0, 480, "low"), Window(475, 1440, "high")), "an overlap at 08:00"),
        ((Window(0, 480, "low"), Window(480, 480, "high"), Window(480, 1440, "low")), "an overlap at 08:00"),
        ((Window(0, 480, "low"), Window(480, 1435, "high")), "nothing from 23:55"),
        ((Window(0, 1445, "low"),), "24:00"),
        ((Window(480, 1440, "high"), Window(0, 480, "low")), "a gap at 00:00"),
        ((Window(0, 1440, "dear"),), "period 'dear' is not one of low, high"),
    ],
)
def test_windows_that_do_not_cover_the_day_once_are_refused(windows: tuple[Window, ...], said: str) -> None:
    with pytest.raises(InvalidTariff, match=f"season 'summer', day type 'work'.*{said}"):
        replace(CALENDAR, schedules={**CALENDAR.schedules, ("summer", "work"): windows})


def test_a_season_without_windows_for_a_day_type_is_refused() -> None:
    fewer = {key: windows for key, windows in CALENDAR.schedules.items() if key != ("winter", "rest")}
    with pytest.raises(InvalidTariff, match="season 'winter' has no windows for day type 'rest'"):
        replace(CALENDAR, schedules=fewer)


def test_windows_of_an_unknown_season_are_refused() -> None:
    with pytest.raises(InvalidTariff, match="'spring', 'work' is not a season and day type"):
        replace(CALENDAR, schedules={**CALENDAR.schedules, ("spring", "work"): PLAIN})


@pytest.mark.parametrize("fewer", [{"seasons": ()}, {"day_types": ("work",) * 6}])
def test_a_calendar_needs_a_season_and_seven_weekdays(fewer: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(InvalidTariff, match="at least one season and a day type for each of the seven weekdays"):
        replace(CALENDAR, **fewer)  # type: ignore[arg-type]  # the fields differ, the refusal is the same


def test_minutes_are_written_as_people_write_them() -> None:
    assert [clock(minute) for minute in (0, 65, 1435, 1440)] == ["00:00", "01:05", "23:55", "24:00"]


def test_a_day_rule_is_anything_that_names_a_day() -> None:
    class Carnival:
        def day_in(self, year: int) -> date | None:
            return date(2026, 2, 16) if year == 2026 else None

    rule: DayRule = Carnival()
    calendar = replace(CALENDAR, holidays=(rule,))
    assert calendar.day_type_of(date(2026, 2, 16)) == "rest"
    assert calendar.day_type_of(date(2027, 2, 16)) == "work"
