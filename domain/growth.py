"""How a block of a load grows by one measurement, and what a gauge does with it."""

from dataclasses import dataclass
from typing import Protocol

from domain.measurement import NO_EXTRA, Extra, ExtraRegister


@dataclass(frozen=True, slots=True)
class Growth:
    """One block before and after a measurement: its period, UTC start in seconds, Wh and varh.

    `extra` is what the block has of the registers that not every meter has; None where its newest interval has none.
    """

    period: int
    start_s: int
    wh_before: int
    varh_before: int
    wh: int
    varh: int
    known_before: bool
    extra_before: Extra = NO_EXTRA
    extra: Extra = NO_EXTRA

    def grown(self, register: ExtraRegister) -> int:
        """Wh or varh that the measurement brought."""
        return self.extra.of(register) - self.extra_before.of(register)


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
