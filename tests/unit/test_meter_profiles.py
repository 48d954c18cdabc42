"""Profiles: what ships is sound, and every fault in a file is one line that names it."""

import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.meter_profiles import MeterProfiles
from adapters.meter_profiles.catalogue import SHIPPED
from adapters.meter_profiles.modbus_schema import ModbusFile
from adapters.meter_profiles.reading import MODBUS, MQTT, parse, shown
from domain.errors import InvalidProfile

FILES = sorted(SHIPPED.rglob("*.toml"))
GOOD = {path.stem: path.read_text(encoding="utf-8") for path in FILES}
ACUVIM, SHELLY = GOOD["accuenergy-acuvim2"], GOOD["shelly-gen2"]
REQUIRED = {
    *("eastron.sdm630", "eastron.sdm72", "carlogavazzi.em24-rs485", "carlogavazzi.em24-e1", "carlogavazzi.em340"),
    *("schneider.iem3x50", "schneider.iem3x55", "schneider.pm5xxx", "siemens.pac2200", "siemens.pac3200"),
    *("siemens.pac4200", "accuenergy.acuvim2", "shelly.pro3em"),
}


def load(path: Path) -> object:
    schema = tomllib.loads(path.read_text(encoding="utf-8"))["schema"]
    return MeterProfiles().modbus(str(path)) if schema == MODBUS else MeterProfiles().mqtt(str(path))


def refused(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "meter.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InvalidProfile) as caught:
        MeterProfiles().modbus(str(path))
    said = str(caught.value)
    assert said.startswith(str(path))
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


def test_every_meter_that_was_promised_ships() -> None:
    assert set(MeterProfiles().ids()) == REQUIRED
    assert len(MeterProfiles().ids(MQTT)) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_that_ships_is_sound_and_says_where_it_is_from(path: Path) -> None:
    load(path)
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert content["sources"]
    assert content["conflicts"] or content["id"].startswith("wattledger."), "no two sources agree on everything"


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_profile_is_found_by_its_id_with_and_without_its_version(name: str) -> None:
    profile = MeterProfiles().modbus(name)
    assert MeterProfiles().modbus(profile.full_id) == profile


def test_a_meter_that_is_not_for_billing_says_so() -> None:
    assert any("Not for billing" in warning for warning in MeterProfiles().modbus("shelly.pro3em").warnings)


def test_the_two_maps_of_the_em24_are_two_profiles() -> None:
    counters = [
        next(r.address for r in MeterProfiles().modbus(name).registers if r.quantity == "active_energy_import")
        for name in ("carlogavazzi.em24-e1", "carlogavazzi.em24-rs485")
    ]
    assert counters == [0x34, 0x3E]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("eastron.sdm63", "did you mean eastron.sdm630"),
        ("eastron.sdm630/7", "is here in version 1, not 7"),
        ("tasmota.energy", "is a profile for MQTT; name one for Modbus"),
        ("no/such/file.toml", "cannot be read: No such file or directory"),
        ("x\0.toml", "cannot be read"),
    ],
)
def test_a_name_that_is_none_is_told_what_there_is(name: str, said: str) -> None:
    with pytest.raises(InvalidProfile, match=re.escape(said)):
        MeterProfiles().modbus(name)


@pytest.mark.parametrize(
    ("find", "replace", "said"),
    [
        ('id = "accuenergy.acuvim2"', 'id = "Accu Energy"', "id: 'Accu Energy': use small letters and digits"),
        ("version = 1", "version = 0", "version: 0: input should be greater than or equal to 1"),
        ("version = 1", "version = true", "version: True: input should be a valid integer"),
        ("function = 3", "function = 6", "transport.function: 6: use 3 or 4"),
        ('words = "big"', 'words = "middle"', "transport.words: 'middle': use 'big', 'little'"),
        ("timeout_ms = 1000", "timeout = 1", "transport.timeout_ms: is missing; add it"),
        ("pause_ms = 50", "pause_ms = 50\nbaud = 9600", "transport.baud: is not a field here"),
        ("most_registers = 60", "most_registers = 126", "transport.most_registers: 126"),
        ('unit = "V"', 'unit = "kW"', "unit 'kW' is none of voltage_l1; use one of mV, V, kV"),
        ('"voltage_l1"', '"voltage_l4"', "there is no quantity 'voltage_l4'; did you mean"),
        ('"voltage_l2"', '"voltage_l1"', "voltage_l1 is there twice"),
        ("scale = 0.1", "scale = 0", "a scale is a number without quotes between"),
        ("scale = 0.1", "scale = nan", "a scale is a number without quotes between"),
        ("scale = 0.1", 'scale = "0.1"', "a scale is a number without quotes between"),
        ("address = 0x4002", "address = 65536", "registers[1].address: 65536"),
        ("address = 0x4002", "address = 65535", "leaves no room for f32; the last address is 65535"),
        ('type = "u32"', 'type = "u24"', "'u24': use 'u16', 'i16'"),
        ('direction = "export", ', "", "is a counter; add direction"),
        ('"voltage_l1", ', '"voltage_l1", direction = "import", ', "has no direction"),
        ('unit = "V" }', 'unit = "V", modulus = 100 }', "is no counter, so it has no modulus"),
        ("modulus = 1000000000", "modulus = 1", "modulus: 1"),
        ('checks = ["ranges"', 'checks = ["abs(p) < 1"', "there is no such rule"),
        ("uncounted = []", 'uncounted = ["active_energy_export"]', "uncounted must name the energies"),
        ('otherwise = "warn"', 'otherwise = "ignore"', "use 'refuse' or 'warn'"),
        ("allowed = [0]", "allowed = []", "identity[1].allowed: []"),
        ('schema = "wattledger-meter/1"', 'schema = "wattledger-meter/2"', "schema: 'wattledger-meter/2'; write"),
        ('schema = "wattledger-meter/1"', "", "schema: is missing; write"),
        ("version = 1", "version = ", "not valid TOML"),
    ],
)
def test_a_fault_is_one_line_with_place_value_and_remedy(find: str, replace: str, said: str, tmp_path: Path) -> None:
    assert find in ACUVIM
    assert said in refused(tmp_path, ACUVIM.replace(find, replace, 1))


