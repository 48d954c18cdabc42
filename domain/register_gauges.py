"""Gauges of the registers that not every meter has: exported energy, and capacitive reactive energy."""

from dataclasses import dataclass
from typing import Literal

from domain.growth import Growth
from domain.measurement import ExtraRegister


@dataclass(frozen=True, slots=True)
class RegisterByPeriod:
    """Energy of such a register in each period, Wh or varh."""

    register: ExtraRegister
    count: int
    minutes: int = 0
    kind: Literal["register_by_period"] = "register_by_period"

    def empty(self) -> list[int]:
        return [0] * self.count

    def see(self, state: list[int], growth: Growth) -> None:
        state[growth.period] += growth.grown(self.register)


@dataclass(frozen=True, slots=True)
class Unmetered:
    """How many intervals have energy but not this register: a charge that needs it then refuses the month."""

    register: ExtraRegister
    minutes: int = 0
    kind: Literal["unmetered"] = "unmetered"

    def empty(self) -> list[int]:
        return [0]

    def see(self, state: list[int], growth: Growth) -> None:
        state[0] += not growth.extra.has(self.register)
