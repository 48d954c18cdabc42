"""A file of prices becomes a price series: consecutive blocks of 15 or 60 minutes, in micro-currency per kWh."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from adapters.price_files.declaration import UNIT_OF_KWH, Declaration, columns_of, declaration_of, unit_of
from adapters.price_files.rows import open_table
from adapters.price_files.stamps import instant_of
from adapters.price_files.table import Table
from domain.charges import PriceSeries
from domain.errors import BadPriceSeries
from domain.money import EXACT

MOST_BYTES = 256 * 1024**2
MOST_BLOCKS = 20 * 366 * 96
"""Twenty years of quarters of an hour."""
MOST_PER_KWH = Decimal(4_000)
"""As for any rate: with the largest interval it still fits 64 bits of nano-currency."""
NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?").fullmatch

Prices = dict[int, int | None]
"""Micro-currency per kWh by UTC second; None where the row leaves the price empty."""


def read_price_series(path: Path, name: str, currency: str, worth: Mapping[str, Decimal]) -> PriceSeries:
    """The series of a CSV or Parquet file, for a tariff in `currency`. `worth`: what one unit of another is in it.

    An empty price, or a row that is not there, is a block without a price: a bill that needs it is refused. A price
    finer than a micro-unit per kWh is rounded half up. Raises `BadPriceSeries`, which names file, row, column and
    value.
    """
    declared, content_hash = declaration_of(path), _checked(path)
    table = open_table(path, declared.delimiter)
    time, price = columns_of(table.where, table.header, declared)
    own, kwh = unit_of(table.where, table.header[price], declared)
    rate = _rate(path, own, currency, worth)
    found = _Reader(path, declared, table, (time, price), (kwh, rate)).read()
    minutes = _minutes(path, found, declared)
    start = min(found) - (minutes * 60 if declared.stamp == "end" else 0)
    size = (max(found) - min(found)) // (minutes * 60) + 1
    if size > MOST_BLOCKS:
        raise BadPriceSeries(f"{path}: its times are {size:,} blocks apart; more than {MOST_BLOCKS:,} are no series")
    prices = tuple(found.get(min(found) + i * minutes * 60) for i in range(size))
    exchanged = "" if own == currency else f", 1 {own} = {rate} {currency}"
    source = f"{declared.source or path.name} in {own}/{UNIT_OF_KWH[kwh]}{exchanged} (sha256 {content_hash[:12]})"
    return PriceSeries(name, minutes, datetime.fromtimestamp(start, UTC), prices, source, rate)


class _Reader:
    """Reads the rows of one file in order."""

    def __init__(  # one use, three lines above
        self, path: Path, declared: Declaration, table: Table, columns: tuple[int, int], unit: tuple[int, Decimal]
    ) -> None:
        (time, price), (kwh, self._worth) = columns, unit
        self._path, self._declared, self._table = path, declared, table
        self._time, self._price = table.header[time], table.header[price]
        self._rows = table.rows(time, price)
        self._micro_per_unit = EXACT.divide(Decimal(1_000_000), Decimal(kwh))

    def read(self) -> Prices:
        found: Prices = {}
        previous: int | None = None
        step_s = (self._declared.step_minutes or 0) * 60 or None
        for number, time, price in self._rows:
            try:
                at = instant_of(time, self._declared.zone, previous, step_s)
            except ValueError as error:
                raise self._fault(number, self._time, time, str(error)) from None
            if previous is not None and at <= previous:
                raise self._fault(number, self._time, time, "is not after the row before; sort the rows by time")
            found[at] = self._micro(number, price)
            step_s = step_s or (None if previous is None else at - previous)
            previous = at
        if not found:
            raise BadPriceSeries(f"{self._path}: holds no price; export it again")
        return found

    def _micro(self, number: int, price: str) -> int | None:
        """Micro-currency per kWh, of the file's own currency, rounded half up."""
        text = price.strip()
        if not text:
            return None
        if self._declared.decimal == ",":
            if "." in text:
                raise self._fault(number, self._price, price, "is not a number with the decimal sign ','")
            text = text.replace(",", ".")
        if not NUMBER(text):
            raise self._fault(number, self._price, price, "is not a number; write plain digits, or leave it empty")
        micro = EXACT.multiply(Decimal(text), self._micro_per_unit).to_integral_value(ROUND_HALF_UP, EXACT)
        if max(abs(micro), abs(EXACT.multiply(micro, self._worth))) > MOST_PER_KWH * 1_000_000:
            raise self._fault(
                number, self._price, price, f"is more than {MOST_PER_KWH} a kWh; check the unit that is declared"
            )
        return int(micro)

    def _fault(self, number: int, column: str, value: str, said: str) -> BadPriceSeries:
        shown = value if len(value) <= 60 else value[:60] + "…"
        return BadPriceSeries(f"{self._path} {self._table.row} {number}, column {column[:60]}: {shown!r} {said}")


def _minutes(path: Path, found: Prices, declared: Declaration) -> int:
    """The length of a block: as declared, else the smallest step between two rows; all rows stand on that grid."""
    at = list(found)
    steps = [after - before for before, after in pairwise(at)]
    minutes = declared.step_minutes or (min(steps) // 60 if steps else 0)
    if minutes not in {15, 60}:
        said = f"rows {minutes} minutes apart" if steps else "one row alone"
        raise BadPriceSeries(
            f"{path}: {said}; prices are for 15 or for 60 minutes: declare step_minutes in a TOML of the same name"
        )
    for before, step in zip(at, steps, strict=False):
        if step % (minutes * 60):
            raise BadPriceSeries(
                f"{path}: the row after {datetime.fromtimestamp(before, UTC):%Y-%m-%d %H:%M} UTC is {step // 60} "
                f"minutes later, between two prices of {minutes} minutes; correct its time"
            )
    if at[0] % (minutes * 60):
        raise BadPriceSeries(
            f"{path}: its first time {datetime.fromtimestamp(at[0], UTC):%Y-%m-%d %H:%M:%S} UTC does not begin a "
            f"block of {minutes} minutes; correct the times"
        )
    return minutes


def _rate(path: Path, own: str, currency: str, worth: Mapping[str, Decimal]) -> Decimal:
    if own == currency:
        return Decimal(1)
    if not worth.get(own):
        raise BadPriceSeries(
            f"{path}: prices are in {own}, the tariff is in {currency}; say what 1 {own} is in {currency} with "
            f"--rate-of-exchange {own}=AMOUNT"
        )
    return worth[own]


def _checked(path: Path) -> str:
    """The hash of a file that can be read. Raises `BadPriceSeries`."""
    try:
        if path.is_dir():
            raise BadPriceSeries(f"{path}: a folder, not a file; name the file of prices in it")
        size = path.stat().st_size
        if not 0 < size <= MOST_BYTES:
            raise BadPriceSeries(f"{path}: {size} bytes; a file of prices has 1 to {MOST_BYTES:,}; export it again")
        return sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise BadPriceSeries(f"{path}: there is no such file; check the path") from None
