"""A measurement's live cost is what the bill to date grew by, whatever the charges are asked and however seldom."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.tariff_files import TariffFiles
from domain import charges as kinds
from domain.charges.charge import Accrual, Named
from domain.determinants import Determinants
from domain.measurement import Correction, Measurement, MeterType
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Contract, Terms
from tests.reference.cases import DAYS, Case
from tests.reference.uploads import measured

STEP = timedelta(minutes=5)


@given(case=DAYS, upload_of=st.sampled_from([1, 2, 7]))
@settings(max_examples=60)
def test_each_row_costs_the_difference_of_two_bills_to_date(case: Case, upload_of: int) -> None:
    terms = case.terms(BillingMonth.of(case.load.start, case.zone).first, case.history)
    taken = measured(case, terms)[:40]
    if not taken:
        return
    local = taken[0].start.astimezone(case.zone).date()
    taken = [one for one in taken if one.start.astimezone(case.zone).date() == local]
    day, alone = MeteringDay("edge", local), MeteringDay("edge", local)
    for one in (day, alone):
        one.evolve(one.open(case.point(), terms, None))
    for n in range(0, len(taken), upload_of):
        event = day.record("s/1", taken[n : n + upload_of], terms)
        assert event is not None
        day.evolve(event)
        for row, measurement in enumerate(taken[n : n + upload_of]):
            before = terms.accrued_nano(alone.meters[0].month)
            told = alone.record("s/1", [measurement], terms)
            assert told is not None
            alone.evolve(told)
            after = terms.accrued_nano(alone.meters[0].month)
            live = [column[row] if column else 0 for column in event.live_nano]
            assert live == [late - early for late, early in zip(after, before, strict=True)]
    assert day.meters == alone.meters
    assert day.accrued_by(terms)


@given(case=DAYS, some=st.lists(st.integers(0, 10**7), min_size=9, max_size=9))
@settings(max_examples=60)
def test_a_charge_grows_with_what_it_says_and_with_nothing_else(case: Case, some: list[int]) -> None:
    terms = case.terms(BillingMonth.of(case.load.start, case.zone).first, case.history)
    nothing = Determinants.nothing(3, terms.gauges)
    load = Determinants(some[:3], some[3], some[4:7], [terms.start_utc] * 3, some[7], some[8], nothing.gauges)
    by_time, by_energy = Determinants.nothing(3, terms.gauges), Determinants.nothing(3, terms.gauges)
    by_time.intervals, by_energy.energy_wh = some[7], some[:3]
    for charge in terms.tariff.charges:
        accrue = charge.accrue(terms)
        assert accrue(load) == charge.accrued_nano(load, terms)
        if charge.accrues is not Accrual.LOAD:
            of = {Accrual.NOTHING: nothing, Accrual.INTERVALS: by_time, Accrual.ENERGY: by_energy}[charge.accrues]
            assert accrue(load) == accrue(of)
        if charge.accrues is Accrual.ENERGY:
            by_wh = zip(*(accrue(_one_wh(period)) for period in range(3)), strict=True)
            assert list(accrue(load)) == [sum(x * y for x, y in zip(some[:3], each, strict=True)) for each in by_wh]


def _one_wh(period: int) -> Determinants:
    found = Determinants.nothing(3)
    found.energy_wh[period] = 1
    return found


def test_who_says_nothing_is_asked_every_time() -> None:
    assert Named.accrues is Accrual.LOAD
    said = {name: one.accrues for name, one in vars(kinds).items() if isinstance(one, type) and issubclass(one, Named)}
    assert said["MaximumDemand"] is Accrual.LOAD
    assert set(said.values()) == set(Accrual)


MEXICO = ZoneInfo("America/Mexico_City")


@pytest.fixture
def january() -> Terms:
    tariff = TariffFiles().get("mx-gdmth:golfo-centro")
    month = BillingMonth(date(2026, 1, 1), MEXICO)
    return Terms(tariff, tariff.rate_table.in_force(month.first, month.end), CONTRACT, month, 5)


CONTRACT = Contract({"all": Decimal(900)})
MIDNIGHT = datetime(2026, 1, 5, 6, tzinfo=UTC)


def plant(terms: Terms) -> SupplyPoint:
    meters = {"main": MeterType(10**9), "oven": MeterType(10**9)}
    return SupplyPoint("plant", "edge", MEXICO, terms.tariff.id, CONTRACT, "main", meters)


def upload(slot: int) -> list[Measurement]:
    return [Measurement(meter, MIDNIGHT + slot * STEP, 40_000 + 7 * slot, 9000) for meter in ("main", "oven")]


def test_what_was_priced_by_other_terms_is_owed_and_comes_with_the_next_interval(january: Terms) -> None:
    values = {key: value + 1 for key, value in january.rates.values.items()}
    other = replace(january, rates=replace(january.rates, values=values))
    day = MeteringDay("edge", date(2026, 1, 5))
    day.evolve(day.open(plant(january), january, None))
    for slot, terms in enumerate([january, other, other]):
        event = day.record("s", upload(slot), terms)
        assert event is not None
        assert any(event.live_nano) == (terms is january)  # at other rates than it was opened with, nothing is live
        day.evolve(event)
    assert not day.accrued_by(january)
    event = day.record("s", [*upload(3), *upload(4)], january)
    assert event is not None
    day.evolve(event)
    for meter in day.meters:
        assert meter.accrued_nano == january.accrued_nano(meter.month)
        assert sum(meter.live_nano) > 0
    assert day.accrued_by(january)


def test_a_corrected_day_goes_on_from_its_bill_to_date(january: Terms) -> None:
    day = MeteringDay("edge", date(2026, 1, 5))
    day.evolve(day.open(plant(january), january, None))
    for slot in range(3):
        event = day.record("s", upload(slot), january)
        assert event is not None
        day.evolve(event)
        day.evolve(day.correct(Correction("oven", MIDNIGHT, 10**6 - 9 * slot, 7, "ana", "wrong ratio"), january))
    for meter in day.meters:
        assert meter.accrued_nano == january.accrued_nano(meter.month)
