"""When a tariff's periods hold: seasons, day types, holidays and the windows of a day.

Seasons belong to the tariff, not to the time zone: Mexico kept its summer tariff after it gave up summer time. Rules
speak local civil time; the time zone itself belongs to the supply point (`domain.terms`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol

from domain.errors import InvalidTariff

MINUTES_PER_DAY = 1440
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Calendar:
    """Every minute of every local day has exactly one period.

    `day_types` gives Monday to Sunday (7 names); `holiday_type` is the day type of a holiday; `schedules` maps
    (season, day type) to the windows of that day. Checked on construction: raises `InvalidTariff`.
    """

    periods: tuple[str, ...]
    seasons: tuple["Season", ...]
    day_types: tuple[str, ...]
    holiday_type: str | None
    holidays: tuple["DayRule", ...]
    schedules: Mapping[tuple[str, str], tuple["Window", ...]]

    def __post_init__(self) -> None:
        _check(self)

    def __hash__(self) -> int:
        return self._content_hash

    def period_at(self, day: date, minute: int) -> int:
        """Index into `periods` at a minute (0 to 1439) of a local day."""
        for window in self.windows_of(day):
            if minute < window.to_minute:
                return self.periods.index(window.period)
        raise ValueError(f"minute {minute} is not in a day")

    def windows_of(self, day: date) -> tuple["Window", ...]:
        """The day's windows in order; together they cover 00:00 to 24:00."""
        return self.schedules[self.season_of(day), self.day_type_of(day)]

    def season_of(self, day: date) -> str:
        """A season runs from its first day to the day before the next one's, over the new year too."""
        started = [name for starts, name in self.seasons_of_year(day.year) if starts <= day]
        return started[-1] if started else self.seasons_of_year(day.year - 1)[-1][1]

    def day_type_of(self, day: date) -> str:
        if self.holiday_type is not None and day in self.holidays_of(day.year):
            return self.holiday_type
        return self.day_types[day.weekday()]

    def seasons_of_year(self, year: int) -> tuple[tuple[date, str], ...]:
        """First days of the seasons in a year, in order."""
        if year not in self._seasons_by_year:
            starts = ((season.starts.day_in(year), season.name) for season in self.seasons)
            self._seasons_by_year[year] = tuple(sorted((day, name) for day, name in starts if day is not None))
        return self._seasons_by_year[year]

    def holidays_of(self, year: int) -> frozenset[date]:
        """The tariff's holidays in a year."""
        if year not in self._holidays_by_year:
            days = (rule.day_in(year) for rule in self.holidays)
            self._holidays_by_year[year] = frozenset(day for day in days if day is not None)
        return self._holidays_by_year[year]

    @cached_property
    def _content_hash(self) -> int:
        """Equal calendars share what is compiled from them (`domain.arrays.calendar_year`)."""
        values = (getattr(self, field.name) for field in fields(self))
        return hash(tuple(frozenset(one.items()) if isinstance(one, Mapping) else one for one in values))

    @cached_property
    def _seasons_by_year(self) -> dict[int, tuple[tuple[date, str], ...]]:
        return {}

    @cached_property
    def _holidays_by_year(self) -> dict[int, frozenset[date]]:
        return {}


class DayRule(Protocol):
    """A rule that names one day of a year, or none."""

    def day_in(self, year: int) -> date | None: ...


@dataclass(frozen=True, slots=True)
class FixedDay:
    """The same date every year, or every `every` years counted from `first_year`, up to `last_year` inclusive."""

    month: int
    day: int
    first_year: int = 1
    last_year: int = 9999
    every: int = 1

    def day_in(self, year: int) -> date | None:
        if not self.first_year <= year <= self.last_year or (year - self.first_year) % self.every:
            return None
        return date(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The nth given weekday (0 = Monday) of a month; n counts from the end when negative."""

    month: int
    weekday: int
    n: int

    def day_in(self, year: int) -> date | None:
        if self.n > 0:
            first = date(year, self.month, 1)
            return first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.n - 1))
        last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - self.weekday) % 7 + 7 * (-self.n - 1))


@dataclass(frozen=True, slots=True)
class EasterDay:
    """So many days after Easter Sunday (negative: before): Good Friday is -2, Corpus Christi 60."""

    easter: int

    def day_in(self, year: int) -> date | None:
        return easter_sunday(year) + timedelta(days=self.easter)


def easter_sunday(year: int) -> date:
    """Of the Gregorian calendar: the Sunday after the first full moon from 21 March on, by the church's tables."""
    golden, century = year % 19, year // 100
    leap_corrections = century // 4 + (8 * century + 13) // 25
    moon = (19 * golden + century - leap_corrections + 15) % 30
    moon -= moon // 28 * (1 - moon // 28 * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    return date(year, 3, 28) + timedelta(days=moon - weekday)


@dataclass(frozen=True, slots=True)
class Season:
    """A season and the rule of its first day."""

    name: str
    starts: DayRule


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes `[from_minute, to_minute)` of a local day in one period."""

    from_minute: int
    to_minute: int
    period: str


def _check(calendar: Calendar) -> None:
    names = {season.name for season in calendar.seasons}
    types = {*calendar.day_types, *([calendar.holiday_type] if calendar.holiday_type is not None else [])}
    if not calendar.seasons or len(calendar.day_types) != 7:
        raise InvalidTariff("calendar: give at least one season and a day type for each of the seven weekdays")
    needed = {(season, day_type) for season in names for day_type in types}
    for season, day_type in sorted(needed - calendar.schedules.keys()):
        raise InvalidTariff(f"calendar.schedule: season {season!r} has no windows for day type {day_type!r}; add them")
    for season, day_type in sorted(calendar.schedules.keys() - needed):
        raise InvalidTariff(
            f"calendar.schedule: {season!r}, {day_type!r} is not a season and day type of this calendar; remove it"
        )
    for key, windows in calendar.schedules.items():
        _check_windows(key, windows, calendar.periods)


def _check_windows(key: tuple[str, str], windows: tuple[Window, ...], periods: tuple[str, ...]) -> None:
    where, minute = f"calendar.schedule: season {key[0]!r}, day type {key[1]!r}", 0
    for window in windows:
        if window.period not in periods:
            raise InvalidTariff(f"{where}: period {window.period!r} is not one of {', '.join(periods)}; correct it")
        if window.from_minute != minute or window.to_minute <= window.from_minute:
            fault = "a gap" if window.from_minute > minute else "an overlap"
            raise InvalidTariff(
                f"{where}: {fault} at {clock(minute)}; windows must meet, in order, from 00:00 to 24:00"
            )
        minute = window.to_minute
    if minute != MINUTES_PER_DAY:
        raise InvalidTariff(f"{where}: nothing from {clock(minute)}; windows must reach 24:00")


def clock(minute: int) -> str:
    """A minute of the day as people write it: 0 is 00:00, 1440 is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def months_in_words(months: Sequence[int]) -> str:
    """`Jun Jul Aug`."""
    return " ".join(MONTH_NAMES[month - 1] for month in months)
