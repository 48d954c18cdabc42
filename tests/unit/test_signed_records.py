"""In the cloud: a device can write only as itself. Whoever reaches the stream can write any name, and none counts."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryKey, MemoryQuarantine, MemorySignatures, SetClock
from adapters.messages import SIGNED_MAGIC, WattledgerWire, _enclosed
from application.close_period import ClosePeriod
from application.ports import Reason, Signatures, Signer
from application.price_uploads import PriceUploads
from application.record_late import RecordLate
from application.register_site import RegisterDeviceKeys, RegisterSite
from application.reopen_period import AmendPeriod
from application.replay_quarantine import ReplayQuarantine
from application.terms_of import TermsOf
from domain.measurement import Reading
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

STEP = timedelta(minutes=5)
NINE = datetime(2026, 1, 7, 8, tzinfo=UTC)  # 09:00 in Madrid
WEDNESDAY = date(2026, 1, 7)
WIRE = WattledgerWire()
OURS, OLD, THEIRS = MemoryKey("key of edge-1"), MemoryKey("its key of before"), MemoryKey("key of edge-2")


@dataclass
class Cloud:
    """Two supply points, each with its device: `edge-1` signs with `OURS`, `edge-2` with `THEIRS`."""

    mill: SupplyPoint
    terms_of: TermsOf
    signatures: Signatures | None = field(default_factory=MemorySignatures)

    def __post_init__(self) -> None:
        self.clock = SetClock(NINE + timedelta(days=60))
        self.store, self.quarantine = EventStore.in_memory(self.clock), MemoryQuarantine()
        self.keys = RegisterDeviceKeys(self.store.sites)
        store = self.store
        for point, key in ((self.mill, OURS), (replace(self.mill, id="mine", device="edge-2"), THEIRS)):
            RegisterSite(store.sites)(point)
            self.keys(point.id, [key.public])
        self.price = PriceUploads(
            store.days, store.periods, store.sites, self.terms_of, WIRE, self.quarantine, self.clock, self.signatures
        )
        self.close = ClosePeriod(store.days, store.periods, self.terms_of)
        self.late = RecordLate(self.price, AmendPeriod.of(self.close))
        self.replay = ReplayQuarantine(self.price, late=self.late)

    def wh(self, device: str = "edge-1", meter: str = "main") -> int:
        day = self.store.days.get(device, WEDNESDAY)
        return day.meters[day.index[meter]].today.total_wh if meter in day.index else 0

    def waiting(self) -> list[Reason]:
        return [kept.reason for kept in self.quarantine.kept()]


@pytest.fixture
def cloud(mill: SupplyPoint, terms_of: TermsOf) -> Cloud:
    return Cloud(mill, terms_of)


def body(wh: int, *meters: str, steps: int = 0) -> bytes:
    at = NINE + steps * STEP
    pairs = [(Reading(one, at - STEP, 5000, 0), Reading(one, at, 5000 + wh, 0)) for one in meters or ("main",)]
    return WIRE.body(pairs)


def record(signer: Signer | None, wh: int = 1000, device: str = "edge-1", seq: int = 1, steps: int = 0) -> bytes:
    return WIRE.record(device, "store-1", seq, body(wh, steps=steps), signer)


def test_what_a_device_signed_with_its_registered_key_is_priced(cloud: Cloud) -> None:
    cloud.price([record(OURS), record(THEIRS, 700, "edge-2")])
    assert (cloud.wh(), cloud.wh("edge-2"), cloud.waiting()) == (1000, 700, [])


def test_another_devices_name_is_quarantined_and_its_neighbours_are_priced(cloud: Cloud) -> None:
    forged = record(THEIRS, 90_000)
    cloud.price([record(THEIRS, 700, "edge-2"), forged, record(OURS, steps=1)])
    assert (cloud.wh(), cloud.wh("edge-2")) == (1000, 700)
    (kept,) = cloud.quarantine.kept()
    assert (kept.reason, kept.data) == (Reason.NOT_SIGNED, forged)
    assert kept.text == (
        "a record that names device 'edge-1' is not signed by it: its signature is none of that device's; if the "
        "device has a new key, add it to device_keys of mill and register that, then replay its records"
    )


def test_a_record_that_nobody_signed_waits_where_a_key_is_registered(cloud: Cloud) -> None:
    cloud.price([record(None)])
    assert (cloud.wh(), cloud.waiting()) == (0, [Reason.NOT_SIGNED])
    assert "not signed by it: nobody signed it;" in cloud.quarantine.kept()[0].text


def test_where_no_key_is_registered_all_is_as_before(cloud: Cloud) -> None:
    cloud.keys("mill", [])
    cloud.price([record(None), record(OURS, steps=1), record(THEIRS, steps=2)])
    assert (cloud.wh(), cloud.waiting()) == (3000, [])


def test_no_flipped_byte_of_a_record_gets_in_under_a_true_checksum(cloud: Cloud) -> None:
    whole = record(OURS)
    content = whole[8:]
    for at in range(len(content)):
        changed = content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
        cloud.price([_enclosed(SIGNED_MAGIC, changed)])
    assert cloud.wh() == 0
    assert set(cloud.waiting()) == {Reason.UNREADABLE, Reason.NOT_SIGNED, Reason.UNKNOWN_DEVICE}
    cloud.replay()
    assert cloud.wh() == 0
    cloud.price([whole])
    assert cloud.wh() == 1000


@pytest.mark.parametrize(("store", "seq"), [("store-1", 2), ("store-2", 1)])
def test_a_signature_is_of_one_number_of_one_store(cloud: Cloud, store: str, seq: int) -> None:
    signature = WIRE.signed(record(OURS)).signature

    class Copied:
        def sign(self, content: bytes) -> bytes:
            return signature

    cloud.price([WIRE.record("edge-1", store, seq, body(1000), Copied())])
    assert (cloud.wh(), cloud.waiting()) == (0, [Reason.NOT_SIGNED])


def test_a_key_is_changed_without_a_record_lost(cloud: Cloud) -> None:
    cloud.keys("mill", [OLD.public])
    cloud.price([record(OLD)])
    cloud.keys("mill", [OLD.public, OURS.public])
    cloud.price([record(OURS, seq=2, steps=1), record(OLD, seq=3, steps=2)])
    cloud.keys("mill", [OURS.public])
    assert (cloud.wh(), cloud.waiting()) == (3000, [])
    cloud.price([record(OLD, seq=4, steps=3)])
    assert (cloud.wh(), cloud.waiting()) == (3000, [Reason.NOT_SIGNED])


def test_what_waited_is_replayed_once_its_key_is_registered(cloud: Cloud) -> None:
    cloud.keys("mill", [OLD.public])
    cloud.price([record(OURS), record(THEIRS, 90_000, seq=2, steps=1)])
    assert cloud.waiting() == [Reason.NOT_SIGNED] * 2
    assert cloud.replay().released == 0
    cloud.keys("mill", [OLD.public, OURS.public])
    assert (cloud.replay().released, cloud.wh(), cloud.waiting()) == (1, 1000, [Reason.NOT_SIGNED])


def test_a_part_of_a_signed_record_that_waits_for_something_else_is_replayed_without_a_signature(cloud: Cloud) -> None:
    cloud.price([WIRE.record("edge-1", "store-1", 1, body(500, "main", "lathe"), OURS)])
    assert (cloud.wh(), cloud.waiting()) == (500, [Reason.UNKNOWN_METER])
    lathe = {"lathe": cloud.mill.meters["main"]}
    RegisterSite(cloud.store.sites)(replace(cloud.mill, meters={**cloud.mill.meters, **lathe}))
    assert (cloud.replay().released, cloud.wh(meter="lathe"), cloud.waiting()) == (1, 500, [])


def test_what_came_before_its_supply_point_was_registered_is_asked_for_its_signature_then(
    mill: SupplyPoint, terms_of: TermsOf
) -> None:
    cloud = Cloud(replace(mill, id="elsewhere", device="edge-9"), terms_of)
    cloud.keys("elsewhere", ["of nobody"])
    cloud.price([record(THEIRS, 90_000), record(OURS, steps=1)])
    assert cloud.waiting() == [Reason.UNKNOWN_DEVICE] * 2
    RegisterSite(cloud.store.sites)(mill)
    cloud.keys("mill", [OURS.public])
    assert (cloud.replay().released, cloud.wh(), len(cloud.waiting())) == (1, 1000, 1)


def test_the_permission_to_change_a_closed_month_is_none_to_write_as_another_device(cloud: Cloud) -> None:
    cloud.price([record(OURS)])
    month = BillingMonth(date(2026, 1, 1), cloud.mill.zone)
    cloud.close(cloud.mill, month)
    cloud.price([record(OURS, seq=2, steps=1), record(THEIRS, 90_000, seq=3, steps=2)])
    assert cloud.waiting() == [Reason.CLOSED_PERIOD, Reason.NOT_SIGNED]
    replayed = cloud.replay(said=("A. Person", "late readings"))
    assert (replayed.released, cloud.wh(), cloud.waiting()) == (1, 2000, [Reason.NOT_SIGNED])


def test_a_signed_record_of_a_closed_month_that_waited_for_its_key_is_recorded_with_permission(cloud: Cloud) -> None:
    cloud.price([record(OURS)])
    cloud.keys("mill", [OLD.public])
    cloud.price([record(OURS, seq=2, steps=1)])
    cloud.close(cloud.mill, BillingMonth(date(2026, 1, 1), cloud.mill.zone))
    cloud.keys("mill", [OURS.public])
    assert cloud.replay(said=("A. Person", "late readings")).released == 1
    assert (cloud.wh(), cloud.waiting()) == (2000, [])


def test_who_vouches_for_a_file_at_the_desk_needs_no_signature(cloud: Cloud) -> None:
    cloud.price([record(None)], vouched=True)
    cloud.late([record(None, seq=2, steps=1)], "A. Person", "the file of the utility")
    assert (cloud.wh(), cloud.waiting()) == (2000, [])


def test_where_nobody_can_check_signatures_nothing_that_needs_one_gets_in(mill: SupplyPoint, terms_of: TermsOf) -> None:
    cloud = Cloud(mill, terms_of, signatures=None)
    cloud.price([record(OURS)])
    assert (cloud.wh(), cloud.waiting()) == (0, [Reason.NOT_SIGNED])
