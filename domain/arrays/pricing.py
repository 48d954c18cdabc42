"""Price a whole load: the bill of every month it touches, and the cost of every interval, which add up to the bills."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from domain.arrays.determinants import MonthOfLoad, months_of
from domain.arrays.gauges import read_gauges
from domain.arrays.load import Int, Load, PricedLoad
from domain.arrays.periods import local_offsets, periods_of
from domain.arrays.shares import check_budget, share_line
from domain.bill import Bill, make_bill
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract, History, Terms, check_step

NO_HISTORY: History = {}


def price_load(
    load: Load,
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> PricedLoad:
    """Bill each billing month of `load` and share each bill among its intervals.

    `history` holds the demand of months before the load, for ratchets and look-backs; each month billed here joins it.
    `rates_of` prices every month at the rates of one month (its first day): a what-if, and said so on the bill.
    Raises `NoPriceInForce`, `ContractIncomplete`, or `BadReadings` for a step the tariff cannot be measured with.
    """
    check_step(load.step_minutes, tariff)
    offset_s = local_offsets(zone, load)
    period = periods_of(tariff.calendar, load, offset_s)
    cost = {charge.code: np.zeros(len(load.energy_wh), dtype=np.int64) for charge in tariff.charges}
    bills, remembered = [], {code: dict(months) for code, months in history.items()}
    for month in months_of(load, period, tariff, zone):
        rates = rates_for(tariff, month.month, rates_of)
        terms = Terms(tariff, rates, contract, month.month, load.step_minutes, remembered)
        read_gauges(load, month, terms.gauges)
        bill = make_bill(load.meter, month.determinants, terms)
        _share(bill, month, cost)
        bills.append(bill)
        remember(remembered, month, terms)
    return PricedLoad(load, tariff, zone, tuple(bills), period, offset_s, cost)


def remember(history: dict[str, dict[date, Fraction]], month: MonthOfLoad, terms: Terms) -> None:
    """What later months look back upon."""
    for charge in terms.tariff.charges:
        for name, figure in charge.remembered(month.determinants, terms).items():
            history.setdefault(name, {})[month.month.first] = figure


def rates_for(tariff: Tariff, month: BillingMonth, rates_of: date | None) -> Rates:
    """Rates in force in a month, or those of another month as a stated assumption."""
    if rates_of is None:
        return tariff.rate_table.in_force(month.first, month.end)
    first = rates_of.replace(day=1)
    rates = tariff.rate_table.in_force(first, (first + timedelta(days=31)).replace(day=1))
    return replace(rates, assumption=f"What if: priced at the rates of {first:%Y-%m}, not at those of its own month.")


def _share(bill: Bill, month: MonthOfLoad, cost: dict[str, Int]) -> None:
    check_budget(bill)
    by_line: dict[str, Int] = {}
    for line in bill.lines:
        by_line[line.code] = share_line(line, month, by_line)
        cost[line.charge][month.span] += by_line[line.code]
