"""SupplyPoints and Tariffs: what is registered is given, and what is not is refused with near names."""

from collections.abc import Callable
from datetime import date

import pytest

from adapters.memory import MemorySupplyPoints, MemoryTariffs
from adapters.tariff_files import TariffFiles
from application.ports import SupplyPoints, Tariffs
from domain.errors import BadReadings, InvalidTariff
from domain.supply_point import SupplyPoint

GOLFO = "mx-gdmth:golfo-centro"
POINTS: dict[str, Callable[[SupplyPoint], SupplyPoints]] = {
    "memory": lambda point: MemorySupplyPoints({point.device: point}),
}
TARIFFS: dict[str, Callable[[], Tariffs]] = {
    "files": TariffFiles,
    "memory": lambda: MemoryTariffs({name: TariffFiles().get(name) for name in TariffFiles().ids()}),
}


@pytest.fixture(params=POINTS)
def points(request: pytest.FixtureRequest, mill: SupplyPoint) -> SupplyPoints:
    return POINTS[request.param](mill)


@pytest.fixture(params=TARIFFS, scope="module")
def tariffs(request: pytest.FixtureRequest) -> Tariffs:
    return TARIFFS[request.param]()


def test_a_registered_device_has_its_supply_point(points: SupplyPoints, mill: SupplyPoint) -> None:
    assert points.of_device("edge-1") == mill


@pytest.mark.parametrize("device", ["edge-2", "", "EDGE-1", "mill"])
def test_a_device_that_is_not_registered_is_refused_with_the_remedy(points: SupplyPoints, device: str) -> None:
    with pytest.raises(BadReadings, match=f"device '{device}' is not registered; register its supply point"):
        points.of_device(device)


def test_a_tariff_is_given_by_its_full_id_ready_to_price_with(tariffs: Tariffs) -> None:
    tariff = tariffs.get(GOLFO)
    assert tariff.id == GOLFO
    assert tariff.rate_table.in_force(date(2026, 1, 1), date(2026, 2, 1)).values["vat"] == 16


def test_the_same_id_is_the_same_tariff(tariffs: Tariffs) -> None:
    assert tariffs.get(GOLFO) == tariffs.get(GOLFO)
    assert tariffs.get(GOLFO).version == TariffFiles().get(GOLFO).version


@pytest.mark.parametrize("name", ["mx-gdmth:golfo-oeste", "mx-gdmth:golfocentro", "mx-gmdth:golfo-centro"])
def test_a_tariff_that_is_not_there_is_refused_naming_near_ones(tariffs: Tariffs, name: str) -> None:
    with pytest.raises(InvalidTariff, match=f"there is no tariff '{name}'.*mx-gdmth:golfo-centro"):
        tariffs.get(name)
