"""What every interval's energy cost, exactly and unrounded: its Wh x the sum of the prices on a kWh in its period.

It is the live cost of the charges on energy (time of use, transmission, the operator and the like), and those alone:
over a month it adds up to their lines before rounding. What a demand, a tier or a tax costs an interval is not known
before the month closes; `price_load` shares it then.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from domain.arrays.bills import Billing
from domain.arrays.determinants import billing_months
from domain.arrays.load import Int, Load
from domain.arrays.pricing import Calendars
from domain.charges import EnergyByPeriod, EnergyFlat
from domain.errors import BadReadings
from domain.terms import Terms

LARGEST_NANO = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class EnergyCost:
    """`nano` is the cost of each interval in nano-currency, int64; `lines` are the codes of the bill lines in it."""

    nano: Int
    lines: tuple[str, ...]


def energy_cost(load: Load, billing: Billing) -> EnergyCost:
    """Cost of the energy of each interval. Raises `NoPriceInForce`, and `BadReadings` for energy beyond 64 bits."""
    found, highest_wh = np.empty(len(load.energy_wh), dtype=np.int64), int(load.energy_wh.max())
    calendars, step, first = (
        Calendars(billing.agreements.tariffs, load, billing.zone),
        timedelta(minutes=load.step_minutes),
        0,
    )
    months = billing_months(load, billing.zone)
    for terms in (part for month in months for part in billing.terms_of(month, load.step_minutes)):
        span = slice(first, max(first, min((terms.end_utc - load.start) // step, len(found))))
        prices = micro_by_period(terms)
        if highest_wh * max(map(abs, prices)) >= LARGEST_NANO:
            raise BadReadings(
                f"meter {load.meter}: an interval of {highest_wh:,} Wh in {terms.month} costs more than 64 bits of "
                f"nano-{terms.tariff.currency} hold; check the unit of the readings"
            )
        period = calendars.of(terms.tariff)[span]
        np.multiply(np.array(prices, dtype=np.int64)[period], load.energy_wh[span], out=found[span])
        first = span.stop
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
    charges = (charge for tariff in billing.agreements.tariffs for charge in tariff.charges)
    known = (charge for charge in charges if isinstance(charge, EnergyFlat | EnergyByPeriod))
    return tuple(dict.fromkeys(code for charge in known for code in charge.line_codes))
