"""`wattledger edge probe` of a meter that pushes, with a real broker between; and `wattledger edge profiles`."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.publish
import pytest

from adapters.meter_profiles import MeterProfiles
from adapters.system_clock import SystemClock
from entrypoints.cli import main
from tests.reference.mqtt_broker import HERE, broker

Run = Callable[..., tuple[int, str, str]]
TASMOTA = {"ENERGY": {"Total": 123.456, "Power": 980, "ApparentPower": 1000, "ReactivePower": 199, "Voltage": 231}}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setattr(sys, "argv", ["wattledger", "edge", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


@contextmanager
def pushing(port: int, topic: str, payload: object) -> Iterator[None]:
    """A meter that says this again and again."""
    stop = threading.Event()

    def push() -> None:
        while not stop.wait(0.2):
            paho.mqtt.publish.single(topic, json.dumps(payload), qos=1, hostname=HERE, port=port)

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def listen(port: int, profile: str, *more: object) -> tuple[object, ...]:
    return ("probe", HERE, "--port", port, "--in-clear", "--profile", profile, "--topic-device", "plug-1", *more)


def test_a_meter_that_pushes_is_shown_with_its_units_and_how_plausible_it_is(run: Run) -> None:
    with broker() as port, pushing(port, "tele/plug-1/SENSOR", TASMOTA):
        code, out, err = run(*listen(port, "tasmota.energy"))
    said = " ".join(out.split())
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "tasmota.energy/1 at 127.0.0.1, tele/plug-1/SENSOR" in said
    assert "active_energy_import 123.456 kWh plausible" in said
    assert "note: This meter counts no reactive energy" in said
    assert "These values are plausible" in said


def test_what_a_meter_pushes_that_cannot_be_is_told(run: Run) -> None:
    impossible = {"ENERGY": TASMOTA["ENERGY"] | {"Voltage": 15_000_000}}
    with broker() as port, pushing(port, "tele/plug-1/SENSOR", impossible):
        code, out, _ = run(*listen(port, "tasmota.energy"))
    said = " ".join(out.split())
    assert code == 1
    assert "voltage_l1 15,000,000 V impossible" in said
    assert "These values make no reading: " in said


def test_a_retained_message_that_says_its_time_is_taken_and_printed_as_json(run: Run) -> None:
    now = SystemClock().now().isoformat()
    payload = json.dumps({"active_wh": 1_234_567, "reactive_varh": 89, "at": now})
    with broker() as port:
        paho.mqtt.publish.single("wattledger/plug-1/registers", payload, qos=1, retain=True, hostname=HERE, port=port)
        code, out, _ = run(*listen(port, "wattledger.registers", "--json"))
    told = json.loads(out)
    assert (code, told["plausible"], told["topic"]) == (0, True, "wattledger/plug-1/registers")
    assert told["values"][0] == {
        "quantity": "active_energy_import", "value": "1234567", "unit": "Wh", "is": "plausible"
    }  # fmt: skip


def test_a_meter_that_says_nothing_usable_is_told_on_one_line(run: Run) -> None:
    with broker() as port, pushing(port, "tele/plug-1/SENSOR", ["no", "energy"]):
        code, out, err = run(*listen(port, "tasmota.energy", "--wait", 1))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "tele/plug-1/SENSOR, within 1 s: nothing usable came" in err
    assert "messages were not used, the last because" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("probe", HERE, "--profile", "tasmota.energy"), "name it with --topic-device"),
        (("probe", HERE, "--profile", "tasmota.energi"), "did you mean"),
        (listen(1, "tasmota.energy", "--wait", 1), f"{HERE}:1"),
        (listen(1, "tasmota.energy", "--user", "me", "--password-file", "none"), "none: cannot be read"),
        (("profiles", "em340"), "there is no profile 'em340'; did you mean carlogavazzi.em340"),
    ],
)
def test_what_cannot_be_is_refused_on_one_line(words: tuple[object, ...], said: str, run: Run) -> None:
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_every_profile_is_listed_with_its_meter_within_80_columns(run: Run) -> None:
    code, out, _ = run("profiles")
    listed = [line.split()[0] for line in out.splitlines()]
    assert (code, sorted(listed)) == (0, sorted([*MeterProfiles().ids(), *MeterProfiles().pushing()]))
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", [*MeterProfiles().ids(), *MeterProfiles().pushing()])
def test_the_file_of_a_profile_is_printed_so_that_it_can_be_ones_own(name: str, run: Run, tmp_path: Path) -> None:
    code, out, _ = run("profiles", name)
    (tmp_path / "own.toml").write_text(out, encoding="utf-8")
    read = MeterProfiles().mqtt if MeterProfiles().pushes(name) else MeterProfiles().modbus
    assert (code, read(str(tmp_path / "own.toml"))) == (0, read(name))
