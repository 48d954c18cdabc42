"""Wire: readings come back as they were sent; anything else is refused, and nothing else ever happens."""

import json
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory import MemoryKey, MemorySignatures
from adapters.messages import LARGEST_BODY, LARGEST_RECORD, MAGIC, SIGNED_MAGIC, WattledgerWire
from application.ports import CannotUnderstand, Signer, Wire
from domain.measurement import Extra, Reading
from domain.upload import ClockFacts, ClockState, Contents, ReadingPair, Thinned, Upload

WIRE: Wire = WattledgerWire()
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
EPOCH, FAR = datetime(1970, 1, 1), datetime(3000, 1, 1)  # noqa: DTZ001  # hypothesis adds the time zone

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=128)
REGISTERS = st.integers(0, 2**62 - 1)
INSTANTS = st.datetimes(EPOCH, FAR, timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))


@st.composite
def pairs(draw: st.DrawFn) -> ReadingPair:
    meter = draw(NAMES)
    before = st.builds(Reading, st.just(meter), INSTANTS, REGISTERS, REGISTERS)
    return draw(st.none() | before), draw(before)


UPLOADS = st.builds(
    Upload, NAMES, NAMES, st.integers(1, 2**63 - 1), st.lists(pairs(), max_size=8).map(tuple)
)  # fmt: skip


def sent(upload: Upload, signer: Signer | None = None) -> bytes:
    return WIRE.record(upload.device, upload.store, upload.seq, WIRE.body(upload.readings), signer)


PAIR: ReadingPair = (Reading("main", NOON, 5000, 900), Reading("main", NOON + timedelta(minutes=5), 6000, 1200))
KEY = MemoryKey("key of edge-1")
UPLOAD = Upload("edge-1", "store-1", 7, (PAIR, (None, Reading("oven", NOON + timedelta(minutes=5), 0, 0))))


@given(upload=UPLOADS)
@settings(max_examples=50)
def test_what_was_sent_is_what_is_understood(upload: Upload) -> None:
    assert WIRE.upload(sent(upload)) == upload


@given(readings=st.lists(pairs(), max_size=8))
@settings(max_examples=50)
def test_a_body_gives_its_readings_back(readings: list[ReadingPair]) -> None:
    assert list(WIRE.readings(WIRE.body(readings))) == readings


def test_the_same_readings_are_the_same_bytes() -> None:
    assert sent(UPLOAD) == sent(UPLOAD)


def test_an_instant_is_an_instant_in_whatever_zone_it_was_told() -> None:
    elsewhere = PAIR[1].at.astimezone(timezone(timedelta(hours=-6)))
    told = (None, Reading("main", elsewhere, 1, 2))
    ((_, reading),) = WIRE.readings(WIRE.body([told]))
    assert (reading.at, reading.at.utcoffset()) == (elsewhere, timedelta(0))


@pytest.mark.parametrize("which", [0, 1])
def test_a_reading_without_a_time_zone_is_never_written(which: int) -> None:
    naive = Reading("main", datetime(2026, 1, 7, 12), 1, 2)  # noqa: DTZ001  # the fault itself
    pair = (naive, PAIR[1]) if which == 0 else (None, naive)
    with pytest.raises(ValueError, match="meter main: 2026-01-07T12:00:00 has no time zone"):
        WIRE.body([pair])


@given(data=st.binary(max_size=300))
def test_any_bytes_are_an_upload_or_are_refused(data: bytes) -> None:
    understood_or_refused(data)


@given(content=st.binary(max_size=300), length=st.integers(0, 2**16 - 1))
def test_any_bytes_behind_a_true_checksum_are_an_upload_or_are_refused(content: bytes, length: int) -> None:
    understood_or_refused(sealed(struct.pack(">H", length) + content))


ANY_JSON = st.recursive(st.none() | st.integers() | st.text(max_size=9) | st.floats(), st.lists, max_leaves=9)
ANY_COLUMNS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ["meter", "at", "wh", "varh", "at_before", "wh_before", "varh_before", "more"], st.lists(ANY_JSON)
    ),
)


