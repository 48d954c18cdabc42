"""On the device, when the poll is done: keep room for the next ones, look after the store, send what was salvaged."""

from dataclasses import dataclass, replace

from application.make_room import MakeRoom
from application.ports import OutboxCare
from application.upload_outbox import UploadOutbox


@dataclass(frozen=True)
class TendOutbox:
    """`care` is None for a store that needs none, in memory."""

    make_room: MakeRoom
    upload: UploadOutbox
    care: OutboxCare | None = None

    def __call__(self) -> None:
        """A little work at a time. Raises `Unavailable` when the disk refuses."""
        self.make_room()
        if self.care is None:
            return
        self.care.tend()
        for salvaged in self.care.salvaged():
            replace(self.upload, outbox=salvaged)()
            if not salvaged.backlog():
                self.care.delivered(salvaged)
