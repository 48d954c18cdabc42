"""One edge device, one local day: decide what an upload means; then let it have happened.

`open`, `join`, `record`, `declare`, `thin`, `correct`, `close` and `reopen` decide: they return events, change nothing,
and may refuse. `evolve` lets an event have happened: no rules, no clock, no refusal, so that history always loads. The
state changes in place because a day takes some hundreds of events for dozens of meters, and a fresh copy for each would
make loading quadratic.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from domain.determinants import Determinants
from domain.errors import BadReadings, NothingToCorrect, PeriodIsClosed, UnknownMeter
from domain.events import (
    DayClosed,
    DayEvent,
    DayJoined,
    DayOpened,
    DayReopened,
    GapDeclared,
    ReadingCorrected,
    ReadingsPriced,
    ReadingsThinned,
)
from domain.gauges import are_alike, of_a_day
from domain.measurement import Correction, Extra, Gap, Measurement, Quality
from domain.meter_day import Grid, MeterDay
from domain.poll import MeasuredInterval
from domain.pricing import Pricing
from domain.rest_of_rise import Words
from domain.supply_point import SupplyPoint
from domain.terms import Terms, midnight_utc
from domain.upload import Thinned

DISK_FULL = "the device's disk was full"
"""The only reason why a device thins."""

Balance = dict[str, Determinants]
"""The part of the billing month so far, by meter."""


@dataclass(slots=True)
class MeteringDay:
    """The day's measurements, what they cost so far, and the billing month up to now, meter by meter."""

    device: str
    day: date
    version: int = 0
    opened: DayOpened | None = None
    closed: bool = False
    meters: list["MeterDay"] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    grid: Grid = field(default_factory=Grid.nothing)
    thinned: list[tuple[int, int]] = field(default_factory=list)
    _followed: Terms | None = field(default=None, compare=False, repr=False)
    _accrued: Terms | None = field(default=None, compare=False, repr=False)
    _told: ReadingsPriced | None = field(default=None, compare=False, repr=False)

    def open(self, point: SupplyPoint, terms: Terms, balance: Balance | None) -> DayOpened:
        """The day's first event: rules and opening balance. `balance` is the part of the month that this day belongs
        to so far, None when it just began.
        """
        start, end = midnight_utc(self.day, point.zone), midnight_utc(self.day + timedelta(days=1), point.zone)
        step = timedelta(minutes=point.step_minutes)
        names = tuple(sorted(point.meters_between(start, end)))
        opening = tuple(_opening(name, terms, balance) for name in names)
        return DayOpened(
            device=self.device,
            supply_point=point.id,
            day=self.day,
            start=start,
            slots=(end - start) // step,
            step_minutes=point.step_minutes,
            demand_minutes=terms.tariff.demand_minutes,
            tariff=terms.tariff.id,
            tariff_version=terms.tariff.version,
            currency=terms.tariff.currency,
            periods=terms.tariff.periods,
            period_until=_period_until(self.day, start, end, step, terms),
            line_codes=terms.tariff.line_codes,
            rates_micro=terms.micro,
            meters=names,
            opening=opening,
            opening_nano=tuple(tuple(terms.accrued_nano(part)) for part in opening),
            gauges=of_a_day(terms.gauges, int(start.timestamp()), int(end.timestamp())),
            main_meter=point.main_meter,
        )

    def join(self, meter: str, terms: Terms, balance: Balance | None) -> DayJoined | None:
        """A meter that was registered after the day had been opened is of this day from now on; None when it was.

        `balance` as for `open`; where the rules were changed since, the meter begins with nothing. Raises
        `PeriodIsClosed`.
        """
        if meter in self.index:
            return None
        self.check_open()
        opened = self._opened()
        if self.follows(terms):
            opening = _opening(meter, terms, balance)
            return DayJoined(meter, opening, tuple(terms.accrued_nano(opening)))
        nothing = Determinants.nothing(len(opened.periods), opened.gauges)
        return DayJoined(meter, nothing, (0,) * len(opened.line_codes))

    def fits(self, terms: Terms) -> bool:
        """Whether the day's sums mean what these terms multiply; a tariff may be changed after the day was opened.

        Prices that were published since change nothing of what was known when it opened: the close settles them.
        """
        tariff, opened = terms.tariff, self._opened()
        same = (tariff.periods, tariff.demand_minutes) == (opened.periods, opened.demand_minutes)
        return same and are_alike(terms.gauges, opened.gauges)

    def follows(self, terms: Terms) -> bool:
        """Whether the day was opened at the lines and rates of these terms, so that they can go on pricing it."""
        if self._followed is not terms:
            opened = self._opened()
            if not self.fits(terms) or (terms.tariff.line_codes, terms.micro) != (
                opened.line_codes,
                opened.rates_micro,
            ):
                return False
            self._followed = terms
        return True

    def accrued_by(self, terms: Terms) -> bool:
        """Whether each meter's costs so far are its bill to date by these terms; see `domain.pricing`."""
        if self._accrued is not terms:
            if any(terms.accrued_nano(meter.month) != meter.accrued_nano for meter in self.meters):
                return False
            self._accrued = terms
        return True

    @property
    def line_codes(self) -> tuple[str, ...]:
        """The lines its costs are told by."""
        return self._opened().line_codes

    def add_to(self, total: Determinants, point: SupplyPoint, terms: Terms) -> None:
        """Add the main meter's day to its part's determinants. A day that another tariff opened is cut anew."""
        main, grid, opened = self.meters[self.index[point.main_meter]], self.grid, self._opened()
        if self.fits(terms) and (opened.tariff, opened.tariff_version) == (terms.tariff.id, terms.tariff.version):
            total.add(main.today)
        else:
            grid = Grid.of(self.open(replace(point, step_minutes=opened.step_minutes), terms, None))
            total.add(main.on(grid, len(terms.tariff.periods)))
        main.see_intervals(terms.gauges, grid, total.gauges)

    def record(
        self, upload: str, measurements: Collection[Measurement], terms: Terms, interval: MeasuredInterval | None = None
    ) -> ReadingsPriced | None:
        """Price what this day does not know yet; None when an upload brings nothing new. The first word counts.

        An `interval` that an upload tells by column comes before its single measurements.
        What is new is told by meter and interval, not by upload: a part that was refused may come again under its name.
        Where the rules were changed since the day was opened, its measurements cost nothing live: the close settles.
        Raises `BadReadings` for a measurement of an unknown meter or of another day, `PeriodIsClosed` for a new one.
        """
        pricing = Pricing(self, terms)
        if interval is not None and interval.meters:
            pricing.take_interval(interval)
        if measurements:
            pricing.take(measurements)
        event = pricing.event(upload)
        if event is not None:
            self.check_open()
        self._told = event if self._accrued is terms else None
        return event

    def declare(self, upload: str, gap: Gap) -> GapDeclared | None:
        """The part of a gap that falls on this day; None where it falls elsewhere or is already known.

        Raises `PeriodIsClosed` for a new one.
        """
        opened = self._opened()
        step = timedelta(minutes=opened.step_minutes)
        first = max(0, (gap.start - opened.start) // step)
        last = min(opened.slots, -((opened.start - gap.end) // step))
        meter = self.index_of(gap.meter)
        if first >= last or (first, last) in self.meters[meter].gaps:
            return None
        self.check_open()
        return GapDeclared(upload, meter, first, last, gap.reason)

    def thin(self, upload: str, thinned: Thinned, measurements: Iterable[Measurement]) -> ReadingsThinned | None:
        """What of an upload's measurements is estimated because it was thinned; None where nothing is, or it is known.

        Raises `PeriodIsClosed` for a new one.
        """
        estimated = [one.start for one in measurements if one.quality is Quality.ESTIMATED]
        slots = [slot for start in estimated if (slot := self.slot_of(start)) is not None]
        if not slots or (min(slots), max(slots) + 1) in self.thinned:
            return None
        self.check_open()
        return ReadingsThinned(upload, min(slots), max(slots) + 1, len(thinned.seqs), thinned.minutes, DISK_FULL)

    def correct(self, correction: Correction, terms: Terms) -> ReadingCorrected:
        """Replace a measurement. Its old cost is what removing it takes back; its new cost is what adding it brings.

        Raises `NothingToCorrect` where nothing was recorded, and `PeriodIsClosed`.
        """
        if self.opened is None:
            raise NothingToCorrect(
                f"{self.device} {self.day}: nothing was recorded on this day; record it before correcting it"
            )
        index, slot = self.index_of(correction.meter), self.slot_of(correction.start)
        state = self.meters[index]
        if slot is None or state.wh[slot] is None:
            raise NothingToCorrect(
                f"meter {correction.meter}: nothing was recorded at {correction.start.isoformat()}; "
                "record it before correcting it"
            )
        self.check_open()
        without, after = state.copy(), state.copy()
        recorded = state.extra[slot]
        extra = recorded.corrected(correction.extra)
        without.replace(slot, 0, 0, extra.nothing())
        after.replace(slot, correction.energy_wh, correction.reactive_varh, extra)
        bills = (state, without, after)
        nano = [terms.accrued_nano(one.month) if self.follows(terms) else state.accrued_nano for one in bills]
        return ReadingCorrected(
            meter=index,
            slot=slot,
            wh_before=state.wh[slot] or 0,
            varh_before=state.varh[slot],
            wh=correction.energy_wh,
            varh=correction.reactive_varh,
            by=correction.by,
            why=correction.why,
            reversed_nano=tuple(new - old for new, old in zip(nano[1], nano[0], strict=True)),
            live_nano=tuple(new - old for new, old in zip(nano[2], nano[1], strict=True)),
            export_wh=extra.export_wh,
            capacitive_varh=extra.capacitive_varh,
            was_estimated=slot in state.estimated,
            export_wh_before=recorded.export_wh,
            capacitive_varh_before=recorded.capacitive_varh,
        )

    def words(self, meter: str, start: datetime) -> Words | None:
        """What is known of a meter's interval: the first word and the one that holds now; None where it is not."""
        index, slot = self.index.get(meter), None if self.opened is None else self.slot_of(start)
        if index is None or slot is None or (wh := self.meters[index].wh[slot]) is None:
            return None
        state = self.meters[index]
        quality = Quality.ESTIMATED if slot in state.estimated else Quality.MEASURED
        now = Measurement(meter, start, wh, state.varh[slot], quality, state.extra[slot])
        if slot not in state.first:
            return now, now
        first_wh, varh, extra = state.first[slot]
        return Measurement(meter, start, first_wh, varh, quality, extra), now

    def close(self) -> DayClosed | None:
        """Shut the day for the month's bill; None when it was. A day without readings is shut, too: none may come."""
        return None if self.closed else DayClosed(self.day)

    def reopen(self, by: str, why: str) -> DayReopened | None:
        """Let readings and corrections come again, because the month was reopened; None when it is open."""
        return DayReopened(self.day, by, why) if self.closed else None

    def evolve(self, event: DayEvent) -> None:
        """Let an event have happened."""
        match event:
            case ReadingsPriced():
                self._priced(event)
            case DayOpened():
                self._open(event)
            case ReadingCorrected():
                self._accrued = None
                meter = self.meters[event.meter]
                extra = Extra(event.export_wh, event.capacitive_varh)
                meter.replace(event.slot, event.wh, event.varh, extra)
                meter.add_cost(event.reversed_nano)
                meter.add_cost(event.live_nano)
            case GapDeclared():
                self.meters[event.meter].gaps.append((event.first, event.last))
            case ReadingsThinned():
                self.thinned.append((event.first, event.last))
            case DayJoined():
                self._join(event)
            case DayClosed():
                self.closed = True
            case DayReopened():
                self.closed = False
        self.version += 1

    def balance(self) -> Balance:
        """The part of the billing month at the end of this day, by meter: the next day's opening."""
        return {name: self.meters[i].month.copy() for name, i in self.index.items()}

    def check_open(self) -> None:
        """Raises `PeriodIsClosed`."""
        if self.closed:
            raise PeriodIsClosed(
                f"{self.device} {self.day} belongs to a closed month; what arrives now needs a correction of that month"
            )

    def _opened(self) -> DayOpened:
        if self.opened is None:
            raise BadReadings(f"{self.device} {self.day} was never opened; record a reading first")
        return self.opened

    def index_of(self, meter: str) -> int:
        if meter not in self.index:
            raise UnknownMeter(
                f"meter {meter!r} is not commissioned on {self.device}; register it, then replay its readings"
            )
        return self.index[meter]

    def slot_of(self, start: datetime) -> int | None:
        opened = self._opened()
        slot, rest = divmod(start - opened.start, timedelta(minutes=opened.step_minutes))
        return slot if 0 <= slot < opened.slots and not rest else None

    def _open(self, event: DayOpened) -> None:
        self.opened = event
        self.index = {name: i for i, name in enumerate(event.meters)}
        self.grid = Grid.of(event)
        for opening, nano in zip(event.opening, event.opening_nano, strict=True):
            self.meters.append(MeterDay.opening(self.grid, opening, nano))

    def _join(self, event: DayJoined) -> None:
        self.opened, self._accrued = self._opened().joined_by(event), None
        self.index[event.meter] = len(self.meters)
        self.meters.append(MeterDay.opening(self.grid, event.opening, event.opening_nano))

    def _priced(self, event: ReadingsPriced) -> None:
        if event is not self._told:  # who told it may have priced by other terms
            self._accrued = None
        rows = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, event.extras(), strict=True)
        for meter, slot, wh, varh, estimated, extra in rows:
            self.meters[meter].add(slot, wh, varh, estimated, extra)
        costs = [self.meters[meter].accrued_nano for meter in event.meters]
        for line, column in enumerate(event.live_nano):
            for accrued_nano, nano in zip(costs, column, strict=False):  # an empty column is zero
                accrued_nano[line] += nano


def _opening(meter: str, terms: Terms, balance: Balance | None) -> Determinants:
    """A meter's part of the billing month so far."""
    return (balance or {}).get(meter) or Determinants.nothing(len(terms.tariff.periods), terms.gauges)


def _period_until(
    day: date, start: datetime, end: datetime, step: timedelta, terms: Terms
) -> tuple[tuple[int, int], ...]:
    """(slot, period) pairs of a local day, whatever its length: each slot's period is that of its local start."""
    until: list[tuple[int, int]] = []
    for slot in range((end - start) // step):
        local = (start + step * slot).astimezone(terms.month.zone)
        period = terms.tariff.calendar.period_at(day, local.hour * 60 + local.minute)
        if until and until[-1][1] == period:
            until[-1] = (slot + 1, period)
        else:
            until.append((slot + 1, period))
    return tuple(until)