@given(content=ANY_JSON | ANY_COLUMNS)
def test_any_json_as_a_body_is_readings_or_is_refused(content: object) -> None:
    body = zlib.compress(json.dumps(content).encode())
    understood_or_refused(WIRE.record("edge-1", "store-1", 1, body))


@given(upload=UPLOADS)
@settings(max_examples=50)
def test_what_was_signed_is_understood_as_what_was_not_and_tells_its_signature(upload: Upload) -> None:
    data = sent(upload, KEY)
    assert data.startswith(SIGNED_MAGIC)
    assert WIRE.upload(data) == upload
    signed = WIRE.signed(data)
    assert MemorySignatures().is_by_one_of([KEY.public], signed.content, signed.signature)
    assert WIRE.signed(sent(upload)).signature == b""
    assert sent(upload, KEY) == data


def test_what_is_signed_is_all_of_a_record_but_its_signature() -> None:
    changed = [replace(UPLOAD, device="edge-2"), replace(UPLOAD, store="2"), replace(UPLOAD, seq=8)]
    changed.append(replace(UPLOAD, readings=(PAIR,)))
    contents = {WIRE.signed(sent(one, key)).content for one in (UPLOAD, *changed) for key in (KEY, MemoryKey("other"))}
    assert len(contents) == 1 + len(changed)


@given(content=st.binary(max_size=300), length=st.integers(0, 300))
def test_any_bytes_behind_the_length_of_a_signature_are_an_upload_or_are_refused(content: bytes, length: int) -> None:
    data = sealed(struct.pack(">H", length) + content, SIGNED_MAGIC)
    understood_or_refused(data)
    with suppress(CannotUnderstand):
        assert len(WIRE.signed(data).signature) == length > 0


def test_a_signed_record_that_was_damaged_or_cut_off_is_refused() -> None:
    data = sent(UPLOAD, KEY)
    for at in range(len(data)):
        for damaged in (data[:at], data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :]):
            for read in (WIRE.upload, WIRE.signed):
                with pytest.raises(CannotUnderstand):
                    read(damaged)


def sealed(content: bytes, magic: bytes = MAGIC) -> bytes:
    return magic + struct.pack(">I", zlib.crc32(content)) + content


def understood_or_refused(data: bytes) -> None:
    try:
        assert isinstance(WIRE.upload(data), Upload)
    except CannotUnderstand as refusal:
        assert str(refusal)  # noqa: PT017  # either outcome is right, a third is not


@given(position=st.integers(0, len(sent(UPLOAD)) - 1), other=st.integers(1, 255))
def test_a_damaged_byte_is_always_noticed(position: int, other: int) -> None:
    data = bytearray(sent(UPLOAD))
    data[position] ^= other
    with pytest.raises(CannotUnderstand):
        WIRE.upload(bytes(data))


def test_a_record_that_was_cut_off_is_refused_wherever_it_was_cut() -> None:
    for size in range(len(sent(UPLOAD))):
        with pytest.raises(CannotUnderstand):
            WIRE.upload(sent(UPLOAD)[:size])


def test_bytes_behind_a_body_are_refused() -> None:
    with pytest.raises(CannotUnderstand, match="more follows its end"):
        WIRE.readings(WIRE.body([PAIR]) + b"x")


def test_a_record_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(CannotUnderstand, match=f"larger than the {LARGEST_RECORD} allowed"):
        WIRE.upload(MAGIC + bytes(LARGEST_RECORD))


def test_a_body_that_would_fill_the_memory_is_refused() -> None:
    bomb = zlib.compress(bytes(LARGEST_BODY + 1))
    assert len(bomb) < 10_000
    with pytest.raises(CannotUnderstand, match=f"inflates to more than the {LARGEST_BODY} bytes allowed"):
        WIRE.readings(bomb)


