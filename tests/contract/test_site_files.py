"""Site files: what is understood is taken exactly, and what is not is refused by its key, with its value."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from adapters.site_files import MOST_BYTES, read_site
from domain.errors import BadOption
from domain.measurement import Extra, MeterType, Registers
from domain.supply_point import Agreement
from domain.terms import Contract

SITE = """schema = "wattledger-site/1"
id = "plant"
device = "edge-1"
timezone = "America/Mexico_City"
step_minutes = 15
main_meter = "main"

[[agreements]]
tariff = "mx-gdmth:golfo-centro"
contracted_kw = { all = "800.5" }

[[agreements]]
since = 2026-07-01
tariff = "mine.toml"
contracted_kw = { all = 900 }
low_side = true

[meters.main]
rated_power_kw = 1500
register_modulus_wh = 1000000

[meters.oven]
rated_power_kw = 400.5
since = 2026-01-05T00:00:00-06:00
until = 2026-12-01T00:00:00Z

[[swaps]]
meter = "main"
at = 2026-03-10T10:02:00-06:00
last_wh = 5040
last_varh = 2100
first_wh = 3
first_varh = 0
rated_power_kw = 1600
serial = "LG-7731"
"""
Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "site.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_every_key_is_taken_exactly(written: Written) -> None:
    path = written(SITE)
    found = read_site(path)
    point, (swap,) = found.point, found.swaps
    assert (point.id, point.device, point.zone.key, point.step_minutes) == (
        "plant",
        "edge-1",
        "America/Mexico_City",
        15,
    )
    assert point.contract == Contract({"all": Decimal("800.5")})
    assert point.later == (
        Agreement(date(2026, 7, 1), str(path.parent / "mine.toml"), Contract({"all": Decimal(900)}, True)),
    )
    assert point.meters == {"main": MeterType(1_500_000, 1_000_000), "oven": MeterType(400_500)}
    assert point.since == {"oven": datetime(2026, 1, 5, 6, tzinfo=UTC)}
    assert point.until == {"oven": datetime(2026, 12, 1, tzinfo=UTC)}
    assert (swap.at, swap.last, swap.first) == (
        datetime(2026, 3, 10, 16, 2, tzinfo=UTC),
        Registers(5040, 2100),
        Registers(3, 0),
    )
    assert (swap.meter_type, swap.serial) == (MeterType(1_600_000), "LG-7731")


def test_a_swap_may_tell_the_registers_that_not_every_meter_has(written: Written) -> None:
    told = "last_export_wh = 70\nfirst_export_wh = 1\nlast_capacitive_varh = 9\nfirst_capacitive_varh = 0\nserial"
    (swap,) = read_site(written(SITE.replace("serial", told))).swaps
    assert (swap.last, swap.first) == (Registers(5040, 2100, Extra(70, 9)), Registers(3, 0, Extra(1, 0)))


def test_a_byte_order_mark_is_no_fault(written: Written) -> None:
    assert read_site(written(b"\xef\xbb\xbf" + SITE.encode())).point.id == "plant"


REFUSED = {
    "a misspelt key": ("rated_power_kw = 1500", "rated_power = 1500", "meters.main.rated_power_kw: missing"),
    "a key of nobody": ('device = "edge-1"', 'device = "edge-1"\ncolour = 3', "colour: no such key here"),
    "no id": ('id = "plant"\n', "", "id: missing"),
    "an empty name": ('id = "plant"', 'id = ""', "id: ''"),
    "another schema": ("site/1", "site/9", "schema: 'wattledger-site/9'"),
    "no zone": ("America/Mexico_City", "America/Mexiko", "timezone: 'America/Mexiko': no time zone of that name"),
    "a zone that is a path": ("America/Mexico_City", "../../etc/passwd", "timezone: '../../etc/passwd'"),
    "no such main meter": (
        'main_meter = "main"',
        'main_meter = "mian"',
        "main_meter: 'mian' is none of the meters main",
    ),
    "a step that is none": ("step_minutes = 15", "step_minutes = 7", "step_minutes: 7: use one of 1, 5, 10, 15"),
    "power below zero": ("= 1500", "= -1", "meters.main.rated_power_kw: -1"),
    "no power": ("= 1500", "= 0", "meters.main.rated_power_kw: 0"),
    "power that is no number": ("= 1500", "= nan", "meters.main.rated_power_kw"),
    "power as a word": ("= 1500", '= "lots"', "meters.main.rated_power_kw: 'lots'"),
    "power as a truth": ("= 1500", "= true", "meters.main.rated_power_kw: True"),
    "contracted below zero": ('"800.5"', "-3", "contracted_kw.all: -3"),
    "no agreement": ("[[agreements]]", "[[agreement]]", "agreement: no such key"),
    "the first with a day": (
        "[[agreements]]\ntariff",
        "[[agreements]]\nsince = 2026-01-01\ntariff",
        "the first holds from",
    ),
    "a later one without": ("since = 2026-07-01\n", "", "give `since` in all later ones"),
    "no offset": ("2026-01-05T00:00:00-06:00", "2026-01-05T00:00:00", "meters.oven.since"),
    "a day instead of an instant": ("2026-01-05T00:00:00-06:00", "2026-01-05", "meters.oven.since"),
    "leaves before it came": (
        "until = 2026-12-01",
        "until = 2025-12-01",
        "meters.oven.until: 2025-12-01T00:00:00+00:00 is not after",
    ),
    "a swap of nobody": (
        '[[swaps]]\nmeter = "main"',
        '[[swaps]]\nmeter = "mian"',
        "swaps: 'mian' is none of the meters main, oven",
    ),
    "a register of the old meter alone": (
        "last_varh = 2100",
        "last_varh = 2100\nlast_export_wh = 7",
        "last_export_wh and first_export_wh: one is missing; give both",
    ),
    "a register below zero": ("last_wh = 5040", "last_wh = -1", "swaps.0.last_wh: -1"),
    "two agreements of one day": (
        "[meters.main]",
        '[[agreements]]\nsince = 2026-07-01\ntariff = "x"\n\n[meters.main]',
        "agreements: that since 2026-07-01 follows that since 2026-07-01",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_not_understood_is_refused_by_file_key_and_value(fault: str, written: Written) -> None:
    there, instead, told = REFUSED[fault]
    assert there in SITE
    path = written(SITE.replace(there, instead, 1))
    with pytest.raises(BadOption) as refused:
        read_site(path)
    assert told in str(refused.value)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "schema: missing"),
        (b"\xff\xfe", "not TOML"),
        (b"id = ", "not TOML"),
        (b"[" * 100_000, "not TOML"),
        (b"a" * (MOST_BYTES + 1), "at most 1048576 bytes"),
    ],
    ids=["empty", "no text", "cut", "deep", "huge"],
)
def test_whatever_the_bytes_are_they_are_refused_in_one_line(content: bytes, told: str, written: Written) -> None:
    with pytest.raises(BadOption, match=told) as refused:
        read_site(written(content))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("seed", range(300))
def test_a_spoilt_site_file_is_read_or_refused_and_nothing_else(seed: int, written: Written) -> None:
    dice, data = Random(seed), bytearray(SITE.encode())
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data))
        match dice.randrange(3):
            case 0:
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + dice.randrange(1, 30)]
            case _:
                data[at:at] = dice.choice([b'"', b"\n", b"[[", b"=", b"1e999", b"9" * 40, b"nan", b"-"])
    said = "taken"
    try:
        read_site(written(bytes(data)))
    except BadOption as refusal:
        said = str(refusal)
    assert "\n" not in said
