"""What a file cannot say is declared, by an option or in a TOML beside it; what is not declared is asked for."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.meter_files import Declaration, load_declaration
from domain.errors import BadReadings

Declare = Callable[..., Declaration]

ENOUGH = """
kind = "interval"
unit = "kWh"
step_minutes = 15
stamp = "start"
time_column = "time"
energy_column = "energy"
"""


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(ENOUGH, encoding="utf-8")
    return tmp_path / "plant.csv"


def refusal(readings: Path, overrides: dict[str, object], toml: Path | None = None) -> str:
    with pytest.raises(BadReadings) as refused:
        load_declaration(readings, overrides, toml)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_toml_beside_the_readings_is_found(readings: Path) -> None:
    assert load_declaration(readings, {}).step_minutes == 15


def test_an_option_wins_over_the_toml(readings: Path) -> None:
    declared = load_declaration(readings, {"unit": "Wh", "timezone": None, "meters": []})
    assert (declared.unit, declared.timezone, declared.meters) == ("Wh", None, None)


def test_another_toml_may_be_named(readings: Path, tmp_path: Path) -> None:
    other = tmp_path / "conventions.toml"
    other.write_text(
        ENOUGH.replace("15", "30") + "rated_power_kw = 12.1\nmeters = ['a']\nmeter_column = 'm'", encoding="utf-8"
    )
    declared = load_declaration(readings, {}, other)
    assert (declared.step_minutes, declared.rated_power_kw, declared.meters) == (30, Decimal("12.1"), ("a",))


def test_what_is_missing_is_named_as_option_and_as_key(tmp_path: Path) -> None:
    said = refusal(tmp_path / "plant.csv", {"kind": "interval", "unit": "kWh", "reactive_column": "q"})
    assert said == (
        f"{tmp_path}/plant.csv: still to be declared: --step-minutes (step_minutes), --time-column (time_column), "
        "--energy-column (energy_column), --stamp (stamp), --reactive-unit (reactive_unit); "
        f"give the options, or write the keys into {tmp_path}/plant.toml"
    )


def test_a_register_needs_the_power_it_can_carry(tmp_path: Path) -> None:
    assert "still to be declared: --rated-power-kw (rated_power_kw); " in refusal(
        tmp_path / "plant.csv",
        {"kind": "register", "unit": "kWh", "step_minutes": 5, "time_column": "t", "energy_column": "e"},
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("unit", "kwh", "'kwh': Input should be 'Wh', 'kWh', 'MWh' or 'GWh'; correct --unit (unit)"),
        ("step_minutes", 7, "'7': the step must divide the hour, as 1, 5, 15, 30 and 60 do; correct --step-minutes"),
        ("step_minutes", "15", "'15': Input should be a valid integer; correct --step-minutes (step_minutes)"),
        ("step_minutes", 0, "'0': Input should be greater than or equal to 1; correct"),
        (
            "timezone",
            "x",
            "no time zone of that name; write an IANA name such as America/Mexico_City, or -06:00",
        ),
        ("timezone", "america/mexico_cty", "no time zone of that name, did you mean 'America/Mexico_City'? write"),
        ("timezone", "America", "no time zone of that name"),
        ("timezone", "../../etc/passwd", "no time zone of that name"),
        ("timezone", "-25:00", "no time zone of that name"),
        ("time_format", "%d/%m/%Y", "must name year, month, day, hour and minute, as %d/%m/%Y %H:%M does"),
        ("time_format", "DD/MM/YYYY hh:mm", "must name year, month, day, hour and minute"),
        ("time_format", "%Q", "is not a strptime format such as %d/%m/%Y %H:%M"),
        ("delimiter", "::", "the delimiter must be one character such as ',', ';', '|' or tab; correct --delimiter"),
        ("rated_power_kw", "500 kW", "must be a number of kW; correct --rated-power-kw"),
        ("rated_power_kw", 0, "Input should be greater than 0; correct --rated-power-kw"),
        ("register_modulus", 1.5, "'1.5': Input should be a valid integer; correct --register-modulus"),
        ("meters", "press", "Input should be a valid tuple; correct --meters (meters)"),
    ],
)
def test_a_wrong_fact_is_named_with_its_value(readings: Path, key: str, value: object, said: str) -> None:
    refused = refusal(readings, {key: value})
    assert f"plant.csv: option --{key.replace('_', '-')}: '" in refused
    assert said in refused


def test_a_wrong_fact_in_the_toml_names_the_toml(readings: Path) -> None:
    readings.with_suffix(".toml").write_text(ENOUGH.replace("kWh", "KWH"), encoding="utf-8")
    assert "plant.toml: key unit: 'KWH': Input should be 'Wh'" in refusal(readings, {})


def test_an_unknown_key_names_the_one_that_was_meant(readings: Path) -> None:
    readings.with_suffix(".toml").write_text(ENOUGH + 'time_zone = "UTC"', encoding="utf-8")
    said = refusal(readings, {})
    assert (
        "plant.toml: 'time_zone' is no key of a declaration, did you mean 'timezone'? the keys are kind, unit" in said
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"unit = kWh", "plant.toml: not TOML: "),
        (b"unit = '\xff'", "plant.toml: the declaration cannot be read"),
        (b"rated_power_kw = 1e99999999999999999999", "plant.toml: not TOML: InvalidOperation; write one fact"),
        (b"step_minutes = " + b"9" * 5000, "plant.toml: not TOML: ValueError; write one fact"),
        (b"meters = " + b"[" * 5000, "plant.toml: not TOML: nested too deeply; write one fact"),
        (b"#" * 300_000, "plant.toml: too large for a declaration"),
    ],
)
def test_a_broken_toml_is_refused(readings: Path, content: bytes, said: str) -> None:
    readings.with_suffix(".toml").write_bytes(content)
    assert said in refusal(readings, {})


@given(at=st.integers(0, len(ENOUGH)), length=st.integers(0, 30), piece=st.text("=[]{}\"'#.\n\\-+:0123456789aeEf∞"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_spoilt_toml_is_understood_or_refused_on_one_line(readings: Path, at: int, length: int, piece: str) -> None:
    text = ENOUGH[:at] + piece + ENOUGH[at + length :]
    readings.with_suffix(".toml").write_text(text, encoding="utf-8")
    said = "taken"
    try:
        load_declaration(readings, {})
    except BadReadings as refusal:
        said = str(refusal)
    assert "\n" not in said


def test_a_named_toml_must_exist(readings: Path, tmp_path: Path) -> None:
    assert "nowhere.toml: the declaration cannot be read" in refusal(readings, {}, tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"midnight": "same-day"}, "midnight = 'same-day' is about END stamps: declare stamp = 'end'"),
        ({"meters": ["a"]}, "meters lists what meter_column may hold: declare meter_column"),
        ({"kind": "register", "rated_power_kw": 9}, "a register's stamp is the instant it was read: leave stamp out"),
        (
            {"register_modulus": 9, "reactive_column": "q", "reactive_unit": "varh"},
            "register_modulus serves both registers: unit and reactive_unit must be of one size",
        ),
    ],
)
def test_facts_that_contradict_each_other_are_refused(readings: Path, facts: dict[str, object], said: str) -> None:
    refused = refusal(readings, facts)
    assert f"plant.csv: the declaration contradicts itself: {said}" in refused


def test_a_declaration_is_never_incomplete(declare: Declare) -> None:
    with pytest.raises(ValidationError, match="stamp must be declared as well"):
        declare(stamp=None)


def test_digits_of_the_rated_power_stay_as_they_were_written(declare: Declare) -> None:
    assert declare(rated_power_kw=12.1).rated_power_kw == Decimal("12.1")


@pytest.mark.parametrize("written", ["tab", "\\t", "\t"])
def test_a_tab_may_be_named(declare: Declare, written: str) -> None:
    assert declare(delimiter=written).delimiter == "\t"
