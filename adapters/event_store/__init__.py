"""The ledger on the recorders of the `eventsourcing` library: in memory, or in a SQLite file.

Streams are named as people read them: `metering-day/DEVICE/2026-01-07`, `billing-period/POINT/2026-01`, and the
registry's `supply-point/POINT`, `device/DEVICE`, `tariff/ID`, `prices/ID`. One stream is one conditional write: the
recorder refuses a version that exists, which is how two writers notice each other.
"""

from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Error as SqliteError

from eventsourcing.persistence import ApplicationRecorder, PersistenceError, TrackingRecorder
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder
from eventsourcing.sqlite import SQLiteTrackingRecorder

from adapters.event_store.days import DAYS_KEPT_WARM, StoredDays
from adapters.event_store.months import StoredHistories, StoredLedger, StoredPeriods, StoredPositions
from adapters.event_store.sites import StoredRates, StoredSites
from adapters.event_store.sqlite import LedgerRecorder, datastore
from application.ports import Clock, Unavailable

__all__ = ["DAYS_KEPT_WARM", "EventStore"]


@dataclass(frozen=True)
class EventStore:
    """Metering days, billing periods, the ledger over both, and the sinks' positions: one place, one write."""

    days: "StoredDays"
    periods: "StoredPeriods"
    ledger: "StoredLedger"
    positions: "StoredPositions"
    histories: "StoredHistories"
    sites: "StoredSites"
    rates: "StoredRates"

    @classmethod
    def in_memory(cls, clock: Clock) -> "EventStore":
        return cls._over(POPOApplicationRecorder(), POPOTrackingRecorder(), clock)

    @classmethod
    def sqlite(cls, path: Path, clock: Clock) -> "EventStore":
        """In a SQLite file, created if it is not there. Raises `Unavailable`."""
        try:
            store = datastore(path)
            events, tracking = LedgerRecorder(store), SQLiteTrackingRecorder(store)
            events.create_table()
            tracking.create_table()
        except (PersistenceError, SqliteError) as error:
            raise Unavailable(f"{path} cannot be opened now") from error
        return cls._over(events, tracking, clock)

    @classmethod
    def _over(cls, events: ApplicationRecorder, tracking: TrackingRecorder, clock: Clock) -> "EventStore":
        return cls(
            StoredDays(events, clock),
            StoredPeriods(events, clock),
            StoredLedger(events),
            StoredPositions(tracking),
            StoredHistories(events),
            StoredSites(events, clock),
            StoredRates(events, clock),
        )
