"""What systemd hears, what the journal shows, what Sentry gets: enough to help, and nothing that is secret."""

import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sentry_sdk

from adapters.sentry import report_faults, scrubbed
from domain.measurement import Reading
from domain.meter_status import MeterState, MeterStatus
from edge.journal import LOG, JournalLines, log_to_standard_error
from edge.systemd import Systemd
from edge.watched_meters import WatchedMeters

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("address", ["{folder}/notify", "@wattledger-test-{pid}"])
def test_systemd_hears_that_the_device_is_up_alive_and_stopping(tmp_path: Path, address: str) -> None:
    place = address.format(folder=tmp_path, pid=id(tmp_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{place[1:]}" if place.startswith("@") else place)
        systemd = Systemd({"NOTIFY_SOCKET": place})
        systemd.ready()
        systemd.alive("2 readings\nat noon")
        systemd.stopping()
        assert [listener.recv(200) for _ in range(3)] == [
            *(b"READY=1", b"WATCHDOG=1\nSTATUS=2 readings at noon", b"STOPPING=1"),
        ]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "nowhere/at/all"}])
def test_without_systemd_nothing_happens(environment: dict[str, str]) -> None:
    Systemd(environment).ready()


def test_every_line_for_the_journal_carries_its_priority() -> None:
    def entry(level: int, text: str) -> str:
        return JournalLines("%(message)s").format(logging.LogRecord("w", level, "", 0, text, None, None))

    assert entry(logging.INFO, "up") == "<6>up"
    assert entry(logging.ERROR, "first\nsecond") == "<3>first\n<3>second"
    assert [entry(level, "")[:3] for level in (logging.CRITICAL, logging.WARNING, logging.DEBUG)] == [""] * 3


@contextmanager
def journal(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log as it is under systemd."""
    patch.setenv("JOURNAL_STREAM", "8:1")
    names = (None, "wattledger", "botocore", "urllib3")
    handlers, hook = list(logging.getLogger().handlers), threading.excepthook
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        log_to_standard_error()
        yield
    finally:
        logging.getLogger().handlers[:], threading.excepthook = handlers, hook
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_a_fault_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with journal(monkeypatch):
        thread = threading.Thread(target=lambda: 1 // 0, name="upload")
        thread.start()
        thread.join()
        LOG.info("goes on")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "<2>upload ended by a fault of ours"
    assert all(line.startswith("<") for line in said)
    assert said[-1] == "<6>goes on"


@pytest.mark.parametrize("library", ["botocore.credentials", "urllib3.connectionpool"])
def test_each_try_of_a_library_on_a_dead_line_fills_no_journal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], library: str
) -> None:
    with journal(monkeypatch):
        logging.getLogger(library).warning("refreshing credentials failed", exc_info=OSError("no line"))
        LOG.warning("not delivered: no line")
    assert capsys.readouterr().err.splitlines() == ["<4>not delivered: no line"]


def test_a_silent_meter_is_seen_with_its_reason_and_its_last_reading() -> None:
    class Meters:
        def __init__(self) -> None:
            self.statuses: dict[str, MeterStatus] = {}
            self.silent: frozenset[str] = frozenset()

        def read(self, at: datetime) -> list[Reading]:
            return [Reading(name, at, 1, 0) for name in ("main", "oven") if name not in self.silent]

    meters = Meters()
    watched = WatchedMeters(meters, ["main", "oven"])
    watched.read(NOON)
    meters.silent, meters.statuses = (
        frozenset({"oven", "main"}),
        {"oven": MeterStatus("oven", NOON, MeterState.REFUSING, "no answer in 1 s")},
    )
    watched.read(NOON.replace(minute=5))
    assert (watched.states["oven"].said, watched.states["main"].said) == ("no answer in 1 s", "it does not answer")
    assert (watched.states["oven"].last_reading, watched.states["oven"].state) == (NOON, "refusing")


def test_sentry_gets_where_it_failed_and_nothing_that_the_device_held() -> None:
    held = "sesame"
    event = {
        **{"exception": {"values": [{"value": "boom", "stacktrace": {"frames": [{"vars": {"key": held}}]}}]}},
        **{"server_name": held, "request": {"url": held}, "breadcrumbs": [held], "user": held, "extra": held},
        **{"level": "error", "modules": {held: "1"}, "contexts": {"x": held}},
    }
    kept = scrubbed(event)
    assert held not in json.dumps(kept)
    assert kept["exception"]["values"][0]["value"] == "boom"


def test_a_fault_is_reported_without_local_variables() -> None:
    sent: list[object] = []

    class Road(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: sentry_sdk.envelope.Envelope) -> None:
            sent.extend(item.payload.json for item in envelope.items)

    hook = sys.excepthook
    try:
        report_faults("https://key@sentry.invalid/1", "edge-1", "0.1.0", "test", transport=Road)
        held = "open sesame"
        LOG.error("not delivered: %s", "denied")
        try:
            raise ValueError(f"{len(held)} letters")
        except ValueError as fault:
            sentry_sdk.capture_exception(fault)
        sentry_sdk.flush()
    finally:
        sentry_sdk.init()
        sys.excepthook = hook
    text = json.dumps(sent)
    assert len(sent) == 2
    assert "not delivered" in text
    assert "11 letters" in text
    assert "open sesame" not in text.replace('held = "open sesame"', "")
    assert "edge-1" in text


def test_a_sentry_that_never_answers_delays_nobody_who_reports_to_it() -> None:
    hook = sys.excepthook
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # connections wait in its queue, and for ever
        try:
            report_faults(f"http://key@127.0.0.1:{deaf.getsockname()[1]}/1", "edge-1", "0.1.0", "test")
            start = time.monotonic()
            for number in range(20):
                LOG.error("fault %d", number)
            took_s = time.monotonic() - start
        finally:
            sentry_sdk.get_client().close(timeout=0)
            sentry_sdk.init()
            sys.excepthook = hook
    assert took_s < 5, "one call to it alone would wait for longer"
