"""The ports: what the use cases ask of the world. Each docstring is the contract that every adapter's tests check.

Adapters raise two errors of their own making and no others: `SomeoneElseWrote` (load again, decide again) and
`Unavailable` (nothing was done, or it cannot be known: try again later with the same key). Both keep their cause.
A line has two kinds of `Unavailable` that ask for more than patience: `NotAllowed` and `RecordsRefused`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from application.ports.days import LedgerDays, MeasuredDays, MeteringDays, OneWrite
from application.ports.device import BootClock, Merge, Meters, Outbox, OutboxCare, StoredCycle
from application.ports.errors import (
    CannotUnderstand,
    NotAllowed,
    RecordsRefused,
    SomeoneElseWrote,
    StoreDamaged,
    StoreFull,
    Unavailable,
)
from application.ports.quarantine import Kept, Quarantine, Reason, SetAside
from application.ports.wire import Signatures, Signed, Signer, Wire
from domain.billing_period import BillingPeriod
from domain.cost_event import CostEvent
from domain.events import Event, PeriodEvent
from domain.measurement import Correction
from domain.price_series import PriceSeries
from domain.site_events import SupplyPointEvent
from domain.supply_point import SupplyPoint
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth

__all__ = [
    "BillingPeriods",
    "BootClock",
    "CannotUnderstand",
    "Clock",
    "CorrectionRecords",
    "CostSink",
    "Histories",
    "Kept",
    "Ledger",
    "LedgerDays",
    "LedgerEntry",
    "MeasuredDays",
    "Merge",
    "MeteringDays",
    "Meters",
    "NotAllowed",
    "OneWrite",
    "Outbox",
    "OutboxCare",
    "Positions",
    "PublishedRates",
    "Quarantine",
    "Reason",
    "Recorded",
    "RecordsRefused",
    "RegisteredSite",
    "SetAside",
    "Signatures",
    "Signed",
    "Signer",
    "Sites",
    "SomeoneElseWrote",
    "StoreDamaged",
    "StoreFull",
    "StoredCycle",
    "Stream",
    "StreamRecord",
    "SupplyPoints",
    "Tariffs",
    "Unavailable",
    "View",
    "Wire",
]


class Clock(Protocol):
    """Time, from outside."""

    def now(self) -> datetime:
        """The UTC instant."""
        ...


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record for the stream; records of one `partition` reach the consumer in the order they were taken."""

    partition: str
    data: bytes


class Stream(Protocol):
    """The road to the cloud: at least once, in no promised order between calls."""

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        """Send records and tell for each one whether it was taken. A record that was not may be sent again.

        Raises `Unavailable` when nothing is known of any of them; sending all again is then right. `NotAllowed` and
        `RecordsRefused` say that nothing was taken, and why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and the UTC instant at which it was recorded."""

    event: Event
    at: datetime


class Histories(Protocol):
    """What happened to one day, billing month or supply point, event by event in order."""

    def of_day(self, device: str, day: date) -> Sequence[Recorded]:
        """Raises `Unavailable`."""
        ...

    def of_period(self, supply_point: str, month: BillingMonth) -> Sequence[Recorded]:
        """Raises `Unavailable`."""
        ...

    def of_supply_point(self, supply_point: str) -> Sequence[Recorded]:
        """What happened to its registration, its meters and its agreements. Raises `Unavailable`."""
        ...


