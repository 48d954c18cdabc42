"""Stored events: names for ever, samples that every version must load, and no key lost in silence."""

import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.event_codec import STORED_NAMES, UPCASTS, DamagedEvent, UnknownEvent, decode, decode_measured, encode
from adapters.event_store.recorder import unsealed
from domain.bill import Basis
from domain.events import (
    DayClosed,
    DayEvent,
    Event,
    GapDeclared,
    PeriodEvent,
    ReadingCorrected,
    ReadingsPriced,
    ReadingsThinned,
)
from domain.gauges import AnyGauge
from domain.site_events import SiteEvent

STORED = Path(__file__).parent / "stored"
NAMES = sorted({*STORED_NAMES, *UPCASTS})
PACKED = "ReadingsPriced.v3"
TEXTS = sorted({*STORED_NAMES, "ReadingsPriced.v2"} - {PACKED})
"""Names of what is stored as JSON today, and the last such upload."""


def sample(name: str) -> dict[str, Any]:
    """What some version once stored under this name; never to be changed."""
    content: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return content


def state(content: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(content).encode())


def stored(name: str) -> bytes:
    """The bytes of a sample."""
    if name == PACKED:
        return bytes.fromhex((STORED / f"{name}.hex").read_text(encoding="ascii"))
    return state(sample(name))


def test_every_name_ever_stored_has_a_sample_and_every_sample_a_name() -> None:
    assert sorted(path.stem for path in STORED.iterdir()) == NAMES
    assert len(NAMES) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_sample_loads(name: str) -> None:
    event = decode(name, stored(name))
    assert isinstance(event, STORED_NAMES[encode(event)[0]])


UPLOAD = ReadingsPriced(
    upload="store-1/7",
    meters=(0, 1, 2, 3),
    slots=(108, 108, 108, 108),
    wh=(258_730, 10_517, 0, 5_316),
    varh=(95_712, 3_996, 2**40, 1_541),
    estimated=(0, 0, 1, 0),
    live_nano=(
        (51_719_310, 51_719_310, 51_719_310, 51_719_310),
        (0, -12, 3_000_000_000, 7),
        (46_597_273_000, 1_894_111_700, 0, 957_411_600),  # 180,100 nano a Wh
        (),
        (2**64, 1, -1, 0),
    ),
    export_wh=(0, 120, None, 3),
)
"""What the packed sample says, with columns of every kind."""


def test_a_packed_upload_means_for_ever_what_it_meant() -> None:
    assert decode(PACKED, stored(PACKED)) == UPLOAD
    assert encode(UPLOAD) == (PACKED, stored(PACKED))


def test_uploads_of_all_shapes_come_in_todays() -> None:
    first, second = (
        decode("ReadingsPriced.v1", stored("ReadingsPriced.v1")),
        decode("ReadingsPriced.v2", stored("ReadingsPriced.v2")),
    )
    assert isinstance(first, ReadingsPriced)
    assert replace(first, export_wh=(0, 120, None)) == second
    assert encode(second)[0] == PACKED
    assert decode(*encode(second)) == second


def test_an_uploads_measurements_are_told_without_its_costs() -> None:
    found = decode_measured(PACKED, stored(PACKED))
    assert found is not None
    told = (found.meters, found.slots, found.wh, found.varh, found.estimated, found.export_wh, found.capacitive_varh)
    meant = (UPLOAD.meters, UPLOAD.slots, UPLOAD.wh, UPLOAD.varh, UPLOAD.estimated, UPLOAD.export_wh, ())
    assert tuple(map(tuple, told)) == meant
    assert decode_measured("ReadingsPriced.v2", stored("ReadingsPriced.v2")) is None


def test_no_byte_of_a_packed_upload_changes_or_goes_unseen() -> None:
    whole = stored(PACKED)
    for at in range(len(whole)):
        changed = whole[:at] + bytes((whole[at] ^ 4,)) + whole[at + 1 :]
        for damaged in (changed, whole[:at]):
            for read in (decode, decode_measured):
                with pytest.raises(DamagedEvent, match=r"an upload of \d+ bytes is not what was written"):
                    read(PACKED, damaged)


