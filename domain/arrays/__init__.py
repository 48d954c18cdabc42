"""The rules of the domain over whole arrays at once: the one room of the core that uses numpy.

Nothing here decides what a charge costs. A load is reduced to the same determinants that one measurement at a time adds
up to (`determinants`), the charges bill those, and the rounded lines are shared among the intervals (`shares`).
"""

from domain.arrays.bills import Billing, bill_load, bill_loads
from domain.arrays.evidence import evidence_of
from domain.arrays.interval_cost import EnergyCost, energy_cost
from domain.arrays.load import Load, PricedLoad
from domain.arrays.pricing import price_agreed, price_load, price_month

__all__ = [
    "Billing",
    "EnergyCost",
    "Load",
    "PricedLoad",
    "bill_load",
    "bill_loads",
    "energy_cost",
    "evidence_of",
    "price_agreed",
    "price_load",
    "price_month",
]
