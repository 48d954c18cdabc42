"""What is wrong with this device, and what to do about it: one finding a question, each asked by itself.

Where the device is running, its own word is taken for the store and the meters: a second connection to the store, or a
second asker on a bus, would be a fault of its own making.
"""

import json
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from adapters.device_clock import RELEASED, DeviceClock
from adapters.device_key import public_key_of, read_certificate
from adapters.memory import MemoryTariffs
from adapters.sqlite_outbox import look_at
from application.ports import NotAllowed, StoreDamaged, Unavailable
from application.terms_of import TermsOf
from domain.errors import Refusal
from domain.terms import BillingMonth
from edge.compose import identity_of
from edge.health import ask_the_device
from edge.meters import AllBuses, meters_of
from edge.prices import local_tariff, supply_point
from edge.settings import Mqtt, Settings, check_private
from edge.status import warnings_of

ENOUGH_FREE = 0.10
NOTHING_FREE_BYTES = 4 << 20
EXPIRES_SOON = timedelta(days=30)
ASK_S = 5.0
PUSHED_S = 15.0
"""How long a meter may take to push: most do every 10 s."""


class Verdict(StrEnum):
    """`fail` is where the exit code comes from."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, its answer, and what to do where the answer is not good."""

    name: str
    verdict: Verdict
    said: str
    remedy: str = ""


def examine(settings: Settings, clock: DeviceClock) -> Iterator[Finding]:
    """Every finding, as it is found. Raises nothing that a device can be guilty of."""
    running = _running(settings)
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "service": lambda: _service(running, settings),
        "clock": lambda: _clock(clock),
        "disk": lambda: _disk(settings.store.folder),
        "store": lambda: _store(settings.store.folder, bool(running)),
        "secrets": lambda: _secrets(settings),
        "certificate": lambda: _certificate(settings, clock.now()),
        "tariff": lambda: _tariff(settings, clock.now()),
        "line": lambda: _names(settings),
        "identity": lambda: _identity(settings, clock),
        "meters": lambda: _meters(settings, clock, running),
    }
    for name, check in checks.items():
        try:
            yield from check()
        except (Refusal, Unavailable, OSError, sqlite3.Error) as fault:
            yield Finding(name, Verdict.FAIL, str(fault))


def _running(settings: Settings) -> dict[str, object]:
    """The running device's status; empty when it does not run."""
    text = ask_the_device(settings.health.port)
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _service(running: dict[str, object], settings: Settings) -> Iterator[Finding]:
    if not running:
        yield Finding(
            "service",
            Verdict.WARN,
            f"no device answers on port {settings.health.port}",
            "start it: systemctl start wattledger; or see why not: journalctl -u wattledger",
        )
        return
    yield Finding("service", Verdict.OK, f"{running.get('device')} runs, version {running.get('version')}")
    problems = running.get("problems")
    for problem in map(str, problems if isinstance(problems, list) else ()):
        # a clock that nobody vouches for stops nothing; `_clock` tells the remedy
        yield Finding("service", Verdict.WARN if problem.startswith("clock: ") else Verdict.FAIL, problem)


def _clock(clock: DeviceClock) -> Iterator[Finding]:
    if clock.wall() < RELEASED:
        yield Finding(
            "clock",
            Verdict.FAIL,
            f"it says {clock.wall():%Y-%m-%d %H:%M} UTC, before this software was made",
            "replace the clock's battery; set device.raise_clock = true, so that TLS works until the network tells",
        )
    elif not clock.synchronised():
        yield Finding(
            "clock",
            Verdict.WARN,
            f"{clock.wall():%Y-%m-%d %H:%M:%S} UTC, and nothing keeps it right",
            "timedatectl set-ntp true; let UDP port 123 through to a time server",
        )
    else:
        yield Finding("clock", Verdict.OK, f"{clock.wall():%Y-%m-%d %H:%M:%S} UTC, synchronised")


