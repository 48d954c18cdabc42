"""Any bill as it was known at a past moment, what differs between two of them, and what happened in between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from application.month_of_ledger import parts_of
from application.ports import BillingPeriods, Histories, MeteringDays, Recorded
from application.terms_of import TermsOf
from domain.bill import Bill, bill_of_parts
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
from domain.money import nano_to_decimal
from domain.site_events import AgreementChanged, MeterJoined, MeterLeft, MeterSwapped
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True, slots=True)
class KnownBill:
    """A bill as it was known at a UTC instant; None: by now. `number` counts the bills of the month from 1.

    Number 0 is provisional: the month was open, and the bill is what its days had made of it until then.
    """

    bill: Bill
    number: int
    known_at: datetime | None

    @property
    def provisional(self) -> bool:
        return self.number == 0


@dataclass(frozen=True)
class BillKnownAt:
    """`terms_of` must give the terms as they were known at the same moment."""

    days: MeteringDays
    periods: BillingPeriods
    terms_of: TermsOf

    def __call__(self, point: SupplyPoint, month: BillingMonth, known_at: datetime | None = None) -> KnownBill:
        """Closed then: that bill. Open or reopened then: the bill to date. Raises `NoPriceInForce` for the latter."""
        period = self.periods.get(point.id, month, known_at)
        if period.bill is not None:
            return KnownBill(period.bill, len(period.bills), known_at)
        terms = self.terms_of.parts(point, month)
        parts = parts_of(self.days, point, terms, known_at)
        return KnownBill(bill_of_parts(point.id, parts), 0, known_at)

    def numbered(self, point: SupplyPoint, month: BillingMonth, number: int) -> Bill | None:
        """A bill that ever was, by its number from 1; None where there were not so many."""
        bills = self.periods.get(point.id, month).bills
        return bills[number - 1] if 0 < number <= len(bills) else None


@dataclass(frozen=True, slots=True)
class LineChange:
    """What a line code came to in two bills, in currency."""

    code: str
    label: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def difference_of(before: Bill, after: Bill) -> tuple[LineChange, ...]:
    """The line codes whose amounts differ; their changes add up to that of the totals."""
    then, now = before.nano_by_code(), after.nano_by_code()
    labels = {line.code: line.label for bill in (before, after) for line in bill.lines}
    return tuple(
        LineChange(code, labels[code], nano_to_decimal(then[code]), nano_to_decimal(now[code]))
        for code in dict.fromkeys((*now, *then))
        if then[code] != now[code]
    )


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a month: when, what, to which meter and intervals, by whom and why.

    `nano` by line code is what it changed in live costs and true-ups of the bill; sub-meters change nothing.
    """

    at: datetime
    what: str
    day: date | None = None
    meter: str = ""
    text: str = ""
    by: str = ""
    why: str = ""
    nano: Mapping[str, int] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        return nano_to_decimal(sum(self.nano.values()))


