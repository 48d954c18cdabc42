"""On the device: when to send, and how much. Pure: whoever drives it gives the time and the chance.

A fleet reads its meters at one instant and comes back from one power cut, so every wait is drawn by lot: up to a minute
before a live cycle, up to an hour before the first backlog, and after a failure anything up to a limit that
doubles (full jitter). The backlog is sent under a byte rate, so that it never takes the line away from the factory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from application.upload_outbox import Outcome, Round

LIVE_JITTER_S = 60
BACKLOG_JITTER_S = 3600
FIRST_RETRY_S = 5
LONGEST_RETRY_S = 900
PROBE_S = 900
"""Where we are refused until a person changes something, a question every quarter of an hour is enough."""
BURST_S = 10
"""Unused allowance is kept for this long: a call is a useful size, and a pause is not made up for."""
NEVER = float("inf")


@dataclass
class UploadPace:
    """Seconds are of a clock that only moves forward. `chance` draws from [0, 1); `bytes_per_s` limits the backlog."""

    chance: Callable[[], float]
    bytes_per_s: int
    started_s: float
    failures: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.due_s = self.started_s + self.chance() * LIVE_JITTER_S
        self.backlog_from_s = self.started_s + self.chance() * BACKLOG_JITTER_S
        self._allowance = 0.0
        self._counted_s = self.started_s

    def stored(self, now_s: float) -> None:
        """A cycle was stored: it is due within a minute, unless the line is being left alone."""
        if not self.failures:
            self.due_s = min(self.due_s, now_s + self.chance() * LIVE_JITTER_S)

    def allowance(self, now_s: float) -> int:
        """Backlog bytes that may be sent now; 0 for live cycles only."""
        earned = (now_s - max(self._counted_s, self.backlog_from_s)) * self.bytes_per_s
        if earned > 0:
            self._allowance = min(self._allowance + earned, self.bytes_per_s * BURST_S)
        self._counted_s = now_s
        return max(0, int(self._allowance))

    def after(self, done: Round, now_s: float) -> None:
        """A round has ended: decide when the next is due."""
        self._allowance -= done.backlog_bytes
        match done.outcome:
            case Outcome.DONE:
                self.failures, self.due_s = 0, NEVER
            case Outcome.MORE:
                self.failures, self.due_s = 0, self._next_allowance_s(now_s)
            case Outcome.LEFT_ALONE:
                # what was taken shows a line that works: the limit starts again
                self.failures = 1 if done.delivered else self.failures + 1
                limit = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(self.failures, 10))
                self.due_s = now_s + self.chance() * limit
            case Outcome.NOT_ALLOWED:
                self.failures += 1
                self.due_s = now_s + PROBE_S

    def _next_allowance_s(self, now_s: float) -> float:
        """When half of a burst may be sent again; not before the backlog's turn."""
        lacking = max(0.0, self.bytes_per_s * BURST_S / 2 - self._allowance)
        return max(now_s, self.backlog_from_s) + lacking / self.bytes_per_s
