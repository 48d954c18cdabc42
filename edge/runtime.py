"""START HERE. One turn of the device: read every meter, store, then send what the line allows."""

from dataclasses import dataclass
from datetime import datetime

from application.store_readings import StoreReadings
from application.tend_outbox import TendOutbox
from application.upload_stores import UploadStores


@dataclass(frozen=True)
class EdgeRuntime:
    """The device's loop body; whoever drives it owns the clock."""

    store_readings: StoreReadings
    upload_outbox: UploadStores
    tend_outbox: TendOutbox | None = None

    def turn(self, at: datetime) -> int:
        """One poll at an instant of the grid, stored and then sent: give how many readings were stored.

        Raises `Unavailable` when the disk refuses, and has then sent what it could: that is what frees a full one.
        """
        try:
            return self.store_readings(at)
        finally:
            self.upload_outbox()
            if self.tend_outbox is not None:
                self.tend_outbox()
