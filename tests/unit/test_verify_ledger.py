"""A ledger computed a second time: what is right differs in nothing, and whatever was changed in it is named."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.event_codec import decode, encode
from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.price_uploads import PriceUploads
from application.reopen_period import AmendPeriod
from application.rerate_periods import RerateMonth
from application.terms_of import TermsOf
from application.verify_ledger import VerifyLedger
from domain.arrays.day_book import DayBook
from domain.events import DayOpened, PeriodClosed, PeriodReopened, PeriodRerated, ReadingCorrected, ReadingsPriced
from domain.measurement import Correction, Reading
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, midnight_utc
from domain.verification import Compared, Verification

STEP = timedelta(minutes=5)
FIRST, DAYS = date(2026, 1, 1), 3
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
STAMP = 9
"""Bytes before an event's own: a mark, and when it was recorded."""


@dataclass
class Books:
    """Three days of a mill in a ledger file, closed, corrected and closed again."""

    path: Path
    point: SupplyPoint
    tariff: Tariff
    clock: SetClock

    @property
    def month(self) -> BillingMonth:
        return BillingMonth(FIRST, self.point.zone)

    @property
    def store(self) -> EventStore:
        return EventStore.sqlite(self.path, self.clock)

    def terms_of(self, store: EventStore) -> TermsOf:
        return TermsOf(MemoryTariffs({self.tariff.id: self.tariff}), store.periods)

    def fill(self) -> None:
        store, wire, chance = self.store, WattledgerWire(), Random(7)  # the same mill every time
        terms_of, points = self.terms_of(store), MemorySupplyPoints({self.point.device: self.point})
        later = SetClock(midnight_utc(FIRST, self.point.zone) + timedelta(days=DAYS + 1))
        price = PriceUploads(store.days, store.periods, points, terms_of, wire, MemoryQuarantine(), later)
        start = midnight_utc(FIRST, self.point.zone)
        for n in range(DAYS * 288):
            at = start + STEP * n
            pairs = [
                (Reading(meter, at, 0, 0), Reading(meter, at + STEP, chance.randrange(4000), chance.randrange(900)))
                for meter in self.point.meters
            ]
            if n % 40 != 7:  # some polls never come
                price([wire.record(self.point.device, "s", n + 1, wire.body(pairs))])
        close = ClosePeriod(store.days, store.periods, terms_of)
        close(self.point, self.month)
        correct = CorrectReading(store.days, terms_of, AmendPeriod.of(close))
        correct(self.point, Correction("main", start + STEP * 400, 9999, 10, "Ana", "a loose wire"), reopen=True)

    def verify(self) -> Verification:
        store = self.store
        return VerifyLedger(store.ledger, store.periods, self.terms_of(store))([self.point])

    def events(self, kind: type) -> Iterator[tuple[int, Any]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            rows = file.execute("SELECT rowid, topic, state FROM stored_events ORDER BY rowid").fetchall()
        for row, topic, state in rows:
            event = decode(topic, state[STAMP:])
            if isinstance(event, kind):
                yield row, event

    def change(self, kind: type, number: int, to: Callable[[Any], Any]) -> None:
        """Someone edits a stored event."""
        row, event = list(self.events(kind))[number]
        topic, state = encode(to(event))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            [stamp] = file.execute("SELECT substr(state, 1, 9) FROM stored_events WHERE rowid = ?", (row,)).fetchone()
            file.execute("UPDATE stored_events SET topic = ?, state = ? WHERE rowid = ?", (topic, stamp + state, row))

    def lose(self, kind: type, number: int) -> None:
        """A stored event is gone."""
        row, _ = list(self.events(kind))[number]
        with closing(sqlite3.connect(self.path, isolation_level=None)) as file:
            file.execute("DELETE FROM stored_events WHERE rowid = ?", (row,))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, mill: SupplyPoint, small_tariff: Tariff) -> Path:
    path = tmp_path_factory.mktemp("filled") / "ledger.sqlite"
    Books(path, mill, small_tariff, SetClock(NOON)).fill()
    return path


@pytest.fixture
def books(filled: Path, tmp_path: Path, mill: SupplyPoint, small_tariff: Tariff) -> Books:
    """A ledger of one's own, to be spoilt."""
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(filled)) as there, closing(sqlite3.connect(path)) as here:
        there.backup(here)
    return Books(path, mill, small_tariff, SetClock(NOON))


def of(found: Verification) -> set[Compared]:
    return {one.what for one in found.differences}


def told(found: Verification) -> str:
    return "\n".join(map(str, found.differences))


def test_a_ledger_that_was_not_touched_differs_in_nothing(books: Books) -> None:
    found = books.verify()
    assert told(found) == ""
    assert found.holds
    assert found.not_compared == []
    assert set(found.compared) == set(Compared)
    assert found.measurements == sum(len(event.slots) for _, event in books.events(ReadingsPriced))


def test_a_changed_live_cost_is_found_where_it_was_changed(books: Books) -> None:
    def dearer(event: ReadingsPriced) -> ReadingsPriced:
        columns = [tuple(nano + (n == 0) for n, nano in enumerate(column)) for column in event.live_nano]
        return replace(event, live_nano=tuple(columns))

    books.change(ReadingsPriced, 500, dearer)
    found = books.verify()
    assert Compared.LIVE in of(found)
    assert f"{books.point.device} 2026-01-02 main" in told(found)
    assert "live cost: the ledger has" in told(found)


