"""Stored events: names for ever, samples that every version must load, and no key lost in silence."""

import json
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.event_codec import STORED_NAMES, UPCASTS, UnknownEvent, decode, encode
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
from domain.site_events import SiteEvent

STORED = Path(__file__).parent / "stored"
NAMES = sorted({*STORED_NAMES, *UPCASTS})


def sample(name: str) -> dict[str, Any]:
    """What some version once stored under this name; never to be changed."""
    content: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return content


def state(content: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(content).encode())


def test_every_name_ever_stored_has_a_sample_and_every_sample_a_name() -> None:
    assert sorted(path.stem for path in STORED.glob("*.json")) == NAMES
    assert len(NAMES) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_sample_loads(name: str) -> None:
    event = decode(name, state(sample(name)))
    assert isinstance(event, STORED_NAMES[encode(event)[0]])


@pytest.mark.parametrize("name", sorted(STORED_NAMES))
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
        decode(name, state(sample("ReadingsPriced.v1")))


@pytest.mark.parametrize("name", sorted(STORED_NAMES))
def test_an_unknown_key_is_refused_and_never_dropped(name: str) -> None:
    with pytest.raises(UnknownEvent, match=rf"stored event {name} has \['tax_free'\], unknown here"):
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


@pytest.mark.parametrize("name", sorted(STORED_NAMES))
def test_a_missing_key_is_an_error_and_never_a_default(name: str) -> None:
    for key in sample(name):
        with pytest.raises((KeyError, ValueError), match=key):
            decode(name, state({other: value for other, value in sample(name).items() if other != key}))


def test_the_bill_of_the_sample_has_lines_on_every_basis() -> None:
    lines = sample("PeriodClosed.v1")["bill"]["lines"]
    assert {line["basis"]["by"] for line in lines} == {"evenly", "energy", "peak", "lines"}


SMALL, NANO, TEXT = st.integers(0, 300), st.integers(-(2**63), 2**63 - 1), st.text(max_size=40)


@st.composite
def priced(draw: st.DrawFn) -> ReadingsPriced:
    rows = draw(st.integers(0, 6))
    columns = [tuple(draw(st.lists(SMALL, min_size=rows, max_size=rows))) for _ in range(5)]
    column = st.just(()) | st.lists(NANO, min_size=rows, max_size=rows).map(tuple)
    meters, slots, wh, varh, estimated = columns
    return ReadingsPriced(draw(TEXT), meters, slots, wh, varh, estimated, tuple(draw(st.lists(column, max_size=4))))


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
@settings(max_examples=200)
def test_what_is_stored_is_what_is_loaded(event: Event) -> None:
    assert decode(*encode(event)) == event


def test_instants_are_loaded_in_utc() -> None:
    opened = decode("DayOpened.v1", state(sample("DayOpened.v1")))
    assert getattr(opened, "start", None) == datetime(2026, 1, 6, 23, tzinfo=UTC)
