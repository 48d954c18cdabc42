"""Files of published prices: hours and quarters, summer time, currencies; and nothing of a broken one is taken."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from adapters.price_files import read_price_series
from domain.charges import PriceSeries
from domain.errors import Refusal

HOUR = timedelta(hours=1)
MADRID = ZoneInfo("Europe/Madrid")
PLAIN = "start,EUR/MWh\n2026-01-01T00:00+01:00,54.12\n2026-01-01T01:00+01:00,-3.5\n"
LOCAL = 'timezone = "Europe/Madrid"\n'


def read(
    folder: Path, text: str | bytes, toml: str = "", currency: str = "EUR", worth: dict[str, Decimal] | None = None
) -> PriceSeries:
    path = folder / "spot.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "spot.toml").write_text(toml, encoding="utf-8")
    return read_price_series(path, "spot", currency, worth or {})


def test_a_header_may_say_all_there_is_to_say(tmp_path: Path) -> None:
    series = read(tmp_path, PLAIN)
    assert (series.name, series.minutes) == ("spot", 60)
    assert series.start == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert series.prices_micro == (54_120, -3_500)
    assert series.source.startswith("spot.csv in EUR/MWh (sha256 ")


def test_another_currency_is_exchanged_at_the_rate_that_was_said(tmp_path: Path) -> None:
    series = read(tmp_path, PLAIN, currency="MXN", worth={"EUR": Decimal("20.9")})
    assert series.prices_micro == (54_120, -3_500)
    assert series.worth == Decimal("20.9")
    assert "1 EUR = 20.9 MXN" in series.source


def test_what_is_finer_than_a_micro_unit_is_rounded_half_up(tmp_path: Path) -> None:
    text = "start,EUR/MWh\n2026-01-01T00:00Z,0.0005\n2026-01-01T01:00Z,0.0004\n2026-01-01T02:00Z,-0.0005\n"
    assert read(tmp_path, text).prices_micro == (1, 0, -1)


@pytest.mark.parametrize(("unit", "micro"), [("kWh", 2_000_000), ("MWh", 2_000), ("GWh", 2)])
def test_a_price_is_for_the_energy_of_its_unit(tmp_path: Path, unit: str, micro: int) -> None:
    text = f"start,price EUR/{unit}\n2026-01-01T00:00Z,2\n"
    assert read(tmp_path, text, "step_minutes = 60").prices_micro == (micro,)


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29, tzinfo=MADRID), 23), (datetime(2026, 10, 25, tzinfo=MADRID), 25)]
)
@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_day_of_23_or_25_hours_written_in_local_time_is_whole(
    tmp_path: Path, day: datetime, hours: int, minutes: int, stamp: str
) -> None:
    first, step = day.astimezone(UTC), timedelta(minutes=minutes)
    blocks = hours * 60 // minutes
    shift = step if stamp == "end" else timedelta(0)
    rows = [f"{(first + step * i + shift).astimezone(MADRID):%Y-%m-%d %H:%M},{i}" for i in range(blocks)]
    series = read(tmp_path, "\n".join(["when,EUR/MWh", *rows]), f'{LOCAL}stamp = "{stamp}"')
    assert (series.start, series.minutes) == (first, minutes)
    assert series.prices_micro == tuple(i * 1000 for i in range(blocks))


def test_a_file_may_begin_in_the_hour_that_autumn_repeats(tmp_path: Path) -> None:
    series = read(tmp_path, "start,EUR/MWh\n2026-10-25 02:00,1\n2026-10-25 02:00,2\n2026-10-25 03:00,3\n", LOCAL)
    assert series.start == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert series.prices_micro == (1000, 2000, 3000)


def test_a_price_that_is_not_there_is_unknown_and_not_zero(tmp_path: Path) -> None:
    text = "start,EUR/MWh\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,\n2026-01-01T04:00Z,5\n"
    assert read(tmp_path, text).prices_micro == (1000, None, None, None, 5000)


def test_columns_and_signs_may_be_declared(tmp_path: Path) -> None:
    text = "zone;price;hour\nES;1,5;2026-01-01 00:00\nES;2,25;2026-01-01 01:00\n"
    toml = (
        'unit = "EUR/MWh"\ntime_column = "hour"\nprice_column = "price"\ndelimiter = ";"\ndecimal = ","\n'
        f'source = "day-ahead market"\n{LOCAL}'
    )
    series = read(tmp_path, text, toml)
    assert series.prices_micro == (1500, 2250)
    assert series.source.startswith("day-ahead market in EUR/MWh")


@pytest.mark.parametrize("kind", ["instant", "wall", "text"])
def test_parquet_says_what_csv_says(tmp_path: Path, kind: str) -> None:
    at = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(3)]
    local = [one.astimezone(MADRID).replace(tzinfo=None) for one in at]
    times = {
        "instant": pyarrow.array(at, pyarrow.timestamp("us", "UTC")),
        "wall": pyarrow.array(local, pyarrow.timestamp("ns")),
        "text": pyarrow.array([one.isoformat() for one in at]),
    }
    path = tmp_path / "spot.parquet"
    parquet.write_table(pyarrow.table({"start": times[kind], "EUR/MWh": [54.12, None, -0.1]}), path)
    (tmp_path / "spot.toml").write_text(LOCAL, encoding="utf-8")
    series = read_price_series(path, "spot", "EUR", {})
    assert (series.start, series.prices_micro) == (at[0], (54_120, None, -100))


@pytest.mark.parametrize(
    ("text", "toml", "told"),
    [
        (PLAIN.replace("54.12", "54,12"), "", "line 2: 3 cells under a header of 2"),
        (PLAIN.replace("54.12", "abc"), "", "line 2, column EUR/MWh: 'abc' is not a number"),
        (PLAIN.replace("54.12", "1e3"), "", "line 2, column EUR/MWh: '1e3' is not a number"),
        (PLAIN.replace("54.12", "9999999"), "", "is more than 4000 a kWh; check the unit"),
        (PLAIN.replace("54.12", "-9999999"), "", "'-9999999' is more than 4000 a kWh"),
        (PLAIN.replace("T01:00", "T00:00"), "", "line 3, column start: '2026-01-01T00:00+01:00' is not after the row"),
        (PLAIN.replace("T01:00", "T00:30"), "", "rows 30 minutes apart; prices are for 15 or for 60 minutes"),
        (PLAIN.replace("T01:00", "T01:15"), "step_minutes = 60", "is 75 minutes later, between two prices"),
        (PLAIN.replace("T00:00", "T00:07").replace("T01:00", "T01:07"), "", "does not begin a block of 60 minutes"),
        (PLAIN.replace("EUR/MWh", "price"), "", "nothing says in which currency"),
        (PLAIN, 'unit = "USD/MWh"', "is declared as 'USD/MWh'; correct one of the two"),
        (PLAIN, 'units = "EUR/MWh"', "key units: 'EUR/MWh'"),
        (PLAIN, 'timezone = "Europe/Atlantis"', "no time zone of that name"),
        (PLAIN, "timezone = ", "not TOML"),
        (PLAIN, "step_minutes = " + "9" * 5000, "not TOML: ValueError"),
        (PLAIN, "unit = " + "[" * 5000, "not TOML: nested too deeply"),
        (PLAIN, 'price_column = "cost"', "column 'cost' is not there; the columns are start, EUR/MWh"),
        (PLAIN.replace("+01:00", ""), "", "has no offset from UTC"),
        ("start,EUR/MWh\n2026-03-29 02:30,1\n", LOCAL, "does not exist: clocks were put forward"),
        ("start,EUR/MWh\n2026-02-30T00:00Z,1\n", "", "has a date that no calendar has"),
        ("start,EUR/MWh\n1066-10-14T00:00Z,1\n", "", "is not within the years 1990 to 2100"),
        ("start,EUR/MWh\n1990-01-01T00:00Z,1\n1990-01-01T01:00Z,1\n2099-01-01T00:00Z,1\n", "", "are no series"),
        ("start,EUR/MWh\n2026-01-01T00:00Z,1\n", "", "one row alone"),
        ("start,EUR/MWh\n", "", "holds no price"),
        ("start,zone,EUR/MWh\n", "", "nothing says which are times"),
        ("", "", "0 bytes"),
        (b"start,EUR/MWh\n\xff\xfe,1\n", "", "is not UTF-8"),
        (b"PAR1\x00\x00garbage", "", "not a readable Parquet file"),
        (PLAIN, "", "prices are in EUR, the tariff is in MXN"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(tmp_path: Path, text: str | bytes, toml: str, told: str) -> None:
    currency = "MXN" if "the tariff is in MXN" in told else "EUR"
    with pytest.raises(Refusal) as refused:
        read(tmp_path, text, toml, currency)
    assert told in str(refused.value)
    assert str(tmp_path / "spot") in str(refused.value)
    assert "\n" not in str(refused.value)


WRITTEN = ["", "1", "-2.5", "NaN", "inf", "1e400", "2026-01-01T00:00Z", "2026-10-25 02:30", "2026-01-01 24:00"]
TIMES = st.integers(-(10**9), 5 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC).isoformat())
LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CELLS = st.one_of(st.sampled_from(WRITTEN), TIMES, st.decimals(allow_nan=True).map(str), LETTERS)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=6)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.sampled_from(["", LOCAL, "step_minutes = 15"]))
def test_a_file_of_anything_is_read_or_refused(tmp_path: Path, rows: list[list[str]], toml: str) -> None:
    text = "\n".join(["start,EUR/MWh", *(",".join(row) for row in rows)])
    with suppress(Refusal):
        series = read(tmp_path, text.encode(), toml)
        assert series.minutes in {15, 60}
        assert all(price is None or abs(price) <= 4_000_000_000 for price in series.prices_micro)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_bytes_of_anything_are_read_or_refused(tmp_path: Path, content: bytes, toml: bytes) -> None:
    (tmp_path / "spot.csv").write_bytes(content)
    (tmp_path / "spot.toml").write_bytes(toml)
    with suppress(Refusal):
        read_price_series(tmp_path / "spot.csv", "spot", "EUR", {})


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_parquet_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "spot.parquet"
    parquet.write_table(pyarrow.table({"start": ["2026-01-01T00:00Z"] * 3, "EUR/MWh": [1.0, 2.0, 3.0]}), path)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(4, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with suppress(Refusal):
        read_price_series(path, "spot", "EUR", {})
