"""START HERE. One turn of the device: read every meter, store, then send what the line allows."""

from dataclasses import dataclass
from datetime import datetime

from application.store_readings import StoreReadings
from application.upload_outbox import UploadOutbox


@dataclass(frozen=True)
class EdgeRuntime:
    """The device's loop body; whoever drives it owns the clock."""

    store_readings: StoreReadings
    upload_outbox: UploadOutbox

    def turn(self, at: datetime) -> int:
        """One poll at an instant of the grid, stored and then sent: give how many readings were stored."""
        stored = self.store_readings(at)
        self.upload_outbox()
        return stored
