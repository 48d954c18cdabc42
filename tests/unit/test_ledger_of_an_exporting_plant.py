"""A plant that delivers energy to the grid: its ledger is closed, corrected, verified and re-rated like any other."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest

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
from domain.arrays.load import Load
from domain.charges import ExportCredit
from domain.measurement import Correction, Extra, Quality, Reading
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, midnight_utc
from domain.verification import Compared
from entrypoints.ledger_uploads import pairs_of_loads, uploads

STEP, FIRST = timedelta(minutes=5), date(2026, 1, 7)
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
SOLD = {"sold.night": Decimal("0.031"), "sold.day": Decimal("0.057")}


class Plant:
    """Two days of an exporting plant in a ledger."""

    def __init__(self, point: SupplyPoint, tariff: Tariff) -> None:
        table = tariff.rate_table
        rates = replace(table.rates[0], values={**table.rates[0].values, **SOLD})
        sold = ExportCredit("sold", "Sold", "credit", "", ((0, "night"), (1, "day")))
        at = next(n for n, charge in enumerate(tariff.charges) if charge.group == "tax")
        charges = (*tariff.charges[:at], sold, *tariff.charges[at:])
        self.tariff = replace(tariff, charges=charges, rate_table=replace(table, rates=(rates,)))
        self.point, self.month = point, BillingMonth(FIRST.replace(day=1), point.zone)
        self.store = EventStore.in_memory(SetClock(NOON))
        self.terms_of = TermsOf(MemoryTariffs({tariff.id: self.tariff}), self.store.periods)
        points = MemorySupplyPoints({point.device: point})
        days, periods, later = self.store.days, self.store.periods, SetClock(NOON + timedelta(days=365))
        self.price = PriceUploads(days, periods, points, self.terms_of, WattledgerWire(), MemoryQuarantine(), later)

    def fill(self) -> None:
        wire, chance, start = WattledgerWire(), Random(11), midnight_utc(FIRST, self.point.zone)
        for n in range(2 * 288):
            at = start + STEP * n
            pairs = [
                (
                    Reading(meter, at, 0, 0, Extra(0)),
                    Reading(meter, at + STEP, chance.randrange(4000), 9, Extra(chance.randrange(3000))),
                )
                for meter in self.point.meters
            ]
            self.price([wire.record(self.point.device, "s", n + 1, wire.body(pairs))])

    def close(self) -> None:
        close = ClosePeriod(self.store.days, self.store.periods, self.terms_of)
        close(self.point, self.month)
        correct = CorrectReading(self.store.days, self.terms_of, AmendPeriod.of(close))
        at = midnight_utc(FIRST, self.point.zone) + 130 * STEP
        correct(self.point, Correction("main", at, 999, 10, "Ana", "a loose wire", Extra(30_000)), reopen=True)


@pytest.fixture
def plant(mill: SupplyPoint, small_tariff: Tariff) -> Plant:
    return Plant(mill, small_tariff)


def test_its_ledger_is_what_its_readings_make_it(plant: Plant) -> None:
    plant.fill()
    plant.close()
    found = VerifyLedger(plant.store.ledger, plant.store.periods, plant.terms_of)([plant.point])
    assert "\n".join(map(str, found.differences)) == ""
    assert found.not_compared == []
    assert found.compared[Compared.BILLS] > 30
    bill = plant.store.periods.get("mill", plant.month).bill
    assert bill is not None
    assert bill.nano_by_code()["sold.day"] < 0


def test_to_re_rate_it_by_the_same_prices_changes_nothing(plant: Plant) -> None:
    plant.fill()
    plant.close()
    rerate = RerateMonth(plant.store.days, plant.store.periods, plant.terms_of)
    assert rerate(plant.point, plant.month, "Ana", "try") is None


def test_a_book_of_arrays_ends_as_the_day_itself(plant: Plant) -> None:
    plant.fill()
    plant.close()
    day = plant.store.days.get("edge-1", FIRST)
    assert day.opened is not None
    book = DayBook(day.opened)
    for entry in plant.store.ledger.after(0, 10_000):
        if entry.day == FIRST:
            book.see(entry.event)  # type: ignore[arg-type]  # an entry with a day has a day's event
    assert book.months() == [day.meters[day.index[meter]].month for meter in day.opened.meters]
    assert book.measured("main").extra[130] == Extra(30_000)


def test_a_file_with_an_export_column_is_recorded_with_it(plant: Plant) -> None:
    size = 288
    columns = (np.full(size, 500 + n, dtype=np.int64) for n in range(4))
    wh, varh, out, capacitive = columns
    quality = np.zeros(size, dtype=np.uint8)
    quality[100:103] = Quality.ESTIMATED
    load = Load("main", midnight_utc(FIRST, plant.point.zone), 5, wh, varh, quality, out, capacitive)
    plant.price(uploads(plant.point, pairs_of_loads(plant.point, [load], {}), "file-1"))
    main = plant.store.days.measured("edge-1", FIRST, ["main"])["main"]
    again = Load.of_days("main", load.start, load.end, 5, [main])
    assert again.export_wh is not None
    assert again.capacitive_varh is not None
    for told, kept in ((wh, again.energy_wh), (out, again.export_wh), (capacitive, again.capacitive_varh)):
        assert (told == kept).all()
    assert (again.quality == quality).all()
