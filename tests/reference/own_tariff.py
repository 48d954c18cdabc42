"""Tariff files as a user writes them who has read docs/tariff-files.md, and loads of whole months for them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from adapters.tariff_files import TariffFiles
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.tariff import Tariff
from domain.terms import Contract, History

HEADING = """
schema = "wattledger-tariff/1"
id = "own"
name = "Own"
country = "US"
currency = "USD"
timezone = "UTC"
source = "sheet 1"
demand_minutes = 15

[rounding]
places = 2
mode = "half_up"

[calendar]
periods = ["on", "off"]

[calendar.day_types]
monday = "work"
tuesday = "work"
wednesday = "work"
thursday = "work"
friday = "work"
saturday = "free"
sunday = "free"

[[calendar.season]]
name = "year"
starts = { month = 1, day = 1 }

[calendar.schedule.year]
work = ["00:00-08:00 off", "08:00-20:00 on", "20:00-24:00 off"]
free = ["00:00-24:00 off"]
"""
VALIDITY = "[[rates]]\nvalid_from = 2000-01-01\nsource = 'sheet 2'\n[rates.values]\n"
QUARTER = timedelta(minutes=15)


def charge(kind: str, code: str, more: str = "", group: str = "") -> str:
    """A charge with its own fields as TOML lines."""
    return f'\n[[charge]]\nkind = "{kind}"\ncode = "{code}"\nlabel = "{code}"\ngroup = "{group or code}"\n{more}\n'


def rates(text: str) -> str:
    """`code=amount` by words, as the one validity of a file."""
    return VALIDITY + "".join(f'{key} = "{value}"\n' for key, _, value in (one.partition("=") for one in text.split()))


def written(folder: Path, text: str, name: str = "own.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def own_tariff(folder: Path, charges: str, of: str, heading: str = HEADING) -> Tariff:
    """The tariff of a file with one validity."""
    return TariffFiles().get(str(written(folder, f"{heading}\n{charges}\n{rates(of)}")))


def month_at(first: str, watts: Callable[[datetime], int], zone: str = "UTC", reactive: int = 0) -> Load:
    """Quarter hours of the local month that begins on a day, at some W by local time; `reactive` is a percentage."""
    start = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone))
    end = (start.date() + timedelta(days=31)).replace(day=1)
    instants, at = list[datetime](), start.astimezone(UTC)
    while at.astimezone(start.tzinfo).date() < end:
        instants.append(at)
        at += QUARTER
    wh = np.array([watts(one.astimezone(start.tzinfo)) // 4 for one in instants], dtype=np.int64)
    varh = wh * reactive // 100
    return Load("plant", start.astimezone(UTC), 15, wh, varh, np.zeros(len(wh), dtype=np.uint8))


def bill_of(
    tariff: Tariff, load: Load, contracted: Mapping[str, str] | None = None, history: History | None = None
) -> Bill:
    contract = Contract({period: Decimal(kw) for period, kw in (contracted or {}).items()})
    [bill] = price_load(load, tariff, contract, ZoneInfo(tariff.timezone), history=history or {}).bills
    return bill


def said(text: str) -> dict[str, Decimal]:
    """`code=amount` by words."""
    return {key: Decimal(value) for key, _, value in (one.partition("=") for one in text.split())}


def first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
