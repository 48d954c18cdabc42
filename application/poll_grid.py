"""On the device: when the meters are read. At the instants of a grid that everybody shares, whatever the clock does."""

from datetime import datetime, timedelta

from domain.measurement import EPOCH

TOLERANCE = timedelta(seconds=30)
"""A poll this late still counts as of its instant; later, the next one tells the energy of both."""
PATIENCE = timedelta(hours=1)
"""A clock set back by so much is waited for: the registers go on counting. Set back further, it is followed."""


def due_instant(now: datetime, last: datetime | None, step: timedelta) -> datetime | None:
    """The instant of the grid at which to read now; None when it is not time. `last` was read last.

    No instant is given twice, nor one before `last`, unless the clock was set back for more than `PATIENCE`.
    """
    at = now - (now - EPOCH) % step
    if now - at > TOLERANCE:
        return None
    if last is None or at > last or last - at > PATIENCE:
        return at
    return None


def until_next(now: datetime, step: timedelta) -> timedelta:
    """How long until the next instant of the grid."""
    return step - (now - EPOCH) % step
