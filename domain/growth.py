"""How a block of a load grows by one measurement, and what a gauge does with it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Growth:
    """One block before and after a measurement: its period, UTC start in seconds, Wh and varh."""

    period: int
    start_s: int
    wh_before: int
    varh_before: int
    wh: int
    varh: int
    known_before: bool


class Gauge(Protocol):
    """A running state over the blocks of a month."""

    @property
    def minutes(self) -> int:
        """Length of its blocks; 0 for blocks of one measurement."""
        ...

    def empty(self) -> list[int]:
        """The state of a month without a measurement."""
        ...

    def see(self, state: list[int], growth: Growth) -> None:
        """Change `state` by the growth of one block."""
        ...
