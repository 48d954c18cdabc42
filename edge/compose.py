"""The only place on the device that names its parts."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from random import SystemRandom
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from adapters.device_clock import RELEASED, DeviceClock, device_clock, raise_system_clock
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, MemoryTariffs
from adapters.messages import WattledgerWire
from adapters.recent_days import OpenPeriods, RecentDays
from adapters.sqlite_outbox import SqliteOutbox
from adapters.tariff_files import TariffFiles
from application.ports import CannotUnderstand, Meters, Outbox, Stream
from application.price_locally import PriceLocally
from application.price_uploads import PriceUploads
from application.store_readings import StoreReadings
from application.terms_of import TermsOf
from application.todays_figures import period_now, todays_figures
from application.upload_outbox import UploadOutbox
from application.upload_pace import UploadPace
from domain.errors import Refusal
from domain.events import DayOpened
from domain.measurement import MeterType
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, midnight_utc
from edge.health import HealthPage
from edge.journal import LOG
from edge.loop import PollLoop
from edge.meters import meters_of
from edge.runtime import EdgeRuntime
from edge.settings import LocalTariff, Settings, Upload, check_private
from edge.status import ClockReport, DeviceStatus, outbox_state, problems_of
from edge.store_thread import StoreThread
from edge.systemd import Systemd
from edge.watched_meters import WatchedMeters
from edge.workers import PricingWorker, UploadWorker, Worker

if TYPE_CHECKING:
    from adapters.kinesis import IotRoleAlias, ServerTime

REFUSALS_KEPT = 20
T = TypeVar("T")


def edge(device: str, meters: Meters, known_meters: Collection[str], outbox: Outbox, stream: Stream) -> EdgeRuntime:
    """A device as it starts: what it knew before is in the outbox."""
    wire = WattledgerWire()
    return EdgeRuntime(
        StoreReadings(meters, outbox, wire, known_meters),
        UploadOutbox(device, outbox, stream, wire),
    )


@dataclass
class RunningDevice:
    """Everything that runs on the device, and what it knows about itself. `problems` are those of its start."""

    settings: Settings
    clock: DeviceClock
    outbox: Outbox
    meters: WatchedMeters
    loop: PollLoop
    line: "Line | None"
    prices: "Prices | None"
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


@dataclass(frozen=True)
class Prices:
    """What prices on the device."""

    worker: PricingWorker
    point: SupplyPoint
    terms_of: TermsOf
    days: RecentDays

    def now(self, at: datetime) -> tuple[str | None, tuple[str, ...]]:
        """The tariff's period, and what is wrong with pricing."""
        try:
            period, refused = period_now(self.point, self.terms_of, at), ""
        except Refusal as refusal:
            period, refused = None, f"pricing: {refusal}"
        return period, (refused, self.worker.fault, self.days.unsaved)


def running_device(settings: Settings, stack: ExitStack) -> RunningDevice:
    """A device ready to run; `stack` closes what it opened. Needs no network.

    Only what reading and storing needs can refuse (`Refusal`, `Unavailable`). A tariff without rates or a key that
    everybody may read stops pricing or sending, is told, and costs no reading.
    """
    wire, point = WattledgerWire(), supply_point(settings)
    settings.store.path.parent.mkdir(parents=True, exist_ok=True)
    store = StoreThread(lambda: SqliteOutbox(settings.store.path))
    stack.callback(store.close)
    outbox: Outbox = store.shared  # any thread may call it
    clock = device_clock(newest_stored(outbox, wire))
    _believe(clock, settings)
    meters = WatchedMeters(meters_of(settings), sorted(point.meters))
    line, no_line = _or_problem(lambda: _line(settings, outbox, wire, clock))
    prices, no_prices = _or_problem(lambda: _prices(settings, outbox, wire, clock))
    workers: list[Worker] = [part.worker for part in (line, prices) if part is not None]
    step = timedelta(minutes=point.step_minutes)
    loop = PollLoop(StoreReadings(meters, outbox, wire, sorted(point.meters)), workers, clock, step, Systemd())
    device = RunningDevice(settings, clock, outbox, meters, loop, line, prices, (*no_line, *no_prices))
    page = HealthPage(settings.health.port, device.status)
    stack.callback(page.close)
    return device


def _or_problem(make: Callable[[], T | None]) -> tuple[T | None, tuple[str, ...]]:
    try:
        return make(), ()
    except Refusal as refusal:
        LOG.error("%s", refusal)
        return None, (str(refusal),)


def supply_point(settings: Settings) -> SupplyPoint:
    """What the utility bills, as the device is told."""
    device, tariff = settings.device, settings.tariff or LocalTariff(id="none")
    types = {one.name: MeterType(int(one.rated_power_kw * 1000), one.modulus_wh) for one in settings.meter}
    return SupplyPoint(
        id=device.supply_point or device.id,
        device=device.id,
        zone=ZoneInfo(device.zone),
        tariff=tariff.id or str(tariff.file),
        contract=Contract(tariff.contracted_kw, tariff.metered_on_low_side),
        main_meter=device.main_meter,
        meters=types,
        step_minutes=device.step_minutes,
    )


def local_tariff(told: LocalTariff) -> Tariff:
    """Raises `InvalidTariff`."""
    return TariffFiles().get(told.id or str(told.file), told.rates)


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
    if clock.wall() >= clock.floor:
        return
    raised = settings.device.raise_clock and raise_system_clock(clock.floor)
    LOG.warning(
        "the clock says %s, which cannot be: %s %s", clock.wall(), "set to" if raised else "counted from", clock.floor
    )


def _line(settings: Settings, outbox: Outbox, wire: WattledgerWire, clock: DeviceClock) -> Line | None:
    if settings.upload is None:
        return None
    from adapters.kinesis import ServerTime  # noqa: PLC0415  # a device without a line need not load botocore

    for secret in settings.secrets():
        check_private(secret)
    time = ServerTime(clock.now, clock.elapsed_s)
    chance = SystemRandom().random  # a fleet that starts together must not draw the same lot
    pace = UploadPace(chance, settings.upload.backlog_kb_per_s * 1000, clock.elapsed_s())
    upload = UploadOutbox(settings.device.id, outbox, stream_of(settings, settings.upload, time), wire)
    return Line(UploadWorker(upload, pace, clock.elapsed_s, clock), time)


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


def _prices(settings: Settings, outbox: Outbox, wire: WattledgerWire, clock: DeviceClock) -> Prices | None:
    if settings.tariff is None:
        return None
    point, tariff = supply_point(settings), local_tariff(settings.tariff)
    terms_of = TermsOf(MemoryTariffs({point.tariff: tariff}), settings.tariff.rates_of_day)

    def fits(opened: DayOpened) -> bool:
        if opened.tariff_version != tariff.version or opened.meters != tuple(sorted(point.meters)):
            return False
        month = BillingMonth(opened.day.replace(day=1), point.zone)
        return dict(opened.rates_micro) == terms_of(point, month).micro

    days = RecentDays(settings.store.path.parent / "days", fits)
    points = MemorySupplyPoints({point.device: point})
    price = PriceUploads(days, OpenPeriods(), points, terms_of, wire, MemoryQuarantine(REFUSALS_KEPT))
    newest = days.newest(point.device) or BillingMonth.of(clock.now(), point.zone).first
    locally = PriceLocally(settings.device.id, outbox, wire, price, since=midnight_utc(newest, point.zone))
    worker = PricingWorker(locally, lambda: todays_figures(days, point, terms_of, clock.now()))
    return Prices(worker, point, terms_of, days)
