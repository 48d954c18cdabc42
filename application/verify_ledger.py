"""Compute a ledger a second time, from its readings, by arrays, and compare every amount.

    carried balances       what each day began with, against the days before it, meter by meter
    live costs             what a day's measurements cost, line by line, against what its determinants accrue
    live + true-up = bill  line by line, at every close
    bills in force         every line, total and determinant, against the vectorised engine
    allocated costs        who caused the bill, by meter and line

The ledger is read once, in the order in which it was stored. What differs is named; nothing is repaired.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from application.ports import BillingPeriods, Ledger, LedgerEntry
from application.terms_of import TermsOf
from application.verify_bill import compare_bill
from application.verify_day import DayCheck
from domain.arrays import Load
from domain.arrays.day_book import DayBook
from domain.errors import Refusal
from domain.events import DayOpened, PeriodClosed
from domain.measurement import Quality
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from domain.verification import Compared, Verification

ENTRIES_PER_READ = 1000

Progress = Callable[[int], None]


@dataclass
class VerifyLedger:
    """Verify some supply points of a ledger. `progress` is told the position that was reached."""

    ledger: Ledger
    periods: BillingPeriods
    terms_of: TermsOf
    progress: Progress = lambda _position: None

    def __call__(self, points: Sequence[SupplyPoint]) -> Verification:
        """Raises `Unavailable` where the ledger cannot be read."""
        found = Verification()
        by_id = {point.id: _Point(point, self.terms_of, found) for point in points}
        by_device = {one.point.device: one for one in by_id.values()}
        for entry in self._entries():
            found.events += 1
            if entry.day is not None and entry.device in by_device:
                by_device[entry.device].see_day(entry.day, entry)
            elif isinstance(entry.event, PeriodClosed) and entry.event.supply_point in by_id:
                by_id[entry.event.supply_point].see_close(entry.event)
        for one in by_id.values():
            one.finish(self.periods)
        return found

    def _entries(self) -> Iterator[LedgerEntry]:
        position = 0
        while entries := self.ledger.after(position, ENTRIES_PER_READ):
            yield from entries
            position = entries[-1].position
            self.progress(position)


@dataclass
class _Point:
    """One supply point: its days as arrays, as far as the ledger was read."""

    point: SupplyPoint
    terms_of: TermsOf
    found: Verification
    books: dict[date, DayBook] = field(default_factory=dict)
    months: set[date] = field(default_factory=set)

    def see_day(self, day: date, entry: LedgerEntry) -> None:
        event = entry.event
        if isinstance(event, DayOpened):
            self.books[day] = book = DayBook(event)
            self.months.add(day.replace(day=1))
            self._check(day, lambda check: check.opening(self._book_before(day)), book)
        elif day in self.books:
            self.books[day].see(event)  # type: ignore[arg-type]  # an entry with a day has a day's event
        elif self.closes_empty(event):
            return
        else:
            self.found.compare(Compared.DAYS, f"{self.point.device} {day}", "events", "no event that opens the day")

    def closes_empty(self, event: object) -> bool:
        """A day without readings is shut with its month, and never opened."""
        return type(event).__name__ in {"DayClosed", "DayReopened"}

    def see_close(self, closed: PeriodClosed) -> None:
        """At the moment of the close its live costs are those of the days, and with the true-up they are the bill."""
        bill, where = closed.bill, f"{self.point.id} {closed.bill.first:%Y-%m}"
        live, billed = self._live(bill.first, bill.end), bill.nano_by_code()
        for code in sorted({*live, *closed.live_nano}):
            self.found.compare_nano(
                Compared.SETTLED, f"{where} {code}: live costs", closed.live_nano.get(code, 0), live[code]
            )
        for code in sorted({*billed, *closed.live_nano, *closed.true_up_nano}):
            true_up = closed.true_up_nano.get(code, 0)
            self.found.compare_nano(Compared.SETTLED, f"{where} {code}: true-up", true_up, billed[code] - live[code])
        self.months.add(bill.first)

    def finish(self, periods: BillingPeriods) -> None:
        """Once all was read: what the days cost, and the bills in force."""
        for day, book in sorted(self.books.items()):
            self.found.measurements += int((book.quality != Quality.MISSING).sum())
            self._check(day, lambda check: check.live(), book)
        for first in sorted(self.months):
            month = BillingMonth(first, self.point.zone)
            bill = periods.get(self.point.id, month).bill
            shut = [day for day, book in self.books.items() if book.closed and month.first <= day < month.end]
            if bill is None:
                for day in shut:
                    self.found.compare(Compared.DAYS, f"{self.point.device} {day}", "a closed day", "an open month")
                continue
            for day in self.books:
                if month.first <= day < month.end:
                    self.found.compare(
                        Compared.DAYS, f"{self.point.device} {day}", _state(self.books[day].closed), _state(True)
                    )
            self._compare_bill(month, bill)

    def _compare_bill(self, month: BillingMonth, bill: object) -> None:
        where = f"{self.point.id} {month}"
        try:
            parts = self.terms_of.parts(self.point, month)
            compare_bill(self.found, where, self.load(self.point.main_meter, month), parts, bill)  # type: ignore[arg-type]
        except Refusal as refusal:
            self.found.not_compared.append(f"{where}: the bill cannot be computed again: {refusal}")

    def load(self, meter: str, month: BillingMonth) -> Load:
        """A meter's month, as the days have it."""
        load, step = (
            Load.empty(meter, month.start_utc, month.end_utc, self.point.step_minutes),
            timedelta(minutes=self.point.step_minutes),
        )
        for day, book in self.books.items():
            if month.first <= day < month.end and meter in book.opened.meters:
                row, first = book.opened.meters.index(meter), (book.opened.start - month.start_utc) // step
                span = slice(first, first + book.opened.slots)
                load.energy_wh[span], load.quality[span] = book.wh[row], book.quality[row]
                if load.reactive_varh is not None:
                    load.reactive_varh[span] = book.varh[row]
        return load

    def _check(self, day: date, run: Callable[[DayCheck], None], book: DayBook) -> None:
        where = f"{self.point.device} {day}"
        try:
            month = BillingMonth(day.replace(day=1), self.point.zone)
            run(DayCheck(self.found, where, book, self.terms_of(self.point, month, day)))
        except Refusal as refusal:
            self.found.not_compared.append(f"{where}: its costs cannot be computed again: {refusal}")

    def _book_before(self, day: date) -> DayBook | None:
        """The latest day of the same month before a day that was opened."""
        before = [one for one in self.books if day.replace(day=1) <= one < day]
        return self.books[max(before)] if before else None

    def _live(self, first: date, end: date) -> Counter[str]:
        """What the events say the main meter's measurements cost, by line code, as far as the ledger was read."""
        live = defaultdict[str, int](int)
        for day, book in self.books.items():
            if first <= day < end and self.point.main_meter in book.opened.meters:
                costs = book.live_nano[book.opened.meters.index(self.point.main_meter)]
                for code, nano in zip(book.opened.line_codes, costs, strict=True):
                    live[code] += nano
        return Counter(live)


def _state(closed: bool) -> str:
    return "a closed day" if closed else "an open day"
