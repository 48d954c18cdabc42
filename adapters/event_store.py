"""The ledger on the recorders of the `eventsourcing` library: in memory, or in a SQLite file.

Streams are named as people read them: `metering-day/DEVICE/2026-01-07`, `billing-period/POINT/2026-01`, and the
registry's `supply-point/POINT`, `device/DEVICE`, `tariff/ID`. One stream is
one conditional write: the recorder refuses a version that exists, which is how two writers notice each other.

A stored state is the event's bytes behind the instant at which it was recorded: what was known at a past moment is what
a stream's first event of a later instant has before it.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import takewhile
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

from adapters.event_codec import STORED_SINCE, decode, decode_measured, encode
from application.ports import Clock, LedgerEntry, Recorded, RegisteredSite, SomeoneElseWrote, Unavailable
from domain.billing_period import BillingPeriod
from domain.errors import BadReadings, UnknownDevice
from domain.events import DayEvent, DayJoined, DayOpened, Event, PeriodEvent, ReadingCorrected, ReadingsPriced
from domain.measured_day import MeasuredDay
from domain.metering_day import MeteringDay
from domain.registry import evolve
from domain.site_events import DeviceAssigned, RatesPublished, SupplyPointEvent, SupplyPointRegistered
from domain.supply_point import SupplyPoint
from domain.tariff import Rates
from domain.terms import BillingMonth

EVENTS_PER_READ = 1000
CLOSES = [name for name in STORED_SINCE if name.startswith("PeriodClosed.")]
REGISTRATIONS = ["SupplyPointRegistered.v1"]
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
STAMPED = b"\x01"
"""First byte of a state with an instant. Before there was one, states began with zlib's 0x78; they count as of 1970."""
DAYS_KEPT_WARM = 512
"""A consumer returns to the same few days upload after upload; a day of 50 meters is about 1 MB of Python objects."""


@dataclass(frozen=True)
class EventStore:
    """Metering days, billing periods, the ledger over both, and the sinks' positions: one place, one write."""

    days: "StoredDays"
    periods: "StoredPeriods"
    ledger: "StoredLedger"
    positions: "StoredPositions"
    histories: "StoredHistories"
    sites: "StoredSites"
    rates: "StoredRates"

    @classmethod
    def in_memory(cls, clock: Clock) -> "EventStore":
        return cls._over(POPOApplicationRecorder(), POPOTrackingRecorder(), clock)

    @classmethod
    def sqlite(cls, path: Path, clock: Clock) -> "EventStore":
        """In a SQLite file, created if it is not there."""
        store = SQLiteDatastore(str(path), originator_id_type="text", pool_size=1, max_overflow=0)
        events, tracking = SQLiteApplicationRecorder(store), SQLiteTrackingRecorder(store)
        events.create_table()
        tracking.create_table()
        return cls._over(events, tracking, clock)

    @classmethod
    def _over(cls, events: ApplicationRecorder, tracking: TrackingRecorder, clock: Clock) -> "EventStore":
        return cls(
            StoredDays(events, clock),
            StoredPeriods(events, clock),
            StoredLedger(events),
            StoredPositions(tracking),
            StoredHistories(events),
            StoredSites(events, clock),
            StoredRates(events, clock),
        )


