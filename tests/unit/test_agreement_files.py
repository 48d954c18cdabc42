"""A file of agreements is read strictly: what it says wrong is told with file, field, value and remedy."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.agreement_files import StatedAgreement, read_agreements
from domain.errors import BadOption
from domain.terms import Contract

GOOD = """
meter_changed = [2026-02-17, 2026-05-01]

[[agreement]]
since = 2025-07-01
tariff = "mx-gdmth:golfo-centro"

[agreement.contracted_kw]
all = "800"

[[agreement]]
since = 2026-01-16
tariff = "mine.toml"
rates = "mine.rates.toml"
metered_on_low_side = true
contracted_kw = { day = 650.25, night = 700 }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "agreed.toml").write_text(GOOD, encoding="utf-8")
    return tmp_path / "agreed.toml"


def test_agreements_are_read_in_order_and_paths_start_at_the_file(path: Path) -> None:
    found = read_agreements(path)
    folder, second = path.parent, Contract({"day": Decimal("650.25"), "night": Decimal(700)}, metered_on_low_side=True)
    assert found.agreements == (
        StatedAgreement(date(2025, 7, 1), "mx-gdmth:golfo-centro", None, Contract({"all": Decimal(800)})),
        StatedAgreement(date(2026, 1, 16), str(folder / "mine.toml"), folder / "mine.rates.toml", second),
    )
    assert found.meter_changed == (date(2026, 2, 17), date(2026, 5, 1))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("2026-01-16", "2025-07-01", "agreement[2].since: 2025-07-01 is not after 2025-07-01; give each day once"),
        ("2026-05-01]", "2026-02-17]", "meter_changed[2]: 2026-02-17 is not after 2026-02-17"),
        ("since = 2025-07-01\n", "", "agreement[1].since: is missing; add it"),
        ("2025-07-01", '"2025-07-01"', "agreement[1].since: '2025-07-01': write a date without quotes"),
        ("2025-07-01", "2025-07-01T00:00:00Z", "agreement[1].since: "),
        ('tariff = "mx', 'tarif = "mx', "(and 1 more)"),
        ("rates =", "rate =", "agreement[2].rate: is not a field here; use since, tariff, rates,"),
        ('"800"', '"8 hundred"', "agreement[1].contracted_kw.all: '8 hundred': write kW of 0 or more in digits"),
        ('"800"', "-1", "agreement[1].contracted_kw.all: -1: write kW"),
        ('"800"', '"100.0005"', "agreement[1].contracted_kw.all: '100.0005': finer than a watt; give at most 3"),
        ('"800"', "true", "agreement[1].contracted_kw.all: True: write kW"),
        ('"800"', "inf", "agreement[1].contracted_kw.all: Decimal('Infinity'): write kW"),
        ("= true", '= "yes"', "agreement[2].metered_on_low_side: 'yes': "),
        ("[[agreement]]", "[[agreements]]", "agreement: is no list; write each agreement under [[agreement]]"),
        ("[[agreement]]", "[[agreement", "is not TOML in UTF-8"),
        ("mine.toml", "", "agreed.toml: agreement[2].tariff: ''"),
    ],
)
def test_what_a_file_says_wrong_is_told(path: Path, before: str, after: str, told: str) -> None:
    assert before in GOOD
    path.write_text(GOOD.replace(before, after), encoding="utf-8")
    with pytest.raises(BadOption) as refused:
        read_agreements(path)
    assert told in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_or_not_text_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"none\.toml: cannot be read: No such file or directory; check the path"):
        read_agreements(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"tariff = '\xe9'")
    with pytest.raises(BadOption, match="is not TOML in UTF-8"):
        read_agreements(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(BadOption, match="larger than 1 MiB"):
        read_agreements(tmp_path / "large.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(BadOption, match="nested too deeply"):
        read_agreements(tmp_path / "deep.toml")


PIECE = st.text("=[]{}\"'#.\n\\-+:TZ0123456789aeEf∞", max_size=8)


@given(at=st.integers(0, len(GOOD)), length=st.integers(0, 30), piece=PIECE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_spoilt_file_is_read_or_refused_on_one_line(path: Path, at: int, length: int, piece: str) -> None:
    path.write_text(GOOD[:at] + piece + GOOD[at + length :], encoding="utf-8")
    said = f"{path}: taken"
    try:
        read_agreements(path)
    except BadOption as refusal:
        said = str(refusal)
    assert said.startswith(str(path))
    assert "\n" not in said
