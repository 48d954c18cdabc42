"""The 12 x 24 schedules of a record, for weekdays and weekends, and the calendar they make together.

A record has up to three calendars: of energy, of time-of-use demand, and of months (flat demand, fuel, tier limits). A
tariff has one, so its periods are the combinations that really occur: `p2` energy period 2, `p2-d1` the part of it in
demand period 1, `p2-d1-m06` that in the months which are billed like June.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from adapters.urdb.fields import shown
from adapters.urdb.numbers import MONTHS, Faults
from domain.calendar import MONTH_NAMES, Calendar, FixedDay, Season, Window

HOURS = 24
MOST_PERIODS = 100
DAY_TYPES = ("weekday", "weekend")

Rows = tuple[tuple[int, ...], ...]
"""Period of each month and hour."""
ALWAYS: Rows = ((0,) * HOURS,) * MONTHS


class Cell(NamedTuple):
    """What an hour is in: energy period, demand period, and group of months (its first month, 1 to 12)."""

    energy: int
    demand: int
    group: int


def read_rows(fields: Mapping[str, Any], name: str, structure: str, periods: int, faults: Faults) -> Rows:
    """A schedule, each hour of which names a period of its structure; else a fault with the first month and hour."""
    value = fields.get(name)
    if value is None:
        faults.add(f"{name}: is missing, so no hour has a price of {structure}")
        return ALWAYS
    if not isinstance(value, list) or len(value) != MONTHS:
        faults.add(f"{name}: must have 12 months")
        return ALWAYS
    if any(not isinstance(row, list) or len(row) != HOURS for row in value):
        faults.add(f"{name}: every month must have 24 hours")
        return ALWAYS
    _check_dangling(value, name, structure, periods, faults)
    return tuple(tuple(one if _is_period(one, periods) else 0 for one in row) for row in value)


def _is_period(value: object, periods: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < periods


def _check_dangling(value: list[list[Any]], name: str, structure: str, periods: int, faults: Faults) -> None:
    dangling: dict[str, list[str]] = {}
    for month, row in enumerate(value):
        for hour, one in enumerate(row):
            if not _is_period(one, periods):
                dangling.setdefault(shown(one), []).append(f"{MONTH_NAMES[month]} {hour:02d}:00")
    for one, places in dangling.items():
        more = f" and {len(places) - 1} more hours" if len(places) > 1 else ""
        faults.add(f"{name}: {places[0]}{more} in period {one}, which {structure} (0 to {periods - 1}) does not have")


@dataclass(frozen=True)
class Hours:
    """All that tells hours apart. `rows` are (energy, demand) of weekdays, then of weekends; `groups` one per month."""

    rows: tuple[tuple[Rows, Rows], tuple[Rows, Rows]]
    groups: tuple[int, ...]
    has_energy: bool

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every combination that occurs, in order."""
        found = {cell for month in range(MONTHS) for day in (0, 1) for cell in self._day(month, day)}
        return tuple(sorted(found))

    def periods(self, chosen: Sequence[Cell]) -> tuple[tuple[int, str], ...]:
        """(index, name) of some cells, in order."""
        return tuple((n, name) for n, (cell, name) in enumerate(self._names.items()) if cell in chosen)

    def calendar(self) -> Calendar:
        """Months with equal days are one season, named after the first of them."""
        days = [tuple(self._day(month, day) for day in (0, 1)) for month in range(MONTHS)]
        names = [f"m{days.index(both) + 1:02d}" for both in days]
        starts = [month for month in range(MONTHS) if month == 0 or names[month] != names[month - 1]]
        schedules = {
            (names[month], DAY_TYPES[day]): self._windows(days[month][day]) for month in starts for day in (0, 1)
        }
        return Calendar(
            periods=tuple(self._names.values()),
            seasons=tuple(Season(names[month], FixedDay(month + 1, 1)) for month in starts),
            day_types=(DAY_TYPES[0],) * 5 + (DAY_TYPES[1],) * 2,
            holiday_type=None,
            holidays=(),
            schedules=schedules,
        )

    def check(self, faults: Faults) -> None:
        if len(self.cells) > MOST_PERIODS:
            faults.add(f"its schedules combine to {len(self.cells)} periods; a tariff has at most {MOST_PERIODS}")

    def _day(self, month: int, day: int) -> tuple[Cell, ...]:
        energy, demand = self.rows[day]
        return tuple(Cell(energy[month][hour], demand[month][hour], self.groups[month]) for hour in range(HOURS))

    @cached_property
    def _names(self) -> dict[Cell, str]:
        """A part of the name that the parts before it decide is left out."""
        energies, pairs = {cell.energy for cell in self.cells}, {cell[:2] for cell in self.cells}
        by_demand, by_group = len(pairs) > len(energies), len(self.cells) > len(pairs)
        return {
            cell: "-".join(
                [f"p{cell.energy}"] * (self.has_energy or not (by_demand or by_group))
                + [f"d{cell.demand}"] * by_demand
                + [f"m{cell.group:02d}"] * by_group
            )
            for cell in self.cells
        }

    def _windows(self, day: tuple[Cell, ...]) -> tuple[Window, ...]:
        edges = [hour for hour in range(HOURS) if hour == 0 or day[hour] != day[hour - 1]]
        ends = [*edges[1:], HOURS]
        return tuple(Window(a * 60, b * 60, self._names[day[a]]) for a, b in zip(edges, ends, strict=True))
