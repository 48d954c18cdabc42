"""Whose is the bill? Its lines shared among the meters behind the main one, by what they used when it cost."""

from collections.abc import Mapping, Sequence

from application.load_of_ledger import loads_of_ledger
from application.ports import MeasuredDays
from domain.arrays import Load
from domain.arrays.allocation import allocate
from domain.arrays.pricing import micro_by_line
from domain.bill import NOT_ALLOCATED, Allocated, Bill
from domain.supply_point import SupplyPoint
from domain.terms import Terms


def allocate_bill(days: MeasuredDays, point: SupplyPoint, terms: Sequence[Terms], bill: Bill) -> Allocated:
    """The parts of a month's bill by meter and line code; nothing where only the main meter is there."""
    if len(point.meters) == 1:
        return NOT_ALLOCATED
    return allocate_loads(loads_of_ledger(days, point, sorted(point.meters), terms[0].month), point, terms, bill)


def allocate_loads(loads: Mapping[str, Load], point: SupplyPoint, terms: Sequence[Terms], bill: Bill) -> Allocated:
    """As `allocate_bill`, where the month's loads are at hand, by meter."""
    subs = [meter for meter in sorted(point.meters) if meter != point.main_meter]
    if not subs:
        return NOT_ALLOCATED
    main = loads[point.main_meter]
    by_line = micro_by_line(main, bill, terms)
    found = allocate(main.energy_wh, by_line, {meter: loads[meter].energy_wh for meter in subs})
    return Allocated(found.totals_micro(), found.oversubscribed)
