"""Compute a ledger a second time, from its readings, by arrays, and compare every amount.

    carried balances       what each day began with, against the days before it, meter by meter
    live costs             what a day's measurements cost, line by line, against what its determinants accrue
    live + true-up = bill  line by line, at every close, reopening and re-rate
    bills in force         every line, total and determinant, against the vectorised engine
    allocated costs        who caused the bill in force, by meter and line
    days of closed months  each is shut

A bill in force is compared by the prices and contracts that were known when it was billed; where those known by now
would give another, the month waits for a re-rate, which is told and is no difference. The ledger is read once, in the
order in which it was stored. What differs is named; nothing is repaired.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from application.ports import BillingPeriods, Ledger, LedgerEntry
from application.terms_of import TermsOf
from application.verify_day import DayCheck
from application.verify_month import Settling, compare_allocated, compare_bill, would_change
from domain.arrays import Load
from domain.arrays.day_book import DayBook
from domain.errors import Refusal
from domain.events import (
    DayClosed,
    DayJoined,
    DayOpened,
    DayReopened,
    PeriodClosed,
    PeriodEvent,
    PeriodReopened,
    PeriodRerated,
)
from domain.measurement import Quality
from domain.site_events import AgreementChanged, MeterSwapped
from domain.supply_point import Agreement, SupplyPoint
from domain.terms import BillingMonth, Terms
from domain.verification import Compared, Verification

ENTRIES_PER_READ = 1000

Progress = Callable[[int], None]
PartsKnownAt = Callable[[str, BillingMonth, datetime], Sequence[Terms]]
"""The terms of a supply point's month as they were known at a UTC instant. May raise `NoPriceInForce`."""


@dataclass(frozen=True)
class VerifyLedger:
    """Verify some supply points of a ledger. `progress` is told the position that was reached.

    Without `parts_known_at` nothing was amended since any bill.
    """

    ledger: Ledger
    periods: BillingPeriods
    terms_of: TermsOf
    parts_known_at: PartsKnownAt | None = None
    progress: Progress = lambda _position: None

    def __call__(self, points: Sequence[SupplyPoint]) -> Verification:
        """Raises `Unavailable` where the ledger cannot be read."""
        found = Verification()
        by_id = {point.id: _Point(point, self, found) for point in points}
        by_device = {one.point.device: one for one in by_id.values()}
        for entry in self._entries():
            found.events += 1
            if entry.day is not None and entry.device in by_device:
                by_device[entry.device].see_day(entry.day, entry)
            elif isinstance(entry.event, PeriodClosed | PeriodReopened | PeriodRerated):
                of_event = [by_id[one] for one in by_id if one == entry.event.supply_point]
                for point in of_event:
                    point.see_period(entry.event, entry.recorded_at)
            elif isinstance(entry.event, AgreementChanged | MeterSwapped):
                for point in by_id.values():
                    point.see_amended(entry.event)
        for one in by_id.values():
            one.finish()
        return found

    def _entries(self) -> Iterator[LedgerEntry]:
        position = 0
        while entries := self.ledger.after(position, ENTRIES_PER_READ):
            yield from entries
            position = entries[-1].position
            self.progress(position)


