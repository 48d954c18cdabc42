"""The tariff on the device: what the same rules as in the cloud make of what is stored."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.device_clock import DeviceClock
from adapters.memory import MemoryQuarantine, MemorySupplyPoints, MemoryTariffs
from adapters.messages import WattledgerWire
from adapters.recent_days import OpenPeriods, RecentDays
from adapters.tariff_files import TariffFiles
from application.ports import Outbox
from application.price_locally import PriceLocally
from application.price_uploads import PriceUploads
from application.terms_of import TermsOf
from application.todays_figures import period_now, todays_figures
from domain.errors import Refusal
from domain.events import DayOpened
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, midnight_utc
from edge.meters import meter_types
from edge.settings import LocalTariff, Settings
from edge.workers import PricingWorker

REFUSALS_KEPT = 20


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


def supply_point(settings: Settings) -> SupplyPoint:
    """What the utility bills, as the device is told."""
    device, tariff = settings.device, settings.tariff or LocalTariff(id="none")
    return SupplyPoint(
        id=device.supply_point or device.id,
        device=device.id,
        zone=ZoneInfo(device.zone),
        tariff=tariff.id or str(tariff.file),
        contract=Contract(tariff.contracted_kw, tariff.metered_on_low_side),
        main_meter=device.main_meter,
        meters=meter_types(settings),
        step_minutes=device.step_minutes,
    )


def local_tariff(told: LocalTariff) -> Tariff:
    """Raises `InvalidTariff`."""
    return TariffFiles().get(told.id or str(told.file), told.rates)


def prices(
    settings: Settings, point: SupplyPoint, outbox: Outbox, wire: WattledgerWire, clock: DeviceClock
) -> Prices | None:
    """None where no tariff is declared. Raises `InvalidTariff`."""
    if settings.tariff is None:
        return None
    tariff = local_tariff(settings.tariff)
    terms_of = TermsOf(MemoryTariffs({point.tariff: tariff}), rates_of=settings.tariff.rates_of_day)

    def fits(opened: DayOpened) -> bool:
        if opened.tariff_version != tariff.version or opened.meters != tuple(sorted(point.meters)):
            return False
        month = BillingMonth(opened.day.replace(day=1), point.zone)
        return dict(opened.rates_micro) == terms_of(point, month, opened.day).micro

    days = RecentDays(settings.store.folder.parent / "days", fits)
    points = MemorySupplyPoints({point.device: point})
    price = PriceUploads(days, OpenPeriods(), points, terms_of, wire, MemoryQuarantine(most=REFUSALS_KEPT), clock)
    newest = days.newest(point.device) or BillingMonth.of(clock.now(), point.zone).first
    locally = PriceLocally(settings.device.id, outbox, wire, price, since=midnight_utc(newest, point.zone))
    worker = PricingWorker(locally, lambda: todays_figures(days, point, terms_of, clock.now()))
    return Prices(worker, point, terms_of, days)