def _disk(store: Path) -> Iterator[Finding]:
    folder = next(one for one in (store, *store.parents) if one.exists())
    usage = shutil.disk_usage(folder)
    said = f"{usage.free // 2**20} MiB free of {usage.total // 2**20} at {folder}"
    if usage.free < NOTHING_FREE_BYTES:
        remedy = f"free some of it now: du -xh {folder.anchor} | sort -h | tail; polls wait in memory, a day at most"
        yield Finding("disk", Verdict.FAIL, f"{said}: nothing can be stored", remedy)
    elif usage.free < usage.total * ENOUGH_FREE:
        yield Finding("disk", Verdict.WARN, said, "free some, or lower store.max_mb")
    else:
        yield Finding("disk", Verdict.OK, said)
    if not os.access(folder, os.W_OK):
        remedy = f"ask as the device's user (sudo -u wattledger), or give it the folder: chown -R wattledger {folder}"
        yield Finding("disk", Verdict.FAIL, f"{folder} may not be written by this user", remedy)


def _store(folder: Path, running: bool) -> Iterator[Finding]:
    if running or not (folder / "outbox.sqlite").exists():
        return  # the running device tells of its store as problems of the service
    try:
        found, aside = look_at(folder)
    except StoreDamaged as fault:
        remedy = "nothing by hand: at its start the device begins a fresh store and saves what can be read of this one"
        yield Finding("store", Verdict.FAIL, str(fault), remedy)
        return
    said = f"{found.backlog} cycles wait, {found.fullness_percent} % full, synchronous is FULL"
    yield Finding("store", Verdict.OK, f"{folder}: {said}; SQLite {sqlite3.sqlite_version}")
    for warning in warnings_of(found, aside):
        verdict = Verdict.FAIL if found.disk_lies else Verdict.WARN
        yield Finding("store", verdict, warning, "docs/device.md, What happens when, tells what this means")


def _secrets(settings: Settings) -> Iterator[Finding]:
    for path in settings.secrets():
        try:
            check_private(path)
        except Refusal as refusal:
            yield Finding("secrets", Verdict.FAIL, str(refusal))
        else:
            yield Finding("secrets", Verdict.OK, f"{path} is readable by its owner alone")


def _certificate(settings: Settings, now: datetime) -> Iterator[Finding]:
    who = settings.identity
    if who is None:
        return
    if who.key.exists() and not who.certificate.exists():
        remedy = f"have {who.key.with_suffix('.csr')} signed (docs/device.md, Install), and write the certificate there"
        yield Finding("certificate", Verdict.FAIL, f"{who.certificate} is not there", remedy)
        return
    found = read_certificate(who.certificate)
    renew = "renew it: `wattledger edge enroll` makes a request; have it signed and replace the certificate"
    said = f"{who.certificate}: {found.subject}, until {found.valid_to:%Y-%m-%d}"
    if public_key_of(who.key) != found.public_key:
        yield Finding("certificate", Verdict.FAIL, f"{who.certificate} is not of the key {who.key}", renew)
    elif now >= found.valid_to:
        yield Finding("certificate", Verdict.FAIL, f"{said}, which has passed", renew)
    elif now < found.valid_from:
        yield Finding(
            "certificate", Verdict.FAIL, f"{said}, not valid before {found.valid_from:%Y-%m-%d}", "check the clock"
        )
    elif found.valid_to - now < EXPIRES_SOON:
        yield Finding("certificate", Verdict.WARN, said, renew)
    else:
        yield Finding("certificate", Verdict.OK, said)


