"""The registry of keys: told by a site file, known to every reader, and of one device each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.event_store import EventStore
from adapters.memory import SetClock
from adapters.site_files import MOST_KEYS, read_site
from application.register_site import RegisterDeviceKeys, RegisterSite
from domain.errors import BadOption, BadReadings
from domain.supply_point import SupplyPoint

OpenStore = Callable[[], EventStore]
SITE = """schema = "wattledger-site/1"
id = "plant"
device = "edge-1"
timezone = "America/Mexico_City"
main_meter = "main"
{keys}
[[agreements]]
tariff = "mx-gdmth:golfo-centro"
[meters.main]
rated_power_kw = 1500
"""


def test_keys_are_registered_once_changed_and_taken_away(open_store: OpenStore, mill: SupplyPoint) -> None:
    RegisterSite(open_store().sites)(mill)
    register = RegisterDeviceKeys(open_store().sites)
    assert register("mill", ["one"])
    assert not register("mill", ["one", "one"])
    assert open_store().sites.of_device("edge-1") == replace(mill, device_keys=("one",))
    assert register("mill", ["one", "two"])
    assert open_store().sites.of_device("edge-1").device_keys == ("one", "two")
    assert register("mill", [])
    assert open_store().sites.of_device("edge-1") == mill


def test_a_reader_that_is_open_learns_of_a_new_key(open_store: OpenStore, mill: SupplyPoint) -> None:
    reader = open_store().sites
    RegisterSite(open_store().sites)(mill)
    assert reader.of_device("edge-1").device_keys == ()
    RegisterDeviceKeys(open_store().sites)("mill", ["one"])
    assert reader.of_device("edge-1").device_keys == ("one",)


def test_what_changes_in_a_site_leaves_its_keys(store: EventStore, mill: SupplyPoint) -> None:
    RegisterSite(store.sites)(mill)
    RegisterDeviceKeys(store.sites)("mill", ["one"])
    assert RegisterSite(store.sites)(mill) == []
    RegisterSite(store.sites)(replace(mill, meters={**mill.meters, "lathe": mill.meters["main"]}))
    assert store.sites.of_device("edge-1").device_keys == ("one",)


def test_keys_are_given_as_they_were_known(open_store: OpenStore, mill: SupplyPoint, clock: SetClock) -> None:
    RegisterSite(open_store().sites)(mill)
    then = clock.instant
    clock.instant += timedelta(days=1)
    RegisterDeviceKeys(open_store().sites)("mill", ["one"])
    assert open_store().sites.get("mill", then).point == mill


def test_a_key_is_of_one_device(store: EventStore, mill: SupplyPoint) -> None:
    RegisterSite(store.sites)(mill)
    RegisterSite(store.sites)(replace(mill, id="mine", device="edge-2"))
    register = RegisterDeviceKeys(store.sites)
    register("mill", ["one", "two"])
    with pytest.raises(BadReadings, match="a key of its device 'edge-2' is registered for device 'edge-1' of mill"):
        register("mine", ["three", "two"])
    assert register("mine", ["three"])
    with pytest.raises(BadReadings, match="'nowhere' is not registered"):
        register("nowhere", ["four"])


@pytest.mark.parametrize(
    ("line", "keys"),
    [("", None), ("device_keys = []", ()), ('device_keys = ["one", "two"]', ("one", "two"))],
    ids=["silent", "none", "two"],
)
def test_a_site_file_tells_keys_or_none_or_nothing(line: str, keys: tuple[str, ...] | None, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(keys=line), encoding="utf-8")
    assert read_site(path).device_keys == keys


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('device_keys = "one"', "device_keys: 'one'"),
        ("device_keys = [7]", "device_keys.0: 7"),
        ('device_keys = [""]', "device_keys.0: ''"),
        (f"device_keys = {['k'] * (MOST_KEYS + 1)}", f"at most {MOST_KEYS}"),
    ],
    ids=["text", "number", "empty", "many"],
)
def test_keys_that_cannot_be_are_refused_by_their_place(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(keys=line), encoding="utf-8")
    with pytest.raises(BadOption, match=told):
        read_site(path)
