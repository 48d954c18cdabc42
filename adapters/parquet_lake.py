"""The lake: cost events as Parquet files, partitioned by UTC date as Athena reads them."""

import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from application.ports import Unavailable
from domain.cost_event import CostEvent
from domain.money import nano_to_decimal

MONEY = pa.decimal128(28, 9)
SCHEMA = pa.schema([
    ("meter", pa.string()),
    ("start", pa.timestamp("s", "UTC")),
    ("minutes", pa.int32()),
    ("kind", pa.string()),
    ("serial", pa.int64()),
    ("supply_point", pa.string()),
    ("energy_wh", pa.int64()),
    ("reactive_varh", pa.int64()),
    ("quality", pa.string()),
    ("period", pa.string()),
    ("amounts", pa.map_(pa.string(), MONEY)),
    ("amount", MONEY),
    ("currency", pa.string()),
    ("tariff", pa.string()),
    ("tariff_version", pa.string()),
])  # fmt: skip


class ParquetLake:
    """CostSink. A file is named after the ledger positions it holds, so writing the same positions again replaces it."""

    name = "lake"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        by_day: dict[date, list[CostEvent]] = defaultdict(list)
        for cost in costs:
            by_day[cost.start.date()].append(cost)
        for day, of_day in by_day.items():
            self._write(self._folder / f"date={day}" / f"costs-{first:012d}-{last:012d}.parquet", of_day)

    def _write(self, path: Path, costs: Sequence[CostEvent]) -> None:
        """A reader never sees half a file: it gets its name when it is whole."""
        unfinished = path.with_suffix(".unfinished")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(
                pa.Table.from_pylist([_row(cost) for cost in costs], SCHEMA), unfinished, compression="zstd"
            )
            os.replace(unfinished, path)
        except OSError as error:
            raise Unavailable(f"the lake at {self._folder} cannot be written ({error})") from error


def _row(cost: CostEvent) -> dict[str, object]:
    amounts = [(code, nano_to_decimal(nano)) for code, nano in cost.amount_nano.items()]
    return {
        "meter": cost.meter,
        "start": cost.start,
        "minutes": cost.minutes,
        "kind": cost.kind,
        "serial": cost.serial,
        "supply_point": cost.supply_point,
        "energy_wh": cost.energy_wh,
        "reactive_varh": cost.reactive_varh,
        "quality": cost.quality.name.lower(),
        "period": cost.period,
        "amounts": amounts,
        "amount": sum((amount for _, amount in amounts), Decimal(0)),
        "currency": cost.currency,
        "tariff": cost.tariff,
        "tariff_version": cost.tariff_version,
    }