def test_a_changed_measurement_of_the_main_meter_moves_the_bill_and_is_found(books: Books) -> None:
    main = sorted(books.point.meters).index("main")

    def stronger(event: ReadingsPriced) -> ReadingsPriced:
        return replace(event, wh=tuple(wh + (m == main) for m, wh in zip(event.meters, event.wh, strict=True)))

    books.change(ReadingsPriced, 100, stronger)
    assert of(books.verify()) >= {Compared.BILLS, Compared.LIVE}


def test_a_changed_measurement_of_a_sub_meter_moves_what_it_is_allocated(books: Books) -> None:
    main = sorted(books.point.meters).index("main")

    def stronger(event: ReadingsPriced) -> ReadingsPriced:
        return replace(event, wh=tuple(wh + 3000 * (m != main) for m, wh in zip(event.meters, event.wh, strict=True)))

    books.change(ReadingsPriced, 100, stronger)
    found = books.verify()
    assert Compared.ALLOCATION in of(found)
    assert Compared.BILLS not in of(found)


def test_a_missing_upload_is_found(books: Books) -> None:
    books.lose(ReadingsPriced, 300)
    assert of(books.verify()) >= {Compared.BILLS, Compared.SETTLED}


def test_a_missing_correction_is_found(books: Books) -> None:
    books.lose(ReadingCorrected, 0)
    assert of(books.verify()) >= {Compared.BILLS, Compared.SETTLED}


def test_a_changed_balance_is_found_for_every_meter(books: Books) -> None:
    def fuller(event: DayOpened) -> DayOpened:
        last = event.opening[-1].copy()
        last.energy_wh[0] += 1
        return replace(event, opening=(*event.opening[:-1], last))

    books.change(DayOpened, 1, fuller)
    found = books.verify()
    assert Compared.BALANCES in of(found)
    assert f"{sorted(books.point.meters)[-1]}: night Wh carried" in told(found)


@pytest.mark.parametrize("number", [0, 1])
def test_a_changed_true_up_is_found_at_every_close(books: Books, number: int) -> None:
    books.change(
        PeriodClosed, number, lambda event: replace(event, true_up_nano={**event.true_up_nano, "tax": 1_000_000})
    )
    found = books.verify()
    assert Compared.SETTLED in of(found)
    assert "tax: true-up" in told(found)


def test_a_true_up_that_was_not_taken_back_whole_is_found(books: Books) -> None:
    books.change(PeriodReopened, 0, lambda event: replace(event, reversed_nano={**event.reversed_nano, "tax": 0}))
    assert "tax: true-up taken back" in told(books.verify())


def test_a_changed_line_of_a_bill_is_found(books: Books) -> None:
    def dearer(event: PeriodClosed) -> PeriodClosed:
        first, *others = event.bill.lines
        line = replace(first, amount=first.amount + Decimal("0.01"))
        return replace(event, bill=replace(event.bill, lines=(line, *others), total=event.bill.total + Decimal("0.01")))

    books.change(PeriodClosed, 1, dearer)
    found = books.verify()
    assert {Compared.BILLS, Compared.SETTLED} <= of(found)
    assert "total: the ledger has" in told(found)


def test_a_changed_allocation_is_found(books: Books) -> None:
    def shifted(event: PeriodClosed) -> PeriodClosed:
        micro = {meter: dict(lines) for meter, lines in event.allocated.micro.items()}
        micro["oven"]["tax"] += 1
        return replace(event, allocated=replace(event.allocated, micro=micro))

    books.change(PeriodClosed, 1, shifted)
    assert "oven tax: allocated cost" in told(books.verify())


def test_a_close_that_is_gone_leaves_closed_days_behind(books: Books) -> None:
    for kind, number in ((PeriodClosed, 1), (PeriodReopened, 0), (PeriodClosed, 0)):
        books.lose(kind, number)
    found = books.verify()
    assert of(found) == {Compared.DAYS}
    assert len(found.differences) == DAYS


def test_a_month_that_was_re_rated_is_what_its_readings_make_it(books: Books) -> None:
    rates = books.tariff.rate_table.rates[0]
    dearer = replace(rates, values={**rates.values, "supply": Decimal(333)})
    books.tariff = replace(books.tariff, rate_table=replace(books.tariff.rate_table, rates=(dearer,)), version="2")
    before = books.verify()
    assert "supply: amount" in told(before)  # the bill in force is of the old rates
    store = books.store
    assert RerateMonth(store.days, store.periods, books.terms_of(store))(books.point, books.month, "Ana", "late table")
    found = books.verify()
    assert told(found) == ""
    books.change(PeriodRerated, 0, lambda event: replace(event, true_up_nano={**event.true_up_nano, "supply": 5}))
    assert "supply: true-up" in told(books.verify())


def test_a_re_rate_by_arrays_is_the_close_interval_by_interval(books: Books) -> None:
    """Re-rating reads arrays, closing reads days: by the same terms they must bill alike."""
    store = books.store
    assert RerateMonth(store.days, store.periods, books.terms_of(store))(books.point, books.month, "Ana", "try") is None


def test_a_book_of_arrays_ends_as_the_day_itself(books: Books) -> None:
    for n in range(DAYS):
        day = books.store.days.get(books.point.device, FIRST + timedelta(days=n))
        assert day.opened is not None
        book = DayBook(day.opened)
        for entry in books.store.ledger.after(0, 10_000):
            if entry.day == day.day:
                book.see(entry.event)  # type: ignore[arg-type]  # an entry with a day has a day's event
        assert book.months() == [day.meters[day.index[meter]].month for meter in day.opened.meters]
        assert book.live_nano == [day.meters[day.index[meter]].live_nano for meter in day.opened.meters]
