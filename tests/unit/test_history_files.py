"""Demand of earlier months from files: what is said is taken, and what cannot be is refused by name."""

from contextlib import suppress
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.history_files import read_history
from domain.errors import Refusal

CSV = "charge,month,kW\ndemand,2025-12,640.5\npeak_demand,2025-11,600\n"


def read(folder: Path, text: str, name: str = "history.csv") -> object:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_history(path)


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    toml = "[demand]\n2025-12 = 640.5\n[peak_demand]\n2025-11 = 600\n"
    assert read(tmp_path, CSV) == read(tmp_path, toml, "history.toml")
    assert read(tmp_path, CSV) == {
        "": {"demand": {date(2025, 12, 1): Fraction(1281, 2)}, "peak_demand": {date(2025, 11, 1): Fraction(600)}}
    }


def test_a_csv_may_be_about_several_meters(tmp_path: Path) -> None:
    text = "meter,charge,month,kW\nwest,demand,2025-12,640\neast,demand,2025-12,90\n"
    assert read(tmp_path, text) == {
        "west": {"demand": {date(2025, 12, 1): Fraction(640)}},
        "east": {"demand": {date(2025, 12, 1): Fraction(90)}},
    }


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (CSV.replace("640.5", "-1"), "history.csv", "line 2, column kW: '-1' is no kW between 0 and 900,000"),
        (CSV.replace("640.5", "NaN"), "history.csv", "'NaN' is no kW"),
        (CSV.replace("2025-12", "2025-13"), "history.csv", "line 2, column month: '2025-13' is no month"),
        (CSV.replace("kW", "MW"), "history.csv", "line 1: the columns are 'charge, month, MW'"),
        (CSV + "demand,2025-12,641\n", "history.csv", "line 4: demand in 2025-12 is there twice"),
        (CSV + "demand,2025-10\n", "history.csv", "line 4: 2 cells under a header of 3"),
        (CSV.replace("demand,", '"demand,', 1), "history.csv", "a quote is out of place"),
        ("charge,month,kW\n", "history.csv", "says nothing"),
        ("demand = 5\n", "history.toml", "is no table of months"),
        ("[demand]\n2025-12 = true\n", "history.toml", "'True' is no kW"),
        ("[demand]\n2025-12 = -4\n", "history.toml", "'-4' is no kW"),
        ("[demand\n", "history.toml", "not TOML"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(tmp_path: Path, text: str, name: str, told: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(tmp_path, text, name)
    assert told in str(refused.value)
    assert str(tmp_path / name) in str(refused.value)
    assert "\n" not in str(refused.value)


LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
ROWS = LETTERS.map(lambda text: f"charge,month,kW\n{text}".encode())


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=120), ROWS), st.sampled_from(["history.csv", "history.toml"]))
def test_a_file_of_anything_is_read_or_refused(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with suppress(Refusal):
        found = read_history(tmp_path / name)
        assert all(kw >= 0 for charges in found.values() for months in charges.values() for kw in months.values())
