"""What happened to a supply point and its meters, and to the prices of a tariff: the events of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.measurement import MeterType, Registers
from domain.price_series import PriceSeries
from domain.tariff import Rates
from domain.terms import Contract


@dataclass(frozen=True, slots=True)
class SupplyPointRegistered:
    """A supply point with its device; `meters` were there from the beginning, `main_meter` is one of them."""

    supply_point: str
    device: str
    timezone: str
    tariff: str
    contract: Contract
    main_meter: str
    meters: Mapping[str, MeterType]
    step_minutes: int


@dataclass(frozen=True, slots=True)
class DeviceAssigned:
    """A device reads the meters of a supply point, and of no other."""

    device: str
    supply_point: str


@dataclass(frozen=True, slots=True)
class MeterJoined:
    """A meter counts from a UTC instant on; what it showed before is none of the supply point's business."""

    meter: str
    meter_type: MeterType
    since: datetime


@dataclass(frozen=True, slots=True)
class MeterLeft:
    """A meter counts no longer from a UTC instant on."""

    meter: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MeterSwapped:
    """Another device took a meter's place at a UTC instant, or the same one was set anew.

    `last` is what the old one showed, `first` what the new one began with, `meter_type` what the new one can do.
    """

    meter: str
    at: datetime
    last: Registers
    first: Registers
    meter_type: MeterType
    serial: str


@dataclass(frozen=True, slots=True)
class AgreementChanged:
    """From a local day on the supply point is billed by this tariff, under this contract."""

    since: date
    tariff: str
    contract: Contract


@dataclass(frozen=True, slots=True)
class DeviceKeysRegistered:
    """The public keys that a supply point's device signs with from now on, instead of those before; none: it need not.

    Each is its SubjectPublicKeyInfo in base64, on one line.
    """

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RatesPublished:
    """Rates of a tariff, by whomever and wherever they were found. They count for their days instead of older ones."""

    tariff: str
    rates: Rates


@dataclass(frozen=True, slots=True)
class PricesPublished:
    """Prices of a series that a tariff's charges follow. Where they have one, it counts instead of older ones."""

    tariff: str
    series: PriceSeries


SupplyPointEvent = (
    SupplyPointRegistered | MeterJoined | MeterLeft | MeterSwapped | AgreementChanged | DeviceKeysRegistered
)
SiteEvent = SupplyPointEvent | DeviceAssigned | RatesPublished | PricesPublished
