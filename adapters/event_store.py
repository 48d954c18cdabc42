"""The ledger on the recorders of the `eventsourcing` library: in memory, or in a SQLite file.

Streams are named as people read them: `metering-day/DEVICE/2026-01-07`, `billing-period/POINT/2026-01`. One stream is
one conditional write: the recorder refuses a version that exists, which is how two writers notice each other.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    PersistenceError,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore, SQLiteTrackingRecorder

from adapters.event_codec import decode, encode
from application.ports import LedgerEntry, SomeoneElseWrote, Unavailable
from domain.billing_period import BillingPeriod
from domain.events import DayEvent, Event, PeriodClosed, PeriodEvent
from domain.metering_day import MeteringDay
from domain.terms import BillingMonth

EVENTS_PER_READ = 1000
DAYS_KEPT_WARM = 512
"""A consumer returns to the same few days upload after upload; a day of 50 meters is about 1 MB of Python objects."""


@dataclass(frozen=True)
class EventStore:
    """Metering days, billing periods, the ledger over both, and the sinks' positions: one place, one write."""

    days: "StoredDays"
    periods: "StoredPeriods"
    ledger: "StoredLedger"
    positions: "StoredPositions"

    @classmethod
    def in_memory(cls) -> "EventStore":
        return cls._over(POPOApplicationRecorder(), POPOTrackingRecorder())

    @classmethod
    def sqlite(cls, path: Path) -> "EventStore":
        """In a SQLite file, created if it is not there."""
        store = SQLiteDatastore(str(path), originator_id_type="text", pool_size=1, max_overflow=0)
        events, tracking = SQLiteApplicationRecorder(store), SQLiteTrackingRecorder(store)
        events.create_table()
        tracking.create_table()
        return cls._over(events, tracking)

    @classmethod
    def _over(cls, events: ApplicationRecorder, tracking: TrackingRecorder) -> "EventStore":
        return cls(StoredDays(events), StoredPeriods(events), StoredLedger(events), StoredPositions(tracking))


class StoredDays:
    """MeteringDays. Days of late are kept warm, and catch up with what others wrote meanwhile."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder
        self._warm: OrderedDict[str, MeteringDay] = OrderedDict()

    def get(self, device: str, day: date) -> MeteringDay:
        stream = f"metering-day/{device}/{day}"
        found = self._warm.pop(stream, None) or MeteringDay(device, day)
        for event in _events(self._recorder, stream, after=found.version):
            found.evolve(event)  # type: ignore[arg-type]  # a day's stream holds a day's events
        self._warm[stream] = found
        if len(self._warm) > DAYS_KEPT_WARM:
            self._warm.popitem(last=False)
        return found

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        stream = f"metering-day/{day.device}/{day.day}"
        try:
            _insert(self._recorder, stream, day.version, events)
        except (SomeoneElseWrote, Unavailable):
            self._warm.pop(stream, None)
            raise
        self._warm.pop(stream, None)  # a half-evolved day must not stay
        for event in events:
            day.evolve(event)
        self._warm[stream] = day


class StoredPeriods:
    """BillingPeriods."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder

    def get(self, supply_point: str, month: BillingMonth) -> BillingPeriod:
        period = BillingPeriod(supply_point, month)
        for event in _events(self._recorder, _period_stream(period)):
            if isinstance(event, PeriodClosed):
                period.evolve(event)
        return period

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        _insert(self._recorder, _period_stream(period), period.version, events)
        for event in events:
            period.evolve(event)


class StoredLedger:
    """Ledger."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder

    def after(self, position: int, limit: int) -> Sequence[LedgerEntry]:
        try:
            found = self._recorder.select_notifications(position, limit, inclusive_of_start=False)
        except PersistenceError as error:
            raise Unavailable("the ledger cannot be read now") from error
        return [_entry(notification) for notification in found]

    def digest(self) -> str:
        """SHA-256 over all events in order: stream, version, name and bytes. Equal ledgers have equal digests."""
        digest, position = sha256(), 0
        while found := self._recorder.select_notifications(position, EVENTS_PER_READ, inclusive_of_start=False):
            for event in found:
                digest.update(f"{event.originator_id} {event.originator_version} {event.topic}\n".encode())
                digest.update(event.state)
            position = found[-1].id
        return digest.hexdigest()


class StoredPositions:
    """Positions."""

    def __init__(self, recorder: TrackingRecorder) -> None:
        self._recorder = recorder

    def of(self, sink: str) -> int:
        try:
            return self._recorder.max_tracking_id(sink) or 0
        except PersistenceError as error:
            raise Unavailable(f"the position of sink {sink} cannot be read now") from error

    def moved(self, sink: str, position: int) -> None:
        try:
            self._recorder.insert_tracking(Tracking(sink, position))
        except IntegrityError as error:
            raise SomeoneElseWrote(f"sink {sink} is already at {position} or further") from error
        except PersistenceError as error:
            raise Unavailable(f"the position of sink {sink} cannot be moved now") from error


def _insert(recorder: ApplicationRecorder, stream: str, version: int, events: Sequence[Event]) -> None:
    stored = [StoredEvent(stream, version + n, *encode(event)) for n, event in enumerate(events, 1)]
    try:
        recorder.insert_events(stored)
    except IntegrityError as error:
        raise SomeoneElseWrote(f"{stream} moved past version {version}") from error
    except PersistenceError as error:
        raise Unavailable(f"{stream} cannot be written now") from error


def _events(recorder: ApplicationRecorder, stream: str, after: int = 0) -> list[Event]:
    try:
        return [decode(stored.topic, stored.state) for stored in recorder.select_events(stream, gt=after)]
    except PersistenceError as error:
        raise Unavailable(f"{stream} cannot be read now") from error


def _period_stream(period: BillingPeriod) -> str:
    return f"billing-period/{period.supply_point}/{period.month}"


def _entry(notification: Notification) -> LedgerEntry:
    event = decode(notification.topic, notification.state)
    kind, _, rest = str(notification.originator_id).partition("/")
    device, _, day = rest.rpartition("/")
    if kind == "metering-day":
        return LedgerEntry(notification.id, event, device, date.fromisoformat(day))
    return LedgerEntry(notification.id, event)
