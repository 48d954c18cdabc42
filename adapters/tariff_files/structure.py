"""A structure file: what is charged, when and how. Its models, from the whole file down to the day rules."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.tariff_files.charges import AnyCharge, to_domain
from adapters.tariff_files.parts import BlockMinutes, Frame
from adapters.tariff_files.rate_table import MOST_VALIDITIES, RatesPart, RateTableFile
from adapters.tariff_files.reading import RATES
from adapters.tariff_files.values import Id, Part, PeriodName, Text, window
from domain.calendar import Calendar, DayRule, EasterDay, FixedDay, NthWeekday, Season, Window
from domain.charges import Charge
from domain.errors import InvalidTariff

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # a name that does not exist, a path, a folder of names
        raise ValueError("is no time zone; use a name of the tz database, like America/Mexico_City") from None
    return value


class DayPart(Part):
    """One day of the year: `month` and `day`, or the `n`-th `weekday` of a month (negative: from its end)."""

    month: Annotated[int, Field(ge=1, le=12)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    weekday: Weekday | None = None
    n: Literal[1, 2, 3, 4, -1, -2, -3, -4] | None = None

    def to_rule(self, place: str) -> DayRule:
        if self.month is not None and self.day is not None and self.weekday is None and self.n is None:
            _check_every_year_has_it(self.month, self.day, place)
            return FixedDay(self.month, self.day)
        if self.month is not None and self.day is None and self.weekday is not None and self.n is not None:
            return NthWeekday(self.month, WEEKDAYS.index(self.weekday), self.n)
        raise InvalidTariff(f"{place}: give month and day, or month, weekday and n; nothing else names one day")


def _check_every_year_has_it(month: int, day: int, place: str) -> None:
    try:
        date(2001, month, day)  # not a leap year
    except ValueError:
        fault = f"{place}.day: {day}: month {month} does not have it every year; choose another"
        raise InvalidTariff(fault) from None


class HolidayPart(DayPart):
    """A holiday: a day rule, or so many days after `easter`.

    A fixed date may begin and end with a year, or come every so many years from `first_year` on.
    """

    name: Text
    easter: Annotated[int, Field(ge=-70, le=70)] | None = None
    first_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    last_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    every: Annotated[int, Field(ge=1, le=100)] = 1

    def to_rule(self, place: str) -> DayRule:
        rule = super().to_rule(place) if self.easter is None else self._after_easter(self.easter, place)
        if not isinstance(rule, FixedDay):
            if self.model_fields_set & {"first_year", "last_year", "every"}:
                raise InvalidTariff(f"{place}: first_year, last_year and every need a month and day, not a weekday")
            return rule
        if self.every > 1 and self.first_year is None:
            raise InvalidTariff(f"{place}.every: {self.every}: counted from which year? add first_year")
        if (self.last_year or 9999) < (self.first_year or 1):
            raise InvalidTariff(f"{place}.last_year: {self.last_year}: is before first_year; correct one of them")
        return FixedDay(rule.month, rule.day, self.first_year or 1, self.last_year or 9999, self.every)

    def _after_easter(self, days: int, place: str) -> DayRule:
        others = self.model_fields_set & {"month", "day", "weekday", "n"}
        if others:
            raise InvalidTariff(f"{place}.easter: {days}: names the day alone; remove {', '.join(sorted(others))}")
        return EasterDay(days)


class SeasonPart(Part):
    """A season and its first day; a season may come several times a year."""

    name: Text
    starts: DayPart

    def to_domain(self, place: str) -> Season:
        return Season(self.name, self.starts.to_rule(place))


class DayTypesPart(Part):
    """The day type of each weekday and, where the tariff has any, of holidays."""

    monday: Text
    tuesday: Text
    wednesday: Text
    thursday: Text
    friday: Text
    saturday: Text
    sunday: Text
    holiday: Text | None = None


Windows = Annotated[list[Annotated[Window, BeforeValidator(window)]], Field(max_length=288)]


class CalendarPart(Part):
    """Seasons, day types, holidays, and the windows of each day type in each season."""

    periods: Annotated[list[PeriodName], Field(min_length=1, max_length=100)]
    day_types: DayTypesPart
    season: Annotated[list[SeasonPart], Field(min_length=1, max_length=100)]
    holiday: Annotated[list[HolidayPart], Field(default_factory=list, max_length=200)]
    schedule: Annotated[dict[str, dict[str, Windows]], Field(max_length=100)]

    def to_domain(self) -> Calendar:
        _check_different(self.periods, "calendar.periods")
        if self.holiday and self.day_types.holiday is None:
            raise InvalidTariff("calendar.day_types.holiday: is missing, but there are holidays; add their day type")
        calendar = Calendar(
            periods=tuple(self.periods),
            seasons=tuple(part.to_domain(f"calendar.season[{n}].starts") for n, part in enumerate(self.season, 1)),
            day_types=tuple(getattr(self.day_types, weekday) for weekday in WEEKDAYS),
            holiday_type=self.day_types.holiday,
            holidays=tuple(part.to_rule(f"calendar.holiday[{n}]") for n, part in enumerate(self.holiday, 1)),
            schedules={(s, d): tuple(windows) for s, types in self.schedule.items() for d, windows in types.items()},
        )
        _check_used(calendar)
        _check_seasons(calendar)
        _check_holidays(calendar.holidays)
        return calendar


class RoundingPart(Part):
    places: Annotated[int, Field(ge=0, le=6)]
    mode: Literal["half_up", "half_even"]


class StructureFile(Part):
    """The whole file; a user's own may hold its `[[rates]]` too."""

    schema_: Annotated[Literal["wattledger-tariff/1"], Field(alias="schema")]
    id: Id
    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    timezone: Annotated[str, AfterValidator(_zone)]
    source: Text
    demand_minutes: BlockMinutes
    season_change: Literal["splits the month"] | None = None
    share_places: Annotated[int, Field(ge=2, le=9)] | None = None
    notes: Annotated[list[Text], Field(default_factory=list, max_length=200)]
    rounding: RoundingPart
    calendar: CalendarPart
    charge: Annotated[list[AnyCharge], Field(min_length=1, max_length=200)]
    rates: Annotated[list[RatesPart], Field(default_factory=list, max_length=MOST_VALIDITIES)]

    def charges(self) -> tuple[Charge, ...]:
        """The charges in the order of the bill."""
        zone, calendar = ZoneInfo(self.timezone), self.calendar
        return to_domain(self.charge, Frame(tuple(calendar.periods), self.demand_minutes, zone, calendar.schedule))

    def own_rates(self, path: Path) -> RateTableFile:
        """The rates in the file itself. Raises `InvalidTariff` when there are none."""
        if not self.rates:
            raise InvalidTariff(f"{path}: rates: are missing; add [[rates]], or name a rate table with --rates FILE")
        return RateTableFile.model_validate({"schema": RATES, "tariff": [self.id], "region": "", "rates": self.rates})