COLUMNS: dict[str, list[object]] = {
    "meter": ["main"],
    "at": [1_767_787_500],
    "wh": [6000],
    "varh": [1200],
    "at_before": [1_767_787_200],
    "wh_before": [5000],
    "varh_before": [900],
}


def as_body(columns: dict[str, list[object]]) -> bytes:
    return zlib.compress(json.dumps(columns).encode())


def test_the_columns_of_a_body_are_these() -> None:
    assert list(WIRE.readings(as_body(COLUMNS))) == [PAIR]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"wh": [6000.0]}, "wh.0: .*integer"),
        ({"wh": ["6000"]}, "wh.0: .*integer"),
        ({"wh": [True]}, "wh.0: .*integer"),
        ({"wh": [-1]}, "wh.0: .*greater than or equal to 0"),
        ({"wh": [2**62]}, "wh.0: .*less than"),
        ({"wh": []}, "zip.*shorter"),
        ({"wh_before": [1, 2]}, "zip.*longer"),
        ({"at": [None]}, "at.0: .*integer"),
        ({"at": [2**35]}, "at.0: .*less than"),
        ({"meter": [""]}, "meter.0: .*at least 1"),
        ({"meter": ["m" * 129]}, "meter.0: .*at most 128"),
        ({"meter": [7]}, "meter.0: .*string"),
        ({"kwh": [6]}, "kwh: Extra inputs"),
    ],
)
def test_a_column_that_is_not_as_agreed_is_refused_by_name(changed: dict[str, list[object]], said: str) -> None:
    with pytest.raises(CannotUnderstand, match=f"holds no readings: .*{said}"):
        WIRE.readings(as_body({**COLUMNS, **changed}))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_refused_by_name(column: str) -> None:
    with pytest.raises(CannotUnderstand, match=f"{column}: Field required"):
        WIRE.readings(as_body({name: values for name, values in COLUMNS.items() if name != column}))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"device": "", "store": "s", "seq": 1}, "device"),
        ({"device": "d", "store": "s", "seq": 0}, "seq"),
        ({"device": "d", "store": "s", "seq": "1"}, "seq"),
        ({"device": "d", "store": "s"}, "seq: Field required"),
        ({"device": "d", "store": "s", "seq": 1, "site": "x"}, "site: Extra inputs"),
        (["d", "s", 1], "content"),
    ],
)
def test_a_header_that_is_not_as_agreed_is_refused_by_name(header: object, said: str) -> None:
    text = json.dumps(header).encode()
    with pytest.raises(CannotUnderstand, match=f"header is not understood: .*{said}"):
        WIRE.upload(sealed(struct.pack(">H", len(text)) + text + WIRE.body([PAIR])))


def test_a_record_of_the_first_version_is_still_understood() -> None:
    # what waits for weeks in an outbox outlives an upgrade
    assert WIRE.upload(bytes.fromhex(STORED)) == UPLOAD


STORED = (
    "574c52311632408c002d7b22646576696365223a22656467652d31222c2273746f7265223a2273746f72652d31222c22"
    "736571223a377d7801ab56ca4d2d492d52b28a56ca4dcccc53d251ca2f4bcd538ad5514a2c010a1a9a9b999b5b989b1a"
    "18e8209840c9f20ca0a4990150d800c82b4b2c02f10d8da0fcc492f8a4d4b4fca254840920a9bcd29c1cb05e842cd060"
    "841108614bb0682d0078132c80"
)


def test_clock_facts_and_thinning_travel_in_the_body() -> None:
    clock = ClockFacts("boot-1", 300_000, 1_767_787_500_123, ClockState.NETWORK)
    thinned = Thinned((4, 5, 6), 15)
    body = WIRE.body([PAIR], clock, thinned)
    assert WIRE.contents(body) == Contents((PAIR,), clock, thinned)
    assert WIRE.upload(WIRE.record("edge-1", "store-1", 7, body)) == Upload(
        "edge-1", "store-1", 7, (PAIR,), clock, thinned
    )
    dead_battery = ClockFacts("boot-1", 0, None, ClockState.UNSYNCED)
    assert WIRE.contents(WIRE.body([], dead_battery)).clock == dead_battery


