"""What a device sends: the readings of one poll of all its meters, each with the reading before it."""

from dataclasses import dataclass

from domain.measurement import Reading

ReadingPair = tuple[Reading | None, Reading]
"""A reading and the one before it; None before a store's first reading of a meter, which prices nothing."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One poll cycle. `(device, store, seq)` is its identity for ever, whatever the clock says.

    Each reading travels with its predecessor, so an upload can be priced alone, whatever arrived before it: live first
    and weeks of backlog later, out of order, or twice.
    """

    device: str
    store: str
    seq: int
    readings: tuple[ReadingPair, ...]

    @property
    def key(self) -> str:
        """Identity within the device."""
        return f"{self.store}/{self.seq}"
