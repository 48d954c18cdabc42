"""Metering days, and the measurements in them without their costs."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from adapters.event_codec import Measured, decode, decode_measured
from adapters.event_store.measured import MeasuredSlots
from adapters.event_store.recorder import (
    events_of,
    reading,
    store,
    stored_of,
    to_store,
)
from application.ports import Clock, SomeoneElseWrote, Unavailable
from domain.events import DayEvent, DayJoined, DayOpened, ReadingCorrected, ReadingsPriced
from domain.measured_day import MeasuredDay
from domain.metering_day import MeteringDay

DAYS_KEPT_WARM = 512
"""A consumer returns to the same few days upload after upload; a day of 50 meters is about 1 MB of Python objects."""


class StoredDays:
    """MeteringDays and OneWrite. Days of late are kept warm, and catch up with what others wrote meanwhile."""

    def __init__(self, recorder: ApplicationRecorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock
        self._warm: OrderedDict[str, MeteringDay] = OrderedDict()
        self._held: list[StoredEvent] | None = None

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        stream = f"metering-day/{device}/{day}"
        if known_at is not None:
            past = MeteringDay(device, day)
            for event in events_of(self._recorder, stream, known_at=known_at):
                past.evolve(event)  # type: ignore[arg-type]  # as below
            return past
        found = self._warm.pop(stream, None) or MeteringDay(device, day)
        if not self._is_held(stream):
            for event in events_of(self._recorder, stream, after=found.version):
                found.evolve(event)  # type: ignore[arg-type]  # a day's stream holds a day's events
        self._warm[stream] = found
        if len(self._warm) > DAYS_KEPT_WARM and self._held is None:
            self._warm.popitem(last=False)
        return found

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        found: MeasuredSlots | None = None
        stream = f"metering-day/{device}/{day}"
        with reading(stream):
            for name, state, at in stored_of(self._recorder, stream):
                if known_at is not None and at > known_at:
                    break
                event = decode_measured(name, state) or decode(name, state)
                match event:
                    case DayOpened():
                        found = MeasuredSlots(event)
                    case DayJoined() if found:
                        found.join(event)
                    case Measured() | ReadingsPriced() if found:
                        found.see(event)
                    case ReadingCorrected() if found:
                        found.correct(event)
                    case _:
                        continue  # what was declared or closed measures nothing
        names = enumerate(found.opened.meters) if found else ()
        return {name: found.of(index) for index, name in names if found and name in meters}

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        stream = f"metering-day/{day.device}/{day.day}"
        new = to_store(stream, day.version, events, self._clock.now())
        if self._held is not None:
            self._held += new
        else:
            self._store(new, f"{stream} moved past version {day.version}")
        self._warm.pop(stream, None)  # a half-evolved day must not stay
        for event in events:
            day.evolve(event)
        self._warm[stream] = day

    @contextmanager
    def at_once(self) -> Iterator[None]:
        self._held = held = list[StoredEvent]()
        try:
            yield
        except BaseException:  # also of a process that ends: what was not stored must not be known
            self._forget(held)
            raise
        finally:
            self._held = None
        if held:
            self._store(held, f"{' or '.join(_streams(held))} moved on meanwhile")

    def _is_held(self, stream: str) -> bool:
        """Whether its newest events are not stored yet: the day that is warm is ahead of its stream."""
        return any(one.originator_id == stream for one in reversed(self._held or ()))

    def _store(self, events: list[StoredEvent], moved: str) -> None:
        try:
            store(self._recorder, moved, events)
        except (SomeoneElseWrote, Unavailable):
            self._forget(events)
            raise

    def _forget(self, events: Iterable[StoredEvent]) -> None:
        for stream in _streams(events):
            self._warm.pop(stream, None)


def _streams(events: Iterable[StoredEvent]) -> list[str]:
    return list(dict.fromkeys(str(one.originator_id) for one in events))
