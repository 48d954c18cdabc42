"""The cost of every measurement as Parquet and as CSV: money as exact decimals, one column a charge."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv, parquet

from domain.arrays import PricedLoad
from domain.arrays.load import Int
from domain.arrays.periods import epoch_seconds
from domain.measurement import Quality

ONE_MICRO = pa.scalar(Decimal("0.000001"), pa.decimal128(7, 6))
"""Currency with six decimals: the micro-units in which a bill is shared among its intervals."""


def write_costs(folder: Path, priced: Sequence[PricedLoad]) -> tuple[Path, Path]:
    """Write `costs.parquet` and `costs.csv`, a row per interval with energy, and give their paths."""
    table = pa.concat_tables([cost_table(one) for one in priced])
    parquet_path, csv_path = folder / "costs.parquet", folder / "costs.csv"
    parquet.write_table(table, parquet_path, compression="zstd")
    csv.write_csv(table, csv_path, csv.WriteOptions(quoting_style="needed"))
    return parquet_path, csv_path


def cost_table(priced: PricedLoad) -> pa.Table:
    """One load's rows. `start` is UTC; `cost_CHARGE` adds up to that charge of the bills, `cost` to their totals."""
    load, rows = priced.load, len(priced.load.energy_wh)
    started = epoch_seconds(load.grid)
    names = pa.array(priced.periods)
    qualities = pa.array([quality.name.lower() for quality in Quality])
    columns: dict[str, pa.Array] = {
        "meter": pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([load.meter])),
        "start": pa.array(started, pa.timestamp("s", "UTC")),
        "start_local": pa.array(started + priced.offset_s, pa.timestamp("s")),
        "minutes": pa.array(np.full(rows, load.step_minutes, dtype=np.int16)),
        "period": pa.DictionaryArray.from_arrays(priced.period.astype(np.int32), names),
        "quality": pa.DictionaryArray.from_arrays(load.quality.astype(np.int32), qualities),
        "energy_wh": pa.array(load.energy_wh),
        "reactive_varh": _or_nothing(load.reactive_varh, rows),
        "export_wh": _or_nothing(load.export_wh, rows),
        "capacitive_varh": _or_nothing(load.capacitive_varh, rows),
    }
    for code, micro in priced.cost_micro.items():
        columns[f"cost_{code}"] = _money(micro)
    columns["cost"] = _money(sum(priced.cost_micro.values(), np.zeros(rows, dtype=np.int64)))
    columns["currency"] = pa.DictionaryArray.from_arrays(
        np.zeros(rows, dtype=np.int32), pa.array([priced.tariff.currency])
    )
    ids = ", ".join(tariff.id for tariff in priced.tariffs)
    versions = ", ".join(tariff.version for tariff in priced.tariffs)
    about = {"tariff": ids, "tariff_version": versions, "timezone": priced.zone.key}
    return pa.table(columns).replace_schema_metadata(about)


def _or_nothing(energy: Int | None, rows: int) -> pa.Array:
    """Empty cells for what is not metered: a zero would be energy."""
    return pa.nulls(rows, pa.int64()) if energy is None else pa.array(energy)


def _money(micro: Int) -> pa.Array:
    """Micro-currency as exact decimals of currency."""
    return compute.multiply(pa.array(micro).cast(pa.decimal128(19, 0)), ONE_MICRO)
