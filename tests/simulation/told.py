"""What the ledger says, read event by event as it grows: by another way than any part of the house reads it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from eventsourcing.persistence import ApplicationRecorder

from adapters.event_codec import decode
from adapters.event_store.recorder import unsealed
from domain.events import (
    DayJoined,
    DayOpened,
    GapDeclared,
    PeriodClosed,
    PeriodReopened,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
    ReadingsThinned,
)
from domain.measurement import EPOCH

STEP = timedelta(minutes=5)
Place = tuple[str, datetime]


@dataclass
class Word:
    """What was said about an interval: Wh, varh, whether it is an estimate, and on which day it stands."""

    wh: int
    varh: int
    estimated: bool
    day: date


@dataclass
class Told:
    """`first` words and those that hold `now`, by meter and start; how often an interval was priced; gaps, thinnings.

    `estimated` has the starts of what each upload told as an estimate; the `latest` interval is that of all.
    """

    first: dict[Place, Word] = field(default_factory=dict)
    now: dict[Place, Word] = field(default_factory=dict)
    times: Counter[Place] = field(default_factory=Counter)
    gaps: set[Place] = field(default_factory=set)
    thinned: list[ReadingsThinned] = field(default_factory=list)
    thinned_starts: set[datetime] = field(default_factory=set)
    estimated: dict[str, set[datetime]] = field(default_factory=dict)
    live_nano: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    periods: list[PeriodClosed | PeriodReopened | PeriodRerated] = field(default_factory=list)
    latest: datetime = EPOCH
    position: int = 0
    digests: list[str] = field(default_factory=list)
    _opened: dict[str, DayOpened] = field(default_factory=dict)

    def read(self, recorder: ApplicationRecorder) -> list[Place]:
        """Read on, and give what is new and was priced before."""
        twice: list[Place] = []
        for stored in recorder.select_notifications(self.position, 100_000, inclusive_of_start=False):
            self.position = stored.id
            self.digests.append(sha256(stored.state).hexdigest())
            stream, (state, _) = str(stored.originator_id), unsealed(stored.state)
            twice += self._see(stream, decode(stored.topic, state))
        return twice

    def _see(self, stream: str, event: object) -> list[Place]:
        match event:
            case DayOpened():
                self._opened[stream] = event
            case DayJoined():
                self._opened[stream] = self._opened[stream].joined_by(event)
            case ReadingsPriced():
                return self._priced(self._opened[stream], event)
            case ReadingCorrected():
                self._corrected(self._opened[stream], event)
            case GapDeclared():
                opened = self._opened[stream]
                meter = opened.meters[event.meter]
                self.gaps |= {(meter, opened.start + slot * STEP) for slot in range(event.first, event.last)}
            case ReadingsThinned():
                self.thinned.append(event)
                start = self._opened[stream].start
                self.thinned_starts |= {start + slot * STEP for slot in range(event.first, event.last)}
            case PeriodClosed() | PeriodReopened() | PeriodRerated():
                self.periods.append(event)
        return []

    def _priced(self, opened: DayOpened, event: ReadingsPriced) -> list[Place]:
        rows = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, strict=True)
        twice: list[Place] = []
        for index, slot, wh, varh, estimated in rows:
            place = (opened.meters[index], opened.start + slot * STEP)
            if estimated:
                self.estimated.setdefault(event.upload, set()).add(place[1])
            self.times[place] += 1
            self.latest = max(self.latest, place[1])
            if self.times[place] > 1:
                twice.append(place)
            self.first[place] = self.now[place] = Word(wh, varh, bool(estimated), opened.day)
        for code, column in zip(opened.line_codes, event.live_nano, strict=True):
            for index, nano in zip(event.meters, column, strict=False):
                self.live_nano[opened.day.replace(day=1), opened.meters[index], code] += nano
        return twice

    def _corrected(self, opened: DayOpened, event: ReadingCorrected) -> None:
        meter = opened.meters[event.meter]
        self.now[meter, opened.start + event.slot * STEP] = Word(event.wh, event.varh, False, opened.day)
        for code, back, new in zip(opened.line_codes, event.reversed_nano, event.live_nano, strict=True):
            self.live_nano[opened.day.replace(day=1), meter, code] += back + new