def _tariff(settings: Settings, now: datetime) -> Iterator[Finding]:
    if settings.tariff is None:
        yield Finding("tariff", Verdict.OK, "none declared: the device does not price, the cloud does")
        return
    point = supply_point(settings)
    month = BillingMonth.of(now, point.zone)
    tariffs = MemoryTariffs({point.tariff: local_tariff(settings.tariff)})
    terms = TermsOf(tariffs, rates_of=settings.tariff.rates_of_day)(point, month, now.astimezone(point.zone).date())
    said = f"{terms.tariff.id} has rates for {month}"
    yield Finding("tariff", Verdict.OK, said + (f" ({terms.rates.assumption})" if terms.rates.assumption else ""))


def _names(settings: Settings) -> Iterator[Finding]:
    if settings.upload is None:
        yield Finding("line", Verdict.WARN, "no [upload] declared: readings stay on the device", "declare [upload]")
        return
    from adapters.kinesis import host_of_stream  # noqa: PLC0415  # a device without a line need not load botocore

    hosts = [host_of_stream(settings.upload.region)]
    hosts += [settings.identity.endpoint] if settings.identity else []
    for where in hosts:
        host, _, port = where.partition(":")
        try:
            with socket.create_connection((host, int(port or 443)), timeout=ASK_S):
                yield Finding("line", Verdict.OK, f"{where} is found and answers")
        except socket.gaierror as error:
            remedy = "check DNS: resolvectl query " + host
            yield Finding("line", Verdict.FAIL, f"the name {host} is not found ({error.strerror})", remedy)
        except OSError as error:
            remedy = f"let TCP port {port or 443} through to {host}"
            yield Finding("line", Verdict.FAIL, f"{host} does not answer ({error.strerror or error})", remedy)


def _identity(settings: Settings, clock: DeviceClock) -> Iterator[Finding]:
    from adapters.kinesis import ServerTime  # noqa: PLC0415  # a device without a line need not load botocore

    time = ServerTime(clock.own, clock.elapsed_s)
    identity = identity_of(settings, time)
    if identity is None:
        return
    try:
        identity.fetch()
    except NotAllowed as refusal:
        yield Finding("identity", Verdict.FAIL, str(refusal))
        return
    except Unavailable as fault:
        yield Finding("identity", Verdict.WARN, f"not asked: {fault}", "mend the line, then ask again")
        return
    yield Finding("identity", Verdict.OK, f"{identity.endpoint} takes the device for {identity.thing}")
    skew = time.skew
    if skew is not None and abs(skew) > timedelta(minutes=1):
        seconds = round(skew.total_seconds())
        yield Finding("clock", Verdict.WARN, f"{seconds} s ahead of the server", "uploads work; readings are misdated")


def _meters(settings: Settings, clock: DeviceClock, running: dict[str, object]) -> Iterator[Finding]:
    if running:
        return  # told as problems of the service
    with ExitStack() as stack:
        meters = meters_of(settings, clock, stack)
        answered = _answered(settings, meters, clock)
    for meter in settings.meter:
        if meter.name in answered:
            notes = "; ".join(meters.statuses[meter.name].notes) if meter.name in meters.statuses else ""
            yield Finding("meter", Verdict.OK, f"{meter.name} answers" + (f": {notes}" if notes else ""))
        else:
            status = meters.statuses.get(meter.name)
            said = f": {status.said}" if status else " does not answer"
            remedy = "`wattledger edge probe` shows what it says; check address, wiring and profile"
            yield Finding("meter", Verdict.FAIL, f"{meter.name} on bus {meter.bus}{said}", remedy)


def _answered(settings: Settings, meters: AllBuses, clock: DeviceClock) -> set[str]:
    """Whoever answers at once, or pushes within a while."""
    pushing = {bus.name for bus in settings.bus if isinstance(bus, Mqtt)}
    awaited = {meter.name for meter in settings.meter if meter.bus in pushing} - meters.left_out.keys()
    answered: set[str] = set()
    waited_s = 0.0
    while True:
        answered |= {reading.meter for reading in meters.read(clock.now())}
        if awaited <= answered or waited_s >= PUSHED_S:
            return answered
        time.sleep(1)
        waited_s += 1
