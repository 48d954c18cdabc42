"""A plant that never changes but for some quarter hours, and shipped structures at rates of a test's own."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from adapters.tariff_files import TariffFiles
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.tariff import Tariff
from domain.terms import Contract

QUARTER = timedelta(minutes=15)

Rated = Callable[[str, Mapping[str, str]], Tariff]


def rated_in(folder: Path) -> Rated:
    """A shipped structure with rates of one's own, which hold at all times; their file is written to a folder."""

    def of(structure: str, values: Mapping[str, str]) -> Tariff:
        lines = [f'schema = "wattledger-rates/1"\ntariff = "{structure}"\nregion = "own"\n[[rates]]']
        lines += ['valid_from = 2000-01-01\nsource = "made up"\n[rates.values]']
        lines += [f'{key} = "{value}"' for key, value in values.items()]
        path = folder / "own.rates.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return TariffFiles().get(structure, rates_path=path)

    return of


def month_of(tariff: Tariff, first: str, end: str, kw: int) -> Load:
    """A load that never changes over local days `[first, end)`, in quarter hours, without reactive energy."""
    zone = ZoneInfo(tariff.timezone)
    start, stop = (datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC) for day in (first, end))
    count = (stop - start) // QUARTER
    nothing = np.zeros(count, dtype=np.int64)
    return Load("plant", start, 15, np.full(count, kw * 250, dtype=np.int64), nothing, np.zeros(count, dtype=np.uint8))


def spike(tariff: Tariff, load: Load, local: str, kw: int) -> None:
    """One quarter hour of another power."""
    load.energy_wh[index_of(tariff, load, local)] = kw * 250


def reactive(tariff: Tariff, load: Load, local: str, kvarh: int, quarters: int = 1) -> None:
    """kvarh in each of some quarter hours."""
    assert load.reactive_varh is not None
    first = index_of(tariff, load, local)
    load.reactive_varh[first : first + quarters] = kvarh * 1000


def index_of(tariff: Tariff, load: Load, local: str) -> int:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(tariff.timezone)).astimezone(UTC)
    return (at - load.start) // QUARTER


def bills(tariff: Tariff, load: Load, contracted_kw: Mapping[str, int] | None = None) -> tuple[Bill, ...]:
    contract = Contract({period: Decimal(kw) for period, kw in (contracted_kw or {}).items()})
    return price_load(load, tariff, contract, ZoneInfo(tariff.timezone)).bills


def amounts(bill: Bill) -> dict[str, Decimal]:
    return {line.code: line.amount for line in bill.lines}


def decimals(**values: str) -> dict[str, Decimal]:
    return {key.replace("__", "."): Decimal(value) for key, value in values.items()}


def quantity(bill: Bill, code: str) -> Decimal:
    return next(line.quantity for line in bill.lines if line.code == code)