def test_damaged_text_is_refused_in_words() -> None:
    for damaged in (b"", stored("DayClosed.v1")[:-1], zlib.compress(b"{")):
        with pytest.raises(DamagedEvent, match=r"bytes of DayClosed\.v1 are not what was written"):
            decode("DayClosed.v1", damaged)


def today(name: str) -> str:
    """Under which name the content of a sample is read."""
    return PACKED if name in UPCASTS else name


def checked(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little") + content


def test_a_kind_of_column_that_a_newer_version_wrote_is_refused() -> None:
    content = bytearray(stored(PACKED)[4:])
    content[10 + len(UPLOAD.upload)] = 9
    with pytest.raises(UnknownEvent, match="a column of kind 9, unknown here: upgrade this wattledger"):
        decode(PACKED, checked(bytes(content)))


def test_more_than_the_columns_of_an_upload_is_refused_and_never_dropped() -> None:
    with pytest.raises(DamagedEvent, match=r"an upload of \d+ bytes has columns of \d+"):
        decode(PACKED, checked(stored(PACKED)[4:] + b"\x00"))


def test_fifty_measurements_take_few_bytes() -> None:
    meters = tuple(range(50))
    wh = tuple(10_000 + 37 * meter % 9_000 for meter in meters)
    costs = (tuple(1_767_500 * one for one in wh), (46_597_273,) * 50, (), tuple(7_600 * one for one in wh))
    event = ReadingsPriced("store-1/1234567", meters, (144,) * 50, wh, wh, (0,) * 50, costs)
    assert len(encode(event)[1]) < 6 * 50


@pytest.mark.parametrize("name", sorted({*STORED_NAMES} - {PACKED}))
def test_a_sample_of_today_is_stored_again_as_it_was(name: str) -> None:
    event = decode(name, state(sample(name)))
    again, data = encode(event)
    assert (again, json.loads(zlib.decompress(data))) == (name, sample(name))
    assert decode(again, data) == event


def test_every_event_has_one_name() -> None:
    kinds = {*get_args(DayEvent), *get_args(PeriodEvent), *get_args(SiteEvent)}
    assert set(STORED_NAMES.values()) == kinds == set(get_args(Event))
    assert len(STORED_NAMES) == len(kinds)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_past_fact_and_a_version_and_no_path_of_a_module(name: str) -> None:
    fact, _, version = name.partition(".v")
    assert fact.isidentifier()
    assert version.isdecimal()
    assert fact not in sys.modules
    assert fact.lower() not in {module.rpartition(".")[2] for module in sys.modules if module.startswith("domain")}


@pytest.mark.parametrize("name", ["ReadingsPriced.v9", "readingspriced.v1", "domain.events.ReadingsPriced", ""])
def test_an_unknown_name_is_refused_with_the_remedy(name: str) -> None:
    with pytest.raises(
        UnknownEvent, match=f"stored event '{name}' is not known here; a newer wattledger wrote it: upgrade"
    ):
        decode(name, stored("ReadingsPriced.v1"))
    with pytest.raises(UnknownEvent, match="is not known here"):
        decode(name, stored(PACKED))


@pytest.mark.parametrize("name", TEXTS)
def test_an_unknown_key_is_refused_and_never_dropped(name: str) -> None:
    with pytest.raises(UnknownEvent, match=rf"stored event {today(name)} has \['tax_free'\], unknown here"):
        decode(name, state({**sample(name), "tax_free": True}))


def places(content: Any) -> Iterator[dict[str, Any]]:
    """Every object within a content, but not those that map names of the user's."""
    if isinstance(content, dict):
        for key, inner in content.items():
            if isinstance(inner, dict) and not key.endswith(("_nano", "_micro")):
                yield inner
            yield from places(inner)
    if isinstance(content, list):
        for inner in content:
            if isinstance(inner, dict):
                yield inner
            yield from places(inner)


@pytest.mark.parametrize("name", ["DayOpened.v1", "PeriodClosed.v1"])
def test_an_unknown_key_is_refused_at_any_depth(name: str) -> None:
    count = len(list(places(sample(name))))
    assert count >= 3
    for number in range(count):
        content = sample(name)
        list(places(content))[number]["tax_free"] = True
        with pytest.raises(UnknownEvent, match=r"\['tax_free'\]"):
            decode(name, state(content))


@pytest.mark.parametrize("name", TEXTS)
def test_a_missing_key_is_an_error_and_never_a_default(name: str) -> None:
    for key in sample(name):
        with pytest.raises((KeyError, ValueError), match=key):
            decode(name, state({other: value for other, value in sample(name).items() if other != key}))


def test_the_bill_of_the_sample_has_lines_on_every_basis() -> None:
    lines = sample("PeriodClosed.v1")["bill"]["lines"]
    assert {line["basis"]["by"] for line in lines} == {"evenly", "energy", "peak", "lines"}


SMALL, NANO, TEXT = st.integers(0, 300), st.integers(-(2**63), 2**63 - 1), st.text(max_size=40)
WH = st.integers(0, 2**62)


@st.composite
def priced(draw: st.DrawFn) -> ReadingsPriced:
    rows = draw(st.integers(0, 6))
    first = draw(SMALL)

    def column(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
        return st.lists(of, min_size=rows, max_size=rows).map(tuple) | of.map(lambda one: (one,) * rows)

    numbers = column(SMALL) | column(WH) | st.just(tuple(range(first, first + rows)))
    meters, slots, wh, varh, estimated = [draw(numbers) for _ in range(5)]
    times = st.integers(-(10**12), 10**12).map(lambda each: tuple(each * one for one in wh))
    cost = st.just(()) | column(NANO) | column(st.integers(-(2**70), 2**70)) | column(SMALL) | times
    extra = st.just(()) | column(WH | st.none())
    live = tuple(draw(st.lists(cost, max_size=4)))
    return ReadingsPriced(draw(TEXT), meters, slots, wh, varh, estimated, live, draw(extra), draw(extra))


EVENTS: st.SearchStrategy[Event] = st.one_of(
    priced(),
    st.builds(
        ReadingCorrected,
        *(SMALL, SMALL, NANO, NANO, NANO, NANO, TEXT, TEXT),
        st.lists(NANO).map(tuple),
        st.lists(NANO).map(tuple),
        st.booleans(),
    ),
    st.builds(GapDeclared, TEXT, SMALL, SMALL, SMALL, TEXT),
    st.builds(ReadingsThinned, TEXT, SMALL, SMALL, SMALL, SMALL, TEXT),
    st.builds(DayClosed, st.dates(date(1970, 1, 1), date(2999, 1, 1))),
)


@given(event=EVENTS)
@settings(max_examples=400)
def test_what_is_stored_is_what_is_loaded(event: Event) -> None:
    assert decode(*encode(event)) == event


@given(event=priced())
@settings(max_examples=200)
def test_measurements_without_their_costs_are_those_of_the_upload(event: ReadingsPriced) -> None:
    found = decode_measured(*encode(event))
    assert found is not None
    names = ("meters", "slots", "wh", "varh", "estimated", "export_wh", "capacitive_varh")
    assert [tuple(getattr(found, name)) for name in names] == [getattr(event, name) for name in names]


def test_instants_are_loaded_in_utc() -> None:
    opened = decode("DayOpened.v1", state(sample("DayOpened.v1")))
    assert getattr(opened, "start", None) == datetime(2026, 1, 6, 23, tzinfo=UTC)


def kinds_in_samples(key: str) -> set[str]:
    """The values of a key, anywhere in any sample."""
    found = [sample(path.stem) for path in STORED.glob("*.json")]
    return {place[key] for content in found for place in places(content) if isinstance(place.get(key), str)}


def test_every_kind_of_gauge_that_a_day_may_open_with_is_in_a_sample() -> None:
    kinds = {field.default for gauge in get_args(AnyGauge) for field in fields(gauge) if field.name == "kind"}
    assert len(kinds) == len(get_args(AnyGauge))
    assert kinds_in_samples("kind") >= kinds


def test_every_basis_that_a_bill_line_may_have_is_in_a_sample() -> None:
    names = {field.default for basis in get_args(Basis) for field in fields(basis) if field.name == "by"}
    assert len(names) == len(get_args(Basis))
    assert kinds_in_samples("by") >= names


@pytest.mark.parametrize("name", sorted(path.stem for path in STORED.glob("*.json")))
def test_a_state_of_before_instants_were_stored_beside_it_loads_as_of_1970(name: str) -> None:
    old = state(sample(name))
    data, recorded_at = unsealed(old)
    assert recorded_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert data == old
