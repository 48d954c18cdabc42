"""The cloud's time as its answers tell it, for a device whose own clock may be years wrong.

A signature is refused when its time is five minutes off, and credentials expire by the server's clock. So both are
judged by the `Date` of the last answer plus the seconds since then of a clock that nobody sets. Only until the first
answer does the device's own clock stand in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass
class ServerTime:
    """`wall` is the device's clock (UTC); `elapsed_s` counts seconds since boot and is never set."""

    wall: Callable[[], datetime]
    elapsed_s: Callable[[], float]
    _learned: tuple[datetime, float] | None = field(default=None, init=False)

    def learn(self, date_header: str | None) -> timedelta:
        """Take over the time of an answer and give by how much it changed; a header that is no date changes nothing."""
        before = self.now()
        said = _date(date_header)
        if said is not None:
            self._learned = (said, self.elapsed_s())
        return abs(self.now() - before)

    def now(self) -> datetime:
        """The server's UTC time, as far as it is known."""
        if self._learned is None:
            return self.wall()
        said, at_s = self._learned
        return said + timedelta(seconds=self.elapsed_s() - at_s)

    def told(self) -> datetime | None:
        """The server's UTC time; None before the first answer."""
        return None if self._learned is None else self.now()

    @property
    def skew(self) -> timedelta | None:
        """How far the device's clock is ahead of the server's; None before the first answer."""
        return None if self._learned is None else self.wall() - self.now()


def _date(header: str | None) -> datetime | None:
    try:
        said = parsedate_to_datetime(header or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
