"""The plant whose ledger is measured: a main meter and 49 behind it, GDMTH, an upload of all of them each 5 minutes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from adapters.event_store import EventStore
from adapters.memory import MemoryQuarantine, MemoryTariffs, SetClock
from adapters.messages import WattledgerWire
from adapters.simulated import METER_TYPE, MODULUS, SimulatedMeters
from adapters.tariff_files import TariffFiles
from application.close_period import ClosePeriod
from application.price_batch import PriceBatch
from application.price_uploads import PriceUploads
from application.published_tariffs import PublishedTariffs
from application.register_site import RegisterSite
from application.terms_of import TermsOf
from domain.measurement import MeterType
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Contract, midnight_utc
from entrypoints.simulation import open_ended

METERS, STEPS_A_DAY = 50, 288
MEXICO = ZoneInfo("America/Mexico_City")
TARIFF, RATES_OF, FIRST = "mx-gdmth:golfo-centro", date(2026, 1, 1), date(2025, 1, 1)
STEP = timedelta(minutes=5)
NAMES = ("main", *(f"meter-{number:02}" for number in range(1, METERS)))
MAIN = MeterType(rated_power_w=10_000_000, modulus=MODULUS)
POINT = SupplyPoint(
    id="plant",
    device="edge-1",
    zone=MEXICO,
    tariff=TARIFF,
    contract=Contract({"all": Decimal(3000)}),
    main_meter="main",
    meters=dict.fromkeys(NAMES, METER_TYPE) | {"main": MAIN},
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uploads(days: int) -> Iterator[tuple[datetime, bytes]]:
    """When each upload comes, and its bytes; the first one prices the first interval of `FIRST`."""
    start = midnight_utc(FIRST, MEXICO)
    meters = SimulatedMeters(NAMES, start, MEXICO, STEP, Random(7))  # noqa: S311  # repeatable
    wire, before = WattledgerWire(), meters.read(start)
    for number in range(1, days * STEPS_A_DAY + 1):
        after = meters.read(start + STEP * number)
        body = wire.body(list(zip(before, after, strict=True)))
        yield after[0].at, wire.record(POINT.device, "store-1", number, body)
        before = after


@dataclass
class Plant:
    """A ledger of the plant with its use cases; in memory where there is no `path`."""

    path: Path | None = None

    def __post_init__(self) -> None:
        self.clock = SetClock(EPOCH)
        self.store = EventStore.sqlite(self.path, self.clock) if self.path else EventStore.in_memory(self.clock)
        tariff = open_ended(TariffFiles().get(TARIFF), RATES_OF)
        self.tariffs = PublishedTariffs(MemoryTariffs({TARIFF: tariff}), self.store.rates)
        self.terms_of = TermsOf(self.tariffs, self.store.periods)
        self.quarantine = MemoryQuarantine(self.clock)
        RegisterSite(self.store.sites)(POINT)

    @cached_property
    def price(self) -> PriceUploads:
        store = self.store
        return PriceUploads(
            store.days, store.periods, store.sites, self.terms_of, WattledgerWire(), self.quarantine, self.clock
        )

    def take_all(self, delivered: Sequence[tuple[datetime, bytes]]) -> None:
        """What comes at once, when the last of it came; one write."""
        self.clock.instant = delivered[-1][0]
        PriceBatch(self.price, self.store.days)([record for _, record in delivered])

    def close(self, month: BillingMonth) -> None:
        ClosePeriod(self.store.days, self.store.periods, self.terms_of)(POINT, month)


def months(days: int) -> list[BillingMonth]:
    """The months that some days from `FIRST` on make whole."""
    found, month = list[BillingMonth](), BillingMonth(FIRST, MEXICO)
    while (month.end - FIRST).days <= days:
        found.append(month)
        month = month.next()
    return found
