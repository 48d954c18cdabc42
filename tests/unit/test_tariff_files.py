"""Tariff files: what is read, what is refused, and in which words."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.tariff_files import TariffFiles
from domain.bill import make_bill
from domain.determinants import Determinants
from domain.errors import InvalidTariff, NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, Terms

DOCS = Path(__file__).parents[2] / "docs" / "tariff-files.md"
EXAMPLE: str = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
VALUES = EXAMPLE.partition("[rates.values]\n")[2]
STRUCTURE, _, RATES = EXAMPLE.partition("[[rates]]")
TABLE = f'schema = "wattledger-rates/1"\ntariff = "my-tariff"\nregion = "north"\n[[rates]]{RATES}'

FLAT = '[[charge]]\nkind = "energy_flat"\ncode = "{}"\nlabel = "Flat"\ngroup = "supply"\n'
POWER_FACTOR = """[[charge]]
kind = "power_factor"
code = "power_factor"
label = "Power factor"
group = "adjustment"
base = ["supply"]
[[charge.threshold]]
from = 2026-01-01
percent = "120"
source = "the law"
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A tariff file with some text."""

    def to_file(text: str, name: str = "my-tariff.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def load(path: Path) -> Tariff:
    return TariffFiles().get(str(path))


def changed(old: str, new: str) -> str:
    assert EXAMPLE.count(old) >= 1, f"{old!r} is not in the example any more"
    return EXAMPLE.replace(old, new, 1)


def test_the_example_of_the_documentation_gives_the_bill_it_promises(write: Write) -> None:
    tariff = load(write(EXAMPLE))
    month = BillingMonth(date(2026, 3, 1), ZoneInfo(tariff.timezone))
    d = Determinants([10_000_000, 4_000_000], None, [24_800, 0], [month.start_utc, None])
    terms = Terms(tariff, tariff.rate_table.in_force(month.first, month.end), Contract(), month, 15)
    assert make_bill("plant", d, terms).total == Decimal("52281.20")


def test_the_example_says_who_it_is(write: Write) -> None:
    tariff = load(write(EXAMPLE))
    assert (tariff.id, tariff.currency, tariff.periods) == ("my-tariff", "MXN", ("day", "night"))
    assert tariff.line_codes == ("service", "energy.day", "energy.night", "demand", "vat")


@pytest.mark.parametrize("written", ['"2.1500"', "2.1500", "2.15", "215e-2"])
def test_a_rate_is_read_exactly_however_it_is_written(write: Write, written: str) -> None:
    rates = load(write(changed('"2.1500"', written))).rate_table.rates[0]
    assert rates.values["energy.day"] == Decimal("2.15")


def test_a_file_saved_with_a_byte_order_mark_is_read(write: Write) -> None:
    assert load(write("\ufeff" + EXAMPLE)).id == "my-tariff"


CALENDAR_FAULTS = [
    ("06:00-22:00 day", "06:00-21:00 day", "calendar.schedule: season 'year', day type 'workday': a gap at 21:00"),
    ("06:00-22:00 day", "06:00-23:00 day", "season 'year', day type 'workday': an overlap at 23:00"),
    (', "22:00-24:00 night"', "", "season 'year', day type 'workday': nothing from 22:00"),
    ('22:00 day", "22:00', '22:10 day", "22:10', "a period ends inside a demand block of 15 minutes"),
    ("06:00-22:00 day", "06:00-22:00 dusk", "period 'dusk' is not one of day, night; correct it"),
    ("22:00-24:00", "22:00-06:00", "calendar.schedule.year.workday[3]: '22:00-06:00 night': ends before it begins"),
    ("22:00-24:00", "22:00-24:30", "calendar.schedule.year.workday[3]: '22:00-24:30 night': there is no such time"),
    ("22:00-24:00", "22:00-22:75", "there is no such time"),
    ("22:00-24:00", "22-24", 'write a window as "06:00-20:00 name-of-period"'),
    ('free = ["00:00-24:00 night"]\n', "", "season 'year' has no windows for day type 'free'; add them"),
    ("[calendar.schedule.year]", "[calendar.schedule.winter]", "season 'year' has no windows for day type 'free'"),
    ('free = ["00:00-24:00', 'holiday = ["00:00-24:00 night"]\nfree = ["00:00-24:00', "is not a season and day type"),
    ('sunday = "free", holiday = "free"', 'holiday = "free"', "calendar.day_types.sunday: is missing"),
    (', holiday = "free"', "", "calendar.day_types.holiday: is missing, but there are holidays"),
    ('["day", "night"]', '["day", "night", "day"]', "calendar.periods: 'day' is there twice"),
    (
        '["day", "night"]',
        '["day", "night.late"]',
        "calendar.periods[2]: 'night.late': use at most 60 letters, digits, - and _",
    ),
    ("day = 1\n\n[[charge]]", "day = 32\n\n[[charge]]", "calendar.holiday[1].day: 32: input should be less than"),
    ("month = 5\nday = 1", "month = 2\nday = 29", "calendar.holiday[1].day: 29: month 2 does not have it every year"),
    ("month = 5\nday = 1", "month = 5", "calendar.holiday[1]: give month and day, or month, weekday and n"),
    ("month = 5\nday = 1", 'month = 5\nweekday = "monday"\nn = 5', "calendar.holiday[1].n: 5: use 1, 2, 3, 4"),
    ("month = 5\nday = 1", 'month = 5\nweekday = "lunes"\nn = 1', "calendar.holiday[1].weekday: 'lunes': use 'monday'"),
    ("month = 5\nday = 1", 'month = 5\nweekday = "monday"\nn = 1\nevery = 6', "need a month and day, not a weekday"),
    ("month = 5\nday = 1", "month = 5\nday = 1\nevery = 6", "calendar.holiday[1].every: 6: counted from which year?"),
    ("day = 1\n\n[[charge]]", "day = 1\nfirst_year = 2024\nlast_year = 2018\n\n[[charge]]", "is before first_year"),
    (
        "[calendar.schedule.year]",
        '[[calendar.season]]\nname = "other"\nstarts = { month = 1, day = 1 }\n[calendar.schedule.year]',
        "calendar.schedule: season 'other' has no windows",
    ),
    (
        "[calendar.schedule.year]",
        '[[calendar.season]]\nname = "year"\nstarts = { month = 1, day = 1 }\n[calendar.schedule.year]',
        "calendar.season: 'year' and 'year' both start on 2000-01-01; move one of them",
    ),
]

STRUCTURE_FAULTS = [
    (
        "round_up_kw = true",
        "round_up_kw = true\nload_facter = 1",
        "load_facter: is not a field here; did you mean 'load_f",
    ),
    ("round_up_kw = true", "round_up_kw = true\nxyzzy = 1", "charge[3].xyzzy: is not a field here; remove it"),
    (
        'id = "my-tariff"',
        'id = "my-tariff"\ntime_zone = "x"',
        "time_zone: is not a field here; did you mean 'timezone'?",
    ),
    ('id = "my-tariff"', 'id = "my-tariff"\n"a\\nb" = 1', "a b: is not a field here"),
    ('kind = "maximum_demand"', f'kind = "{"z" * 300}"', "zzz... is no kind of charge"),
    ("round_up_kw = true\n", "", "charge[3].round_up_kw: is missing; add it"),
    ('currency = "MXN"\n', "", "currency: is missing; add it"),
    ('currency = "MXN"', 'currency = "pesos"', "currency: 'pesos': "),
    ('country = "MX"', 'country = "Mexico"', "country: 'Mexico': "),
    (
        'kind = "maximum_demand"',
        'kind = "max_demand"',
        "charge[3].kind: 'max_demand' is no kind of charge; use one of 'en",
    ),
    ('kind = "maximum_demand"\n', "", "charge[3].kind: is missing; add it"),
    (
        'periods = ["day"]',
        'periods = ["dawn"]',
        "charge[3].periods: 'dawn' is no period of the calendar; use day, night",
    ),
    ('periods = ["day"]', 'periods = ["day", "day"]', "charge[3].periods: 'day' is there twice"),
    ('periods = ["day"]', "periods = []", "charge[3].periods: []: "),
    ("round_up_kw = true", 'round_up_kw = "yes"', "charge[3].round_up_kw: 'yes': input should be a valid boolean"),
    (
        "round_up_kw = true",
        'round_up_kw = true\nload_factor = "57"',
        "charge[3].load_factor: '57': a load factor lies above 0",
    ),
    (
        "round_up_kw = true",
        "round_up_kw = true\nload_factor = 0",
        "charge[3].load_factor: 0: a load factor lies above 0",
    ),
    (
        'base = ["supply"]',
        'base = ["suply"]',
        "charge[4].base: charge 'vat' is reckoned from 'suply', which is no charge or group",
    ),
    (
        "[[rates]]",
        f"{FLAT.format('service')}[[rates]]",
        "charge[5].code: 'service' is there twice, first in charge[1]; rename one",
    ),
    (
        "[[rates]]",
        f"{FLAT.format('energy')}[[rates]]",
        "charge[5].code: 'energy' is there twice, first in charge[2]; rename one",
    ),
    ('code = "demand"', 'code = "Demand kW"', "charge[3].code: 'Demand kW': use at most 60 small letters"),
    ('per = "month"', 'per = "week"', "charge[1].per: 'week': use 'month' or 'day'"),
    ("demand_minutes = 15", "demand_minutes = 20", "demand_minutes: 20: use 5, 15, 30 or 60"),
    (
        '"America/Mexico_City"',
        '"Mars/Olympus"',
        "timezone: 'Mars/Olympus': is no time zone; use a name of the tz database",
    ),
    ('"America/Mexico_City"', '"America"', "timezone: 'America': is no time zone"),
    ('"America/Mexico_City"', '"../passwd"', "timezone: '../passwd': is no time zone"),
    ('id = "my-tariff"', 'id = "my:tariff"', "id: 'my:tariff': use small letters and digits"),
    ("places = 2", "places = 9", "rounding.places: 9: "),
    ('mode = "half_up"', 'mode = "up"', "rounding.mode: 'up': use 'half_up' or 'half_even'"),
    ('base = ["supply"]', 'base = ["supply"]\nfloor_per_mwh = "-1"', "charge[4].floor_per_mwh: '-1': is negative"),
    (
        "[[rates]]",
        f"{POWER_FACTOR}[[rates]]",
        "charge[5].threshold[1].percent: '120': a percentage lies between 0 and 100",
    ),
    ('label = "Demand by day"', 'label = " "', "charge[3].label: ' ': is empty"),
]

RATE_FAULTS = [
    (
        "energy.night",
        "energy.nite",
        "rates[1].values.energy.nite: no charge of the tariff has this rate; use service, ener",
    ),
    ('"2.1500"', '"-2.15"', "rates[1].values.energy.day: '-2.15': is negative"),
    (
        '"2.1500"',
        '"215,00"',
        "rates[1].values.energy.day: '215,00': not a number; write it in digits with a decimal point",
    ),
    ('"2.1500"', "true", "rates[1].values.energy.day: true: not a number"),
    ('"2.1500"', "nan", "rates[1].values.energy.day: NaN: not a number"),
    ('"2.1500"', "inf", "rates[1].values.energy.day: Infinity: not a number"),
    ('"2.1500"', "2e400", "rates[1].values.energy.day: 2E+400: not a number"),
    ('"2.1500"', '"2.1500001"', "rates[1].values.energy.day: 2.1500001: more than 6 decimals cannot be priced exactly"),
    (
        '"2.1500"',
        '"4000.01"',
        "rates[1].values.energy.day: 4000.01: a rate here lies between 0 and 4000; check its unit",
    ),
    (
        '"190.00"',
        '"1000000000.01"',
        "rates[1].values.demand: 1000000000.01: a rate here lies between 0 and 1000000000",
    ),
    (
        '"250.00"',
        '"1000000000.01"',
        "rates[1].values.service: 1000000000.01: a rate here lies between 0 and 1000000000",
    ),
    ('vat = "16"', 'vat = "160"', "rates[1].values.vat: 160: a rate here lies between 0 and 100"),
    ('vat = "16"', 'vat = "16"\n"energy.day" = "3"', "rates[1].values: "),
    (
        "valid_to = 2027-01-01",
        "valid_to = 2026-01-01",
        "rates[1].valid_to: 2026-01-01: is not after valid_from 2026-01",
    ),
    ("2027-01-01", '"2027-01-01"', "rates[1].valid_to: '2027-01-01': write a date without quotes"),
    (
        "valid_to = 2027-01-01",
        "valid_to = 2027-01-01T00:00:00",
        "rates[1].valid_to: 2027-01-01T00:00:00",
    ),
    ("valid_from = 2026-01-01", "", "rates[1].valid_from: is missing; add it"),
    (VALUES, "", "rates[1].values: {}: "),
    (
        'vat = "16"',
        'vat = "16"\n"energy\\u000A\\u001Bday" = "3"',
        "rates[1].values.energy  day: no charge of the tariff has",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), [*CALENDAR_FAULTS, *STRUCTURE_FAULTS, *RATE_FAULTS])
def test_a_fault_is_refused_in_one_line_with_its_file_and_place(write: Write, old: str, new: str, said: str) -> None:
    path = write(changed(old, new))
    with pytest.raises(InvalidTariff) as refusal:
        load(path)
    text = str(refusal.value)
    assert text.startswith(f"{path}: ")
    assert said in text
    assert "\n" not in text
    assert "pydantic" not in text


def test_the_first_of_several_faults_is_told_with_the_number_of_the_others(write: Write) -> None:
    with pytest.raises(InvalidTariff, match=re.escape("(and 1 more)")):
        load(write(changed('country = "MX"\ncurrency = "MXN"', "")))


def test_the_dearest_rate_times_the_largest_interval_fits_64_bits(write: Write) -> None:
    dearest = load(write(changed('"2.1500"', '"4000"'))).rate_table.rates[0].values["energy.day"]
    assert 2**31 * int(dearest * 10**6) <= 2**63 - 1
    with pytest.raises(InvalidTariff, match="check its unit"):
        load(write(changed('"2.1500"', '"4000.000001"')))


def test_a_percentage_may_be_finer_than_money(write: Write) -> None:
    assert load(write(changed('"16"', '"5.11269632"'))).rate_table.rates[0].values["vat"] == Decimal("5.11269632")


def test_validities_may_stand_in_any_order_in_the_file(write: Write) -> None:
    earlier = RATES.replace("2026-01-01", "2025-01-01", 1).replace("2027-01-01", "2026-01-01", 1)
    assert load(write(f"{EXAMPLE}\n[[rates]]{earlier}")).rate_table.coverage == "2025-01-01 to 2027-01-01"


def test_a_rate_that_is_left_out_is_missed_when_a_bill_needs_it(write: Write) -> None:
    tariff = load(write(changed('service = "250.00"\n', "")))
    month = BillingMonth(date(2026, 3, 1), ZoneInfo(tariff.timezone))
    with pytest.raises(NoPriceInForce, match=r"has no rate for service in 2026-03.*--rate service=AMOUNT"):
        Terms(tariff, tariff.rate_table.rates[0], Contract(), month, 15)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (EXAMPLE.encode().replace(b"MXN", b"MXN\xff"), "is not UTF-8; save the file in UTF-8"),
        (
            b'schema = "wattledger-tariff/1"\nid = \n',
            "not valid TOML: Invalid value (at line 2, column 6); correct that line",
        ),
        (b"x = " + b"[" * 5000, "nested too deeply"),
        (b"x = " + b"9" * 5000, "a number has more digits than can be read"),
        (b"x = 1e99999999999999999999", "a number has more digits than can be read"),
        (b"# " + b"x" * (1 << 20), "larger than 1 MiB"),
        (b"id = 'a'", 'schema: is missing; write schema = "wattledger-tariff/1"'),
        (b"schema = {}", 'schema: {}; write schema = "wattledger-tariff/1"'),
        (b"schema = 'wattledger-tariff/9'", "schema: 'wattledger-tariff/9'; write schema = "),
        (
            TABLE.encode(),
            "schema: 'wattledger-rates/1': is a rate table; name its tariff, and give this file with --rates",
        ),
        (STRUCTURE.encode(), "rates: are missing; add [[rates]], or name a rate table with --rates FILE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_tariff_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "strange.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidTariff, match=re.escape(said)) as refusal:
        load(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTariff, match=r"nowhere.toml: cannot be read: No such file or directory; check the path"):
        load(tmp_path / "nowhere.toml")


def test_a_folder_is_no_tariff(tmp_path: Path) -> None:
    with pytest.raises(InvalidTariff, match="cannot be read: Is a directory"):
        load(tmp_path)
