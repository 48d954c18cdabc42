"""A tariff's day as a picture: one row for each season and day type, one letter for each hour."""

from collections.abc import Sequence

from rich.text import Text

from domain.calendar import MINUTES_PER_DAY, Calendar, Window, clock

COLOURS = ("blue", "green", "red", "yellow", "magenta", "cyan")
HOUR, MOST_CELLS = 60, 48
"""A row is at most 48 letters wide, so half hours fit a narrow terminal; finer edges are written out instead."""
HOURS_TOLD = 6


def pictures(calendar: Calendar) -> list[Text]:
    """The scale, a row for each kind of day, and what the letters mean."""
    letters, step = letters_of(calendar.periods), _step(calendar)
    labels = {key: "  ".join(key) for key in calendar.schedules}
    width = max(map(len, labels.values())) + 2
    rows = [Text(" " * width + _scale(step), style="dim")] if step else []
    for key, windows in calendar.schedules.items():
        row = Text(labels[key].ljust(width))
        row.append_text(_row(windows, calendar, letters, step) if step else Text(_written(windows)))
        rows.append(row)
    return [*rows, _legend(calendar, letters)] if step else rows


def letters_of(periods: Sequence[str]) -> dict[str, str]:
    """A letter or digit for each period: of its name if one is free, and of the alphabet if not."""
    shared, found = _shared_start(periods), dict[str, str]()
    for name in sorted(periods, key=lambda name: name.count("-")):  # the plain name has the first choice
        initials = "".join(word[:1] for word in reversed(name[shared:].split("-")))
        wanted = initials + name[shared:] + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        found[name] = next((one for one in wanted if one.isalnum() and one not in found.values()), "?")
    return found


def _shared_start(names: Sequence[str]) -> int:
    """How many letters all names begin with alike: those tell nothing."""
    alike = 0
    while len(names) > 1 and len({name[: alike + 1] for name in names}) == 1 and alike < len(names[0]):
        alike += 1
    return alike


def _step(calendar: Calendar) -> int:
    """Minutes of a letter: an hour, or half of one; 0 where the day cannot be drawn so."""
    edges = {window.to_minute for windows in calendar.schedules.values() for window in windows}
    return next((step for step in (HOUR, MINUTES_PER_DAY // MOST_CELLS) if not any(edge % step for edge in edges)), 0)


def _scale(step: int) -> str:
    per_hour = HOUR // step
    return "".join(f"{hour:<{HOURS_TOLD * per_hour}}" for hour in range(0, 24, HOURS_TOLD)) + "24"


def _row(windows: Sequence[Window], calendar: Calendar, letters: dict[str, str], step: int) -> Text:
    row = Text()
    for window in windows:
        count = (window.to_minute - window.from_minute) // step
        row.append(letters[window.period] * count, style=_colour(calendar, window.period))
    return row


def _legend(calendar: Calendar, letters: dict[str, str]) -> Text:
    legend = Text()
    for name in calendar.periods:
        legend.append(f"{letters[name]}", style=_colour(calendar, name)).append(f" {name}  ")
    return legend


def _colour(calendar: Calendar, period: str) -> str:
    return COLOURS[calendar.periods.index(period) % len(COLOURS)]


def _written(windows: Sequence[Window]) -> str:
    return ", ".join(f"{clock(w.from_minute)}-{clock(w.to_minute)} {w.period}" for w in windows)
