"""Stamps become instants: whole UTC seconds since 1970."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.faults import RowFault
from adapters.meter_files.local_time import DAY, EARLIEST, EPOCH, FIRST_YEAR, LAST_YEAR, LATEST, LocalTime
from adapters.meter_files.table import CellType

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
ISO_CLOCK = re.compile(
    r"[T ]([0-2][0-9]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]0+)?)?(?: ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?))?"
).fullmatch
DATE_THEN_CLOCK = re.compile(r"([^ ]*%[dmyYbBj][^ ]*) (%[HI].*)").fullmatch

WallTime = tuple[int, int, int | None]
"""Midnight of the written date and the seconds after it, both as if UTC; and the offset, when the stamp carries one."""


class Stamps:
    """Reads the stamps of one file. Each date and each clock time is parsed once: a year has few of both."""

    def __init__(self, declaration: Declaration, local_time: LocalTime) -> None:
        self._column = declaration.time_column
        self._local_time = local_time
        self._midnight_ends_its_day = declaration.midnight == "same-day"
        self._format = declaration.time_format
        parts = DATE_THEN_CLOCK(self._format)
        self._day_format, self._clock_format = (parts[1], parts[2]) if parts else ("", "")
        self._iso = self._format == "iso"
        self._in_parts = self._iso or bool(parts)
        self._days: dict[str, int] = {}
        self._clocks: dict[str, tuple[int, int | None]] = {}

    def of_text(self, cell: str, previous: int) -> int:
        """The instant of a written stamp; `previous` is that of the row before, for the hour that autumn repeats."""
        try:
            day, clock = (cell[:10], cell[10:]) if self._iso else _two(cell)
            midnight = self._days[day]
            seconds, own_offset = self._clocks[clock]
        except KeyError:
            midnight, seconds, own_offset = self._parsed(cell.strip())
        if own_offset is not None:
            return midnight + seconds - own_offset
        return self._local_time.instant(midnight, seconds, previous, cell)

    def of_wall(self, cell: int | None, previous: int) -> int:
        """The instant of local microseconds since 1970, as a Parquet timestamp without time zone has them."""
        seconds = self._whole_seconds(cell)
        clock = seconds % DAY
        return self._local_time.instant(seconds - clock, self._end_of_day(clock), previous, written(cell, "wall"))

    def of_instant(self, cell: int | None, _previous: int) -> int:
        """The instant of UTC microseconds since 1970."""
        return self._whole_seconds(cell)

    def _parsed(self, cell: str) -> WallTime:
        """A stamp with a date or a clock time that was not met before."""
        if not cell:
            raise RowFault(self._column, cell, "is empty", "write the time of the reading")
        try:
            midnight, seconds, own_offset = self._learned(cell) if self._in_parts else self._whole(cell)
        except ValueError as error:
            raise self._unreadable(cell) from error
        if not EARLIEST <= midnight < LATEST:
            raise self._unreadable(cell)
        return midnight, seconds, own_offset

    def _learned(self, cell: str) -> WallTime:
        if self._iso:
            day, clock = cell[:10], cell[10:]
            midnight, (seconds, own_offset) = _iso_day(day), _iso_clock(clock)
        else:
            day, clock = _two(cell)
            midnight = _seconds(datetime.strptime(day, self._day_format).replace(tzinfo=UTC))
            seconds, own_offset = self._formatted_clock(clock)
        seconds = self._end_of_day(seconds)
        if EARLIEST <= midnight < LATEST:
            self._days[day] = midnight
            self._clocks[clock] = seconds, own_offset
        return midnight, seconds, own_offset

    def _formatted_clock(self, clock: str) -> tuple[int, int | None]:
        ends_the_day = clock.startswith("24") and self._clock_format.startswith("%H")
        _, seconds, own_offset = _whole("00" + clock[2:] if ends_the_day else clock, self._clock_format)
        if ends_the_day and seconds:
            raise ValueError("no time of day")
        return DAY if ends_the_day else seconds, own_offset

    def _whole(self, cell: str) -> WallTime:
        """A format whose date and clock no space divides: as correct, and some ten times slower."""
        midnight, seconds, own_offset = _whole(cell, self._format)
        return midnight, self._end_of_day(seconds), own_offset

    def _end_of_day(self, seconds: int) -> int:
        return DAY if self._midnight_ends_its_day and seconds == 0 else seconds

    def _whole_seconds(self, microseconds: int | None) -> int:
        if microseconds is None:
            raise RowFault(self._column, None, "is empty", "write the time of the reading")
        seconds, rest = divmod(microseconds, 1_000_000)
        if not EARLIEST <= seconds < LATEST:
            raise self._unreadable(f"{microseconds} microseconds after 1970")
        if rest:
            raise self._unreadable(written(microseconds, "wall"))
        return seconds

    def _unreadable(self, cell: object) -> RowFault:
        wanted = "2026-01-31T23:45" if self._iso else self._format
        problem = f"cannot be read as a whole second of the years {FIRST_YEAR} to {LAST_YEAR}"
        return RowFault(
            self._column,
            cell,
            problem,
            f"write it as {wanted}, or declare how it is written with --time-format (time_format)",
        )


def written(cell: Any, cell_type: CellType) -> object:
    """A stamp as a person reads it: the text itself, or the time behind a Parquet timestamp."""
    if cell is None or cell_type not in ("wall", "instant"):
        return cell
    at = (EPOCH + timedelta(microseconds=cell)).replace(tzinfo=None)
    return f"{at}Z" if cell_type == "instant" else str(at)


def _two(cell: str) -> tuple[str, str]:
    day, _, clock = cell.partition(" ")
    return day, clock


def _whole(text: str, time_format: str) -> WallTime:
    stamp = datetime.strptime(text, time_format)  # noqa: DTZ007  (naive unless the format has %z; the zone is declared)
    if stamp.microsecond:
        raise ValueError("not a whole second")
    offset = stamp.utcoffset()
    wall = _seconds(stamp.replace(tzinfo=UTC))
    return wall - wall % DAY, wall % DAY, None if offset is None else int(offset.total_seconds())


def _iso_day(text: str) -> int:
    if not ISO_DAY(text):
        raise ValueError("no ISO date")
    return (date.fromisoformat(text) - EPOCH.date()).days * DAY


def _iso_clock(text: str) -> tuple[int, int | None]:
    """Seconds after midnight (24:00 is the end of the day) and the offset from UTC in seconds, if there is one."""
    found = ISO_CLOCK(text)
    if not found:
        raise ValueError("no ISO time")
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    if seconds > DAY:
        raise ValueError("no time of day")
    return seconds, _iso_offset(found[4]) if found[4] else None


def _iso_offset(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    if seconds >= DAY:
        raise ValueError("no offset")
    return -seconds if text[0] == "-" else seconds


def _seconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)
