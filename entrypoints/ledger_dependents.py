"""A bill that changed may be what later bills look back upon: tell which, and what to do."""

from datetime import date

from application.rerate_periods import DependentMonths, RerateMonth
from domain.events import PeriodClosed, PeriodRerated
from domain.terms import BillingMonth
from entrypoints.ledger_file import OpenLedger
from entrypoints.screen import OUT


def tell_dependents(opened: OpenLedger, position: int) -> None:
    """For every bill that the ledger got after a position."""
    dependents = DependentMonths(RerateMonth(opened.store.days, opened.store.periods, opened.terms_of))
    for name, first in sorted(_billed_since(opened, position)):
        point = opened.point(name)
        if found := dependents(point, BillingMonth(first, point.zone)):
            told = f"{name}: the bills of {', '.join(map(str, found))} look back upon {first:%Y-%m}, which changed"
            advice = f"`wattledger ledger rerate --from {found[0]}` bills them by it"
            OUT.print(f"note: {told}; {advice}", markup=False, highlight=False, soft_wrap=True)


def _billed_since(opened: OpenLedger, position: int) -> set[tuple[str, date]]:
    found = set[tuple[str, date]]()
    while entries := opened.store.ledger.after(position, 1000):
        events = (entry.event for entry in entries)
        found |= {(one.supply_point, one.bill.first) for one in events if isinstance(one, PeriodClosed | PeriodRerated)}
        position = entries[-1].position
    return found
