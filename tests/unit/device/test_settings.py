"""Settings: what is not understood is refused on one line that names file, key, value and remedy."""

import tomllib
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.errors import BadSettings
from edge.settings import LARGEST_FILE, Settings, check_private, load_settings, secret_in, settings_of
from tests.unit.device.conftest import TOML, UPLOAD, Make

FILE = Path("edge.toml")
WHOLE = (TOML + UPLOAD).format(folder="var", port=8377, endpoint="host.example")


def test_settings_are_understood(toml: Make) -> None:
    found = settings_of(toml().encode(), FILE)
    assert found.meter[0].rated_power_kw == Decimal("2000.5")
    assert found.tariff is not None
    assert found.tariff.contracted_kw == {"all": Decimal(450)}
    assert found.secrets() == [found.identity.key] if found.identity else []


def test_the_example_that_is_installed_is_understood(root: Path) -> None:
    found = load_settings(root / "edge" / "deploy" / "edge.toml")
    assert found.upload is None
    commented = (root / "edge" / "deploy" / "edge.toml").read_text(encoding="utf-8").partition("# [upload]")[2]
    lines = [line.removeprefix("# ").removeprefix("#") for line in commented.splitlines()]
    whole = settings_of(
        "\n".join([WHOLE.partition("[upload]")[0].partition("[health]")[0], "[upload]", *lines[1:]]).encode(), FILE
    )
    assert whole.identity is not None
    assert whole.sentry is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('zone = "Europe/Madrid"', 'zone = "Europe/Madird"', "device.zone = 'Europe/Madird': is no time zone"),
        ('id = "edge-1"\n', "", "device.id is missing"),
        ('id = "edge-1"', 'id = "edge-1"\nserial = 7', "device.serial is no key of the settings"),
        ("modulus_wh", "modulus_hw", "meter.0.modulus_hw is no key of the settings, did you mean 'modulus_wh'?"),
        ("rated_power_kw = 400", "rated_power_kw = -1", "meter.1.rated_power_kw = '-1': Input should be greater"),
        ("rated_power_kw = 400", "rated_power_kw = nan", "meter.1.rated_power_kw = 'NaN'"),
        ("rated_power_kw = 400", "rated_power_kw = true", "meter.1.rated_power_kw"),
        ('main_meter = "main"', 'main_meter = "mian"', "has no [[meter]] of the name 'mian'"),
        ('name = "oven"', 'name = "main"', "two entries [[meter]] of the name 'main'"),
        ('bus = "sim"\nrated_power_kw = 400', 'bus = "b2"\nrated_power_kw = 400', "no [[bus]] of the name 'b2'"),
        ('kind = "simulated"', 'kind = "serial"', "bus.0"),
        ('kind = "simulated"', 'kind = "modbus-tcp"\nhost = "10.0.0.7"', "says no profile for meter 'main'"),
        ('id = "es-3.0td"', 'id = "es-3.0td"\nfile = "x.toml"', "needs one of both: id"),
        ('region = "eu-west-1"', 'region = "Ireland"', "upload.region = 'Ireland'"),
        ('region = "eu-west-1"', 'region = "eu-west-1"\nendpoint_url = "http://x"', "endpoint_url is no key"),
        ('stream = "readings"', 'stream = "read ings"', "upload.stream = 'read ings'"),
        ("port = 1", "port = 70000", "health.port = '70000'"),
        ('rates_of = "2025-12"', 'rates_of = "2025-13"', "tariff.rates_of = '2025-13'"),
    ],
)
def test_a_fault_names_file_key_value_and_remedy(toml: Make, old: str, new: str, said: str) -> None:
    with pytest.raises(BadSettings) as refused:
        settings_of(toml((old, new)).encode(), FILE)
    assert str(refused.value).startswith("edge.toml: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", [b"id = ", b"\xff\xfe", b"[" * 5000, b"a = 99999999-99-99", b"x = " + b"[" * 2000])
def test_what_is_no_toml_is_refused(text: bytes) -> None:
    with pytest.raises(BadSettings, match=r"^edge\.toml: "):
        settings_of(text, FILE)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="check the path"):
        load_settings(tmp_path / "none.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(BadSettings, match="no settings of a device"):
        load_settings(tmp_path / "large.toml")


@given(st.binary(max_size=300))
def test_no_bytes_can_do_more_than_be_refused(text: bytes) -> None:
    with pytest.raises(BadSettings):
        settings_of(text, FILE)


@given(
    at=st.integers(0, len(WHOLE) - 1),
    new=st.text("=[]{}\"'#.\n\\-0123456789aé∞", max_size=6),
    length=st.integers(0, 30),
)
def test_settings_with_a_piece_replaced_are_understood_or_refused(at: int, new: str, length: int) -> None:
    with suppress(BadSettings):
        assert isinstance(settings_of((WHOLE[:at] + new + WHOLE[at + length :]).encode(), FILE), Settings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "kind", "path"]), part),
    max_leaves=8,
)


@given(where=st.sampled_from([*Settings.model_fields]), value=JSON)
def test_no_value_in_any_place_can_do_more_than_be_refused(where: str, value: object) -> None:
    told = tomllib.loads(WHOLE, parse_float=Decimal) | {where: value}
    with suppress(ValidationError):
        Settings.model_validate(told)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "device.key"
    secret.write_text("sesame", encoding="utf-8")
    secret.chmod(mode)
    with pytest.raises(BadSettings, match=rf"\({mode:03o}\); run: chmod 600 .*device\.key") as refused:
        secret_in(secret)
    assert "sesame" not in str(refused.value)
    secret.chmod(0o600)
    check_private(secret)
    assert secret_in(secret) == "sesame"


def test_a_secret_is_a_file_that_this_user_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSettings, match="is no file"):
        check_private(tmp_path)
    (tmp_path / "device.key").touch(0o600)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(BadSettings, match=r"device\.key holds a secret that this user may not read; ask as"):
        check_private(tmp_path / "device.key")


def test_settings_that_this_user_may_not_read_say_as_whom_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(BadSettings, match="sudo -u wattledger"):
        load_settings(tmp_path / "edge.toml")
