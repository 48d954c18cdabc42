"""MeteringDays for a device: the last few days in memory, and on disk only where each of them began.

A day's beginning holds the month so far, so after a restart today is priced again from the readings in the outbox and
nothing of the month is lost. The files are a convenience, not a ledger: one that is missing, damaged or of another
tariff is made again, and a disk that is full stops no reading.
"""

import os
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from adapters.event_codec import UnknownEvent, decode, encode
from application.ports import SomeoneElseWrote
from domain.billing_period import BillingPeriod
from domain.errors import Refusal
from domain.events import DayEvent, DayOpened, PeriodEvent
from domain.metering_day import MeteringDay
from domain.terms import BillingMonth

DAYS_KEPT = 3
"""Today, yesterday for what comes late, and one more: a poll at midnight belongs to two days."""
LARGEST_FILE = 16 << 20
SUFFIX = ".day"
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, zlib.error)
"""What reading half a file, or another one, may end in."""


@dataclass
class RecentDays:
    """MeteringDays of one device. `fits` tells whether a stored beginning is of today's tariff and meters.

    `unsaved` is what the disk said when a beginning could not be written; empty when all is well.
    """

    folder: Path
    fits: Callable[[DayOpened], bool] = lambda _: True
    unsaved: str = field(default="", init=False)
    _days: "OrderedDict[date, MeteringDay]" = field(default_factory=OrderedDict, init=False)

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        if known_at is not None:
            raise Refusal(f"{device} {day}: a device does not know what it knew at {known_at}; ask the cloud's ledger")
        if day not in self._days:
            found = MeteringDay(device, day)
            opened = self._stored(device, day)
            if opened is None:
                return found
            found.evolve(opened)
            self._keep(found)
        return self._days[day]

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        known = self._days.get(day.day)
        if known is not None and known is not day and known.version != day.version:
            raise SomeoneElseWrote(f"{day.device} {day.day} has {known.version} events, not {day.version}")
        for event in events:
            day.evolve(event)
            if isinstance(event, DayOpened):
                self._save(event)
        self._keep(day)

    def newest(self, device: str) -> date | None:
        """The last day whose beginning is stored and can be used."""
        return next((day for day in sorted(self._files(), reverse=True) if self._stored(device, day)), None)

    def _keep(self, day: MeteringDay) -> None:
        self._days[day.day] = day
        while len(self._days) > DAYS_KEPT:
            del self._days[min(self._days)]

    def _stored(self, device: str, day: date) -> DayOpened | None:
        path = self._files().get(day)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                event = decode(path.name.removesuffix(SUFFIX).partition("_")[2], file.read(LARGEST_FILE))
        except (*DAMAGED, OSError, UnknownEvent):
            return None
        if not isinstance(event, DayOpened) or event.device != device or event.day != day or not self.fits(event):
            return None
        return event

    def _files(self) -> dict[date, Path]:
        found = {}
        for path in self.folder.glob(f"*{SUFFIX}"):
            try:
                found[date.fromisoformat(path.name.partition("_")[0])] = path
            except ValueError:
                continue  # not one of ours
        return found

    def _save(self, event: DayOpened) -> None:
        name, content = encode(event)
        path = self.folder / f"{event.day}_{name}{SUFFIX}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(path, content)
            files = self._files()
            for old in sorted(files)[:-DAYS_KEPT]:
                files[old].unlink()
        except OSError as error:
            self.unsaved = f"{path}: the day's beginning is not stored ({error.strerror})"
        else:
            self.unsaved = ""


@dataclass(frozen=True)
class OpenPeriods:
    """BillingPeriods of a device, where every month is open: months are closed in the cloud."""

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        return BillingPeriod(supply_point, month)

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        raise Refusal(f"{period.supply_point} {period.month}: a device closes no month; close it in the cloud")


def _replace(path: Path, content: bytes) -> None:
    """The old file or the whole new one, whenever the power goes."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