def _check_different(names: Sequence[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidTariff(f"{place}: {name!r} is there twice; names must differ")


def _check_used(calendar: Calendar) -> None:
    """A period without any hour would be priced at nothing for ever."""
    used = {window.period for windows in calendar.schedules.values() for window in windows}
    for n, name in enumerate(calendar.periods, 1):
        if name not in used:
            raise InvalidTariff(
                f"calendar.periods[{n}]: {name!r} has no hours in any window; give it some, or remove it"
            )


def _check_seasons(calendar: Calendar) -> None:
    for year in range(2000, 2040):
        starts = calendar.seasons_of_year(year)
        for (day, name), (other_day, other) in pairwise(starts):
            if day == other_day:
                raise InvalidTariff(f"calendar.season: {name!r} and {other!r} both start on {day}; move one of them")


def _check_holidays(rules: Sequence[DayRule]) -> None:
    """No two rules may name one day by the same words: one of them is a slip. Those that meet by chance may."""
    for n, rule in enumerate(rules, 1):
        for other, before in enumerate(rules[: n - 1], 1):
            if _means_the_same(rule, before):
                raise InvalidTariff(f"calendar.holiday[{n}]: is the same day as calendar.holiday[{other}]; remove one")


def _means_the_same(rule: DayRule, other: DayRule) -> bool:
    if isinstance(rule, FixedDay) and isinstance(other, FixedDay):
        same = (rule.month, rule.day) == (other.month, other.day)
        return same and any(rule.day_in(year) and other.day_in(year) for year in range(1900, 2201))
    return rule == other
