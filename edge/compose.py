"""The only place on the device that names its parts; the meters have one of their own, `edge.meters`."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from random import SystemRandom
from typing import TYPE_CHECKING, TypeVar

from adapters.device_clock import RELEASED, DeviceClock, device_clock, raise_system_clock
from adapters.messages import WattledgerWire
from adapters.openssl_key import OpensslKey
from adapters.sqlite_outbox import OutboxFolder
from application.make_room import MakeRoom
from application.ports import BootClock, CannotUnderstand, Meters, Outbox, OutboxCare, Signer, Stream
from application.store_readings import StoreReadings
from application.tend_outbox import TendOutbox
from application.upload_outbox import UploadOutbox
from application.upload_pace import UploadPace
from application.upload_stores import UploadStores
from domain.errors import Refusal
from domain.upload import ClockState
from edge.health import HealthPage
from edge.journal import LOG
from edge.loop import PollLoop
from edge.meters import meters_of
from edge.prices import Prices, prices, supply_point
from edge.runtime import EdgeRuntime
from edge.settings import Settings, Upload, check_private
from edge.status import ClockReport, DeviceStatus, outbox_state, problems_of
from edge.store_thread import StoreThread
from edge.systemd import Systemd
from edge.watched_meters import WatchedMeters
from edge.workers import UploadWorker, Worker

if TYPE_CHECKING:
    from adapters.kinesis import IotRoleAlias, ServerTime

T = TypeVar("T")


def edge(
    device: str,
    meters: Meters,
    known_meters: Collection[str],
    outbox: Outbox,
    stream: Stream,
    clock: BootClock | None = None,
) -> EdgeRuntime:
    """A device as it starts, in one thread that its driver owns: what it knew before is in the outbox."""
    care = outbox if isinstance(outbox, OutboxFolder) else None
    wire = WattledgerWire()
    make_room = MakeRoom(outbox, wire)
    return EdgeRuntime(
        StoreReadings(meters, outbox, wire, known_meters, clock, make_room),
        UploadStores(UploadOutbox(device, outbox, stream, wire), care),
        TendOutbox(make_room, care),
    )


@dataclass
class RunningDevice:
    """Everything that runs on the device, and what it knows about itself. `problems` are those of its start."""

    settings: Settings
    clock: DeviceClock
    outbox: OutboxFolder
    meters: WatchedMeters
    loop: PollLoop
    line: "Line | None"
    prices: Prices | None
    problems: tuple[str, ...]

    def status(self) -> DeviceStatus:
        """From any thread."""
        now, meters = self.clock.now(), tuple(self.meters.states.values())
        clock = ClockReport(now, self.clock.state().name.lower(), self.line.skew_s() if self.line else None)
        line = self.line.worker.told() if self.line else None
        outbox = outbox_state(self.outbox, self.loop.last, self.loop.fault)
        period, others = self.prices.now(now) if self.prices else (None, ())
        return DeviceStatus(
            device=self.settings.device.id,
            version=version("wattledger"),
            today=self.prices.worker.figures if self.prices else None,
            period=period,
            outbox=outbox,
            clock=clock,
            line=line,
            meters=meters,
            problems=problems_of(outbox, clock, line, meters, (*self.problems, *others)),
        )


@dataclass(frozen=True)
class Line:
    """The road to the cloud, and what it told about the time."""

    worker: UploadWorker
    time: "ServerTime"

    def skew_s(self) -> int | None:
        skew = self.time.skew
        return None if skew is None else round(skew.total_seconds())


def running_device(
    settings: Settings, stack: ExitStack, clock_of: Callable[[datetime], DeviceClock] = device_clock
) -> RunningDevice:
    """A device ready to run; `stack` closes what it opened, `clock_of` makes a clock of its floor. Needs no network.

    Only what reading and storing needs can refuse (`Refusal`, `Unavailable`). A tariff without rates or a key that
    everybody may read stops pricing or sending, is told, and costs no reading.
    """
    wire, point = WattledgerWire(), supply_point(settings)
    store = StoreThread(lambda: OutboxFolder(settings.store.folder, most_bytes=settings.store.max_mb << 20))
    stack.callback(store.close)
    outbox = store.shared  # any thread may call it
    if broken := outbox.condition().broken_stores:
        LOG.warning("%d damaged stores are kept in %s", broken, settings.store.folder / "broken")
    clock = clock_of(newest_stored(outbox, wire))
    _believe(clock, settings)
    known = sorted(point.meters)
    buses = meters_of(settings, clock, stack)
    for name, why in buses.left_out.items():
        LOG.error("meter %s is left out: %s", name, why)
    meters = WatchedMeters(buses, known)
    line, no_line = _or_problem(lambda: _line(settings, outbox, wire, clock))
    priced, no_prices = _or_problem(lambda: prices(settings, point, outbox, wire, clock))
    workers: list[Worker] = [part.worker for part in (line, priced) if part is not None]
    make_room = MakeRoom(outbox, wire)
    store_readings = StoreReadings(meters, outbox, wire, known, clock, make_room)
    step, tend = timedelta(minutes=point.step_minutes), TendOutbox(make_room, outbox)
    loop = PollLoop(store_readings, workers, clock, step, Systemd(), tend=tend)
    device = RunningDevice(settings, clock, outbox, meters, loop, line, priced, (*no_line, *no_prices))
    page = HealthPage(settings.health.port, device.status)
    stack.callback(page.close)
    return device


def _or_problem(make: Callable[[], T | None]) -> tuple[T | None, tuple[str, ...]]:
    try:
        return make(), ()
    except Refusal as refusal:
        LOG.error("%s", refusal)
        return None, (str(refusal),)


def newest_stored(outbox: Outbox, wire: WattledgerWire) -> datetime:
    """The newest reading of the newest cycle that can be read: it cannot be earlier now."""
    for cycle in outbox.newest_first():
        try:
            readings = wire.readings(cycle.body)
        except CannotUnderstand:  # damaged on the disk
            continue
        if readings:
            return max(after.at for _, after in readings)
    return RELEASED


def _believe(clock: DeviceClock, settings: Settings) -> None:
    """A clock that cannot be right is raised to its floor where that is allowed, or else only not believed."""
    if clock.wall() >= clock.floor or clock.state() is ClockState.NETWORK:
        return
    raised = settings.device.raise_clock and raise_system_clock(clock.floor)
    LOG.warning(
        "the clock says %s, which cannot be: %s %s", clock.wall(), "set to" if raised else "counted from", clock.floor
    )


def _line(settings: Settings, outbox: OutboxFolder, wire: WattledgerWire, clock: DeviceClock) -> Line | None:
    if settings.upload is None:
        return None
    from adapters.kinesis import ServerTime  # noqa: PLC0415  # a device without a line need not load botocore

    for secret in settings.secrets():
        check_private(secret)
    time = ServerTime(clock.own, clock.elapsed_s)
    clock.told = time.told
    chance = SystemRandom().random  # a fleet that starts together must not draw the same lot
    pace = UploadPace(chance, settings.upload.backlog_kb_per_s * 1000, clock.elapsed_s())
    stream, signer = stream_of(settings, settings.upload, time), signer_of(settings)
    upload = UploadOutbox(settings.device.id, outbox, stream, wire, signer)
    care: OutboxCare = outbox
    return Line(UploadWorker(UploadStores(upload, care), pace, clock.elapsed_s, clock), time)


def signer_of(settings: Settings) -> Signer | None:
    """The key of the device's certificate signs its records; who has no identity of its own signs nothing."""
    if settings.identity is None:
        return None
    if OpensslKey.available():
        return OpensslKey(settings.identity.key)
    from adapters.device_key import DeviceKey  # noqa: PLC0415  # 12 MB, for a Python that cannot do without

    return DeviceKey(settings.identity.key)


def stream_of(settings: Settings, upload: Upload, time: "ServerTime") -> Stream:
    """The stream that the settings declare; nobody is asked yet."""
    from adapters.kinesis import KinesisStream, kinesis_client  # noqa: PLC0415  # a device without a line need not

    authority = upload.authority or (settings.identity.authority if settings.identity else None)
    client, credentials = kinesis_client(upload.region, identity_of(settings, time), time, authority)
    return KinesisStream(upload.stream, client, credentials, time)


def identity_of(settings: Settings, time: "ServerTime") -> "IotRoleAlias | None":
    """Who the device is at AWS IoT."""
    from adapters.kinesis import IotRoleAlias  # noqa: PLC0415  # a device without a line need not

    who = settings.identity
    if who is None:
        return None
    thing = who.thing or settings.device.id
    return IotRoleAlias(who.endpoint, who.role_alias, thing, who.key, who.certificate, who.authority, time)