@pytest.mark.parametrize("body", [b"", b"\x04", b"\x28\xb5\x2f\xfd", b"{"])
def test_a_body_of_another_version_is_refused_by_its_first_byte(body: bytes) -> None:
    with pytest.raises(CannotUnderstand, match="no version of ours; upgrade"):
        WIRE.readings(body)


def test_a_record_with_a_body_of_the_second_version_is_still_understood() -> None:
    told = WIRE.upload(bytes.fromhex(STORED_2))
    assert told == replace(UPLOAD, clock=ClockFacts("boot-1", 1, 2, ClockState.BATTERY), thinned=Thinned((4, 5), 15))


STORED_2 = (
    "574c5231c703af03002d7b22646576696365223a22656467652d31222c2273746f7265223a2273746f72652d31222c22"
    "736571223a377d027801454ecb0e83300cfb979c3ba945836efc0a9a506199a8d68706010ea8ffbe1421f594d88e1d1f"
    "e0917086b6036f6c000171c3002f01869854bad1faa16b29455959dc27161bc9b464b4993963555dd8503fe027ce5812"
    "b21456e74e6f5139b84414fa79b1a38be317da038618b9ce396e8a4b66dcfb055ac55d8c73e75e0958c8107f5549004d"
    "36047c67f7823f3eedeea2e6f7de8695305beb94fe66d54b73"
)


BEFORE, AFTER = Reading("main", NOON, 5000, 900), PAIR[1]
SERIALS: tuple[ReadingPair, ...] = (
    (replace(BEFORE, extra=Extra(7), serial="A1"), replace(AFTER, extra=Extra(9), serial="B2")),
    UPLOAD.readings[1],
)


def plates(pairs: Sequence[ReadingPair]) -> list[tuple[str, str]]:
    return [(before.serial if before else "", after.serial) for before, after in pairs]


def test_serial_numbers_travel_in_a_body_of_the_third_version_and_cost_nothing_where_there_are_none() -> None:
    body = WIRE.body(SERIALS)
    assert (body[0], WIRE.body(UPLOAD.readings)[0]) == (3, 2)
    assert plates(WIRE.readings(body)) == [("A1", "B2"), ("", "")]
    assert list(WIRE.readings(body)) == list(SERIALS)


@pytest.mark.parametrize("serial", [["x" * 65], [7], [None], [], ["a", "b"]])
def test_a_serial_number_that_is_none_is_refused(serial: list[object]) -> None:
    with pytest.raises(CannotUnderstand, match=r"serial|zip"):
        WIRE.readings(as_body(COLUMNS | {"serial": serial}))


def test_a_record_with_a_body_of_the_third_version_is_still_understood() -> None:
    told = WIRE.upload(bytes.fromhex(STORED_3))
    clock = ClockFacts("boot-1", 1, 2, ClockState.BATTERY)
    assert told == replace(UPLOAD, readings=SERIALS, clock=clock, thinned=Thinned((4, 5), 15))
    assert plates(told.readings) == plates(SERIALS)


STORED_3 = (
    "574c5231ccbe5151002d7b22646576696365223a22656467652d31222c2273746f7265223a2273746f72652d31222c22"
    "736571223a377d0378014550d10e82300cfc973ecf841161c29bfe062164600dc4b1e936d084f0ef7688ee69bdbbf67a"
    "dd02237ab4505630ca41030333a3869a81f44472910b71125992b05892f8ea49cc13a21342b3b401f374c7d2372dde8c"
    "c5e810243d29b5cd46958ca345a48b9ded94e9ee502ed01a4371b6e7c02964c0cde8a0e494452ab5d52903e7a5a7ad7c"
    "65e0fb416bbc8669874f6aad8e2ca3f5e3a0278f6134a32e7c3f8cf5cd764ff14bf8276322f1d31cda412a72834b4a41"
    "c24f7da9d80be71011eaf50306a269eb"
)