@dataclass(frozen=True)
class MonthHistory:
    """Everything that happened to a supply point's month, in the order in which it was recorded.

    Between two moments at which the month was closed, the changes add up to the difference of the bills, line by line.
    """

    histories: Histories

    def __call__(
        self, point: SupplyPoint, month: BillingMonth, after: datetime | None = None, until: datetime | None = None
    ) -> tuple[Happened, ...]:
        """Of the moments `(after, until]`, UTC; None: of all there are."""
        found = [*self._of_site(point, month), *self._of_period(point, month)]
        for i in range((month.end - month.first).days):
            found += self._of_day(point, month.first + timedelta(days=i))
        within = (one for one in found if (after is None or one.at > after) and (until is None or one.at <= until))
        return tuple(sorted(within, key=lambda one: one.at))

    def _of_site(self, point: SupplyPoint, month: BillingMonth) -> Iterator[Happened]:
        """Meters that came, left or were replaced in this month, and what was agreed from one of its days on."""
        for one in self.histories.of_supply_point(point.id):
            told = _registered(one, point)
            if told is not None and told.day is not None and month.first <= told.day < month.end:
                yield told

    def _of_period(self, point: SupplyPoint, month: BillingMonth) -> Iterator[Happened]:
        bills = 0
        for one in self.histories.of_period(point.id, month):
            match one.event:
                case PeriodClosed() as event:
                    bills += 1
                    text = f"bill {bills}: {event.bill.total:,f} {event.bill.currency}"
                    yield Happened(one.at, "close", text=text, nano=event.true_up_nano)
                case PeriodReopened() as event:
                    text = f"bill {event.number} holds no longer"
                    yield Happened(one.at, "reopen", None, "", text, event.by, event.why, event.reversed_nano)
                case PeriodRerated() as event:
                    bills += 1
                    text = f"bill {bills}: {event.bill.total:,f} {event.bill.currency}"
                    moved = {code: nano + event.reversed_nano[code] for code, nano in event.true_up_nano.items()}
                    yield Happened(one.at, "re-rate", None, "", text, event.by, event.why, moved)

    def _of_day(self, point: SupplyPoint, day: date) -> Iterator[Happened]:
        opened: DayOpened | None = None
        for one in self.histories.of_day(point.device, day):
            match one.event:
                case DayOpened() as event:
                    opened = event
                    yield Happened(one.at, "open", day, text=f"{event.tariff} {event.tariff_version}")
                case DayJoined() as event if opened is not None:
                    opened = opened.joined_by(event)
                    yield Happened(one.at, "join", day, event.meter)
                case _ if opened is not None:
                    yield from _measured(one, opened, point)


def _registered(one: Recorded, point: SupplyPoint) -> Happened | None:
    match one.event:
        case MeterJoined(meter, _, since):
            local = since.astimezone(point.zone)
            return Happened(one.at, "meter", local.date(), meter, f"counts since {local:%H:%M}")
        case MeterLeft(meter, at):
            local = at.astimezone(point.zone)
            return Happened(one.at, "meter", local.date(), meter, f"left at {local:%H:%M}")
        case MeterSwapped() as event:
            local = event.at.astimezone(point.zone)
            text = f"replaced at {local:%H:%M}, the old one at {event.last.active_wh:,} Wh"
            text += f", the new one at {event.first.active_wh:,} Wh" + (f", {event.serial}" if event.serial else "")
            return Happened(one.at, "meter", local.date(), event.meter, text)
        case AgreementChanged(since, tariff):
            return Happened(one.at, "agreement", since, "", f"billed by {tariff} since {since}")
    return None


def _measured(one: Recorded, opened: DayOpened, point: SupplyPoint) -> Iterator[Happened]:
    match one.event:
        case ReadingsPriced() as event:
            rows = [row for row, meter in enumerate(event.meters) if opened.meters[meter] == point.main_meter]
            nano = {
                code: sum(column[row] for row in rows) if column else 0
                for code, column in zip(opened.line_codes, event.live_nano, strict=True)
            }
            text = f"{len(event.slots)} intervals, {sum(event.estimated)} estimated"
            yield Happened(one.at, "readings", opened.day, text=text, nano=nano)
        case ReadingCorrected() as event:
            meter, both = opened.meters[event.meter], zip(event.reversed_nano, event.live_nano, strict=True)
            nano = dict(zip(opened.line_codes, map(sum, both), strict=True)) if meter == point.main_meter else {}
            start = (opened.start + timedelta(minutes=opened.step_minutes * event.slot)).astimezone(point.zone)
            text = f"{start:%H:%M}, {event.wh_before:,} Wh to {event.wh:,} Wh"
            yield Happened(one.at, "correction", opened.day, meter, text, event.by, event.why, nano)
        case ReadingsThinned() as event:
            text = f"{event.last - event.first} intervals have a reading every {event.minutes} min: {event.reason}"
            yield Happened(one.at, "thinned", opened.day, text=text)
        case GapDeclared() as event:
            text = f"{event.last - event.first} intervals, {event.reason}"
            yield Happened(one.at, "gap", opened.day, opened.meters[event.meter], text)
