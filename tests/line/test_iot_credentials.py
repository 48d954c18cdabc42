"""A device is who its certificate says, towards the cloud it was told to trust, and towards nobody else."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinesis.iot_credentials import _credentials, credentials_of
from application.ports import NotAllowed, StreamRecord, Unavailable
from tests.line.authority import Authority
from tests.line.conftest import World
from tests.line.servers import hanging_up, serving


def test_a_certificate_becomes_temporary_credentials(world: World) -> None:
    found = world.identity().fetch()
    assert {name: found[name] for name in ("access_key", "secret_key", "token")} == {
        **{"access_key": "ASIAEXAMPLE", "secret_key": "sesame"},
        "token": "token-1",
    }


def test_another_things_name_is_refused(world: World) -> None:
    world.iot.things = frozenset({"edge-1", "edge-2"})
    with pytest.raises(NotAllowed, match=r"refuses thing 'edge-2' .*\(403 'Access Denied'\); check that the cert"):
        world.identity(thing="edge-2").fetch()
    assert world.iot.given == []


def test_a_role_alias_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(NotAllowed, match="role alias 'other'"):
        world.identity(alias="other").fetch()


def test_a_certificate_of_a_foreign_authority_is_refused_in_the_handshake(world: World, stranger: Authority) -> None:
    certificate, key = stranger.issue("edge-1")
    with pytest.raises(NotAllowed, match="TLS handshake"):
        world.identity(certificate=certificate, key=key).fetch()
    assert world.iot.given == []


def test_a_device_without_a_certificate_is_refused(world: World) -> None:
    with pytest.raises(NotAllowed, match="wattledger edge enroll"):
        world.identity(certificate=Path("nowhere.crt")).fetch()


def test_an_endpoint_signed_by_a_foreign_authority_gets_nothing(world: World, stranger: Authority) -> None:
    context = stranger.server_context(world.authority.file)
    with serving(world.iot, context) as endpoint, pytest.raises(NotAllowed, match=r"not signed by .*authority\.pem"):
        world.identity(endpoint=endpoint).fetch()
    assert world.iot.given == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_in_trouble_is_asked_again_later(world: World, status: int) -> None:
    world.iot.odd = [(status, {"message": "busy"})]
    with pytest.raises(Unavailable) as raised:
        world.identity().fetch()
    assert type(raised.value) is Unavailable


def test_a_name_that_is_not_found_says_so(world: World) -> None:
    with pytest.raises(Unavailable, match="check DNS"):
        world.identity(endpoint="credentials.nowhere.invalid").fetch()


def test_a_port_where_nobody_listens_is_unavailable(world: World) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        world.identity(endpoint="localhost:1").fetch()


def test_an_answer_without_credentials_is_unavailable_and_not_quoted(world: World) -> None:
    world.iot.odd = [(200, {"credentials": {"accessKeyId": "SECRETLOOKING"}})]
    with pytest.raises(Unavailable, match="holds no credentials") as raised:
        world.identity().fetch()
    assert "SECRETLOOKING" not in str(raised.value)
    assert raised.value.__cause__ is None


JSON = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda part: st.lists(part) | st.dictionaries(st.sampled_from(["credentials", "expiration", "accessKeyId"]), part),
)


@given(st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
def test_no_answer_can_do_more_than_be_refused(content: bytes) -> None:
    with pytest.raises(Unavailable):
        _credentials(content, "somewhere")


def test_credentials_are_renewed_before_they_expire_and_not_earlier(world: World) -> None:
    held = credentials_of(world.identity())
    assert world.iot.given == []
    assert held.get_frozen_credentials()[2] == "token-1"
    world.clock.passed = 30 * 60
    assert held.get_frozen_credentials()[2] == "token-1"
    world.clock.passed = 3500
    assert held.get_frozen_credentials()[2] == "token-2"


@pytest.mark.parametrize("hours", [-24 * 365 * 55, 2, 24 * 400])
def test_a_wrong_clock_neither_renews_all_the_time_nor_never(world: World, hours: int) -> None:
    world.clock.ahead = timedelta(hours=hours)
    held = credentials_of(world.identity())
    for _ in range(3):
        assert held.get_frozen_credentials()[2] == "token-1"
    world.clock.ahead = timedelta(0)  # somebody sets the clock
    assert held.get_frozen_credentials()[2] == "token-1"


def test_a_line_that_is_cut_in_the_handshake_is_unavailable_and_no_refusal(world: World) -> None:
    with hanging_up() as endpoint, pytest.raises(Unavailable) as raised:
        world.identity(endpoint=endpoint).fetch()
    assert type(raised.value) is Unavailable, str(raised.value)


def test_the_line_may_be_down_when_credentials_are_first_needed(world: World) -> None:
    stream = world.stream(endpoint="localhost:1")
    with pytest.raises(Unavailable, match="localhost:1 does not answer"):
        stream.put([StreamRecord("edge-1", b"data")])
