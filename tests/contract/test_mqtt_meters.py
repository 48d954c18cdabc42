"""Meters that push: what a message means, how old it may be, and a real broker between."""

import gc
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.meter_profiles import MeterProfiles
from adapters.mqtt_meters import Broker, MqttMeters, PushingMeter
from adapters.mqtt_meters.inbox import Inbox
from adapters.mqtt_meters.payload import BadMessage, understand
from domain.errors import BadOption
from domain.meter_status import MeterState, MeterStatus
from tests.reference.mqtt_broker import broker, self_signed

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = "127.0.0.1"
PROFILES = MeterProfiles()
OWN = PROFILES.mqtt("wattledger.registers")
SHELLY = PROFILES.mqtt("shelly.gen2-emdata")
TASMOTA = PROFILES.mqtt("tasmota.energy")
GOOD = {"active_wh": 1_234_567, "reactive_varh": 89, "at": "2026-03-02T09:00:00+01:00"}


class FixedClock:
    def now(self) -> datetime:
        return AT


def inbox(*payloads: object, on: PushingMeter | None = None, retained: bool = False, now: datetime = AT) -> Inbox:
    on = on or PushingMeter("main", "plc-1", OWN)
    found = Inbox([on])
    for payload in payloads:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        found.take(on.topic, data, retained, now)
    return found


def status(found: Inbox, at: datetime = AT) -> MeterStatus:
    ((reading, said),) = found.poll(at)
    assert (reading is not None) == (said.state is MeterState.READ)
    return said


def test_what_was_pushed_is_the_reading_of_the_poll() -> None:
    ((reading, _),) = inbox(GOOD).poll(AT + MINUTE)
    assert reading is not None
    assert (reading.meter, reading.at) == ("main", AT + MINUTE)
    assert (reading.active_wh, reading.reactive_varh) == (1_234_567, 89)


@pytest.mark.parametrize(
    ("name", "payload", "active_wh"),
    [
        ("shelly.gen2-emdata", b'{"id":0,"a_total_act_energy":1,"total_act":123456.78,"total_act_ret":0.5}', 123_457),
        ("tasmota.energy", b'{"Time":"2026-03-02T08:00:00","ENERGY":{"Total":123.456,"Power":10}}', 123_456),
        ("wattledger.registers", b'{"active_wh":9007199254740993,"reactive_varh":0,"at":"2026-03-02T08:00:00Z"}', None),
    ],
)
def test_the_messages_of_known_meters_are_understood(name: str, payload: bytes, active_wh: int | None) -> None:
    on = PushingMeter("main", "dev", PROFILES.mqtt(name))
    found = status(inbox(payload, on=on))
    if active_wh is None:  # 9 PWh in no double: exact, and impossible
        assert found.values["active_energy_import"] == 9_007_199_254_740_993
        assert found.state is MeterState.IMPLAUSIBLE
    else:
        assert found.state is MeterState.READ
        assert int(found.values["active_energy_import"] or 0) in (active_wh, active_wh - 1)


def test_values_grow_stale_and_are_then_none() -> None:
    found = inbox(GOOD)
    assert status(found, AT + 5 * MINUTE).state is MeterState.READ
    late = status(found, AT + 5 * MINUTE + timedelta(seconds=1))
    assert late.state is MeterState.STALE
    assert "5.0 min old, and may be 5.0 min" in late.said


def test_age_counts_from_the_measurement_not_from_the_arrival() -> None:
    assert status(inbox(GOOD, now=AT + timedelta(hours=1)), AT + timedelta(hours=1)).state is MeterState.STALE


def test_a_retained_message_counts_only_where_it_says_when_it_was_measured() -> None:
    assert status(inbox(GOOD, retained=True)).state is MeterState.READ
    shelly = PushingMeter("main", "shellypro3em-1", SHELLY)
    refused = status(inbox({"total_act": 5, "total_act_ret": 0}, on=shelly, retained=True))
    assert refused.state is MeterState.SILENT
    assert "retained" in refused.notes[0]


def test_an_older_message_does_not_replace_a_newer_one() -> None:
    older = GOOD | {"active_wh": 1, "at": "2026-03-02T07:59:00Z"}
    assert status(inbox(GOOD, older)).values["active_energy_import"] == 1_234_567


def test_a_bad_message_is_told_and_does_not_replace_a_good_one() -> None:
    found = status(inbox(GOOD, b"\xff", b"{"))
    assert found.state is MeterState.READ
    assert found.notes == ("2 messages were not used, the last because not JSON in UTF-8",)