class StoredDays:
    """MeteringDays. Days of late are kept warm, and catch up with what others wrote meanwhile."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._warm: OrderedDict[str, MeteringDay] = OrderedDict()

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        stream = f"metering-day/{device}/{day}"
        if known_at is not None:
            past = MeteringDay(device, day)
            for event in _events(self._recorder, stream, known_at=known_at):
                past.evolve(event)  # type: ignore[arg-type]  # as below
            return past
        found = self._warm.pop(stream, None) or MeteringDay(device, day)
        for event in _events(self._recorder, stream, after=found.version):
            found.evolve(event)  # type: ignore[arg-type]  # a day's stream holds a day's events
        self._warm[stream] = found
        if len(self._warm) > DAYS_KEPT_WARM:
            self._warm.popitem(last=False)
        return found

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        opened: DayOpened | None = None
        found: dict[int, MeasuredDay] = {}
        for name, state, at in _stored(self._recorder, f"metering-day/{device}/{day}"):
            if known_at is not None and at > known_at:
                break
            event = decode_measured(name, state) or decode(name, state)
            if isinstance(event, DayOpened | DayJoined):
                opened = event if isinstance(event, DayOpened) else opened and opened.joined_by(event)
                for index, meter in enumerate(opened.meters if opened else ()):
                    if opened and meter in meters and index not in found:
                        found[index] = MeasuredDay(opened.start, opened.step_minutes)
            elif isinstance(event, ReadingsPriced):
                _measure(found, event)
            elif isinstance(event, ReadingCorrected) and event.meter in found:
                found[event.meter].add(event.slot, event.wh, event.varh, 0)
        return {opened.meters[index]: one for index, one in found.items()} if opened else {}

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        stream = f"metering-day/{day.device}/{day.day}"
        try:
            _insert(self._recorder, stream, day.version, events, self._clock.now())
        except (SomeoneElseWrote, Unavailable):
            self._warm.pop(stream, None)
            raise
        self._warm.pop(stream, None)  # a half-evolved day must not stay
        for event in events:
            day.evolve(event)
        self._warm[stream] = day


class StoredPeriods:
    """BillingPeriods."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        period = BillingPeriod(supply_point, month)
        for event in _events(self._recorder, _period_stream(period), known_at=known_at):
            period.evolve(event)  # type: ignore[arg-type]  # a month's stream holds a month's events
        return period

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        _insert(self._recorder, _period_stream(period), period.version, events, self._clock.now())
        for event in events:
            period.evolve(event)

    def months(self, supply_point: str) -> list[date]:
        """The first days of all months that ever closed, in order."""
        stream = f"billing-period/{supply_point}/"
        months = {name.removeprefix(stream) for name in _streams_of(self._recorder, CLOSES)}
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
        return _recorded(self._recorder, f"metering-day/{device}/{day}")

    def of_period(self, supply_point: str, month: BillingMonth) -> Sequence[Recorded]:
        return _recorded(self._recorder, _period_stream(BillingPeriod(supply_point, month)))


class StoredSites:
    """Sites. A device's stream names its supply point: two streams, one write."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._known: dict[str, RegisteredSite] = {}
        self._of_device: dict[str, str] = {}

    def of_device(self, device: str) -> SupplyPoint:
        if device not in self._of_device:
            for event in _events(self._recorder, f"device/{device}"):
                if isinstance(event, DeviceAssigned):
                    self._of_device[device] = event.supply_point
        site = self.get(self._of_device[device]) if device in self._of_device else None
        if site is None or site.point is None:
            text = "is not registered; register its supply point, then replay its uploads"
            raise UnknownDevice(f"device {device!r} {text}")
        return site.point

    def get(self, supply_point: str, known_at: datetime | None = None) -> RegisteredSite:
        known = self._known.get(supply_point) if known_at is None else None
        site = known or RegisteredSite(supply_point, 0, None)
        for event in _events(self._recorder, f"supply-point/{supply_point}", site.version, known_at):
            point = evolve(site.point, event)  # type: ignore[arg-type]  # a supply point's stream holds its events
            site = RegisteredSite(supply_point, site.version + 1, point)
        if known_at is None:
            self._known[supply_point] = site
        return site

    def ids(self) -> Sequence[str]:
        return [name.removeprefix("supply-point/") for name in _streams_of(self._recorder, REGISTRATIONS)]

    def append(self, site: RegisteredSite, events: Sequence[SupplyPointEvent]) -> None:
        now, stored = self._clock.now(), list[StoredEvent]()
        for event in events:
            if isinstance(event, SupplyPointRegistered):
                self._check_free(event)
                assigned = DeviceAssigned(event.device, site.id)
                stored.append(StoredEvent(f"device/{event.device}", 1, *_sealed(assigned, now)))
        stream = f"supply-point/{site.id}"
        stored += [StoredEvent(stream, site.version + n, *_sealed(event, now)) for n, event in enumerate(events, 1)]
        _store(self._recorder, f"{stream} moved past version {site.version}", stored)

    def _check_free(self, event: SupplyPointRegistered) -> None:
        for one in _events(self._recorder, f"device/{event.device}"):
            if isinstance(one, DeviceAssigned) and one.supply_point != event.supply_point:
                theirs = f"device {event.device!r} belongs to supply point {one.supply_point}"
                raise BadReadings(f"{theirs}; give {event.supply_point} a device of its own")


class StoredRates:
    """PublishedRates."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._known: dict[str, tuple[Rates, ...]] = {}

    def of(self, tariff: str, known_at: datetime | None = None) -> Sequence[Rates]:
        known = self._known.get(tariff, ()) if known_at is None else ()
        events = _events(self._recorder, f"tariff/{tariff}", len(known), known_at)
        found = (*known, *(event.rates for event in events if isinstance(event, RatesPublished)))
        if known_at is None:
            self._known[tariff] = found
        return found

    def publish(self, tariff: str, rates: Rates) -> None:
        found = self.of(tariff)
        alike = [one for one in found if (one.valid_from, one.valid_to) == (rates.valid_from, rates.valid_to)]
        if alike and alike[-1] == found[-1] == rates:
            return
        event = RatesPublished(tariff, rates)
        _insert(self._recorder, f"tariff/{tariff}", len(found), [event], self._clock.now())


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


