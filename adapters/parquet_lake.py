"""The lake: cost events as Parquet files, partitioned by UTC date as Athena reads them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
from pyarrow import compute, parquet

from application.ports import Unavailable
from domain.cost_event import CostEvent

LARGEST_FAST = 2**63 - 1
ONE_NANO = pa.scalar(Decimal("0.000000001"), pa.decimal128(10, 9))


class ParquetLake:
    """CostSink. A file is named after the ledger position it begins with, so writing from there again replaces it.

    After a crash the same costs come again, with newer ones behind them: its last position would not name it.
    """

    name = "lake"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        by_day: dict[date, list[CostEvent]] = defaultdict(list)
        for cost in costs:
            by_day[cost.start.date()].append(cost)
        for day, of_day in by_day.items():
            self._write(self._folder / f"date={day}" / f"costs-{first:012d}.parquet", of_day)

    def _write(self, path: Path, costs: Sequence[CostEvent]) -> None:
        """A reader never sees half a file: it gets its name when it is whole."""
        unfinished = path.with_suffix(".unfinished")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(cost_events_table(costs), unfinished, compression="zstd")
            unfinished.replace(path)
        except OSError as error:
            raise Unavailable(f"the lake at {self._folder} cannot be written ({error})") from error


def cost_events_table(costs: Sequence[CostEvent]) -> pa.Table:
    """A row a cost; `amounts` maps line codes to currency, and `amount` is their sum, both exact to nine decimals.

    Rows that are `billed` add up to the bills; of the others, those of kind `allocated` say who caused them.
    """
    each = [list(cost.amount_nano.items()) for cost in costs]
    ends = list(accumulate((len(amounts) for amounts in each), initial=0))
    codes = pa.array([code for amounts in each for code, _ in amounts], pa.string())
    nano = _money([amount for amounts in each for _, amount in amounts])
    return pa.table({
        "meter": pa.array([cost.meter for cost in costs], pa.string()),
        "start": pa.array([cost.start for cost in costs], pa.timestamp("s", "UTC")),
        "minutes": pa.array([cost.minutes for cost in costs], pa.int32()),
        "kind": pa.array([str(cost.kind) for cost in costs], pa.string()),
        "serial": pa.array([cost.serial for cost in costs], pa.int64()),
        "supply_point": pa.array([cost.supply_point for cost in costs], pa.string()),
        "energy_wh": pa.array([cost.energy_wh for cost in costs], pa.int64()),
        "reactive_varh": pa.array([cost.reactive_varh for cost in costs], pa.int64()),
        "export_wh": pa.array([cost.extra.export_wh for cost in costs], pa.int64()),
        "capacitive_varh": pa.array([cost.extra.capacitive_varh for cost in costs], pa.int64()),
        "quality": pa.array([cost.quality.name.lower() for cost in costs], pa.string()),
        "period": pa.array([cost.period for cost in costs], pa.string()),
        "amounts": pa.MapArray.from_arrays(pa.array(ends, pa.int32()), codes, nano),
        "amount": _money([cost.total_nano for cost in costs]),
        "currency": pa.array([cost.currency for cost in costs], pa.string()),
        "tariff": pa.array([cost.tariff for cost in costs], pa.string()),
        "tariff_version": pa.array([cost.tariff_version for cost in costs], pa.string()),
        "billed": pa.array([cost.billed for cost in costs], pa.bool_()),
    })  # fmt: skip


def _money(nano: Sequence[int]) -> pa.Array:
    if any(abs(amount) > LARGEST_FAST for amount in nano):  # a month of a large site, in a small currency
        return pa.array([Decimal(amount).scaleb(-9) for amount in nano], pa.decimal128(30, 9))
    return compute.multiply(pa.array(nano, pa.int64()).cast(pa.decimal128(19, 0)), ONE_NANO)