def test_a_clock_that_is_ahead_is_told() -> None:
    found = status(inbox(GOOD | {"at": "2027-01-01T00:00:00Z"}))
    assert found.state is MeterState.SILENT
    assert "set the meter's clock" in found.notes[0]


def test_a_message_on_another_topic_is_nobodys() -> None:
    found = inbox()
    found.take("wattledger/plc-2/registers", json.dumps(GOOD).encode(), False, AT)
    assert status(found).state is MeterState.SILENT


def test_a_value_that_is_not_there_is_no_value_and_not_zero() -> None:
    assert status(inbox({key: GOOD[key] for key in ("active_wh", "at")})).state is MeterState.NO_VALUE
    assert status(inbox(GOOD | {"active_wh": None})).state is MeterState.NO_VALUE


def test_an_impossible_value_is_left_out() -> None:
    assert status(inbox(GOOD | {"active_wh": -5})).state is MeterState.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"x" * 5000, "5000 bytes, and at most 4096"),
        (b"not json", "not JSON"),
        (b"[" * 4000, "nested too deeply"),
        (b'{"active_wh": NaN}', "not JSON"),
        (b'{"active_wh": 1e999999999999999999999}', "not JSON"),
        (b'{"active_wh": 1e4000}', "a number of size 10^4000 is no register"),
        (b'{"active_wh": ' + b"9" * 4000 + b"}", "bits is no register"),
        (b'{"active_wh": true}', "a number was expected, not a bool"),
        (b'{"active_wh": "5"}', "a number was expected, not a str"),
        (b'{"active_wh": 5, "reactive_varh": 0}', "a time of the form iso was expected"),
        (b'{"active_wh": 5, "reactive_varh": 0, "at": "yesterday"}', "no time of the form iso"),
        (b'{"active_wh": 5, "reactive_varh": 0, "at": "2026-03-02T08:00:00"}', "has no offset"),
        (b'{"active_wh": 5, "reactive_varh": 0, "at": "0001-01-01T00:00:00+14:00"}', "no time of the form iso"),
        (b"5", "there is a int where 'active_wh' should be"),
    ],
)
def test_a_message_that_cannot_be_used_says_why(payload: bytes, said: str) -> None:
    with pytest.raises(BadMessage, match=said.replace("^", r"\^")):
        understand(OWN, payload)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "ENERGY", "Total"]), inner),
)


@given(st.binary(max_size=200) | ANYTHING.map(lambda content: json.dumps(content).encode()))
def test_no_payload_whatsoever_breaks_the_inbox(payload: bytes) -> None:
    for profile in (OWN, SHELLY, TASMOTA):
        on = PushingMeter("main", "dev", profile)
        found = status(inbox(payload, on=on))
        assert found.state is MeterState.READ or found.said


@given(st.fixed_dictionaries({"active_wh": st.integers(0, 10**11), "reactive_varh": st.integers(0, 10**11)}))
def test_whole_watt_hours_arrive_as_they_were_sent(registers: dict[str, int]) -> None:
    ((reading, _),) = inbox(GOOD | registers).poll(AT)
    assert reading is not None
    assert (reading.active_wh, reading.reactive_varh) == (registers["active_wh"], registers["reactive_varh"])


def test_an_epoch_is_read_to_the_millisecond(tmp_path: Path) -> None:
    text = (Path(PROFILES.folder) / "mqtt" / "wattledger.toml").read_text(encoding="utf-8")
    path = tmp_path / "epoch.toml"
    path.write_text(text.replace('"iso"', '"epoch_s"'), encoding="utf-8")
    profile = MeterProfiles().mqtt(str(path))
    measured = understand(profile, json.dumps(GOOD | {"at": 1772438400.25}).encode()).measured
    assert measured == datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)


# -------------------------------------------------------------------------------------------------- with a real broker


