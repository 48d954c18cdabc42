"""What a device thinned on its full disk is told by the ledger: where, how far, and why; the energy is all there."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryOutbox, MemoryQuarantine, MemoryStream, MemorySupplyPoints, SetClock
from adapters.messages import WattledgerWire
from application.bill_known_at import MonthHistory
from application.close_period import ClosePeriod
from application.make_room import MakeRoom
from application.price_uploads import PriceUploads
from application.store_readings import StoreReadings
from application.terms_of import TermsOf
from application.upload_outbox import UploadOutbox
from domain.events import ReadingsThinned
from domain.measurement import Reading
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from domain.upload import Thinned

START, STEP = datetime(2026, 1, 7, 8, tzinfo=UTC), timedelta(minutes=5)  # 09:00 in Madrid
WEDNESDAY, WIRE = date(2026, 1, 7), WattledgerWire()
POLLS = 260


class Steady:
    """Meters: one that counts 1 kWh every five minutes."""

    def read(self, at: datetime) -> list[Reading]:
        return [Reading("main", at, (at - START) // STEP * 1_000, 0)]


@dataclass
class Cloud:
    """Where the uploads of one supply point arrive."""

    point: SupplyPoint
    terms_of: TermsOf
    store: EventStore = field(default_factory=lambda: EventStore.in_memory(SetClock(START)))
    quarantine: MemoryQuarantine = field(default_factory=MemoryQuarantine)

    def price(self, records: list[bytes]) -> None:
        points = MemorySupplyPoints({self.point.device: self.point})
        later = SetClock(START + timedelta(days=365))
        PriceUploads(self.store.days, self.store.periods, points, self.terms_of, WIRE, self.quarantine, later)(records)

    def thinned(self) -> list[tuple[date | None, ReadingsThinned]]:
        events = [(entry.day, entry.event) for entry in self.store.ledger.after(0, 9_999)]
        return [(day, event) for day, event in events if isinstance(event, ReadingsThinned)]


@pytest.fixture
def cloud(mill: SupplyPoint, terms_of: TermsOf) -> Cloud:
    return Cloud(mill, terms_of)


@pytest.fixture
def uploads() -> list[bytes]:
    """What a device sends after its line was down for longer than its disk is large."""
    outbox, stream = MemoryOutbox(most_cycles=120), MemoryStream()
    device = StoreReadings(Steady(), outbox, WIRE, ["main"], make_room=MakeRoom(outbox, WIRE, newest_kept=12))
    for poll in range(POLLS):
        device(START + STEP * poll)
    UploadOutbox("edge-1", outbox, stream, WIRE)()
    return stream.take(9_999)


def test_every_thinned_time_is_told_once_with_its_reason(cloud: Cloud, uploads: list[bytes]) -> None:
    cloud.price(uploads)
    cloud.price(uploads)
    told = [event for _, event in cloud.thinned()]
    thinned = [upload for upload in map(WIRE.upload, uploads) if upload.thinned]
    joined = [
        upload for upload in thinned if any(before and after.at - before.at > STEP for before, after in upload.readings)
    ]
    assert joined
    assert {event.upload for event in told} == {upload.key for upload in joined}
    assert len({(day, event.first, event.last) for day, event in cloud.thinned()}) == len(told)
    assert {event.reason for event in told} == {"the device's disk was full"}
    assert {event.minutes for event in told} <= {15, 60}


def test_exactly_what_was_thinned_is_estimated_and_no_energy_is_lost(cloud: Cloud, uploads: list[bytes]) -> None:
    cloud.price(uploads)
    estimated = {(day, slot) for day, event in cloud.thinned() for slot in range(event.first, event.last)}
    days = [date(2026, 1, 7), date(2026, 1, 8)]
    mains = {day: cloud.store.days.get("edge-1", day).meters[0] for day in days}
    assert estimated == {(day, slot) for day, main in mains.items() for slot in main.estimated}
    assert len(estimated) > POLLS // 3
    month = BillingMonth(WEDNESDAY.replace(day=1), cloud.point.zone)
    bill = ClosePeriod(cloud.store.days, cloud.store.periods, cloud.terms_of)(cloud.point, month).bill
    assert bill.determinants.total_wh == (POLLS - 1) * 1_000
    assert bill.coverage.estimated == len(estimated)


def test_the_history_of_a_month_tells_why_its_times_are_not_known(cloud: Cloud, uploads: list[bytes]) -> None:
    cloud.price(uploads)
    month = BillingMonth(WEDNESDAY.replace(day=1), cloud.point.zone)
    told = [one for one in MonthHistory(cloud.store.histories)(cloud.point, month) if one.what == "thinned"]
    assert len(told) == len(cloud.thinned())
    assert told[0].text.endswith("the device's disk was full")


def test_a_thinned_time_that_passes_midnight_is_told_by_both_days(cloud: Cloud) -> None:
    midnight = datetime(2026, 1, 7, 23, tzinfo=UTC)
    pair = Reading("main", midnight - STEP, 0, 0), Reading("main", midnight + 2 * STEP, 3_000, 0)
    cloud.price([WIRE.record("edge-1", "store-1", 9, WIRE.body([pair], None, Thinned((4, 5, 6), 15)))])
    assert [(day, one.first, one.last, one.cycles) for day, one in cloud.thinned()] == [
        (date(2026, 1, 7), 287, 288, 3),
        (date(2026, 1, 8), 0, 2, 3),
    ]


def test_a_thinned_cycle_that_brings_nothing_new_tells_nothing_new(cloud: Cloud) -> None:
    readings = [Reading("main", START + STEP * n, n * 1_000, 0) for n in range(4)]
    bodies = [WIRE.body([pair]) for pair in itertools.pairwise(readings)]
    cloud.price([WIRE.record("edge-1", "store-1", seq, body) for seq, body in enumerate(bodies, 1)])
    late = WIRE.body([(readings[0], readings[3])], None, Thinned((1, 2, 3), 15))
    cloud.price([WIRE.record("edge-1", "store-1", 4, late)])
    assert cloud.thinned() == []


def test_what_was_measured_in_a_thinned_cycle_is_not_told_as_thinned(cloud: Cloud) -> None:
    one, two, three = (Reading("main", START + STEP * n, n * 1_000, 0) for n in (0, 3, 4))
    cloud.price([WIRE.record("edge-1", "store-1", 9, WIRE.body([(one, two), (two, three)], None, Thinned((4, 8), 15)))])
    assert [(event.first, event.last) for _, event in cloud.thinned()] == [(108, 111)]  # 09:00 to 09:15


def test_a_meter_that_is_replayed_later_does_not_tell_again_what_is_known(cloud: Cloud) -> None:
    pairs = [(Reading(meter, START, 0, 0), Reading(meter, START + 3 * STEP, 3_000, 0)) for meter in ("main", "lathe")]
    cloud.price([WIRE.record("edge-1", "store-1", 9, WIRE.body(pairs, None, Thinned((4, 5, 6), 15)))])
    (kept,) = cloud.quarantine.kept()
    cloud.point = replace(cloud.point, meters={**cloud.point.meters, "lathe": cloud.point.meters["main"]})
    cloud.price([kept.data])
    assert cloud.store.days.get("edge-1", WEDNESDAY).index.keys() >= {"main", "lathe"}
    assert len(cloud.thinned()) == 1