def test_a_register_that_nothing_could_be_priced_by_is_asked_for(tmp_path: Path) -> None:
    text = "\n".join(line for line in ACUVIM.splitlines() if "_energy" not in line)
    assert "nothing could be priced" in refused(tmp_path, text)


def test_a_marker_that_could_never_match_is_refused(tmp_path: Path) -> None:
    marker = '\n[[marker]]\ntype = "u16"\nbits = {}\nmask = {}\n'
    assert "bits outside its mask" in refused(tmp_path, ACUVIM + marker.format("0xFF", "0xF0"))
    assert "more bits than u16 has" in refused(tmp_path, ACUVIM + marker.format("0x1FFFF", "0x1FFFF"))
    assert "at most 64" in refused(tmp_path, ACUVIM + marker.format("-1", "1"))


def test_a_sum_has_no_modulus_and_two_counters_have_one(tmp_path: Path) -> None:
    twice = ACUVIM.replace('"active_energy", direction = "export"', '"active_energy", direction = "import"')
    twice = twice.replace("uncounted = []", 'uncounted = ["active_energy_export"]')
    assert "is a sum, which wraps nowhere" in refused(tmp_path, twice)
    assert "different moduli" in refused(tmp_path, ACUVIM.replace("modulus = 1000000000", "modulus = 99", 1))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"a = " + b"[" * 3000,
        b"a = " + b"9" * 5000,
        b"x" * (1 << 19),
        b"schema = [1]",
        b"schema = 1e999999999999999999999",
        b'schema = "wattledger-meter/1"\n"a\\nb\\u001b[31m" = 1',
    ],
    ids=["not text", "deep", "long number", "large", "list", "huge", "control codes"],
)
def test_a_file_that_is_no_profile_is_one_line_too(content: bytes, tmp_path: Path) -> None:
    assert refused(tmp_path, content).isprintable()


def test_a_huge_number_is_quoted_by_its_size() -> None:
    assert shown(10**5000) == "a number of 16610 bits"
    assert shown(Decimal("0.5")) == "0.5"


def mutated(text: str) -> st.SearchStrategy[bytes]:
    """A good file with a piece taken out, and something else put in."""
    ends = st.tuples(st.integers(0, len(text)), st.integers(0, 40), st.text(max_size=12))
    return ends.map(lambda cut: (text[: cut[0]] + cut[2] + text[cut[0] + cut[1] :]).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "load_from"),
    [(ACUVIM, MeterProfiles().modbus), (SHELLY, MeterProfiles().mqtt)],
    ids=["modbus", "mqtt"],
)
def test_no_damage_to_a_file_is_more_than_a_refusal(
    text: str, load_from: Callable[[str], object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("profiles") / "meter.toml"

    @given(mutated(text))
    @settings(suppress_health_check=[HealthCheck.too_slow])
    def damaged(content: bytes) -> None:
        path.write_bytes(content)
        try:
            load_from(str(path))
        except InvalidProfile as refusal:
            said = str(refusal)
        else:
            said = "taken"
        assert said.isprintable()

    damaged()


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals() | st.floats()
CONTENT = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@given(st.sampled_from(["registers", "serial", "transport", "marker", "identity", "checks", "sources", "id"]), CONTENT)
def test_no_content_of_a_field_is_more_than_a_refusal(field: str, content: object) -> None:
    good = tomllib.loads(ACUVIM, parse_float=Decimal)
    try:
        parse(Path("meter.toml"), good | {field: content}, ModbusFile)
    except InvalidProfile as refusal:
        said = str(refusal)
    else:
        said = "taken"
    assert said.isprintable()


def test_two_files_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(ACUVIM, encoding="utf-8")
    with pytest.raises(InvalidProfile, match=r"is in .*a\.toml too"):
        MeterProfiles(tmp_path).modbus("accuenergy.acuvim2")


@pytest.mark.parametrize(
    ("find", "replace", "said"),
    [
        ("{device}", "device", "topic holds {device} once"),
        ("{device}/", "{device}/#/", "topic holds {device} once"),
        ('path = ["total_act"]', "path = []", "values[1].path: []"),
        ("most_bytes = 16384", "most_bytes = 1", "most_bytes: 1"),
        ('"import"', '"export"', "nothing could be priced"),
    ],
)
def test_a_fault_in_a_pushed_profile_is_one_line_too(find: str, replace: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "meter.toml"
    path.write_text(SHELLY.replace(find, replace, 1), encoding="utf-8")
    with pytest.raises(InvalidProfile, match=re.escape(said)):
        MeterProfiles().mqtt(str(path))
