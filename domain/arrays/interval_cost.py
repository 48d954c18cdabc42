"""What every interval's energy cost, exactly and unrounded: its Wh x the sum of the prices on a kWh in its period.

It is the live cost of the charges on energy (time of use, transmission, the operator and the like), and those alone:
over a month it adds up to their lines before rounding. What a demand, a tier or a tax costs an interval is not known
before the month closes; `price_load` shares it then.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from domain.arrays.bills import Billing
from domain.arrays.calendar_year import periods_and_offsets
from domain.arrays.load import Int, Load
from domain.charges import EnergyByPeriod, EnergyFlat
from domain.errors import BadReadings
from domain.terms import BillingMonth, Terms

LARGEST_NANO = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class EnergyCost:
    """`nano` is the cost of each interval in nano-currency, int64; `lines` are the codes of the bill lines in it."""

    nano: Int
    lines: tuple[str, ...]


def energy_cost(load: Load, billing: Billing) -> EnergyCost:
    """Cost of the energy of each interval. Raises `NoPriceInForce`, and `BadReadings` for energy beyond 64 bits."""
    found, highest_wh = np.empty(len(load.energy_wh), dtype=np.int64), int(load.energy_wh.max())
    period, _ = periods_and_offsets(load, billing.tariff.calendar, billing.zone)
    step, month, first = timedelta(minutes=load.step_minutes), BillingMonth.of(load.start, billing.zone), 0
    while first < len(found):
        terms = billing.terms_of(month, load.step_minutes)
        span = slice(first, min((month.end_utc - load.start) // step, len(found)))
        prices = micro_by_period(terms)
        if highest_wh * max(map(abs, prices)) >= LARGEST_NANO:
            raise BadReadings(
                f"meter {load.meter}: an interval of {highest_wh:,} Wh in {month} costs more than 64 bits of "
                f"nano-{terms.tariff.currency} hold; check the unit of the readings"
            )
        np.multiply(np.array(prices, dtype=np.int64)[period[span]], load.energy_wh[span], out=found[span])
        first, month = span.stop, month.next()
    return EnergyCost(found, energy_lines(billing))


def micro_by_period(terms: Terms) -> list[int]:
    """Micro-currency on a kWh in each period: all charges on energy together."""
    prices = [0] * len(terms.tariff.periods)
    for charge in terms.tariff.charges:
        if isinstance(charge, EnergyFlat):
            prices = [price + terms.micro[charge.code] for price in prices]
        elif isinstance(charge, EnergyByPeriod):
            for (period, _), code in zip(charge.periods, charge.line_codes, strict=True):
                prices[period] += terms.micro[code]
    return prices


def energy_lines(billing: Billing) -> tuple[str, ...]:
    """Codes of the bill lines whose cost is known as soon as the energy is."""
    known = (one for one in billing.tariff.charges if isinstance(one, EnergyFlat | EnergyByPeriod))
    return tuple(code for one in known for code in one.line_codes)
