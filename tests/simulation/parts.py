"""What the simulated house is built of. A test that plants a bug puts a broken part in the place of a sound one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, TrackingRecorder
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder

from adapters.event_codec import decode
from adapters.event_store import days, months, recorder
from adapters.ledger_view import LedgerView
from application import meter_serials
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.make_room import MakeRoom
from application.ports import BillingPeriods, Ledger, LedgerDays, View
from application.price_uploads import PriceUploads
from application.project import rebuild
from application.publish_costs import PublishCosts
from application.record_late import RecordLate
from application.replay_quarantine import ReplayQuarantine
from application.rerate_periods import RerateMonth
from application.store_readings import StoreReadings
from application.upload_outbox import UploadOutbox
from application.upload_stores import UploadStores
from tests.simulation.disk import Disk
from tests.simulation.sinks import DoubtfulSink

Replaced = tuple[object, str]
decoded = lru_cache(maxsize=20_000)(decode)
"""In a simulated month hundreds of processes start and read the same events; they are frozen, so they may be shared."""
SCALED: Mapping[Replaced, Any] = {
    (meter_serials, "TOLD_EVERY"): 1,  # a store keeps some cycles here, and serial numbers must be among them
    **{(module, "decode"): decoded for module in (recorder, months, days)},
}
"""How a simulated world differs from a real one, so that it lives faster."""


Recorders = tuple[ApplicationRecorder, TrackingRecorder]


def in_memory() -> Recorders:
    return POPOApplicationRecorder(), POPOTrackingRecorder()


@dataclass(frozen=True)
class Parts:
    """Sound as it stands. `instead` names what a function or method is replaced by while the world runs."""

    disk: type[Disk] = Disk
    store_readings: type[StoreReadings] = StoreReadings
    make_room: type[MakeRoom] = MakeRoom
    upload_outbox: type[UploadOutbox] = UploadOutbox
    upload_stores: type[UploadStores] = UploadStores
    price_uploads: type[PriceUploads] = PriceUploads
    days: Callable[[LedgerDays], LedgerDays] = lambda days: days
    periods: Callable[[BillingPeriods], BillingPeriods] = lambda periods: periods
    publish_costs: type[PublishCosts] = PublishCosts
    sink: type[DoubtfulSink] = DoubtfulSink
    view: type[LedgerView] = LedgerView
    rebuild: Callable[[Ledger, View], int] = rebuild
    close_period: type[ClosePeriod] = ClosePeriod
    correct_reading: type[CorrectReading] = CorrectReading
    record_late: type[RecordLate] = RecordLate
    rerate_month: type[RerateMonth] = RerateMonth
    replay_quarantine: type[ReplayQuarantine] = ReplayQuarantine
    delivers_again: bool = True
    recorders: Callable[[], Recorders] = in_memory
    instead: Mapping[Replaced, Any] = field(default_factory=dict)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While the world runs; afterwards all is as it was."""
        with ExitStack() as stack:
            for (owner, name), broken in {**SCALED, **self.instead}.items():
                stack.callback(setattr, owner, name, vars(owner)[name])
                setattr(owner, name, broken)
            yield


SOUND = Parts()
