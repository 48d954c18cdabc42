"""The clock of the computer that this runs on."""

from datetime import UTC, datetime


class SystemClock:
    """Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is the port's one real side
