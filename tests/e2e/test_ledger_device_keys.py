"""A device can write only as itself: its key is registered, and what others send in its name waits, for all to see."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.device_key import make_key_and_request, public_key_text
from adapters.messages import WattledgerWire
from adapters.openssl_key import OpensslKey
from domain.measurement import Reading
from entrypoints.ledger_file import OpenLedger
from tests.reference.ledger_desk import SITE, Desk

TEN = datetime(2026, 1, 7, 16, tzinfo=UTC)  # in Mexico
STEP = timedelta(minutes=15)
WAITS = "not signed by its device"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    return enrolled(tmp_path / "device.key")


def enrolled(key: Path) -> Path:
    make_key_and_request("edge-1", key, key.with_suffix(".csr"))
    return key


def site(*keys: Path, **texts: str) -> str:
    told = [public_key_text(key) for key in keys] + list(texts.values())
    return SITE.replace('device = "edge-1"\n', f'device = "edge-1"\ndevice_keys = {told}\n')


def arrive(seq: int, kwh: int, key: Path | None) -> None:
    """A record comes from the stream into the ledger."""
    wire, at = WattledgerWire(), TEN + seq * STEP
    pair = Reading("main", at - STEP, 0, 0), Reading("main", at, kwh * 1000, kwh * 200)
    record = wire.record("edge-1", "store-1", seq, wire.body([pair]), OpensslKey(key) if key else None)
    OpenLedger(Path("ledger.sqlite")).price([record])


def test_only_what_the_device_signed_is_billed_and_the_rest_waits_with_its_reason(
    desk: Desk, device: Path, tmp_path: Path
) -> None:
    renewed = enrolled(tmp_path / "renewed.key")
    desk.register(site(device))
    arrive(1, 100, device)
    arrive(2, 170, enrolled(tmp_path / "another.key"))
    arrive(3, 180, None)
    arrive(4, 110, renewed)
    assert desk.kwh() == 100
    assert [reason for reason, _ in desk.waiting()] == [WAITS] * 3
    assert WAITS in desk.done("quarantine")
    desk.register(site(device, renewed))
    said = desk.done("replay", "--reason", WAITS)
    assert "3 tried, 1 accepted" in said
    assert "1 stay: a record that names device 'edge-1' is not signed by it: nobody signed it; if the device" in said
    assert desk.kwh() == 210
    assert [reason for reason, _ in desk.waiting()] == [WAITS] * 2


def test_a_file_at_the_desk_needs_no_signature(desk: Desk, device: Path) -> None:
    desk.register(site(device))
    assert "2 of them new" in desk.record([("2026-01-07T10:00", "main", "90"), ("2026-01-07T10:15", "main", "10")])
    assert desk.kwh() == 100
    assert desk.waiting() == []


def test_who_registers_keys_is_told_and_a_file_that_says_nothing_of_them_takes_none_away(
    desk: Desk, device: Path
) -> None:
    path = Path("site.toml")
    desk.register()
    path.write_text(site(device), encoding="utf-8")
    told = "plant: what device edge-1 sends counts only if it is signed by its key\n"
    assert desk.done("register", path) == told
    assert desk.done("register", path) == "plant: nothing new\n"
    path.write_text(SITE, encoding="utf-8")
    assert desk.done("register", path) == "plant: nothing new\n"
    arrive(1, 100, None)
    assert len(desk.waiting()) == 1
    path.write_text(site(), encoding="utf-8")
    assert desk.done("register", path) == "plant: device edge-1 need not sign what it sends\n"
    assert "1 tried, 1 accepted" in desk.done("replay")
    assert desk.kwh() == 100


def test_what_is_no_key_is_refused_before_anything_is_registered(desk: Desk, device: Path) -> None:
    Path("site.toml").write_text(site(device, wrong=device.read_text(encoding="ascii")[:400]), encoding="utf-8")
    said = desk.refused("register", "site.toml")
    assert "site.toml: device_keys: '-----BEGIN PRIVATE K' is no public key; give the one line that" in said
    assert not Path("ledger.sqlite").exists()
