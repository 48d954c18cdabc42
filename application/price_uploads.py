"""In the cloud: an upload arrives; price what it brings and remember it, once, however often it comes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from application.balance import balance_before
from application.ports import (
    BillingPeriods,
    CannotUnderstand,
    Clock,
    MeteringDays,
    Quarantine,
    Signatures,
    SomeoneElseWrote,
    SupplyPoints,
    Wire,
)
from application.refused import Refused
from application.terms_of import TermsOf
from domain.errors import EnergyDisagrees, FromTheFuture, ImpossibleJump, MeterReplaced, NotSigned, Refusal
from domain.events import DayEvent
from domain.measurement import Gap, Measurement, Quality, Reading, Verdict, measure
from domain.metering_day import MeteringDay
from domain.poll import MeasuredInterval, Poll, steady
from domain.rest_of_rise import contradiction, rest_of_rise
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms
from domain.upload import ClockState, ReadingPair, Upload

AHEAD = timedelta(minutes=10)
"""How far a reading may be ahead of the clock here: two clocks are never the same."""
TRIES = 4
"""Two consumers on one stream collide now and then; a fourth collision in a row is a fault and raises."""


@dataclass(frozen=True)
class PriceUploads:
    """Decode strictly, measure, record into the metering days: one write a day. What is refused goes to quarantine.

    Readings of instants that have not come yet are refused, `AHEAD` allowed for clocks that differ. What an upload
    tells of several intervals at once is spread over those of them that no day knows (`rest_of_rise`). What was polled
    by a clock that nobody vouched for is priced where that clock said, and is `ESTIMATED`: its energy is measured, when
    it flowed is not.

    Anybody who may write to the stream can write any device's name. So where keys of a device are registered, a record
    that bears its name must be signed by one of them, unless a person vouches for it, as for a file at the desk.
    """

    days: MeteringDays
    periods: BillingPeriods
    points: SupplyPoints
    terms_of: TermsOf
    wire: Wire
    quarantine: Quarantine
    clock: Clock
    signatures: Signatures | None = None
    """None believes nobody: nothing that must be signed gets in."""

    def __call__(self, records: Iterable[bytes], vouched: bool = False) -> None:
        """Price records in order. Raises `SomeoneElseWrote` or `Unavailable`: deliver again from that record."""
        for data in records:
            for refused in self.refused(data, vouched):
                refused.keep_in(self.quarantine)

    def refused(self, data: bytes, vouched: bool = False) -> list[Refused]:
        """Price one record, and give what was not accepted of it instead of keeping it. Raises as the call does."""
        try:
            upload = self.wire.upload(data)
            point = self.points.of_device(upload.device)
            if point.device_keys and not vouched:
                self._check_signed(data, point)
        except (CannotUnderstand, Refusal) as refusal:
            return [Refused(data, refusal)]
        return list(self._price(upload, point))

    def _check_signed(self, data: bytes, point: SupplyPoint) -> None:
        """Raises `NotSigned`."""
        signed = self.wire.signed(data)
        if self.signatures and self.signatures.is_by_one_of(point.device_keys, signed.content, signed.signature):
            return
        found = "its signature is none of that device's" if signed.signature else "nobody signed it"
        raise NotSigned(
            f"a record that names device {point.device!r} is not signed by it: {found}; if the device has a new key, "
            f"add it to device_keys of {point.id} and register that, then replay its records"
        )

    def _price(self, upload: Upload, point: SupplyPoint) -> Iterator[Refused]:
        when_is_sure = upload.clock is None or upload.clock.state is not ClockState.UNSYNCED
        parts, days = _Parts(point, self.clock.now() + AHEAD, when_is_sure), _DaysOfUpload(self.days, upload.device)
        for pair in parts.doubtful(upload.readings):
            try:
                parts.add(pair)
            except Refusal as refusal:
                yield self._refused(upload, [pair], refusal)
        for day, part in parts.by_day.items():
            try:
                self._record(upload, point, days, day, part)
            except Refusal as refusal:
                yield self._refused(upload, part.all_pairs(), refusal, day)
        for rise in parts.rises:
            if rise.refusal is not None:
                yield self._refused(upload, [rise.pair], rise.refusal)
        for pair, gap in parts.jumps:
            yield self._refused(upload, [pair], _jump(gap))
        for part in parts.by_day.values():
            for pair, disagrees in part.contradictions:
                yield self._refused(upload, [pair], disagrees)

    def _record(self, upload: Upload, point: SupplyPoint, days: "_DaysOfUpload", day: date, part: "_DayPart") -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._record_once(upload, point, days, day, part)
                return
            except SomeoneElseWrote:
                days.forget()
                if attempt == TRIES:
                    raise

    def _record_once(
        self, upload: Upload, point: SupplyPoint, days: "_DaysOfUpload", local: date, part: "_DayPart"
    ) -> None:
        day = days.of(local)
        month = BillingMonth(day.day.replace(day=1), point.zone)
        if day.opened is None:
            self.periods.get(point.id, month).check_open()
            self.terms_of.parts(point, month)  # a day begins with the history as it is by now
            terms = self.terms_of(point, month, day.day)
            opened = day.open(point, terms, balance_before(self.days, upload.device, day.day, terms))
            self.days.append(day, [opened])
        terms = self.terms_of(point, month, day.day)
        self._join(upload.device, day, part, terms)
        new = [*part.measurements, *(one for rise in part.rises for one in rise.new_on(local, days))]
        priced = day.record(upload.key, new, terms, part.interval)
        if len(new) + part.rows > (len(priced.slots) if priced else 0):  # the day knew some: mostly it only came again
            part.contradictions = list(part.contradicted_by(day))
        found: list[DayEvent | None] = [priced]
        if priced and upload.thinned:
            found.append(day.thin(upload.key, upload.thinned, new))
        found += [day.declare(upload.key, gap) for gap in part.gaps]
        if events := [event for event in found if event is not None]:
            self.days.append(day, events)

    def _join(self, device: str, day: MeteringDay, part: "_DayPart", terms: Terms) -> None:
        """A meter that was registered after the day was opened joins it with its first reading."""
        strangers = sorted(part.meters() - day.index.keys())
        if strangers:
            balance = balance_before(self.days, device, day.day, terms)
            joined = [day.join(meter, terms, balance) for meter in strangers]
            self.days.append(day, [event for event in joined if event is not None])

    def _refused(
        self, upload: Upload, pairs: Iterable[ReadingPair], refusal: Refusal, day: date | None = None
    ) -> Refused:
        body = self.wire.body(list(dict.fromkeys(pairs)), upload.clock, upload.thinned)
        return Refused(self.wire.record(upload.device, upload.store, upload.seq, body), refusal, upload.device, day)


class _DaysOfUpload:
    """The days that one upload looks at, each loaded once; they evolve by what is written here."""

    def __init__(self, days: MeteringDays, device: str) -> None:
        self._days = days
        self._device = device
        self._loaded: dict[date, MeteringDay] = {}
        self.looks = 0

    def of(self, day: date) -> MeteringDay:
        if day not in self._loaded:
            self._loaded[day] = self._days.get(self._device, day)
        return self._loaded[day]

    def forget(self) -> None:
        """Someone else wrote: look again."""
        self._loaded.clear()
        self.looks += 1


@dataclass(slots=True)
class _Rise:
    """What a pair of readings tells of several intervals, by local day; `refusal` where the ledger contradicts it."""

    pair: ReadingPair
    measurements: Sequence[Measurement]
    days: Sequence[date]
    refusal: EnergyDisagrees | None = None
    new: Sequence[Measurement | None] = ()
    looked: int = -1

    def new_on(self, day: date, days: _DaysOfUpload) -> list[Measurement]:
        """What is new of that day. The other days are looked at, too: what they know is a part of the rise.

        It is decided once for all days, and again only where somebody else wrote: a month is thirty of them.
        """
        if self.looked != days.looks:
            self.looked, self.refusal = days.looks, None
            each = zip(self.measurements, self.days, strict=True)
            try:
                self.new = rest_of_rise(
                    self.measurements, [days.of(on).words(one.meter, one.start) for one, on in each]
                )
            except EnergyDisagrees as disagrees:
                self.new, self.refusal = (), disagrees
        if self.refusal is not None:
            return []
        return [one for one, on in zip(self.new, self.days, strict=True) if one is not None and on == day]


@dataclass(slots=True)
class _DayPart:
    """What an upload brings to one local day; `interval` is what its `poll` tells by column."""

    poll: Sequence[ReadingPair] = ()
    interval: MeasuredInterval | None = None
    measurements: list[Measurement] = field(default_factory=list)
    rises: list[_Rise] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    pairs: list[ReadingPair] = field(default_factory=list)
    contradictions: list[tuple[ReadingPair, EnergyDisagrees]] = field(default_factory=list)

    def contradicted_by(self, day: MeteringDay) -> Iterator[tuple[ReadingPair, EnergyDisagrees]]:
        """Measurements of which the day's first word is another: a clock that was set back makes two."""
        opened = day.opened
        if opened is None:
            return
        step = timedelta(minutes=opened.step_minutes)
        for one in (*self.measurements, *(self.interval or ())):
            slot = (one.start - opened.start) // step
            thinned = any(first <= slot < last for first, last in day.thinned)
            if disagrees := contradiction(one, day.words(one.meter, one.start), thinned):
                pair = next(p for p in self.all_pairs() if p[0] and (p[1].meter, p[0].at) == (one.meter, one.start))
                yield pair, disagrees

    @property
    def rows(self) -> int:
        """How many measurements it has by column."""
        return len(self.interval.meters) if self.interval else 0

    def meters(self) -> set[str]:
        return {pair[1].meter for pair in self.pairs}.union(self.interval.meters if self.interval else ())

    def all_pairs(self) -> list[ReadingPair]:
        """Those of `interval`, which were not looked at one by one, and the others."""
        by_column = set(self.interval.meters) if self.interval else ()
        return [*(pair for pair in self.poll if pair[1].meter in by_column), *self.pairs]


