"""Sites and PublishedRates: the registry by its events, as it is and as it was known, the same for every reader."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.event_store import EventStore
from adapters.memory import MemoryTariffs, SetClock
from application.bill_known_at import MonthHistory
from application.ports import SomeoneElseWrote
from application.published_tariffs import PublishedTariffs, PublishPrices, PublishRates
from application.register_site import RegisterSite, SwapMeter
from application.terms_of import TermsOf
from domain.charges import IndexedPrice
from domain.errors import BadPriceSeries, BadReadings, InvalidTariff, NotYetCommissioned, UnknownDevice, UnknownMeter
from domain.measurement import MeterType, Reading, Registers, measure
from domain.price_series import PriceSeries
from domain.registry import registration
from domain.site_events import AgreementChanged, MeterJoined, MeterLeft, MeterSwapped, SupplyPointRegistered
from domain.supply_point import Agreement, SupplyPoint
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract

OpenStore = Callable[[], EventStore]
STEP = timedelta(minutes=5)
TEN = datetime(2026, 1, 7, 10, tzinfo=UTC)
LATHE = MeterType(rated_power_w=50_000, modulus=10**6)


def swapped(at: datetime = TEN, last: int = 5_040, first: int = 3) -> MeterSwapped:
    return MeterSwapped("main", at, Registers(last, 0), Registers(first, 0), MeterType(500_000), "LG-7731")


def test_a_registered_site_is_there_for_every_reader(open_store: OpenStore, mill: SupplyPoint) -> None:
    assert [type(event) for event in RegisterSite(open_store().sites)(mill)] == [SupplyPointRegistered]
    sites = open_store().sites
    assert sites.of_device("edge-1") == sites.get("mill").point == mill
    assert list(sites.ids()) == ["mill"]


def test_to_register_the_same_site_again_stores_nothing(open_store: OpenStore, mill: SupplyPoint) -> None:
    RegisterSite(open_store().sites)(mill)
    assert RegisterSite(open_store().sites)(mill) == []
    assert open_store().sites.get("mill").version == 1


def test_an_unknown_device_is_refused_until_somebody_registers_it(open_store: OpenStore, mill: SupplyPoint) -> None:
    sites = open_store().sites
    with pytest.raises(UnknownDevice, match="device 'edge-1' is not registered; register its supply point"):
        sites.of_device("edge-1")
    assert sites.get("mill").point is None
    RegisterSite(open_store().sites)(mill)
    assert sites.of_device("edge-1") == mill


def test_a_device_belongs_to_one_supply_point(open_store: OpenStore, mill: SupplyPoint) -> None:
    RegisterSite(open_store().sites)(mill)
    with pytest.raises(BadReadings, match="device 'edge-1' belongs to supply point mill; give mine a device"):
        RegisterSite(open_store().sites)(replace(mill, id="mine"))
    assert list(open_store().sites.ids()) == ["mill"]


def test_two_who_register_at_once_notice_each_other(open_store: OpenStore, mill: SupplyPoint) -> None:
    one, other = open_store().sites, open_store().sites
    first, second = one.get("mill"), other.get("mill")
    one.append(first, [registration(mill)])
    with pytest.raises(SomeoneElseWrote, match="supply-point/mill moved past version 0"):
        other.append(second, [registration(mill)])


def test_meters_and_agreements_come_and_go_by_events(store: EventStore, mill: SupplyPoint) -> None:
    register = RegisterSite(store.sites)
    register(mill)
    agreed = Agreement(date(2026, 2, 1), "small", Contract({"all": Decimal(150)}))
    wanted = replace(
        mill,
        meters={**mill.meters, "lathe": LATHE},
        since={"lathe": TEN},
        until={"press": TEN + STEP},
        later=(agreed,),
    )
    assert [type(event) for event in register(wanted)] == [MeterJoined, MeterLeft, AgreementChanged]
    assert store.sites.of_device("edge-1") == wanted
    assert register(wanted) == []


def test_a_site_is_given_as_it_was_known(open_store: OpenStore, mill: SupplyPoint, clock: SetClock) -> None:
    RegisterSite(open_store().sites)(mill)
    then = clock.instant
    clock.instant += timedelta(days=1)
    RegisterSite(open_store().sites)(replace(mill, meters={**mill.meters, "lathe": LATHE}, since={"lathe": TEN}))
    assert open_store().sites.get("mill", then).point == mill
    assert open_store().sites.get("mill", then - timedelta(days=1)).point is None


@pytest.mark.parametrize("changed", [{"device": "edge-2"}, {"main_meter": "oven"}, {"step_minutes": 15}])
def test_what_a_site_is_cannot_change(store: EventStore, mill: SupplyPoint, changed: dict[str, str]) -> None:
    RegisterSite(store.sites)(mill)
    with pytest.raises(BadReadings, match=r"supply point mill: its .* was registered as .*; that stays"):
        RegisterSite(store.sites)(replace(mill, **changed))  # type: ignore[arg-type]


def test_a_meter_counts_from_when_it_joined_until_it_left(mill: SupplyPoint) -> None:
    point = replace(mill, since={"oven": TEN}, until={"oven": TEN + 2 * STEP})
    point.check_counts("oven", TEN, TEN + 2 * STEP)
    with pytest.raises(NotYetCommissioned, match="counts at mill since"):
        point.check_counts("oven", TEN - STEP, TEN)
    with pytest.raises(UnknownMeter, match="left mill at"):
        point.check_counts("oven", TEN + STEP, TEN + 3 * STEP)
    assert point.meters_between(TEN - STEP, TEN) == ["main", "press"]
    assert point.meters_between(TEN + 2 * STEP, TEN + 3 * STEP) == ["main", "press"]
    assert point.meters_between(TEN, TEN + STEP) == ["main", "oven", "press"]


def test_a_swap_is_told_once_and_in_its_order(store: EventStore, mill: SupplyPoint) -> None:
    RegisterSite(store.sites)(mill)
    swap = SwapMeter(store.sites)
    assert swap("mill", swapped())
    assert not swap("mill", swapped())
    assert swap("mill", swapped(TEN + timedelta(days=9)))
    with pytest.raises(BadReadings, match="tell swaps in their order"):
        swap("mill", swapped(TEN + timedelta(days=3)))
    with pytest.raises(BadReadings, match="supply point 'mine' is not registered"):
        swap("mine", swapped())


@pytest.mark.parametrize(
    ("before", "after", "inside"),
    [(-1, 0, True), (0, 1, False), (-2, -1, False), (-3, 4, True)],
    ids=["until it", "from it", "before", "over it"],
)
def test_a_swap_at_the_instant_of_a_reading_came_before_the_reading(
    store: EventStore, mill: SupplyPoint, before: int, after: int, inside: bool
) -> None:
    RegisterSite(store.sites)(mill)
    SwapMeter(store.sites)("mill", swapped())
    point = store.sites.of_device("edge-1")
    found = point.swap_between("main", TEN + before * STEP, TEN + after * STEP)
    assert (found is not None) == inside
    assert point.meter_type_at("main", TEN - STEP) == mill.meters["main"]
    assert point.meter_type_at("main", TEN) == MeterType(500_000)


def test_a_meter_that_turned_over_just_before_it_was_swapped_loses_nothing(
    store: EventStore, mill: SupplyPoint
) -> None:
    RegisterSite(store.sites)(mill)
    SwapMeter(store.sites)("mill", swapped(last=100, first=7))
    point = store.sites.of_device("edge-1")
    swap = point.swap_between("main", TEN - STEP, TEN)
    before, after = Reading("main", TEN - STEP, 10**9 - 50, 0), Reading("main", TEN, 27, 0)
    measurements, gap = measure(before, after, point.meter_type_at("main", before.at), STEP, swap)
    assert ([one.energy_wh for one in measurements], gap) == ([50 + 100 + 20], None)


def test_a_new_main_meter_begins_a_new_part_of_the_bill_and_a_new_sub_meter_does_not(
    store: EventStore, mill: SupplyPoint, small_tariff: Tariff
) -> None:
    RegisterSite(store.sites)(mill)
    SwapMeter(store.sites)("mill", replace(swapped(), meter="oven"))
    terms_of, month = TermsOf(MemoryTariffs({"small": small_tariff})), BillingMonth(date(2026, 1, 1), mill.zone)
    assert len(terms_of.parts(store.sites.of_device("edge-1"), month)) == 1
    SwapMeter(store.sites)("mill", swapped(datetime(2026, 1, 9, 23, 30, tzinfo=UTC)))  # in Madrid it is the 10th
    parts = terms_of.parts(store.sites.of_device("edge-1"), month)
    assert [(one.first, one.end) for one in parts] == [
        (date(2026, 1, 1), date(2026, 1, 10)),
        (date(2026, 1, 10), date(2026, 2, 1)),
    ]


def test_a_meter_that_left_may_come_back_under_its_name_and_keeps_its_past(
    store: EventStore, mill: SupplyPoint
) -> None:
    register, left, back = RegisterSite(store.sites), TEN + 2 * STEP, TEN + 10 * STEP
    register(mill)
    register(replace(mill, until={"oven": left}))
    again = replace(mill, since={"oven": back})
    assert register(again) == [MeterJoined("oven", mill.meters["oven"], back)]
    assert register(again) == []
    assert register(replace(mill, until={"oven": left})) == []  # the file of before tells nothing new
    point = store.sites.of_device("edge-1")
    assert (list(point.since), dict(point.until)) == (["oven"], {})
    assert point.away == {"oven": ((left, back),)}
    for at in (TEN, TEN + STEP, back):
        point.check_counts("oven", at, at + STEP)
    for at in (TEN + 2 * STEP, back - STEP, left - STEP // 2):
        with pytest.raises(UnknownMeter, match="'oven' was away from mill from 2026-01-07T10:10"):
            point.check_counts("oven", at, at + STEP)
    assert "oven" not in point.meters_between(left, back)
    assert "oven" in point.meters_between(left - STEP, left)
    assert "oven" in point.meters_between(back, back + STEP)


def test_the_return_of_a_meter_may_be_told_anew_and_it_may_leave_again(store: EventStore, mill: SupplyPoint) -> None:
    register, left, back = RegisterSite(store.sites), TEN, TEN + 10 * STEP
    register(mill)
    register(replace(mill, until={"oven": left}))
    register(replace(mill, since={"oven": back}))
    register(replace(mill, since={"oven": back - STEP}))
    assert store.sites.of_device("edge-1").away == {"oven": ((left, back - STEP),)}
    gone = replace(mill, since={"oven": back - STEP}, until={"oven": back + STEP})
    assert register(gone) == [MeterLeft("oven", back + STEP)]
    assert register(gone) == []
    register(replace(mill, since={"oven": back + 9 * STEP}))
    assert store.sites.of_device("edge-1").away == {"oven": ((left, back - STEP), (back + STEP, back + 9 * STEP))}


def test_a_months_history_tells_what_happened_to_its_meters_and_agreements(
    store: EventStore, mill: SupplyPoint
) -> None:
    register, month = RegisterSite(store.sites), BillingMonth(date(2026, 1, 1), mill.zone)
    register(mill)
    agreed = Agreement(date(2026, 1, 20), "small", Contract({"all": Decimal(150)}))
    lathe = {**mill.meters, "lathe": LATHE}
    register(replace(mill, meters=lathe, since={"lathe": TEN}, until={"press": TEN + STEP}, later=(agreed,)))
    SwapMeter(store.sites)("mill", swapped())
    history = MonthHistory(store.histories)
    told = [(one.what, one.day, one.meter, one.text) for one in history(store.sites.of_device("edge-1"), month)]
    assert told == [
        ("meter", date(2026, 1, 7), "lathe", "counts since 11:00"),
        ("meter", date(2026, 1, 7), "press", "left at 11:05"),
        ("agreement", date(2026, 1, 20), "", "billed by small since 2026-01-20"),
        ("meter", date(2026, 1, 7), "main", "replaced at 11:00, the old one at 5,040 Wh, the new one at 3 Wh, LG-7731"),
    ]
    assert history(store.sites.of_device("edge-1"), month.next()) == ()


def test_two_swaps_between_two_readings_are_refused(store: EventStore, mill: SupplyPoint) -> None:
    RegisterSite(store.sites)(mill)
    for at in (TEN, TEN + STEP):
        SwapMeter(store.sites)("mill", swapped(at))
    with pytest.raises(BadReadings, match="was swapped 2 times between"):
        store.sites.of_device("edge-1").swap_between("main", TEN - STEP, TEN + STEP)


@pytest.fixture
def tariffs(small_tariff: Tariff) -> MemoryTariffs:
    return MemoryTariffs({"small": small_tariff})


def rates(tariff: Tariff, price: str, first: date, end: date | None = None) -> Rates:
    came = tariff.rate_table.rates[0]
    values = {**came.values, "energy.day": Decimal(price)}
    return Rates(first, end, values, "gazette")


def price_on(tariff: Tariff, day: date) -> Decimal:
    return tariff.rate_table.in_force(day, day).values["energy.day"]


def test_published_rates_count_for_their_days_and_no_others(open_store: OpenStore, tariffs: MemoryTariffs) -> None:
    small = tariffs.get("small")
    publish = PublishRates(tariffs, open_store().rates)
    publish("small", rates(small, "0.30", date(2026, 1, 1), date(2026, 2, 1)))
    found = PublishedTariffs(tariffs, open_store().rates).get("small")
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))
    assert [str(price_on(found, day)) for day in days] == ["0.20", "0.30", "0.30", "0.20"]
    assert found.version != small.version


def test_rates_are_given_as_they_were_known(store: EventStore, tariffs: MemoryTariffs, clock: SetClock) -> None:
    small, then = tariffs.get("small"), clock.instant
    found = PublishedTariffs(tariffs, store.rates)
    assert found.get("small") is small
    clock.instant += timedelta(days=1)
    PublishRates(tariffs, store.rates)("small", rates(small, "0.30", date(2026, 1, 1)))
    assert price_on(found.get("small"), date(2026, 1, 7)) == Decimal("0.30")
    assert found.as_known_at(then).get("small") == small


def test_the_same_rates_are_published_once(store: EventStore, tariffs: MemoryTariffs) -> None:
    same = rates(tariffs.get("small"), "0.30", date(2026, 1, 1))
    for _ in range(2):
        PublishRates(tariffs, store.rates)("small", same)
    assert len(store.rates.of("small")) == 1
    found = PublishedTariffs(tariffs, store.rates)
    assert found.get("small") is found.get("small")


def test_rates_that_lack_one_are_refused_by_its_name(store: EventStore, tariffs: MemoryTariffs) -> None:
    with pytest.raises(InvalidTariff, match=r"rates of small from 2026-01-01: .*energy\.night.* missing"):
        PublishRates(tariffs, store.rates)("small", Rates(date(2026, 1, 1), None, {}, ""))


PRICES = PriceSeries("spot", 60, datetime(2026, 1, 7, tzinfo=UTC), (50_000, None, 70_000), "an exchange")


@pytest.fixture
def followers(small_tariff: Tariff) -> MemoryTariffs:
    """A tariff that follows prices, beside one that does not."""
    index = IndexedPrice("spot", "Energy at spot", "energy", "contract", "spot")
    values = {"spot.adder": Decimal(0), "spot.factor": Decimal(100), "spot.losses": Decimal(0)}
    came = small_tariff.rate_table.rates[0]
    table = replace(small_tariff.rate_table, rates=(replace(came, values={**came.values, **values}),))
    follows = replace(small_tariff, id="follows", charges=(*small_tariff.charges, index), rate_table=table)
    return MemoryTariffs({"small": small_tariff, "follows": follows})


def publish_prices(open_store: OpenStore, tariffs: MemoryTariffs, *series: PriceSeries) -> list[PriceSeries]:
    rates = open_store().rates
    return PublishPrices(PublishedTariffs(tariffs, rates), rates)("follows", series)


def test_published_prices_are_there_for_every_reader(open_store: OpenStore, followers: MemoryTariffs) -> None:
    reader = PublishedTariffs(followers, open_store().rates)
    assert reader.get("follows") is followers.get("follows")
    assert publish_prices(open_store, followers, PRICES) == [PRICES]
    found = reader.get("follows")
    assert found.series == (PRICES,)
    assert found.version != followers.get("follows").version
    assert reader.get("follows") is found
    assert reader.get("small") is followers.get("small")


def test_prices_are_given_as_they_were_known(open_store: OpenStore, followers: MemoryTariffs, clock: SetClock) -> None:
    publish_prices(open_store, followers, PRICES)
    then = clock.instant
    clock.instant += timedelta(days=1)
    [revised] = publish_prices(open_store, followers, replace(PRICES, prices_micro=(50_000, 60_000, 71_000)))
    assert (revised.start, revised.prices_micro) == (PRICES.start + timedelta(hours=1), (60_000, 71_000))
    found = PublishedTariffs(followers, open_store().rates)
    assert found.get("follows").series == (PRICES, revised)
    assert found.as_known_at(then).get("follows").series == (PRICES,)
    assert found.as_known_at(then - timedelta(days=1)).get("follows").series == ()


def test_the_same_prices_are_published_once(open_store: OpenStore, followers: MemoryTariffs) -> None:
    publish_prices(open_store, followers, PRICES)
    assert publish_prices(open_store, followers, replace(PRICES, source="again")) == []
    assert len(open_store().rates.prices_of("follows")) == 1


def test_prices_that_a_tariff_does_not_follow_or_cannot_bear_are_refused(
    open_store: OpenStore, followers: MemoryTariffs
) -> None:
    for series, told in (
        (replace(PRICES, name="omie"), "series 'omie': tariff follows does not follow it; it follows spot"),
        (replace(PRICES, prices_micro=(10**15,)), "at these prices Energy at spot would come to"),
    ):
        with pytest.raises(BadPriceSeries, match=told):
            publish_prices(open_store, followers, PRICES, series)
    assert list(open_store().rates.prices_of("follows")) == []