def until(condition: Any) -> None:
    """Wait for something that another thread does; a time out is a failure, a wait is not."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")


def publish(port: int, topic: str, payload: object, retain: bool = False) -> None:
    paho.mqtt.publish.single(topic, json.dumps(payload), qos=1, retain=retain, hostname=HERE, port=port)


def listening(port: int, *meters: PushingMeter) -> MqttMeters:
    found = MqttMeters("edge-test", Broker(HERE, port, tls=False), meters, FixedClock())
    found.start()
    return found


def test_a_real_broker_brings_what_a_meter_pushes() -> None:
    on = PushingMeter("main", "plc-1", OWN)
    with broker() as port:
        meters = listening(port, on)
        try:
            until(lambda: meters.is_connected)
            assert meters.read(AT) == []
            assert meters.statuses["main"].state is MeterState.SILENT
            publish(port, on.topic, GOOD)
            until(lambda: meters.read(AT))
            (reading,) = meters.read(AT)
            assert reading.active_wh == 1_234_567
        finally:
            meters.close()


def test_what_was_retained_before_we_listened_is_taken_by_its_own_time() -> None:
    on = PushingMeter("main", "plc-1", OWN)
    shelly = PushingMeter("shelly", "shellypro3em-1", SHELLY)
    with broker() as port:
        publish(port, on.topic, GOOD, retain=True)
        publish(port, shelly.topic, {"total_act": 5, "total_act_ret": 0}, retain=True)
        meters = listening(port, on, shelly)
        try:
            until(lambda: meters.read(AT) and meters.statuses["shelly"].notes)
            assert [reading.meter for reading in meters.read(AT)] == ["main"]
            assert "retained" in meters.statuses["shelly"].notes[0]
        finally:
            meters.close()


def test_a_broker_that_is_not_there_is_the_reason_that_is_given() -> None:
    with broker() as port:
        pass  # a port that was free a moment ago
    meters = listening(port, PushingMeter("main", "plc-1", OWN))
    try:
        until(lambda: not meters.read(AT) and "cannot be reached" in meters.statuses["main"].said)
        assert f"{HERE}:{port} cannot be reached" in meters.statuses["main"].said
    finally:
        meters.close()


def test_a_password_comes_from_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"hunter2\n")
    place = Broker(HERE, 1883, tls=False, user="edge", password_file=file)
    file.chmod(0o644)
    with pytest.raises(BadOption, match="chmod 600"):
        MqttMeters("edge", place, [], FixedClock())
    file.chmod(0o600)
    assert "hunter2" not in repr(MqttMeters("edge", place, [], FixedClock()).broker)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is no password"), (b"x" * 5000, "is no password"), (b"\xff\n", "not UTF-8"), (None, "cannot be read")],
)
def test_a_password_file_that_is_none_says_so(content: bytes | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.touch(0o600)
        file.write_bytes(content)
    with pytest.raises(BadOption, match=said):
        MqttMeters("edge", Broker(HERE, 1883, tls=False, user="edge", password_file=file), [], FixedClock())


def test_a_password_is_never_sent_in_clear() -> None:
    with pytest.raises(BadOption, match="sends the password in clear"):
        MqttMeters("edge", Broker("broker.example", 1883, tls=False, user="edge"), [], FixedClock())


def test_a_certificate_that_is_none_is_told_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate", encoding="utf-8")
    with pytest.raises(BadOption, match=r"ca\.pem"):
        MqttMeters("edge", Broker(HERE, ca_file=file), [], FixedClock())


# paho forgets the socket of a handshake that failed
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_broker_with_tls_is_believed_by_the_authority_that_was_given_and_by_no_other(tmp_path: Path) -> None:
    theirs, foreign = self_signed(tmp_path / "theirs", HERE), self_signed(tmp_path / "foreign", HERE)
    on = PushingMeter("main", "plc-1", OWN)
    with broker(certificate=theirs) as port:
        good = MqttMeters("edge-good", Broker(HERE, port, ca_file=theirs[0]), [on], FixedClock())
        bad = MqttMeters("edge-bad", Broker(HERE, port, ca_file=foreign[0]), [on], FixedClock())
        for meters in (good, bad):
            meters.start()
        try:
            until(lambda: good.is_connected)
            until(lambda: not bad.read(AT) and "certificate" in bad.statuses["main"].said)
        finally:
            for meters in (good, bad):
                meters.close()
        gc.collect()  # the socket is found here, and not in the middle of another test


@pytest.mark.parametrize("known", [True, False])
def test_a_login_over_tls_opens_the_broker_and_a_wrong_one_is_the_reason_that_is_given(
    known: bool, tmp_path: Path
) -> None:
    theirs = self_signed(tmp_path / "theirs", HERE)
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_bytes(b"hunter2\n" if known else b"hunter3\n")
    on = PushingMeter("main", "plc-1", OWN)
    with broker(certificate=theirs, login=("edge", "hunter2")) as port:
        place = Broker(HERE, port, ca_file=theirs[0], user="edge", password_file=file)
        meters = MqttMeters("edge-login", place, [on], FixedClock())
        meters.start()
        try:
            if known:
                until(lambda: meters.is_connected)
            else:
                until(lambda: not meters.read(AT) and "refused the connection" in meters.statuses["main"].said)
                assert "hunter3" not in str(meters.statuses)
        finally:
            meters.close()
