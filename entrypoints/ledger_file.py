"""A ledger in a SQLite file, with every use case composed over it: what each `wattledger ledger` command opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated

import typer

from adapters.correction_records import WattledgerCorrections
from adapters.event_store import EventStore
from adapters.messages import WattledgerWire
from adapters.sqlite_files import check_sqlite
from adapters.sqlite_quarantine import SqliteQuarantine
from adapters.system_clock import SystemClock
from adapters.tariff_files import TariffFiles
from application.bill_known_at import BillKnownAt
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.ports import BillingPeriods
from application.price_uploads import PriceUploads
from application.published_tariffs import PublishedTariffs
from application.record_late import RecordLate
from application.reopen_period import AmendPeriod
from application.replay_quarantine import ReplayQuarantine
from application.terms_of import TermsOf
from domain.billing_period import BillingPeriod
from domain.errors import BadOption, BadReadings
from domain.events import PeriodEvent
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, Terms
from entrypoints import price_options as opt
from entrypoints.simulation import open_ended

LedgerFile = Annotated[Path, typer.Option("--ledger", help="The ledger, a SQLite file.")]
Point = Annotated[str | None, typer.Option("--supply-point", help="Which one, where the ledger has several.")]
Month = Annotated[str, typer.Option("--month", help="The billing month, YYYY-MM.")]
By = Annotated[str, typer.Option("--by", help="Who does it; the ledger keeps it.")]
Why = Annotated[str, typer.Option("--why", help="Why; the ledger keeps it.")]
KnownAt = Annotated[
    str | None, typer.Option("--as-known-at", help="As it was known at this instant, 2026-02-03T12:00Z.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT = Path("ledger.sqlite")
LEDGER_TABLES = ("stored_events", "tracking")
ASSUMED = "@"
"""`mx-gdmth:golfo-centro@2026-01`: that tariff with its rates of January 2026 for ever, as a stated assumption."""


@dataclass(frozen=True)
class TariffsOrAssumed:
    """Tariffs: those that ship, files, and either at the rates of one month; also those whose rates come later."""

    files: TariffFiles

    def get(self, tariff: str) -> Tariff:
        name, assumed, month = tariff.partition(ASSUMED)
        found = self.files.get(name) if assumed else self.files.or_bare(name)
        first = opt.month(month, f"tariff {tariff!r}") if assumed else None
        return found if first is None else open_ended(found, first)


@dataclass(frozen=True)
class PeriodsKnownAt:
    """BillingPeriods as they were known at an instant, for what a bill of then looked back upon."""

    periods: BillingPeriods
    known_at: datetime

    def get(self, supply_point: str, month: BillingMonth, known_at: datetime | None = None) -> BillingPeriod:
        return self.periods.get(supply_point, month, known_at or self.known_at)

    def append(self, period: BillingPeriod, events: Sequence[PeriodEvent]) -> None:
        self.periods.append(period, events)


class OpenLedger:
    """One ledger file and its use cases. Raises `BadOption` where the file is not there, unless it may be made."""

    def __init__(self, path: Path, make: bool = False) -> None:
        check_sqlite(path, "--ledger", "ledger", LEDGER_TABLES)
        if not make and not (path.exists() and path.stat().st_size):
            raise BadOption(
                f"--ledger {path}: there is no such ledger; `wattledger ledger register SITE.toml` makes one"
            )
        self.path, self.clock = path, SystemClock()
        self.store = EventStore.sqlite(path, self.clock)
        self.tariffs = PublishedTariffs(TariffsOrAssumed(TariffFiles()), self.store.rates)
        self.terms_of = TermsOf(self.tariffs, self.store.periods)

    @cached_property
    def quarantine(self) -> SqliteQuarantine:
        return SqliteQuarantine(self.path, self.clock)

    @cached_property
    def price(self) -> PriceUploads:
        from adapters.device_key import KeySignatures  # no other command of a ledger needs its vendor

        store, wire, signatures = self.store, WattledgerWire(), KeySignatures()
        return PriceUploads(
            store.days, store.periods, store.sites, self.terms_of, wire, self.quarantine, self.clock, signatures
        )

    @cached_property
    def close(self) -> ClosePeriod:
        return ClosePeriod(self.store.days, self.store.periods, self.terms_of)

    @cached_property
    def late(self) -> RecordLate:
        return RecordLate(self.price, AmendPeriod.of(self.close))

    @cached_property
    def correct(self) -> CorrectReading:
        amend = AmendPeriod.of(self.close)
        return CorrectReading(self.store.days, self.terms_of, amend, self.quarantine, WattledgerCorrections())

    @cached_property
    def replay(self) -> ReplayQuarantine:
        return ReplayQuarantine(self.price, self.correct, WattledgerCorrections(), self.late)

    def terms_known_at(self, instant: datetime | None) -> TermsOf:
        """The terms as they were known at an instant; by now where none is given."""
        if instant is None:
            return self.terms_of
        return TermsOf(self.tariffs.as_known_at(instant), PeriodsKnownAt(self.store.periods, instant))

    def parts_known_at(self, point: str, month: BillingMonth, known_at: datetime) -> Sequence[Terms]:
        """The terms of a month's parts as rates, prices, contracts and earlier bills were known at an instant."""
        return self.terms_known_at(known_at).parts(self.point(point, known_at), month)

    def bill_known_at(self, instant: datetime | None) -> BillKnownAt:
        return BillKnownAt(self.store.days, self.store.periods, self.terms_known_at(instant))

    def point(self, name: str | None, known_at: datetime | None = None) -> SupplyPoint:
        """A registered supply point; without a name the only one. Raises `BadOption`."""
        names = self.store.sites.ids()
        if name is None and len(names) == 1:
            [name] = names
        if name is None or name not in names:
            known = (
                f"it has {', '.join(names)}" if names else "register one with `wattledger ledger register SITE.toml`"
            )
            if name is None:
                asked = "several supply points are here; name one" if names else "none is registered here"
            else:
                asked = f"there is no {name!r} here"
            raise BadOption(f"--supply-point: {asked}; {known}")
        found = self.store.sites.get(name, known_at).point
        if found is None:
            raise BadOption(f"--as-known-at: {name} was not registered yet; name a later instant")
        return found

    def closed_months(self, point: SupplyPoint) -> list[BillingMonth]:
        """The months that have a bill in force, in order."""
        months = [BillingMonth(first, point.zone) for first in self.store.periods.months(point.id)]
        return [month for month in months if self.store.periods.get(point.id, month).bill is not None]

    def points(self) -> list[SupplyPoint]:
        return [self.point(name) for name in self.store.sites.ids()]


def month_of(text: str, point: SupplyPoint, option: str = "--month") -> BillingMonth:
    """A billing month of a supply point, written YYYY-MM. Raises `BadOption`."""
    first = opt.month(text, option)
    if first is None:
        raise BadOption(f"{option} is empty; give a month as 2026-01")
    return BillingMonth(first, point.zone)


def instant(text: str | None, option: str, point: SupplyPoint | None = None) -> datetime | None:
    """An instant with its offset, in UTC; without one it is local time of the supply point. Raises `BadOption`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadOption(f"{option} {text!r} is no instant; write it as 2026-02-03T12:00Z") from None
    if found.tzinfo is None and point is None:
        raise BadOption(f"{option} {text!r} has no offset; write it as {text}Z, or as {text}-06:00")
    if found.tzinfo is None and point is not None:
        found = found.replace(tzinfo=point.zone)
    return found.astimezone(UTC)


def check_said(by: str, why: str) -> None:
    """Raises `BadReadings` before anything is done."""
    if not by.strip() or not why.strip():
        raise BadReadings("--by and --why: say who does it and why; the ledger keeps both")
