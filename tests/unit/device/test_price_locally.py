"""The device's own figures: the cloud's to the last nano-unit, also after a restart, also when the disk is full."""

import errno
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryOutbox, MemoryQuarantine, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from adapters.recent_days import DAYS_KEPT, OpenPeriods, RecentDays
from application.ports import MeteringDays, SomeoneElseWrote
from application.price_locally import PriceLocally
from application.price_uploads import PriceUploads
from application.store_readings import StoreReadings
from application.terms_of import TermsOf
from application.todays_figures import Today, period_now, todays_figures
from domain.errors import Refusal
from domain.measurement import Reading
from domain.metering_day import MeteringDay
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
START = datetime(2026, 1, 4, 22, tzinfo=UTC)  # Sunday 23:00 in Madrid
WIRE = WattledgerWire()


class Registers:
    """Meters whose registers are a function of time."""

    def read(self, at: datetime) -> Sequence[Reading]:
        steps = int(at.timestamp()) // 300
        return [Reading(name, at, steps * wh + steps % 7, steps * 3) for name, wh in (("main", 900), ("oven", 400))]


class House:
    """A device's outbox and folder, which survive, and the parts that are made at each start."""

    def __init__(self, folder: Path, mill: SupplyPoint, terms_of: TermsOf) -> None:
        self.folder, self.terms_of = folder, terms_of
        self.point = replace(mill, meters={name: mill.meters[name] for name in ("main", "oven")})
        self.outbox, self.at = MemoryOutbox(), START
        self.refused = MemoryQuarantine()
        self.start()

    def start(self) -> None:
        self.days = RecentDays(self.folder / "days")
        newest = self.days.newest("edge-1") or BillingMonth.of(self.at, self.point.zone).first
        since = datetime.combine(newest, datetime.min.time(), tzinfo=self.point.zone).astimezone(UTC)
        self.store = StoreReadings(Registers(), self.outbox, WIRE, list(self.point.meters))
        self.price = PriceLocally("edge-1", self.outbox, WIRE, self.pricing(self.days), since)

    def pricing(self, days: MeteringDays) -> PriceUploads:
        points = MemorySupplyPoints({"edge-1": self.point})
        return PriceUploads(days, OpenPeriods(), points, self.terms_of, WIRE, self.refused, self)

    def now(self) -> datetime:
        """A house is its own clock."""
        return self.at

    def work(self, hours: float, price: bool = True) -> None:
        for _ in range(int(hours * 12)):
            self.at += STEP
            self.store(self.at)
            if price:
                self.price()

    def figures(self) -> Today | None:
        return todays_figures(self.days, self.point, self.terms_of, self.at)

    def in_the_cloud(self) -> Today | None:
        """The same cycles, priced as the cloud prices them, from the first one on."""
        store = EventStore.in_memory(SetClock(self.at))
        cycles = sorted(self.outbox.newest_first(), key=lambda cycle: cycle.seq)
        self.pricing(store.days)([WIRE.record("edge-1", "memory", cycle.seq, cycle.body) for cycle in cycles])
        return todays_figures(store.days, self.point, self.terms_of, self.at)


@pytest.fixture
def house(tmp_path: Path, mill: SupplyPoint, terms_of: TermsOf) -> House:
    return House(tmp_path, mill, terms_of)


def test_the_device_and_the_cloud_agree_to_the_last_figure(house: House) -> None:
    house.work(40)
    assert house.figures() is not None
    assert house.figures() == house.in_the_cloud()
    assert list(house.refused.kept()) == []


def test_the_figures_are_those_of_the_registers(house: House) -> None:
    house.work(10)  # to 09:00 on Monday in Madrid; the first hour belongs to Sunday
    found = house.figures()
    assert found is not None
    assert (found.day, found.currency) == (date(2026, 1, 5), "EUR")
    assert abs(found.energy_wh - 9 * 12 * 900) < 10
    assert found.month_energy_wh > found.energy_wh
    assert Decimal("10.79") < found.peak_kw < Decimal("10.83")
    assert [meter.meter for meter in found.meters] == ["main", "oven"]
    assert found.intervals == 10 * 12 - 1


def test_before_the_first_measurement_there_are_no_figures(house: House) -> None:
    house.work(1 / 12)
    assert house.price() == 0
    assert house.figures() is None


def test_the_period_is_the_tariffs_at_the_local_time(house: House) -> None:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    assert period_now(house.point, house.terms_of, monday.replace(hour=6, minute=59)) == "night"
    assert period_now(house.point, house.terms_of, monday.replace(hour=7)) == "day"