def _insert(recorder: ApplicationRecorder, stream: str, version: int, events: Sequence[Event], now: datetime) -> None:
    stored = [StoredEvent(stream, version + n, *_sealed(event, now)) for n, event in enumerate(events, 1)]
    _store(recorder, f"{stream} moved past version {version}", stored)


def _store(recorder: ApplicationRecorder, moved: str, stored: list[StoredEvent]) -> None:
    try:
        recorder.insert_events(stored)
    except IntegrityError as error:
        raise SomeoneElseWrote(moved) from error
    except PersistenceError as error:
        raise Unavailable(f"{stored[0].originator_id} cannot be written now") from error


def _events(
    recorder: ApplicationRecorder, stream: str, after: int = 0, known_at: datetime | None = None
) -> list[Event]:
    """Events after a version; `known_at` gives only those before the first one that was recorded later."""
    stored = _stored(recorder, stream, after)
    known = takewhile(lambda one: known_at is None or one[2] <= known_at, stored)
    return [decode(name, state) for name, state, _ in known]


def _recorded(recorder: ApplicationRecorder, stream: str, after: int = 0) -> list[Recorded]:
    return [Recorded(decode(name, state), at) for name, state, at in _stored(recorder, stream, after)]


def _stored(recorder: ApplicationRecorder, stream: str, after: int = 0) -> Iterator[tuple[str, bytes, datetime]]:
    """Events after a version as they are stored: name, bytes, and when each was recorded."""
    try:
        stored = recorder.select_events(stream, gt=after)
    except PersistenceError as error:
        raise Unavailable(f"{stream} cannot be read now") from error
    return ((one.topic, *_unsealed(one.state)) for one in stored)


def _measure(found: Mapping[int, MeasuredDay], event: ReadingsPriced) -> None:
    """What an upload tells of some of the day's meters."""
    if len(found) == 1:  # mostly the main meter alone: look for its row instead of looking at all
        [(index, day)], row = found.items(), -1
        for _ in range(event.meters.count(index)):
            row = event.meters.index(index, row + 1)
            day.add(event.slots[row], event.wh[row], event.varh[row], event.estimated[row])
        return
    rows = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, strict=True)
    for index, slot, wh, varh, estimated in rows:
        if index in found:
            found[index].add(slot, wh, varh, estimated)


def _streams_of(recorder: ApplicationRecorder, names: Sequence[str]) -> list[str]:
    """The streams with an event of some stored names, one entry an event."""
    found, position = list[str](), 0
    try:
        while more := recorder.select_notifications(position, EVENTS_PER_READ, topics=names, inclusive_of_start=False):
            found += [str(one.originator_id) for one in more]
            position = more[-1].id
    except PersistenceError as error:
        raise Unavailable("the ledger cannot be read now") from error
    return found


def _sealed(event: Event, now: datetime) -> tuple[str, bytes]:
    name, data = encode(event)
    return name, STAMPED + ((now - EPOCH) // MICROSECOND).to_bytes(8, "big", signed=True) + data


def _unsealed(state: bytes) -> tuple[bytes, datetime]:
    """An event's bytes, and when it was recorded."""
    if not state.startswith(STAMPED):
        return state, EPOCH
    since = int.from_bytes(state[1:9], "big", signed=True)
    return state[9:], EPOCH + since * MICROSECOND


def _period_stream(period: BillingPeriod) -> str:
    return f"billing-period/{period.supply_point}/{period.month}"


def _entry(notification: Notification) -> LedgerEntry:
    state, recorded_at = _unsealed(notification.state)
    event = decode(notification.topic, state)
    kind, _, rest = str(notification.originator_id).partition("/")
    device, _, day = rest.rpartition("/")
    if kind == "metering-day":
        return LedgerEntry(notification.id, event, recorded_at, device, date.fromisoformat(day))
    return LedgerEntry(notification.id, event, recorded_at)
