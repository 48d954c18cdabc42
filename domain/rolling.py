"""The highest mean of a window that moves on with every reading, instead of standing on the clock."""

from dataclasses import dataclass
from typing import Literal

from domain.growth import Growth

ENTRY = 4
"""Numbers of one interval in the state: UTC start, period, Wh, varh."""


@dataclass(frozen=True, slots=True)
class RollingPeak:
    """The highest energy of `window_minutes` in a row, looked at again at the end of every interval.

    A window belongs to the period in which it ends, so it may cross midnight and the edges of periods; it does not
    reach into the month before. It ends with a known interval and counts what is known within it.

    The state is [value, UTC start of its first known interval], and then the last window's intervals, which the next
    one will share: so it crosses from one metering day into the next. [-1, 0] while no window ended in `periods`. The
    value is Wh, or for apparent power Wh² + varh². An interval that comes later than a window after its time is seen
    without those that were forgotten meanwhile; the close sees all in the order of time.
    """

    window_minutes: int
    periods: tuple[int, ...]
    apparent: bool = False
    minutes: int = 0
    kind: Literal["rolling_peak"] = "rolling_peak"

    def empty(self) -> list[int]:
        return []

    def see(self, state: list[int], growth: Growth) -> None:
        window_s = self.window_minutes * 60
        ring = [(*state[i : i + ENTRY],) for i in range(2, len(state), ENTRY)]
        ring = sorted([*ring, (growth.start_s, growth.period, growth.wh, growth.varh)])
        best = [(-state[0], state[1])] if state and state[0] >= 0 else []
        for end_s, period, _, _ in ring:
            if growth.start_s <= end_s < growth.start_s + window_s and period in self.periods:
                inside = [one for one in ring if end_s - window_s < one[0] <= end_s]
                best.append((-self.value(sum(one[2] for one in inside), sum(one[3] for one in inside)), inside[0][0]))
        value, at = min(best, default=(1, 0))
        kept = [one for one in ring if one[0] > ring[-1][0] - window_s]
        state[:] = [-value, at, *(number for one in kept for number in one)]

    def value(self, wh: int, varh: int) -> int:
        return wh * wh + varh * varh if self.apparent else wh

    def pairs(self, state: list[int]) -> list[int]:
        """The highest window: value and UTC start; nothing where none ended in the periods."""
        return state[:2] if state and state[0] >= 0 else []
