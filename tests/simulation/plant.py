"""The simulated plant: two meters that count, what they show, and the supply point as it is registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.memory import MemoryKey
from adapters.tariff_files import TariffFiles
from domain.measurement import MeterType, Reading, Registers
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import Contract
from entrypoints.simulation import open_ended

STEP = timedelta(minutes=5)
MODULUS = 10**9
"""More than a meter can count in a billing month: no outage hides a second wrap."""
MOST_WH = 12_000
METERS = ("main", "oven")
TARIFF_ID = "mx-gdmth:golfo-centro"
MONTH_END = datetime(2026, 2, 1, 6, tzinfo=UTC)
"""Midnight in Mexico between January and February."""
KEY = MemoryKey("key of the device")
"""Registered, so the cloud prices nothing of the device that this key did not sign."""
POINT = SupplyPoint(
    id="mill",
    device="edge-1",
    zone=ZoneInfo("America/Mexico_City"),
    tariff=TARIFF_ID,
    contract=Contract({"all": Decimal(800)}),
    main_meter="main",
    meters=dict.fromkeys(METERS, MeterType(rated_power_w=120_000, modulus=MODULUS)),
)


def tariff() -> Tariff:
    """The rates of one month for ever: what is simulated is not the tariff."""
    return replace(open_ended(TariffFiles().get(TARIFF_ID), date(2026, 1, 1)), id=TARIFF_ID)


@dataclass
class CountingMeter:
    """What it counted in all, as nobody but the simulation knows; what it shows wraps, and may begin anew."""

    name: str
    wh: int
    varh: int
    serial: int = 1
    total_wh: int = 0
    total_varh: int = 0
    resets: int = 0

    def count(self, wh: int) -> None:
        varh = wh // 3
        self.total_wh += wh
        self.total_varh += varh
        self.wh, self.varh = (self.wh + wh) % MODULUS, (self.varh + varh) % MODULUS

    def shown(self) -> Registers:
        return Registers(self.wh, self.varh)

    def is_replaced(self, shows_wh: int) -> None:
        """Another one counts on, and shows what it was delivered with."""
        self.serial += 1
        self.wh, self.varh = shows_wh, shows_wh // 2

    @property
    def may_begin_anew(self) -> bool:
        """Where that cannot be taken for a wrap: no fall to zero from near the modulus."""
        return MODULUS // 5 < self.wh < MODULUS * 4 // 5

    def begins_anew(self) -> None:
        self.resets += 1
        self.wh = self.varh = 0

    def reading(self, at: datetime) -> Reading:
        return Reading(self.name, at, self.wh, self.varh, serial=f"{self.name}-{self.serial}")


def new_meters() -> dict[str, CountingMeter]:
    """The main one is about to wrap, and so is the reactive register of the oven's."""
    return {
        "main": CountingMeter("main", MODULUS - 20_000, 500),
        "oven": CountingMeter("oven", 400_000_000, MODULUS - 90),
    }


@dataclass
class Switchboard:
    """Meters of the device. `silent` ones do not answer."""

    meters: Mapping[str, CountingMeter] = field(default_factory=new_meters)
    silent: frozenset[str] = frozenset()

    def read(self, at: datetime) -> Sequence[Reading]:
        return [meter.reading(at) for name, meter in self.meters.items() if name not in self.silent]
