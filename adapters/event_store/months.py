"""Billing periods, the ledger over all streams, what happened when, and how far each sink is."""

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    PersistenceError,
    Tracking,
    TrackingRecorder,
)

from adapters.event_codec import STORED_SINCE, decode
from adapters.event_store.recorder import (
    EVENTS_PER_READ,
    events_of,
    insert,
    period_stream,
    reading,
    recorded_of,
    streams_of,
    unsealed,
)
from application.ports import Clock, LedgerEntry, Recorded, SomeoneElseWrote, Unavailable
from domain.billing_period import BillingPeriod
from domain.events import PeriodEvent
from domain.terms import BillingMonth

CLOSES = [name for name in STORED_SINCE if name.startswith("PeriodClosed.")]


class StoredPeriods:
    """BillingPeriods."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        period = BillingPeriod(supply_point, month)
        for event in events_of(self._recorder, period_stream(period), known_at=known_at):
            period.evolve(event)  # type: ignore[arg-type]  # a month's stream holds a month's events
        return period

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        insert(self._recorder, period_stream(period), period.version, events, self._clock.now())
        for event in events:
            period.evolve(event)

    def months(self, supply_point: str) -> list[date]:
        """The first days of all months that ever closed, in order."""
        stream = f"billing-period/{supply_point}/"
        months = {name.removeprefix(stream) for name in streams_of(self._recorder, CLOSES)}
        return sorted(date.fromisoformat(f"{month}-01") for month in months if "/" not in month)


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

    def last(self) -> int:
        """Position of the last event; 0 where there is none."""
        try:
            return self._recorder.max_notification_id() or 0
        except PersistenceError as error:
            raise Unavailable("the ledger cannot be read now") from error

    def digest(self) -> str:
        """SHA-256 over all events in order: stream, version, name and bytes. Equal ledgers have equal digests."""
        digest, position = sha256(), 0
        while found := self._recorder.select_notifications(position, EVENTS_PER_READ, inclusive_of_start=False):
            for event in found:
                digest.update(f"{event.originator_id} {event.originator_version} {event.topic}\n".encode())
                digest.update(event.state)
            position = found[-1].id
        return digest.hexdigest()


class StoredHistories:
    """Histories."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        self._recorder = recorder

    def of_day(self, device: str, day: date) -> Sequence[Recorded]:
        return recorded_of(self._recorder, f"metering-day/{device}/{day}")

    def of_period(self, supply_point: str, month: BillingMonth) -> Sequence[Recorded]:
        return recorded_of(self._recorder, period_stream(BillingPeriod(supply_point, month)))

    def of_supply_point(self, supply_point: str) -> Sequence[Recorded]:
        return recorded_of(self._recorder, f"supply-point/{supply_point}")


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


def _entry(notification: Notification) -> LedgerEntry:
    state, recorded_at = unsealed(notification.state)
    with reading(str(notification.originator_id)):
        event = decode(notification.topic, state)
    kind, _, rest = str(notification.originator_id).partition("/")
    device, _, day = rest.rpartition("/")
    if kind == "metering-day":
        return LedgerEntry(notification.id, event, recorded_at, device, date.fromisoformat(day))
    return LedgerEntry(notification.id, event, recorded_at)
