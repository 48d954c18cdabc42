"""Where a metering day begins: the billing month so far, found in the days before it."""

from datetime import date, timedelta

from application.ports import MeteringDays
from domain.metering_day import Balance


def balance_before(days: MeteringDays, device: str, day: date) -> Balance | None:
    """The balance of the latest day of the same month that has readings; None at the month's beginning.

    It looks back at most thirty days: a month begins with nothing.
    """
    while day.day > 1:
        day -= timedelta(days=1)
        before = days.get(device, day)
        if before.opened is not None:
            return before.balance()
    return None
