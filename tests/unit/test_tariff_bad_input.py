"""Files that cannot be a tariff: each is refused on load, in one line with file, place, value and remedy."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from adapters.tariff_files.catalogue import SHIPPED
from domain.errors import InvalidTariff, NoPriceInForce, Refusal
from domain.tariff import Tariff
from domain.terms import BillingMonth

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
STRUCTURE, _, RATES = EXAMPLE.partition("[[rates]]")
LATER = RATES.replace("2027-01-01", "2029-01-01", 1)
TIERS = """[[charge]]
kind = "tiered_energy"
code = "tiers"
label = "Tiers"
group = "supply"
scope = "per_period"
limits = ["200", "100"]
"""
MAY_DAY = '[[calendar.holiday]]\nname = "{}"\nmonth = 5\nday = 1\n'

Change = tuple[str, str]
CASES: dict[str, tuple[Change, str]] = {
    "a gap between windows": (
        ("06:00-22:00 day", "06:00-21:00 day"),
        "calendar.schedule: season 'year', day type 'workday': a gap at 21:00; windows must meet",
    ),
    "windows that overlap": (
        ("06:00-22:00 day", "06:00-23:00 day"),
        "calendar.schedule: season 'year', day type 'workday': an overlap at 23:00; windows must meet",
    ),
    "a season without hours": (
        (
            "[calendar.schedule.year]",
            '[[calendar.season]]\nname = "b"\nstarts = { month = 6, day = 1 }\n[calendar.schedule.year]',
        ),
        "calendar.schedule: season 'b' has no windows for day type 'free'; add them",
    ),
    "a period without rates": (
        ('energy.night = "1.0800"\n', ""),
        "rates[1].values.energy.night: is missing, while energy.day is there; add it",
    ),
    "tiers out of order": (("[[rates]]", f"{TIERS}[[rates]]"), "charge[5].limits: ['200', '100']: 100 comes after 200"),
    "a negative rate": (
        ('"2.1500"', '"-2.15"'),
        "rates[1].values.energy.day: '-2.15': is negative; no rate or limit is",
    ),
    "an absurd rate": (
        ('"2.1500"', '"2150000"'),
        "rates[1].values.energy.day: 2150000: a rate here lies between 0 and 4000",
    ),
    "an unknown field": (
        ("places = 2", "places = 2\nplacs = 2"),
        "rounding.placs: is not a field here; did you mean 'places'?",
    ),
    "a field that must be there, misspelt": (
        ("round_up_kw", "round_up_kwh"),
        "charge[3].round_up_kwh: is not a field here; did you mean 'round_up_kw'?",
    ),
    "a period that is nowhere": (('periods = ["day"]', 'periods = ["p7"]'), "charge[3].periods: 'p7' is no period of"),
    "validities that overlap": (
        ("[[rates]]", f"[[rates]]{LATER}\n[[rates]]"),
        "rates[2].valid_from: 2026-01-01: overlaps rates[1], which hold from 2026-01-01 to 2029-01-01; let that",
    ),
    "an open validity before another": (
        (
            "[[rates]]",
            f"[[rates]]{RATES.replace('valid_to = 2027-01-01', '').replace('2026-01', '2025-01', 1)}\n[[rates]]",
        ),
        "rates[2].valid_from: 2026-01-01: overlaps rates[1], which hold from 2025-01-01 until further notice; let that",
    ),
    "validities that do not meet": (
        (
            "[[rates]]",
            f"[[rates]]{RATES.replace('2027-01-01', '2025-12-31').replace('2026-01-01', '2025-01-01', 1)}\n[[rates]]",
        ),
        "rates[2].valid_from: 2026-01-01: does not meet rates[1], whose valid_to, the first day without them, is "
        "2025-12-31; let both be one day, or write after_gap = true where no source states the days between",
    ),
    "a gap that is none": (
        (
            "[[rates]]",
            f"[[rates]]{RATES.replace('2027-01-01', '2026-01-01').replace('2026-01-01', '2025-01-01', 1)}\n"
            "[[rates]]\nafter_gap = true",
        ),
        "rates[2].after_gap: true: there is none, rates[1] hold to 2026-01-01; remove it",
    ),
    "a period that has no hours": (
        ('periods = ["day", "night"]', 'periods = ["day", "night", "dusk"]'),
        "calendar.periods[3]: 'dusk' has no hours in any window; give it some, or remove it",
    ),
    "an instant for a number": (
        ('"2.1500"', "2026-07-15T18:00:00-05:00"),
        "rates[1].values.energy.day: 2026-07-15T18:00:00-05:00: not a number",
    ),
    "a list for a number": (('"2.1500"', "[2.15, true]"), "rates[1].values.energy.day: [2.15, true]: not a number"),
    "a validity that ends before it begins": (
        ("2027-01-01", "2025-01-01"),
        "rates[1].valid_to: 2025-01-01: is not after valid_from 2026-01-01; valid_to is the first day without",
    ),
    "one holiday twice": (
        ("[[charge]]", f"{MAY_DAY.format('Labour')}\n[[charge]]"),
        "calendar.holiday[2]: is the same day as calendar.holiday[1]; remove one",
    ),
    "one holiday twice in some years": (
        ("[[charge]]", f"{MAY_DAY.format('Labour')}first_year = 2030\n\n[[charge]]"),
        "calendar.holiday[2]: is the same day as calendar.holiday[1]; remove one",
    ),
    "an edge inside a demand block": (
        ('22:00 day", "22:00', '22:05 day", "22:05'),
        "a period ends inside a demand block of 15 minutes (year, workday, minute 1325); no block may lie in two",
    ),
    "a wrong type": (
        ("round_up_kw = true", "round_up_kw = 1"),
        "charge[3].round_up_kw: 1: input should be a valid bool",
    ),
    "text for a list": (
        ('base = ["supply"]', 'base = "supply"'),
        "charge[4].base: 'supply': input should be a valid list",
    ),
    "a date as text": (("valid_from = 2026-01-01", 'valid_from = "2026-01-01"'), "write a date without quotes"),
    "the digits of a binary fraction": (
        ('"16"', "16.000000000000004"),
        "rates[1].values.vat: 16.000000000000004: has the digits of a binary fraction; write the number itself",
    ),
    "a number too long to print": (
        ("places = 2", f"places = 0x{'f' * 5000}"),
        "rounding.places: a number has more digits",
    ),
    "keys that nest": (
        ("[rates.values]", f"[rates.values]\n{'a.' * 500}b = 1"),
        "nested too deeply; a tariff needs five levels",
    ),
    "lists that nest": (
        ("places = 2", f"places = {'[' * 40}{']' * 40}"),
        "nested too deeply; a tariff needs five levels",
    ),
    "too many charges": (
        (
            "[[rates]]",
            "".join(TIERS.replace('"tiers"', f'"t{n}"').replace('"200", ', "") for n in range(200)) + "[[rates]]",
        ),
        "list should have at most 200 items",
    ),
    "too many validities": (
        ("[[rates]]", '[[rates]]\nvalid_from = 2020-01-01\nsource = "x"\nvalues = { vat = 1 }\n' * 2_001 + "[[rates]]"),
        "list should have at most 2000 items",
    ),
    "too many holidays": (
        ("[[charge]]", MAY_DAY.format("x") * 200 + "[[charge]]"),
        "list should have at most 200 items",
    ),
    "too many windows": (
        ('"22:00-24:00 night"', '"22:00-24:00 night", ' * 300 + '"22:00-24:00 night"'),
        "list should have at most 288 items",
    ),
}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "my-tariff.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def load(path: Path) -> Tariff:
    return TariffFiles().get(str(path))


@pytest.mark.parametrize(("change", "said"), CASES.values(), ids=CASES)
def test_a_file_that_cannot_be_a_tariff_is_refused(write: Write, change: Change, said: str) -> None:
    assert change[0] in EXAMPLE
    path = write(EXAMPLE.replace(*change, 1))
    with pytest.raises(InvalidTariff) as refusal:
        load(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 500
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# " + b"x" * (1 << 20), "larger than 1 MiB; a tariff file holds rates, not readings"),
        (EXAMPLE.encode("utf-16"), "is not UTF-8; save the file in UTF-8"),
        (EXAMPLE.encode().replace(b"night", "día".encode("latin-1")), "is not UTF-8; save the file in UTF-8"),
        (EXAMPLE.encode().replace(b"\n", b"\x00\n"), "not valid TOML"),
        (b"a = 1\n" * 100_000, "not valid TOML: Cannot overwrite a value"),
        (b"x = " + b"{a=" * 20_000, "not valid TOML: it is nested too deeply"),
    ],
    ids=["large", "utf-16", "latin-1", "zeros", "one key", "braces"],
)
def test_bytes_that_are_no_tariff_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "strange.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidTariff, match=re.escape(said)):
        load(path)


def test_a_gap_between_validities_is_declared_and_named_when_it_is_priced(write: Write) -> None:
    later = f"after_gap = true\n{RATES.replace('2026-', '2028-').replace('2027-', '2029-').lstrip()}"
    tariff = load(write(f"{EXAMPLE}\n[[rates]]\n{later}"))
    month = BillingMonth(date(2027, 5, 1), ZoneInfo(tariff.timezone))
    with pytest.raises(NoPriceInForce, match="it covers 2026-01-01 to 2027-01-01, 2028-01-01 to 2029-01-01"):
        tariff.rate_table.in_force(month.first, month.end)


def test_what_says_only_that_days_are_known_to_lack_changes_no_version(write: Write) -> None:
    """The words of `after_gap` are no price: a ledger keeps what it billed."""
    later = RATES.replace("2026-", "2027-").replace("2027-01-01\nsource", "2028-01-01\nsource", 1)
    meeting = load(write(f"{EXAMPLE}\n[[rates]]{later}")).version
    hidden = f"{EXAMPLE}\n[[rates]]\nafter_gap = false{later}"
    assert load(write(hidden)).version == meeting


def test_holidays_that_meet_by_chance_or_never_are_allowed(write: Write) -> None:
    chance = '[[calendar.holiday]]\nname = "First Thursday"\nmonth = 5\nweekday = "thursday"\nn = 1\n'
    text = EXAMPLE.replace("month = 5\nday = 1\n", "month = 5\nday = 1\nlast_year = 2029\n", 1)
    later = MAY_DAY.format("Labour, by the new law") + "first_year = 2030\n"
    tariff = load(write(text.replace("[[charge]]", f"{chance}{later}\n[[charge]]", 1)))
    assert len(tariff.calendar.holidays_of(2026)) == len(tariff.calendar.holidays_of(2030)) == 2


TEXTS = tuple(path.read_text(encoding="utf-8") for path in sorted(SHIPPED.rglob("*.toml")))
SHELF = TariffFiles()
JUNK = st.sampled_from(
    [
        "-1",
        '"-1"',
        "1e400",
        "nan",
        "true",
        "[]",
        "{}",
        '""',
        '"x"',
        "1979-05-27",
        "0",
        "9" * 24,
        '"1e5"',
        "[[]]",
        "0x" + "f" * 5000,
    ]
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A file that ships, with some of its lines moved, lost, repeated or rewritten."""
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        n, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        name, _, value = lines[n].partition("=")
        match draw(st.integers(0, 5)):
            case 0:
                lines[n] = ""
            case 1:
                lines.insert(n, lines[other])
            case 2:
                lines[n] = f"{name}= {draw(JUNK)}"
            case 3:
                lines[n], lines[other] = lines[other], lines[n]
            case 4:
                lines[n] = f"{name}={lines[other].partition('=')[2]}"
            case _:
                at = draw(st.integers(0, len(value)))
                lines[n] = f"{name}={value[:at]}{draw(st.characters(codec='utf-8'))}{value[at + 1 :]}"
    return "\n".join(lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoilt())
def test_a_spoilt_file_is_a_tariff_or_a_refusal_and_nothing_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spoilt.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = _refusal(path, text)
    assert said is None or (said.startswith(f"{path}: ") and "\n" not in said)


def _refusal(path: Path, text: str) -> str | None:
    try:
        if "wattledger-rates" in text:
            SHELF.get(_tariff_of(text), path)
        else:
            structure = SHELF.structure(str(path))
            assert not structure.rates or SHELF.get(str(path)).version
    except Refusal as refusal:
        return str(refusal)
    return None


def _tariff_of(text: str) -> str:
    """The first structure that a table names, so that it is tried with the charges it was written for."""
    try:
        said = tomllib.loads(text).get("tariff")
    except ValueError:
        said = None
    first = said[0] if isinstance(said, list) and said else said
    return first if first in SHELF.structure_ids() else "mx-gdmth"
