"""Whose is the bill? Its lines shared among the meters behind the main one, by what they used when it cost."""

from collections.abc import Sequence

from application.load_of_ledger import loads_of_ledger
from application.ports import MeteringDays
from domain.arrays.allocation import allocate
from domain.arrays.pricing import micro_by_line
from domain.bill import NOT_ALLOCATED, Allocated, Bill
from domain.supply_point import SupplyPoint
from domain.terms import Terms


def allocate_bill(days: MeteringDays, point: SupplyPoint, terms: Sequence[Terms], bill: Bill) -> Allocated:
    """The parts of a month's bill by meter and line code; nothing where only the main meter is there."""
    subs = [meter for meter in sorted(point.meters) if meter != point.main_meter]
    if not subs:
        return NOT_ALLOCATED
    month = terms[0].month
    loads = loads_of_ledger(days, point, (point.main_meter, *subs), month)
    main = loads[point.main_meter]
    by_line = micro_by_line(main, bill, terms)
    found = allocate(main.energy_wh, by_line, {meter: loads[meter].energy_wh for meter in subs})
    return Allocated(found.totals_micro(), found.oversubscribed)
