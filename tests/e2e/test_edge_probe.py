"""`wattledger edge probe` as an installer meets it, in front of real servers."""

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.meter_profiles import MeterProfiles
from domain.meter_profile import WordOrder
from entrypoints.cli import main
from tests.reference.meter_servers import HERE, MeterServer, SimulatedMeter, raw_server, sane_values

Run = Callable[..., tuple[int, str, str]]
EM340 = "carlogavazzi.em340"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wattledger", "edge", "probe", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return command


def meter(name: str, order: WordOrder | None = None) -> SimulatedMeter:
    return SimulatedMeter(MeterProfiles().modbus(name)).show(sane_values(), order)


@pytest.mark.parametrize("name", MeterProfiles().ids())
def test_every_meter_fits_its_profile_and_the_screen(name: str, run: Run) -> None:
    with MeterServer({7: meter(name)}) as server:
        code, out, err = run(HERE, "--port", server.port, "--unit", 7, "--profile", name)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert "123,456.000  kWh" in out
    assert "These values are plausible" in out


def test_a_wrong_word_order_is_obvious_and_the_right_one_is_named(run: Run) -> None:
    with MeterServer({1: meter(EM340, WordOrder.BIG)}) as server:
        code, out, _ = run(HERE, "--port", server.port, "--profile", EM340)
    said = " ".join(out.split())
    assert code == 1
    assert "voltage_l1 15,099,494 V 0000 0900 impossible" in said
    assert 'These values would be plausible with words = "big"; the profile has words = "little".' in said
    assert max(map(len, out.splitlines())) <= 80


def test_json_has_every_value_its_registers_and_how_plausible_it_is(run: Run) -> None:
    with MeterServer({1: meter(EM340)}) as server:
        code, out, _ = run(HERE, "--port", server.port, "--profile", EM340, "--json", "--ratio", "40")
    told = json.loads(out)
    assert (code, told["plausible"], told["better_words"]) == (0, True, None)
    assert told["profile"] == "carlogavazzi.em340/1"
    energy = next(one for one in told["values"] if one["quantity"] == "active_energy_import")
    assert energy == {
        "quantity": "active_energy_import",
        "value": "4938240000",
        "unit": "Wh",
        "address": 0x34,
        "type": "i32",
        "registers": "D680 0012",
        "is": "plausible",
    }


def test_values_that_contradict_each_other_are_shown_as_doubtful(run: Run) -> None:
    turned = meter(EM340).show(sane_values() | {"active_power_l2": Decimal(-2400)})
    with MeterServer({1: turned}) as server:
        code, out, _ = run(HERE, "--port", server.port, "--profile", EM340)
    assert code == 0
    assert "doubtful: active_power is 7,298 W, but its phases add up to" in " ".join(out.split())


def test_a_profile_of_ones_own_is_named_by_its_path(run: Run, root: Path, tmp_path: Path) -> None:
    shipped = root / "adapters" / "meter_profiles" / "modbus" / "carlogavazzi-em340.toml"
    own = tmp_path / "own.toml"
    own.write_text(shipped.read_text(encoding="utf-8").replace('words = "little"', 'words = "big"'), encoding="utf-8")
    with MeterServer({1: meter(EM340, WordOrder.BIG)}) as server:
        code, out, _ = run(HERE, "--port", server.port, "--profile", own)
    assert (code, "These values are plausible" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a..b", "--profile", EM340), "cannot open a..b:502"),
        (("/no/such/port", "--profile", EM340), "cannot open /no/such/port (9600 8N1)"),
        ((HERE, "--profile", "em340"), "there is no profile 'em340'; did you mean carlogavazzi.em340"),
        ((HERE, "--profile", EM340, "--parity", "X"), "--parity 'X': write N, E or O"),
        ((HERE, "--profile", EM340, "--ratio", "0"), "--ratio '0': write a number"),
        ((HERE, "--profile", EM340, "--ratio", "nan"), "--ratio 'nan': write a number"),
        ((HERE, "--profile", EM340, "--ratio", "much"), "--ratio 'much': write a number"),
    ],
)
def test_what_cannot_be_is_refused_on_one_line(words: tuple[str, ...], said: str, run: Run) -> None:
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _: [], "no usable answer within"),
        (lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "no usable answer within"),
        (lambda request: [request[:4] + b"\0\x03" + request[6:7] + b"\x84\x02"], "the profile does not fit this meter"),
        (lambda request: [request[:4] + b"\0\x03" + request[6:7] + b"\x84\x0a"], "the gateway has no path"),
    ],
    ids=["silence", "a web server", "another meter", "a gateway without a path"],
)
def test_whatever_answers_there_is_no_traceback(answer: Callable[[bytes], list[bytes]], said: str, run: Run) -> None:
    with raw_server(answer) as port:
        code, out, err = run(HERE, "--port", port, "--profile", "eastron.sdm630")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{HERE}:{port}, unit 1, eastron.sdm630/1: " in err
    assert said in err
