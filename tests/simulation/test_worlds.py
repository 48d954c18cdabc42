"""Simulated worlds: whatever goes wrong in them the books are right, and one seed is one ledger to the last byte."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryHotStore
from adapters.messages import WattledgerWire
from adapters.parquet_lake import ParquetLake
from adapters.simulated import MODULUS, FaultLevel
from adapters.tariff_files import TariffFiles
from application.ports import CostSink, Outbox
from domain.cost_event import CostKind
from domain.money import NANO
from domain.terms import Contract
from entrypoints.simulation import World, open_ended, simulate

STEPS_PER_DAY, FACTORIES, METERS = 288, 2, 3
WIRE = WattledgerWire()
WORLD = World(
    factories=FACTORIES,
    meters=METERS,
    days=2,
    seed=1,
    level=FaultLevel.HOSTILE,
    tariff=TariffFiles().get("mx-gdmth:golfo-centro"),
    first=date(2026, 1, 14),
    zone=ZoneInfo("America/Mexico_City"),
    contract=Contract({"all": Decimal(800)}),
)


@pytest.mark.parametrize("level", FaultLevel)
@pytest.mark.parametrize("seed", range(10))
def test_the_books_are_right_in_every_world(level: FaultLevel, seed: int) -> None:
    outcome = simulate(replace(WORLD, level=level, seed=seed))
    found = outcome.reconciliation
    assert found.holds
    assert (found.lost, found.priced_twice, found.bills_off, outcome.quarantined) == (0, 0, (), 0)
    assert (found.priced, found.bills) == (found.taken, FACTORIES)
    if level is FaultLevel.NONE:
        assert found.taken == 2 * STEPS_PER_DAY * FACTORIES * METERS
    assert (found.estimated > 0) is (level is not FaultLevel.NONE)  # a power cut leaves intervals nobody read


@pytest.mark.parametrize("level", [FaultLevel.NONE, FaultLevel.HOSTILE])
def test_what_was_priced_is_what_the_registers_counted(level: FaultLevel) -> None:
    outcome = simulate(replace(WORLD, level=level))
    priced = Counter[str]()
    for cost in outcome.hot.costs.values():
        priced[cost.meter] += cost.energy_wh
    for closed, factory in zip(outcome.closed, outcome.factories, strict=True):
        counted = registered(factory.outbox)
        assert {meter: priced[meter] for meter in counted} == counted
        assert closed.bill.determinants.total_wh == counted[factory.point.main_meter]


def registered(outbox: Outbox) -> dict[str, int]:
    """Wh from the first stored reading of each meter to its last, over the wrap of a register."""
    newest, *_, oldest = outbox.newest_first()
    last, first = (
        {after.meter: after.active_wh for _, after in WIRE.readings(cycle.body)} for cycle in (newest, oldest)
    )
    return {meter: (last[meter] - first[meter]) % MODULUS for meter in first}


def test_faults_leave_a_backlog_and_a_kind_world_does_not() -> None:
    assert simulate(replace(WORLD, level=FaultLevel.NONE)).longest_backlog == 0
    assert simulate(WORLD).longest_backlog > 10


def test_live_costs_and_true_ups_are_the_bills() -> None:
    outcome = simulate(WORLD)
    for closed, factory in zip(outcome.closed, outcome.factories, strict=True):
        mine = {factory.point.main_meter, factory.point.id}
        costs = [cost for cost in outcome.hot.costs.values() if cost.meter in mine]
        assert sum(cost.total_nano for cost in costs) == closed.bill.total * NANO
        assert sum(cost.kind is CostKind.TRUE_UP for cost in costs) == 1


def test_a_world_over_a_changed_clock_and_a_months_end_has_two_bills_a_factory() -> None:
    madrid, first = ZoneInfo("Europe/Madrid"), date(2026, 3, 28)
    world = replace(WORLD, tariff=open_ended(WORLD.tariff, date(2026, 1, 1)), zone=madrid, first=first, days=5)
    outcome = simulate(replace(world, level=FaultLevel.NONE))
    assert outcome.reconciliation.holds
    assert [str(closed.bill.first) for closed in outcome.closed] == ["2026-03-01", "2026-04-01"] * FACTORIES
    march, april, *_ = (closed.bill.coverage for closed in outcome.closed)
    assert march.expected == 31 * STEPS_PER_DAY - 12
    assert (march.measured, april.measured) == (4 * STEPS_PER_DAY - 12, STEPS_PER_DAY + 12)


def told(store: EventStore) -> list[tuple[int, str, str, object]]:
    return [(entry.position, entry.device, str(entry.day), entry.event) for entry in store.ledger.after(0, 10**6)]


def test_one_seed_is_one_ledger_in_memory_and_in_files_alike(tmp_path: Path) -> None:
    files = [tmp_path / "first", tmp_path / "second"]
    for folder in files:
        folder.mkdir()
    stores = [simulate(replace(WORLD, folder=folder)).store for folder in (None, None, *files)]
    assert len({store.ledger.digest() for store in stores}) == 1
    assert all(told(store) == told(stores[0]) for store in stores[1:])
    assert len(told(stores[0])) > 100


def test_another_seed_is_another_ledger() -> None:
    assert len({simulate(replace(WORLD, seed=seed)).store.ledger.digest() for seed in (1, 2)}) == 2


def test_more_sinks_change_nothing_and_all_get_the_same(tmp_path: Path) -> None:
    other, lake = MemoryHotStore("other"), ParquetLake(tmp_path / "lake")
    sinks: Sequence[CostSink] = [other, lake]
    outcome = simulate(WORLD, sinks)
    assert other.costs == outcome.hot.costs
    assert outcome.store.ledger.digest() == simulate(WORLD).store.ledger.digest()
    assert {outcome.store.positions.of(name) for name in ("hot", "other", "lake")} == {len(told(outcome.store))}


def test_progress_ends_where_it_said_it_would() -> None:
    said: list[tuple[int, int]] = []
    simulate(
        replace(WORLD, days=1, factories=1, level=FaultLevel.NONE),
        progress=lambda done, total: said.append((done, total)),
    )
    assert said[-1] == (STEPS_PER_DAY, STEPS_PER_DAY)
    assert [done for done, _ in said] == sorted(done for done, _ in said)