@pytest.mark.parametrize("hours", [0.5, 1.0, 9.0, 26.0, 49.5])
def test_a_restart_loses_nothing_of_today_nor_of_the_month(house: House, hours: float) -> None:
    house.work(hours)
    house.start()
    house.price()
    assert house.figures() == house.in_the_cloud()
    house.work(3)
    assert house.figures() == house.in_the_cloud()


def test_what_was_stored_while_nothing_was_priced_is_priced_later(house: House) -> None:
    house.work(5)
    house.work(30, price=False)
    house.start()
    assert house.price() > 0
    assert house.figures() == house.in_the_cloud()


def test_days_without_power_are_spread_and_the_month_goes_on(house: House) -> None:
    house.work(5)
    house.at += timedelta(days=3, hours=2)
    house.start()
    house.work(2)
    assert house.figures() == house.in_the_cloud()


def test_a_lost_folder_costs_the_months_beginning_and_says_how_much(house: House) -> None:
    house.work(26)
    for path in (house.folder / "days").iterdir():
        path.unlink()
    house.outbox.acknowledge(range(1, 101))
    house.outbox.forget(keep=house.outbox.last_seq - 100)
    house.start()
    house.price()
    found, whole = house.figures(), house.in_the_cloud()
    assert found is not None
    assert whole is not None
    assert found.energy_wh == whole.energy_wh
    assert found.intervals < found.intervals_expected


def test_a_damaged_beginning_is_made_again(house: House) -> None:
    house.work(9)
    for path in (house.folder / "days").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    house.start()
    house.price()
    assert house.figures() == house.in_the_cloud()


@pytest.mark.parametrize(
    "name", ["2026-01-05_DayOpened.v9.day", "no date_DayOpened.v2.day", "2026-01-05_DayClosed.v1.day"]
)
def test_a_file_of_another_kind_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x\x9c\x03\x00\x00\x00\x00\x01")
    assert RecentDays(tmp_path).get("edge-1", date(2026, 1, 5)).opened is None


def test_a_beginning_of_another_tariff_is_not_taken(house: House) -> None:
    house.work(9)
    assert RecentDays(house.folder / "days", lambda _: False).get("edge-1", date(2026, 1, 5)).opened is None
    assert RecentDays(house.folder / "days").get("another", date(2026, 1, 5)).opened is None


def test_only_the_last_few_days_are_kept(house: House) -> None:
    house.work(24 * 6)
    assert len(list((house.folder / "days").iterdir())) == DAYS_KEPT
    assert len(house.days._days) == DAYS_KEPT
    assert house.figures() == house.in_the_cloud()


def test_a_full_disk_stops_no_pricing_and_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("adapters.recent_days._replace", full)
    house.work(9)
    assert "No space left on device" in house.days.unsaved
    assert house.figures() == house.in_the_cloud()
    monkeypatch.undo()
    house.work(24)
    assert house.days.unsaved == ""


def test_a_cycle_that_is_damaged_holds_nobody_back(house: House) -> None:
    house.work(2)
    house.outbox.append("damaged", b"\x00" * 30)
    house.work(2)
    house.start()
    house.price()
    assert house.figures() == house.in_the_cloud()
    assert len(house.refused.kept()) == 1


def test_two_writers_of_one_day_notice_each_other(house: House) -> None:
    house.work(3)
    other = MeteringDay("edge-1", date(2026, 1, 5))
    with pytest.raises(SomeoneElseWrote):
        house.days.append(other, [])


def test_a_device_does_not_know_what_it_knew(house: House) -> None:
    with pytest.raises(Refusal, match="ask the cloud's ledger"):
        house.days.get("edge-1", date(2026, 1, 5), known_at=START)


def test_a_device_closes_no_month(house: House) -> None:
    month = BillingMonth.of(START, house.point.zone)
    period = OpenPeriods().get("mill", month)
    period.check_open()
    with pytest.raises(Refusal, match="close it in the cloud"):
        OpenPeriods().append(period, [])


def test_costs_are_shown_with_four_places(house: House) -> None:
    house.work(9)
    found, day = house.figures(), house.days.get("edge-1", date(2026, 1, 5))
    assert found is not None
    assert abs(found.cost - Decimal(sum(day.meters[day.index["main"]].live_nano)) / NANO) <= Decimal("0.00005")