class _Parts:
    """An upload's readings, measured and sorted by the local day they belong to; `latest` is what may be, UTC."""

    def __init__(self, point: SupplyPoint, latest: datetime, when_is_sure: bool) -> None:
        self._point = point
        self._when_is_sure = when_is_sure
        self._latest = latest
        self._step = point.step
        self._days: dict[datetime, date] = {}
        self.by_day: dict[date, _DayPart] = defaultdict(_DayPart)
        self.rises: list[_Rise] = []
        self.jumps: list[tuple[ReadingPair, Gap]] = []

    def doubtful(self, readings: Sequence[ReadingPair]) -> Iterable[ReadingPair]:
        """Take what a poll tells beyond doubt, and give the pairs that need a closer look: `add` takes it."""
        if not isinstance(readings, Poll) or readings.at > self._latest or not self._when_is_sure:
            return readings
        interval, rows = steady(readings, self._point)
        if interval.meters:
            part = self.by_day[self._day(interval.start)]
            part.poll, part.interval = readings, interval
        return [readings[row] for row in rows]

    def add(self, pair: ReadingPair) -> None:
        """Raises `BadReadings` for a meter or an instant that cannot be."""
        before, after = pair
        meter_type = self._point.meter_type(after.meter)
        if after.at > self._latest:
            raise FromTheFuture(
                f"meter {after.meter}: reading at {after.at.isoformat()} is of the future; set the device's clock, or "
                "replay it when its time has come"
            )
        if before is None:
            return
        if self._point.since or self._point.until:
            self._point.check_counts(after.meter, before.at, after.at)
        swap = None
        if after.meter in self._point.swaps:
            swap = self._point.swap_between(after.meter, before.at, after.at)
            meter_type = self._point.meter_type_at(after.meter, before.at)
        if swap is None and before.is_replaced_by(after):
            raise _replaced(before, after)
        measurements, gap = measure(before, after, meter_type, self._step, swap)
        if not self._when_is_sure:
            measurements = tuple(replace(one, quality=Quality.ESTIMATED) for one in measurements)
        if len(measurements) == 1:
            part = self.by_day[self._day(measurements[0].start)]
            part.measurements.append(measurements[0])
            part.pairs.append(pair)
        elif measurements:
            self._add_rise(pair, measurements)
        if gap is not None:
            self._add_gap(pair, gap)

    def _add_rise(self, pair: ReadingPair, measurements: Sequence[Measurement]) -> None:
        rise = _Rise(pair, measurements, [self._day(one.start) for one in measurements])
        self.rises.append(rise)
        for day in dict.fromkeys(rise.days):
            self.by_day[day].rises.append(rise)
            self.by_day[day].pairs.append(pair)

    def _add_gap(self, pair: ReadingPair, gap: Gap) -> None:
        first, last = self._day(gap.start), self._day(gap.end - self._step)
        for i in range((last - first).days + 1):
            part = self.by_day[first + timedelta(days=i)]
            part.gaps.append(gap)
            part.pairs.append(pair)
        if gap.reason is Verdict.JUMP:
            self.jumps.append((pair, gap))

    def _day(self, instant: datetime) -> date:
        """One poll's readings share their instant, so its day is worked out once."""
        if instant not in self._days:
            self._days[instant] = instant.astimezone(self._point.zone).date()
        return self._days[instant]


def _replaced(before: Reading, after: Reading) -> MeterReplaced:
    return MeterReplaced(
        f"meter {after.meter}: its serial number was {before.serial} at {before.at.isoformat()} and is {after.serial} "
        f"at {after.at.isoformat()}; register the swap, with what the old one showed last and the new one first "
        "(wattledger ledger register), then replay its readings"
    )


def _jump(gap: Gap) -> ImpossibleJump:
    return ImpossibleJump(
        f"meter {gap.meter}: from {gap.start.isoformat()} to {gap.end.isoformat()} it rose by more than it can carry; "
        "that time is a gap: register what the meter can carry, then replay its readings, or record its intervals"
    )
