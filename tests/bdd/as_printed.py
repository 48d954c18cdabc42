"""Numbers and times as a bill prints them, read exactly: the only place where the words of a sentence become values."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

NUMBER = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)


def number(text: str) -> Decimal:
    """`1,234.50`: thousands with commas or without, and a decimal point. Raises ValueError."""
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number as a bill prints it; write it as 1,234.50")
    return Decimal(text.replace(",", ""))


def whole(text: str) -> int:
    """A number without a fraction. Raises ValueError."""
    return _whole(number(text), text)


def thousandths(text: str) -> int:
    """kWh as Wh, kVArh as varh, kW as W. Raises ValueError for what is finer."""
    return _whole(number(text).scaleb(3), text)


def month(text: str) -> date:
    """`January 2026` by its first day. Raises ValueError."""
    return datetime.strptime(text, "%B %Y").replace(tzinfo=UTC).date()


def instant(day: date, at: time, zone: ZoneInfo, fold: int = 0) -> datetime:
    """The UTC instant at which a local clock shows a time, with `fold` 1 for the second time.

    Raises ValueError for a time that the clock does not show, or does not show twice.
    """
    local = datetime.combine(day, at, zone).replace(fold=fold)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"no clock in {zone} shows {at:%H:%M} on {day}")
    if fold and found == local.replace(fold=0).astimezone(UTC):
        raise ValueError(f"clocks in {zone} show {at:%H:%M} only once on {day}")
    return found


def rows_of(table: list[list[str]], *columns: str) -> list[list[str]]:
    """The rows of a table with exactly these columns: a swapped column is a mistake, not a value."""
    header, *rows = table
    assert header == list(columns), f"columns are {header}, not {list(columns)}"
    return rows


def _whole(value: Decimal, text: str) -> int:
    if value != int(value):
        raise ValueError(f"{text!r} is finer than can be counted here")
    return int(value)


READ: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("amount", "contracted", "cost", "kw", "live", "new", "old", "price", "total", "true_up"), number),
    **dict.fromkeys(("count", "estimated", "measured", "minutes", "missing", "most", "now", "times"), whole),
    **dict.fromkeys(("after", "before", "kvarh", "kwh"), thousandths),
    **dict.fromkeys(("at", "end"), time.fromisoformat),
    **dict.fromkeys(("day", "last"), date.fromisoformat),
    "month": month,
}
"""How each named part of a sentence is read; a name that is not here stays text."""