class BillingPeriods(Protocol):
    """All billing months of all supply points."""

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        """The month as it is now, or as it was known at a past UTC instant; open when nothing happened until then."""
        ...

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        """As `MeteringDays.append`."""
        ...


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One event of the ledger, its position (growing from 1), and the UTC instant at which it was recorded.

    `device` and `day` name the metering day it belongs to; a billing period's event has neither.
    """

    position: int
    event: Event
    recorded_at: datetime
    device: str = ""
    day: date | None = None


class Ledger(Protocol):
    """All events in the order in which they were stored: the outbox of the cloud."""

    def after(self, position: int, limit: int) -> Sequence[LedgerEntry]:
        """Events after a position, in order, at most `limit`."""
        ...


class Positions(Protocol):
    """How far each sink has come."""

    def of(self, sink: str) -> int:
        """Last position delivered to a sink; 0 at first."""
        ...

    def moved(self, sink: str, position: int) -> None:
        """Move a sink forward. Raises `SomeoneElseWrote` when it is already there or further."""
        ...


class CostSink(Protocol):
    """Where costs go. Idempotent by `(meter, start, kind, serial)`: the same cost again changes nothing."""

    @property
    def name(self) -> str:
        """Under which its position is kept."""
        ...

    def write(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        """Take the costs of ledger positions `first` to `last`, which follow those of the call before.

        Raises `Unavailable`. The call may come again from the same `first`, by then with a later `last`.
        """
        ...


class View(Protocol):
    """A picture of the ledger that can be thrown away and drawn again. Rows and position change in one transaction."""

    def position(self) -> int:
        """Position of the last event taken in; 0 at first."""
        ...

    def apply(self, after: int, entries: Sequence[LedgerEntry]) -> None:
        """Take in the entries that follow position `after`, all or none.

        Raises `SomeoneElseWrote` when the view is no longer at `after`, `Unavailable`.
        """
        ...

    def clear(self) -> None:
        """Back to nothing, position 0."""
        ...

    def digest(self) -> str:
        """SHA-256 of all rows in order: equal views have equal digests."""
        ...


class SupplyPoints(Protocol):
    """The registry of sites."""

    def of_device(self, device: str) -> SupplyPoint:
        """Raises `UnknownDevice` for a device that is not registered."""
        ...


class Tariffs(Protocol):
    """The tariffs by full id."""

    def get(self, tariff: str) -> Tariff:
        """Raises `InvalidTariff` for an id that is not there, naming near ones."""
        ...


class CorrectionRecords(Protocol):
    """How a correction is written where quarantine keeps one."""

    def record(self, device: str, correction: Correction) -> bytes:
        """A correction for a device's supply point."""
        ...

    def correction(self, data: bytes) -> tuple[str, Correction]:
        """The device and the correction of a record. Raises `CannotUnderstand`, whatever the bytes are."""
        ...


@dataclass(frozen=True, slots=True)
class RegisteredSite:
    """A supply point as the registry has it, after `version` events; None before the first."""

    id: str
    version: int
    point: SupplyPoint | None


class Sites(SupplyPoints, Protocol):
    """The registry of sites as it grows."""

    def get(self, supply_point: str, known_at: datetime | None = None) -> RegisteredSite:
        """A supply point as it is now, or as it was known at a past UTC instant. Raises `Unavailable`."""
        ...

    def ids(self) -> Sequence[str]:
        """Every supply point that was registered, in the order of registration."""
        ...

    def append(self, site: RegisteredSite, events: Sequence[SupplyPointEvent]) -> None:
        """As `MeteringDays.append`. Raises `BadReadings` where the device belongs to another supply point."""
        ...


class PublishedRates(Protocol):
    """Rates of tariffs, and prices that they follow, that were published, each by an event that stays."""

    def of(self, tariff: str, known_at: datetime | None = None) -> Sequence[Rates]:
        """All that were published for a tariff, in order; or those known at a past UTC instant."""
        ...

    def publish(self, tariff: str, rates: Rates) -> None:
        """Add rates; they count for their days instead of those before. What is in force by now changes nothing.

        Raises `SomeoneElseWrote`, `Unavailable`.
        """
        ...

    def prices_of(self, tariff: str, known_at: datetime | None = None) -> Sequence[PriceSeries]:
        """All prices that were published for a tariff's series, in order; or those known at a past UTC instant."""
        ...

    def publish_prices(self, tariff: str, series: Sequence[PriceSeries]) -> None:
        """Add prices, all or none. Raises `SomeoneElseWrote`, `Unavailable`."""
        ...