@dataclass
class _Point:
    """One supply point: its days as arrays and its months, as far as the ledger was read."""

    point: SupplyPoint
    verify: VerifyLedger
    found: Verification
    books: dict[date, DayBook] = field(default_factory=dict)
    settlings: dict[date, Settling] = field(default_factory=dict)
    billed_at: dict[date, datetime] = field(default_factory=dict)
    amended: set[date] = field(default_factory=set)

    def see_day(self, day: date, entry: LedgerEntry) -> None:
        event = entry.event
        if isinstance(event, DayOpened):
            self.books[day] = DayBook(event)
            self._check(day, lambda check: check.opening(self._book_before(day), event.meters))
        elif day in self.books:
            self.books[day].see(event)  # type: ignore[arg-type]  # an entry with a day has a day's event
            if isinstance(event, DayJoined):
                self._check(day, lambda check: check.opening(self._book_before(day), [event.meter]))
        elif not isinstance(event, DayClosed | DayReopened):  # a day without readings is shut, and never opened
            self._compare_day(day, "events", "an event before them that opens the day")

    def see_period(self, event: PeriodEvent, recorded_at: datetime) -> None:
        first = event.first if isinstance(event, PeriodReopened) else event.bill.first
        self.billed_at[first] = recorded_at
        month = BillingMonth(first, self.point.zone)
        settling = self.settlings.setdefault(first, Settling(self.found, f"{self.point.id} {month}"))
        settling.see(event, self._live(month) if isinstance(event, PeriodClosed) else Counter())

    def see_amended(self, event: AgreementChanged | MeterSwapped) -> None:
        """Days that are open by now were opened by other terms than hold for them from here on."""
        if isinstance(event, AgreementChanged):
            if Agreement(event.since, event.tariff, event.contract) in self.point.agreements:
                self.amended |= {day for day in self.books if day >= event.since.replace(day=1)}
        elif event.meter == self.point.main_meter:
            month = BillingMonth.of(event.at, self.point.zone)
            self.amended |= {day for day in self.books if month.first <= day < month.end}

    def finish(self) -> None:
        """Once all was read: what the days cost, and the bills in force."""
        for day, book in sorted(self.books.items()):
            self.found.measurements += int((book.quality != Quality.MISSING).sum())
            self._check(day, DayCheck.live)
        for first in sorted({*self.settlings, *(day.replace(day=1) for day in self.books)}):
            self._finish_month(BillingMonth(first, self.point.zone))

    def _finish_month(self, month: BillingMonth) -> None:
        period = self.verify.periods.get(self.point.id, month)
        months_days = [day for day in self.books if month.first <= day < month.end]
        if period.bill is None:
            for day in months_days:
                if self.books[day].closed and not period.reopened:
                    self._compare_day(day, "a closed day", "an open month")
            return
        for day in months_days:
            self._compare_day(day, "a closed day" if self.books[day].closed else "an open day", "a closed day")
        where = f"{self.point.id} {month}"
        try:
            then, now = self._terms_then_and_now(month)
            loads = {meter: self._load(meter, month) for meter in sorted(self.point.meters)}
            compare_bill(self.found, where, period.bill, loads[self.point.main_meter], then)
            compare_allocated(self.found, period, self.point, loads, then)
            if tuple(then) != tuple(now) and would_change(period.bill, loads[self.point.main_meter], now):
                self.found.to_rerate.append(where)
        except Refusal as refusal:
            self.found.not_compared.append(f"{where}: the bill cannot be computed again: {refusal}")

    def _terms_then_and_now(self, month: BillingMonth) -> tuple[Sequence[Terms], Sequence[Terms]]:
        """As known when the bill in force was billed, and by now."""
        now = self.verify.terms_of.parts(self.point, month)
        if self.verify.parts_known_at is None:
            return now, now
        return self.verify.parts_known_at(self.point.id, month, self.billed_at[month.first]), now

    def _load(self, meter: str, month: BillingMonth) -> Load:
        """A meter's month, as the days have it."""
        of_month = (book for day, book in sorted(self.books.items()) if month.first <= day < month.end)
        days = [book.measured(meter) for book in of_month if meter in book.opened.meters]
        return Load.of_days(meter, month.start_utc, month.end_utc, self.point.step_minutes, days)

    def _check(self, day: date, run: Callable[[DayCheck], None]) -> None:
        where, month = f"{self.point.device} {day}", BillingMonth(day.replace(day=1), self.point.zone)
        try:
            terms = self.verify.terms_of(self.point, month, day)
            run(DayCheck(self.found, where, self.books[day], terms, day in self.amended))
        except Refusal as refusal:
            self.found.not_compared.append(f"{where}: its costs cannot be computed again: {refusal}")

    def _book_before(self, day: date) -> DayBook | None:
        """The latest day of the same month before a day that was opened."""
        before = [one for one in self.books if day.replace(day=1) <= one < day]
        return self.books[max(before)] if before else None

    def _live(self, month: BillingMonth) -> Counter[str]:
        """What the events say the main meter's measurements cost, by line code, as far as the ledger was read."""
        live = Counter[str]()
        for day, book in self.books.items():
            if month.first <= day < month.end and self.point.main_meter in book.opened.meters:
                costs = book.live_nano[book.opened.meters.index(self.point.main_meter)]
                for code, nano in zip(book.opened.line_codes, costs, strict=True):
                    live[code] += nano
        return live

    def _compare_day(self, day: date, ledger: str, computed: str) -> None:
        self.found.compare(Compared.DAYS, f"{self.point.device} {day}", ledger, computed)
