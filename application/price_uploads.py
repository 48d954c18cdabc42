"""In the cloud: an upload arrives; price what it brings and remember it, once, however often it comes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

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
from domain.errors import Refusal
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
        parts: dict[date, _DayPart] = defaultdict(_DayPart)
        for pair in upload.readings:
            try:
                self._sort_by_day(pair, point, parts)
            except Refusal as refusal:
                self._refuse(upload, [pair], refusal)
        for day, part in parts.items():
            try:
                self._record(upload, point, day, part)
            except Refusal as refusal:
                self._refuse(upload, list(dict.fromkeys(part.pairs)), refusal)

    def _sort_by_day(self, pair: ReadingPair, point: SupplyPoint, parts: "dict[date, _DayPart]") -> None:
        before, after = pair
        meter_type = point.meter_type(after.meter)
        if before is None:
            return
        measurements, gap = measure(before, after, meter_type, timedelta(minutes=point.step_minutes))
        for measurement in measurements:
            part = parts[measurement.start.astimezone(point.zone).date()]
            part.measurements.append(measurement)
            part.pairs.append(pair)
        if gap is not None:
            last = (gap.end - timedelta(minutes=point.step_minutes)).astimezone(point.zone).date()
            for day in _days(gap.start.astimezone(point.zone).date(), last):
                parts[day].gaps.append(gap)
                parts[day].pairs.append(pair)

    def _record(self, upload: Upload, point: SupplyPoint, day: date, part: "_DayPart") -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._record_once(upload, point, self.days.get(upload.device, day), part)
                return
            except SomeoneElseWrote:
                if attempt == TRIES:
                    raise

    def _record_once(self, upload: Upload, point: SupplyPoint, day: MeteringDay, part: "_DayPart") -> None:
        terms = self.terms_of(point, BillingMonth(day.day.replace(day=1), point.zone))
        if day.opened is None:
            self.periods.get(point.id, terms.month).check_open()
            opened = day.open(point, terms, balance_before(self.days, upload.device, day.day))
            self.days.append(day, [opened])
        found: list[DayEvent | None] = [day.record(upload.key, part.measurements, terms)]
        found += [day.declare(upload.key, gap) for gap in part.gaps]
        if events := [event for event in found if event is not None]:
            self.days.append(day, events)

    def _refuse(self, upload: Upload, pairs: Sequence[ReadingPair], refusal: Refusal) -> None:
        body = self.wire.body(pairs)
        self.quarantine.keep(self.wire.record(upload.device, upload.store, upload.seq, body), str(refusal))


@dataclass(slots=True)
class _DayPart:
    """What an upload brings to one local day."""

    measurements: list[Measurement] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    pairs: list[ReadingPair] = field(default_factory=list)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
