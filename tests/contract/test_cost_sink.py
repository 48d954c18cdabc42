"""CostSink: the same cost again changes nothing, however the ledger is cut into calls. One line adds a sink."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from adapters.memory import MemoryHotStore
from adapters.parquet_lake import ParquetLake
from application.ports import CostSink, Unavailable
from domain.cost_event import CostEvent, CostKind
from domain.measurement import NO_EXTRA, Extra, Quality
from domain.money import decimal_to_nano

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)

Row = tuple[str, datetime, str, int, int, Extra, int]
"""What must have arrived of a cost: meter, start, kind, serial, Wh, other registers, nano-currency."""


def in_hot_store(sink: CostSink) -> list[Row]:
    assert isinstance(sink, MemoryHotStore)
    return [(c.meter, c.start, c.kind, c.serial, c.energy_wh, c.extra, c.total_nano) for c in sink.costs.values()]


def in_lake(sink: CostSink) -> list[Row]:
    assert isinstance(sink, ParquetLake)
    files = sorted(sink._folder.rglob("*.parquet"))
    rows = [row for path in files for row in parquet.ParquetFile(path).read().to_pylist()]
    return [
        (
            *(r["meter"], r["start"], r["kind"], r["serial"], r["energy_wh"]),
            Extra(r["export_wh"], r["capacitive_varh"]),
            decimal_to_nano(r["amount"]),
        )
        for r in rows
    ]


OpenSink = Callable[[Path], CostSink]
Read = Callable[[CostSink], list[Row]]

SINKS: dict[str, tuple[OpenSink, Read]] = {
    "hot store in memory": (lambda _: MemoryHotStore(), in_hot_store),
    "lake": (lambda folder: ParquetLake(folder / "lake"), in_lake),
}


@pytest.fixture(params=SINKS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[CostSink, Read]:
    open_sink, read = SINKS[request.param]
    return open_sink(tmp_path), read


def cost(i: int, **changes: object) -> CostEvent:
    """The i-th cost; forty minutes apart, so that a few of them reach over midnight."""
    made = CostEvent(
        meter="main",
        start=NOON + i * timedelta(minutes=40),
        minutes=5,
        kind=CostKind.PROVISIONAL,
        serial=0,
        supply_point="mill",
        energy_wh=1000 + i,
        reactive_varh=300,
        quality=Quality.MEASURED,
        period="day",
        amount_nano={"energy.day": 200_000_001 + i, "supply": -7},
        currency="EUR",
        tariff="small",
        tariff_version="1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # named fields of a cost


COSTS = [cost(i, extra=(NO_EXTRA, Extra(40 + i), Extra(0, 7))[i % 3]) for i in range(30)]


def in_order(row: Row) -> tuple[object, ...]:
    return row[:4]


def rows(costs: Sequence[CostEvent]) -> list[Row]:
    return sorted(
        ((c.meter, c.start, str(c.kind), c.serial, c.energy_wh, c.extra, c.total_nano) for c in costs), key=in_order
    )


def test_a_sink_has_a_name_for_its_position(opened: tuple[CostSink, Read]) -> None:
    assert opened[0].name


def test_what_is_written_is_there_to_the_last_nano(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    sink.write(COSTS, 1, 30)
    assert sorted(read(sink), key=in_order) == rows(COSTS)


def test_the_same_call_again_changes_nothing(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    for _ in range(3):
        sink.write(COSTS, 1, 30)
    assert sorted(read(sink), key=in_order) == rows(COSTS)


def test_calls_follow_each_other(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    sink.write(COSTS[:10], 1, 12)
    sink.write(COSTS[10:], 13, 40)
    assert sorted(read(sink), key=in_order) == rows(COSTS)


def test_after_a_crash_the_same_costs_may_come_again_with_newer_ones_behind_them(opened: tuple[CostSink, Read]) -> None:
    # the position had not moved, and the ledger has grown meanwhile
    sink, read = opened
    sink.write(COSTS[:10], 1, 10)
    sink.write(COSTS, 1, 30)
    assert sorted(read(sink), key=in_order) == rows(COSTS)


def test_a_reversal_and_its_correction_are_costs_of_their_own(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    told = [
        cost(0),
        cost(0, kind=CostKind.REVERSAL, serial=9, energy_wh=-1000, amount_nano={"energy.day": -200_000_001}),
        cost(0, serial=9, energy_wh=900, amount_nano={"energy.day": 180_000_000}),
        cost(0, meter="mill", kind=CostKind.TRUE_UP, serial=10, energy_wh=0, amount_nano={"tax": 5 * 10**15}),
        cost(0, meter="oven"),
    ]
    sink.write(told, 1, 10)
    assert sorted(read(sink), key=in_order) == rows(told)


def test_a_lake_that_cannot_be_written_is_unavailable_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match=r"the lake at .* cannot be written") as refused:
        ParquetLake(tmp_path / "lake").write(COSTS, 1, 30)
    assert isinstance(refused.value.__cause__, OSError)


def test_an_amount_beyond_64_bits_of_nano_currency_arrives_exactly(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    large = 10**19 + 1  # ten thousand million Chilean pesos: the month of a large site
    sink.write([cost(1, amount_nano={"energy": large})], 1, 1)
    assert [row[-1] for row in read(sink)] == [large]


def test_who_caused_a_bill_reaches_every_sink_and_is_told_apart_from_the_bill(opened: tuple[CostSink, Read]) -> None:
    sink, read = opened
    month = {"energy_wh": 0, "minutes": 44_640, "start": NOON}
    settled = cost(0, meter="mill", kind=CostKind.TRUE_UP, serial=9, amount_nano={"tax": 10_000_000_000}, **month)
    shares = [
        cost(0, meter=meter, kind=CostKind.ALLOCATED, serial=9, amount_nano={"tax": nano}, billed=False, **month)
        for meter, nano in (("oven", 3_333_333_000), ("unmetered", 6_666_667_000))
    ]
    sink.write([settled, *shares], 9, 9)
    sink.write([settled, *shares], 9, 9)
    found = read(sink)
    assert sum(row[-1] for row in found if row[2] == "allocated") == settled.total_nano
    assert [row[-1] for row in found if row[2] == "true_up"] == [settled.total_nano]


def test_the_lake_says_what_is_billed(tmp_path: Path) -> None:
    lake = ParquetLake(tmp_path)
    lake.write([cost(0), cost(1, meter="oven", billed=False)], 1, 2)
    [path] = tmp_path.rglob("*.parquet")
    told = parquet.ParquetFile(path).read().to_pylist()
    assert {row["meter"]: row["billed"] for row in told} == {"main": True, "oven": False}
