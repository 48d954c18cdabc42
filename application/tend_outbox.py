"""On the device, when the poll is done: keep room for the next ones, and look after the store."""

from dataclasses import dataclass

from application.make_room import MakeRoom
from application.ports import OutboxCare


@dataclass(frozen=True)
class TendOutbox:
    """`care` is None for a store that needs none, in memory."""

    make_room: MakeRoom
    care: OutboxCare | None = None

    def __call__(self) -> None:
        """A little work at a time. Raises `Unavailable` when the disk refuses."""
        self.make_room()
        if self.care is not None:
            self.care.tend()
