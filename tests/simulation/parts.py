"""What the simulated house is built of. A test that plants a bug puts a broken part in the place of a sound one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, TrackingRecorder
from eventsourcing.popo import POPOApplicationRecorder, POPOTrackingRecorder

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
from tests.simulation.disk import Disk
from tests.simulation.sinks import DoubtfulSink

Replaced = tuple[object, str]
SCALED: Mapping[Replaced, Any] = {(meter_serials, "TOLD_EVERY"): 1}
"""A simulated store keeps some cycles where a real one keeps a day of them; serial numbers must be among them."""


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
