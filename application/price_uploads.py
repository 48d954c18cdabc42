"""In the cloud: an upload arrives; price what it brings and remember it, once, however often it comes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from application.balance import balance_before
from application.ports import (
    BillingPeriods,
    CannotUnderstand,
    MeteringDays,
    Quarantine,
    SomeoneElseWrote,
    SupplyPoints,
    Wire,
)
from application.terms_of import TermsOf
from domain.errors import BadReadings, Refusal
from domain.events import DayEvent
from domain.measurement import Gap, Measurement, measure
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from domain.upload import ReadingPair, Upload

TRIES = 4
"""Two consumers on one stream collide now and then; a fourth collision in a row is a fault and raises."""


@dataclass(frozen=True)
class PriceUploads:
    """Decode strictly, measure, record into the metering days: one write a day. What is refused goes to quarantine."""

    days: MeteringDays
    periods: BillingPeriods
    points: SupplyPoints
    terms_of: TermsOf
    wire: Wire
    quarantine: Quarantine

    def __call__(self, records: Iterable[bytes]) -> None:
        """Price records in order. Raises `SomeoneElseWrote` or `Unavailable`: deliver again from that record."""
        for data in records:
            try:
                upload = self.wire.upload(data)
                point = self.points.of_device(upload.device)
            except (CannotUnderstand, Refusal) as refusal:
                self.quarantine.keep(data, str(refusal))
                continue
            self._price(upload, point)

    def _price(self, upload: Upload, point: SupplyPoint) -> None:
        parts = _Parts(point)
        for pair in upload.readings:
            try:
                parts.add(pair)
            except Refusal as refusal:
                self._refuse(upload, [pair], refusal)
        for day, part in parts.by_day.items():
            try:
                self._record(upload, point, day, part)
            except Refusal as refusal:
                self._refuse(upload, list(dict.fromkeys(part.pairs)), refusal)

    def _record(self, upload: Upload, point: SupplyPoint, day: date, part: "_DayPart") -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._record_once(upload, point, self.days.get(upload.device, day), part)
                return
            except SomeoneElseWrote:
                if attempt == TRIES:
                    raise

    def _record_once(self, upload: Upload, point: SupplyPoint, day: MeteringDay, part: "_DayPart") -> None:
        month = BillingMonth(day.day.replace(day=1), point.zone)
        if day.opened is None:
            self.periods.get(point.id, month).check_open()
            self.terms_of.parts(point, month)  # a day begins with the history as it is by now
            terms = self.terms_of(point, month, day.day)
            opened = day.open(point, terms, balance_before(self.days, upload.device, day.day, terms))
            self.days.append(day, [opened])
        terms = self.terms_of(point, month, day.day)
        self._refuse_strangers(upload, day, part)
        found: list[DayEvent | None] = [day.record(upload.key, part.measurements, terms)]
        found += [day.declare(upload.key, gap) for gap in part.gaps]
        if events := [event for event in found if event is not None]:
            self.days.append(day, events)

    def _refuse_strangers(self, upload: Upload, day: MeteringDay, part: "_DayPart") -> None:
        """A meter registered after the day was opened is not of this day; its neighbours are priced all the same."""
        strangers = [pair for pair in dict.fromkeys(part.pairs) if pair[1].meter not in day.index]
        if strangers:
            names = ", ".join(sorted({after.meter for _, after in strangers}))
            text = f"{names} was registered after {day.device} opened {day.day}; it counts from the next day on"
            self._refuse(upload, strangers, BadReadings(text))
            part.measurements = [one for one in part.measurements if one.meter in day.index]
            part.gaps = [gap for gap in part.gaps if gap.meter in day.index]

    def _refuse(self, upload: Upload, pairs: Sequence[ReadingPair], refusal: Refusal) -> None:
        body = self.wire.body(pairs)
        self.quarantine.keep(self.wire.record(upload.device, upload.store, upload.seq, body), str(refusal))


@dataclass(slots=True)
class _DayPart:
    """What an upload brings to one local day."""

    measurements: list[Measurement] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    pairs: list[ReadingPair] = field(default_factory=list)


class _Parts:
    """An upload's readings, measured and sorted by the local day they belong to."""

    def __init__(self, point: SupplyPoint) -> None:
        self._point = point
        self._step = timedelta(minutes=point.step_minutes)
        self._days: dict[datetime, date] = {}
        self.by_day: dict[date, _DayPart] = defaultdict(_DayPart)

    def add(self, pair: ReadingPair) -> None:
        """Raises `BadReadings` for a meter or an instant that cannot be."""
        before, after = pair
        meter_type = self._point.meter_type(after.meter)
        if before is None:
            return
        measurements, gap = measure(before, after, meter_type, self._step)
        for measurement in measurements:
            part = self.by_day[self._day(measurement.start)]
            part.measurements.append(measurement)
            part.pairs.append(pair)
        if gap is not None:
            first, last = self._day(gap.start), self._day(gap.end - self._step)
            for i in range((last - first).days + 1):
                part = self.by_day[first + timedelta(days=i)]
                part.gaps.append(gap)
                part.pairs.append(pair)

    def _day(self, instant: datetime) -> date:
        """One poll's readings share their instant, so its day is worked out once."""
        if instant not in self._days:
            self._days[instant] = instant.astimezone(self._point.zone).date()
        return self._days[instant]
