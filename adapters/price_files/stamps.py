"""Times of a file of prices become instants; the hour that autumn repeats is told by the order of rows."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-2][0-9]):([0-5][0-9])(?::([0-5][0-9])(?:\.0+)?)?"
    r"(?: ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
DAY_S = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1990, 2100


def instant_of(text: str, zone: tzinfo | None, previous: int | None, step_s: int | None) -> int:
    """UTC seconds of a written time; `previous` is the row before. Raises `ValueError`, which says what is wrong.

    A local time that autumn repeats is the later one where the row before is one step before that, or had the earlier.
    """
    found = ISO.fullmatch(text.strip())
    if found is None:
        raise ValueError("cannot be read as a time; write it as 2026-01-31T23:00, or with its offset, +01:00")
    wall = _wall_seconds(found)
    if found[5]:
        return wall - _offset_s(found[5])
    return instant_of_wall(wall, zone, previous, step_s)


def instant_of_wall(wall: int, zone: tzinfo | None, previous: int | None, step_s: int | None) -> int:
    """UTC seconds of a local time, given as seconds since 1970 as if it were UTC. Raises `ValueError`."""
    if zone is None:
        raise ValueError(
            'has no offset from UTC; write one (+01:00), or declare timezone = "Europe/Madrid" in a TOML of the same '
            "name beside the file"
        )
    local = EPOCH + timedelta(seconds=wall)
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise ValueError(f"is not within the years {FIRST_YEAR} to {LAST_YEAR}; correct it")
    first, second = (wall - _utc_offset_s(local, zone, fold) for fold in (0, 1))
    if first > second:
        raise ValueError(
            "does not exist: clocks were put forward over it; correct it, or declare the timezone that it keeps"
        )
    if first == second or previous is None:
        return first
    return second if previous >= first or (step_s is not None and previous == second - step_s) else first


def _wall_seconds(found: "re.Match[str]") -> int:
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        raise ValueError("has a date that no calendar has; correct it") from None
    seconds = int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4] or 0)
    if seconds > DAY_S:
        raise ValueError("has a time that no day has; the end of a day is 24:00")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"is not within the years {FIRST_YEAR} to {LAST_YEAR}; correct it")
    return (day - EPOCH.date()).days * DAY_S + seconds


def _offset_s(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    if seconds >= DAY_S or int(digits[2:]) > 59:
        raise ValueError("has an offset that no zone has; correct it")
    return -seconds if text[0] == "-" else seconds


def _utc_offset_s(local: datetime, zone: tzinfo, fold: int) -> int:
    offset = local.replace(tzinfo=zone, fold=fold).utcoffset()
    return int((offset or timedelta()).total_seconds())
