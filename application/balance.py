"""Where a metering day begins: its part of the billing month so far, found in the days before it."""

from datetime import date, timedelta

from application.ports import MeteringDays
from domain.metering_day import Balance
from domain.terms import Terms


def balance_before(days: MeteringDays, device: str, day: date, terms: Terms) -> Balance | None:
    """The balance of the latest day of the same part that has readings; None at the part's beginning.

    None also where that day was opened by other rules, which were changed afterwards: its sums mean something else.
    It looks back at most thirty days: a part begins with nothing.
    """
    while day > terms.first:
        day -= timedelta(days=1)
        before = days.get(device, day)
        if before.opened is not None:
            return before.balance() if before.fits(terms) else None
    return None
