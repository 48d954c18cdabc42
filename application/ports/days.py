"""Ports to metering days: one at a time, a month of them, or several appends as one write."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from domain.events import DayEvent
from domain.measured_day import MeasuredDay
from domain.metering_day import MeteringDay


class MeteringDays(Protocol):
    """All days of all devices."""

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        """The day as it is now; version 0 and not opened when nothing happened yet. Not to be changed by the caller.

        `known_at` gives it as it was known at a past UTC instant, by what had been recorded until then.
        """
        ...

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        """Store events after `day.version`, all or none; the day has then evolved by them.

        Raises `SomeoneElseWrote` if that is no longer the last version, `Unavailable` when the store fails.
        """
        ...


class MeasuredDays(Protocol):
    """Days without their costs: for whoever bills a whole month at once, and asks for one meter of many."""

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        """Those of some meters that are of the day, by now or as known at a past UTC instant; none where it was never
        opened. Raises `Unavailable`.
        """
        ...


class LedgerDays(MeteringDays, MeasuredDays, Protocol):
    """What a whole ledger keeps; a device keeps its latest days only, and bills no month."""


class OneWrite(Protocol):
    """Several appends to metering days as one write."""

    def at_once(self) -> AbstractContextManager[None]:
        """What is appended within is stored at its end, all or none; days that are read meanwhile have it already.

        An error within stores nothing. Raises at its end as `MeteringDays.append` does.
        """
        ...
