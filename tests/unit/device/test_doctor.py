"""The doctor names what is wrong and what to do about it; one sick part hides no other."""

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gaierror
from types import SimpleNamespace

import pytest
from cryptography import x509

from adapters.device_clock import DeviceClock
from adapters.device_key import make_key_and_request, public_key_of, read_certificate
from adapters.sqlite_outbox import OutboxFolder, SqliteOutbox
from domain.errors import BadSettings
from edge import doctor
from edge.doctor import Finding, Verdict, examine
from edge.meters import AllBuses
from edge.settings import Settings, settings_of
from tests.line.authority import Authority
from tests.unit.device.conftest import Make

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def connected(where: tuple[str, int], timeout: float) -> Iterator[None]:
    if where[0].endswith("amazonaws.com"):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    yield


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of the doctor leaves this machine."""
    monkeypatch.setattr(doctor, "socket", SimpleNamespace(create_connection=connected, gaierror=gaierror))


def clock(now: datetime = NOW, synchronised: bool = True) -> DeviceClock:
    return DeviceClock(now, "boot", lambda: now, lambda: 0.0, lambda: synchronised)


def found(settings: Settings, at: DeviceClock | None = None) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in examine(settings, at or clock()):
        grouped.setdefault(finding.name, []).append(finding)
    return grouped


def verdicts(findings: list[Finding]) -> list[Verdict]:
    return [finding.verdict for finding in findings]


@pytest.fixture
def with_line(toml: Make, tmp_path: Path) -> Settings:
    """A device whose identity is in order; nobody answers at its endpoint."""
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("device")
    assert (certificate.name, key.name) == ("device.crt", "device.key")
    return settings_of(toml().encode(), tmp_path / "edge.toml")


def test_a_device_in_order_has_nothing_that_fails_but_the_line_it_has_not(settings: Settings) -> None:
    answers = found(settings)
    assert [finding for group in answers.values() for finding in group if finding.verdict is Verdict.FAIL] == []
    assert answers["meter"][0].said == "main answers"
    assert "priced at the rates of 2025-12" in answers["tariff"][0].said


def test_every_finding_that_is_not_good_has_a_remedy(with_line: Settings) -> None:
    for group in found(with_line, clock(datetime(1970, 1, 1, tzinfo=UTC), False)).values():
        for finding in group:
            assert finding.verdict is Verdict.OK or finding.remedy or ";" in finding.said, finding


@pytest.mark.parametrize(
    ("now", "synchronised", "verdict", "said"),
    [
        (NOW, True, Verdict.OK, "synchronised"),
        (NOW, False, Verdict.WARN, "nothing keeps it right"),
        (datetime(1970, 1, 1, tzinfo=UTC), False, Verdict.FAIL, "it says 1970-01-01"),
    ],
)
def test_the_clock(settings: Settings, now: datetime, synchronised: bool, verdict: Verdict, said: str) -> None:
    (finding,) = found(settings, clock(now, synchronised))["clock"]
    assert finding.verdict is verdict
    assert said in finding.said


@pytest.mark.parametrize(("free_mib", "verdict"), [(1, Verdict.FAIL), (60, Verdict.WARN), (600, Verdict.OK)])
def test_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch, free_mib: int, verdict: Verdict) -> None:
    usage = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=free_mib << 20, total=2**30))
    monkeypatch.setattr(doctor, "shutil", usage)
    (finding,) = found(settings)["disk"]
    assert (finding.verdict, f"{free_mib} MiB free of 1024" in finding.said) == (verdict, True)
    assert finding.remedy or verdict is Verdict.OK


def test_a_file_of_another_user_is_told_with_whom_to_ask_as(
    with_line: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    answers = found(with_line)
    assert verdicts(answers["secrets"]) == [Verdict.FAIL]
    assert "this user may not read; ask as the device's user (sudo -u wattledger)" in answers["secrets"][0].said
    assert (answers["disk"][-1].verdict, "may not be written by this user" in answers["disk"][-1].said) == (
        Verdict.FAIL,
        True,
    )


def test_a_clock_that_a_running_device_cannot_vouch_for_is_a_warning_and_what_stops_it_a_failure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"device": "edge-1", "version": "1", "problems": ["clock: nobody vouches for it", "line: down"]}
    monkeypatch.setattr(doctor, "ask_the_device", lambda _: json.dumps(told))
    assert verdicts(found(settings)["service"]) == [Verdict.OK, Verdict.WARN, Verdict.FAIL]


def test_a_store_that_is_no_store(settings: Settings) -> None:
    settings.store.folder.mkdir()
    (settings.store.folder / "outbox.sqlite").write_bytes(b"not a database " * 100)
    (finding,) = found(settings)["store"]
    assert finding.verdict is Verdict.FAIL
    assert "outbox.sqlite" in finding.said
    assert "begins a fresh store" in finding.remedy


def test_what_waits_and_what_was_set_aside_is_told(settings: Settings) -> None:
    outbox = OutboxFolder(settings.store.folder)
    for poll in ("a", "b", "c"):
        outbox.append(poll, b"")
    outbox.set_aside(1, "ValidationException")
    outbox.close()
    waits, aside = found(settings)["store"]
    assert "2 cycles wait" in waits.said
    assert (aside.verdict, aside.said) == (
        Verdict.WARN,
        "1 cycles were refused by the stream and set aside; their bytes are kept",
    )
    assert OutboxFolder(settings.store.folder).backlog() == 2


def test_a_disk_that_lied_fails(settings: Settings) -> None:
    outbox = OutboxFolder(settings.store.folder)
    outbox.append("a", b"")
    outbox.close()
    (settings.store.folder / "outbox.sqlite").unlink()
    SqliteOutbox(settings.store.folder / "outbox.sqlite", store=outbox.store).close()
    _, lied = found(settings)["store"]
    assert lied.verdict is Verdict.FAIL
    assert "gone after a restart" in lied.said


def test_a_key_that_everybody_may_read(with_line: Settings) -> None:
    assert with_line.identity is not None
    assert verdicts(found(with_line)["secrets"]) == [Verdict.OK]
    with_line.identity.key.chmod(0o644)
    (finding,) = found(with_line)["secrets"]
    assert finding.verdict is Verdict.FAIL
    assert "run: chmod 600" in finding.said


@pytest.mark.parametrize(
    ("days", "verdict", "said"),
    [
        (400, Verdict.OK, "until"),
        (20, Verdict.WARN, "until 2026-11-21"),
        (-1, Verdict.FAIL, "which has passed"),
    ],
)
def test_a_certificate_that_expires(
    with_line: Settings, tmp_path: Path, days: int, verdict: Verdict, said: str
) -> None:
    Authority(tmp_path, "authority").issue("device", NOW + timedelta(days=days))
    (finding,) = found(with_line)["certificate"]
    assert finding.verdict is verdict
    assert said in finding.said


def test_a_certificate_that_was_not_signed_yet(with_line: Settings) -> None:
    assert with_line.identity is not None
    with_line.identity.certificate.unlink()
    answers = found(with_line)
    (finding,) = answers["certificate"]
    assert (finding.verdict, "device.csr signed" in finding.remedy) == (Verdict.FAIL, True)
    assert "device.crt is not there; `wattledger edge enroll`" in answers["identity"][0].said


def test_a_certificate_of_another_key(with_line: Settings, tmp_path: Path) -> None:
    assert with_line.identity is not None
    _, other = Authority(tmp_path, "authority").issue("other")
    with_line.identity.key.write_bytes(other.read_bytes())
    (finding,) = found(with_line)["certificate"]
    assert (finding.verdict, "is not of the key" in finding.said) == (Verdict.FAIL, True)


def test_an_endpoint_that_does_not_answer(with_line: Settings) -> None:
    answers = found(with_line)
    assert answers["line"][0].said.startswith("kinesis.eu-west-1.amazonaws.com does not answer")
    assert answers["identity"][0].verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [('id = "es-3.0td"', 'id = "es-3.1td"', "es-3.1td"), ('rates_of = "2025-12"\n', "", "2026-11")],
)
def test_a_tariff_that_does_not_price(toml: Make, tmp_path: Path, old: str, new: str, said: str) -> None:
    settings = settings_of(toml((old, new), line=False).encode(), tmp_path / "edge.toml")
    (finding,) = found(settings)["tariff"]
    assert finding.verdict is Verdict.FAIL
    assert said in finding.said


def test_a_meter_that_is_silent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "meters_of", lambda *_: AllBuses([], {}))
    assert verdicts(found(settings)["meter"]) == [Verdict.FAIL, Verdict.FAIL]


def test_a_bus_that_cannot_be_read_hides_nothing_else(toml: Make, tmp_path: Path) -> None:
    change = ('kind = "simulated"', 'kind = "mqtt"\nhost = "127.0.0.1"\nport = 1\ntls = false')
    text = toml(change, line=False).replace('bus = "sim"', 'bus = "sim"\nprofile = "p"\ntopic_device = "t"')
    answers = found(settings_of(text.encode(), tmp_path / "edge.toml"))
    assert verdicts(answers["tariff"]) == [Verdict.OK]
    assert verdicts(answers["meter"]) == [Verdict.FAIL] * 2
    assert "there is no profile 'p'" in answers["meter"][0].said


def test_enrolling_makes_a_key_that_only_the_owner_reads_and_keeps_one_that_is_there(tmp_path: Path) -> None:
    key, request = tmp_path / "device.key", tmp_path / "device.csr"
    make_key_and_request("edge-1", key, request)
    assert key.stat().st_mode & 0o777 == 0o600
    asked = x509.load_pem_x509_csr(request.read_bytes())
    assert asked.is_signature_valid
    assert asked.subject.rfc4514_string() == "CN=edge-1"
    before = key.read_bytes()
    with pytest.raises(BadSettings, match="is there already and is kept"):
        make_key_and_request("edge-1", key, request)
    assert key.read_bytes() == before
    assert b"PRIVATE" not in request.read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n", b"\x00" * 99]
)
def test_a_file_that_is_no_key_nor_certificate_is_refused_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    for read in (read_certificate, public_key_of):
        with pytest.raises(BadSettings, match="file holds no"):
            read(tmp_path / "file")
        with pytest.raises(BadSettings, match="cannot be read"):
            read(tmp_path / "none")
