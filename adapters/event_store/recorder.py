"""What every room of the ledger does with a recorder: write under a version, read a stream, tell when it was.

A stored state is the event's bytes behind the instant at which it was recorded: what was known at a past moment is what
a stream's first event of a later instant has before it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    PersistenceError,
    StoredEvent,
)

from adapters.event_codec import DamagedEvent, UnknownEvent, decode, encode
from application.ports import Recorded, SomeoneElseWrote, StoreDamaged, Unavailable
from domain.billing_period import BillingPeriod
from domain.events import Event

EVENTS_PER_READ = 1000
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
STAMPED = b"\x01"
"""First byte of a state with an instant. Before there was one, states began with zlib's 0x78; they count as of 1970."""


def insert(recorder: ApplicationRecorder, stream: str, version: int, events: Sequence[Event], now: datetime) -> None:
    store(recorder, f"{stream} moved past version {version}", to_store(stream, version, events, now))


def to_store(stream: str, version: int, events: Sequence[Event], now: datetime) -> list[StoredEvent]:
    """Events as they follow a stream's version."""
    return [StoredEvent(stream, version + n, *sealed(event, now)) for n, event in enumerate(events, 1)]


def store(recorder: ApplicationRecorder, moved: str, stored: list[StoredEvent]) -> None:
    try:
        recorder.insert_events(stored)
    except IntegrityError as error:
        raise SomeoneElseWrote(moved) from error
    except PersistenceError as error:
        raise Unavailable(f"{stored[0].originator_id} cannot be written now") from error


def events_of(
    recorder: ApplicationRecorder, stream: str, after: int = 0, known_at: datetime | None = None
) -> list[Event]:
    """Events after a version; `known_at` gives only those before the first one that was recorded later."""
    stored = stored_of(recorder, stream, after)
    known = takewhile(lambda one: known_at is None or one[2] <= known_at, stored)
    with reading(stream):
        return [decode(name, state) for name, state, _ in known]


def recorded_of(recorder: ApplicationRecorder, stream: str, after: int = 0) -> list[Recorded]:
    with reading(stream):
        return [Recorded(decode(name, state), at) for name, state, at in stored_of(recorder, stream, after)]


@contextmanager
def reading(stream: str) -> Iterator[None]:
    """What cannot be read says where it is. Raises `StoreDamaged`, and `Unavailable` for a newer version's events."""
    try:
        yield
    except DamagedEvent as error:
        raise StoreDamaged(f"{stream}: {error}; restore the ledger from a copy") from error
    except UnknownEvent as error:
        raise Unavailable(f"{stream}: {error}") from error


def stored_of(recorder: ApplicationRecorder, stream: str, after: int = 0) -> Iterator[tuple[str, bytes, datetime]]:
    """Events after a version as they are stored: name, bytes, and when each was recorded."""
    try:
        stored = recorder.select_events(stream, gt=after)
    except PersistenceError as error:
        raise Unavailable(f"{stream} cannot be read now") from error
    return ((one.topic, *unsealed(one.state)) for one in stored)


def streams_of(recorder: ApplicationRecorder, names: Sequence[str]) -> list[str]:
    """The streams with an event of some stored names, one entry an event."""
    found, position = list[str](), 0
    try:
        while more := recorder.select_notifications(position, EVENTS_PER_READ, topics=names, inclusive_of_start=False):
            found += [str(one.originator_id) for one in more]
            position = more[-1].id
    except PersistenceError as error:
        raise Unavailable("the ledger cannot be read now") from error
    return found


def sealed(event: Event, now: datetime) -> tuple[str, bytes]:
    name, data = encode(event)
    return name, STAMPED + ((now - EPOCH) // MICROSECOND).to_bytes(8, "big", signed=True) + data


def unsealed(state: bytes) -> tuple[bytes, datetime]:
    """An event's bytes, and when it was recorded."""
    if not state.startswith(STAMPED):
        return state, EPOCH
    since = int.from_bytes(state[1:9], "big", signed=True)
    return state[9:], EPOCH + since * MICROSECOND


def period_stream(period: BillingPeriod) -> str:
    return f"billing-period/{period.supply_point}/{period.month}"
