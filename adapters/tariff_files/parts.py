"""What the charges of a structure file have in common, and what they must fit into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from adapters.tariff_files.values import Code, Part, SomeText, Text
from domain.calendar import Window
from domain.errors import InvalidTariff

BlockMinutes = Literal[5, 15, 30, 60]


@dataclass(frozen=True, slots=True)
class Frame:
    """The rest of the file, as far as charges must agree with it."""

    periods: tuple[str, ...]
    demand_minutes: int
    zone: ZoneInfo
    schedule: Mapping[str, Mapping[str, Sequence[Window]]]

    def check_minutes(self, minutes: int, place: str) -> None:
        """Raises `InvalidTariff` unless readings tell such blocks and none of them lies in two periods."""
        if minutes % self.demand_minutes:
            raise InvalidTariff(
                f"{place}: {minutes}: is no multiple of demand_minutes = {self.demand_minutes}; "
                "make demand_minutes the shortest block of the tariff"
            )
        for season, day_types in self.schedule.items():
            for day_type, windows in day_types.items():
                for window in windows:
                    if window.to_minute % minutes:
                        raise InvalidTariff(
                            f"{place}: {minutes}: period {window.period!r} ends inside such a block ({season}, "
                            f"{day_type}, minute {window.to_minute}); no block may lie in two periods"
                        )


class NamedPart(Part):
    """What every charge has."""

    code: Code
    label: Text
    group: Code
    source: str = ""

    @property
    def named(self) -> tuple[str, str, str, str]:
        return self.code, self.label, self.group, self.source


class PeriodsPart(NamedPart):
    """A charge on some periods; on all of them unless it names its own."""

    periods: SomeText | None = None

    def indexed(self, place: str, frame: Frame) -> tuple[tuple[int, str], ...]:
        """(index, name) of each period. Raises `InvalidTariff` for one that the calendar does not have."""
        known = frame.periods
        wanted = known if self.periods is None else self.periods
        for name in wanted:
            if name not in known:
                raise InvalidTariff(f"{place}.periods: {name!r} is no period of the calendar; use {', '.join(known)}")
            if wanted.count(name) > 1:
                raise InvalidTariff(f"{place}.periods: {name!r} is there twice; remove one")
        return tuple((known.index(name), name) for name in wanted)
