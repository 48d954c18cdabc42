"""eeco (formerly electric-emission-cost) as a peer and as an outside opinion: one call for each billing month.

What it can express: rows of inclusive months, whole hours and weekdays; tiers that the month climbs in the order of
time, as long as no single step crosses two limits. A range of months cannot wrap over the new year. Needs `eeco`, which
`make bench` and `make nightly` install.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

WORKDAYS, WEEKEND = (0, 4), (5, 6)


@dataclass(frozen=True, slots=True)
class Row:
    """A charge (`energy`, `demand`, `customer`) in some months, weekdays (both ends count) and hours, above a limit."""

    kind: str
    name: str
    rate: float
    months: tuple[int, int] = (1, 12)
    hours: tuple[int, int] = (0, 24)
    weekdays: tuple[int, int] = (0, 6)
    above: float = 0.0


def table(rows: Sequence[Row]) -> Any:
    """The rows as the data frame that eeco reads."""
    import pandas as pd

    return pd.DataFrame(
        {
            "utility": "electric",
            "type": row.kind,
            "name": row.name,
            "assessed": "monthly",
            "month_start": row.months[0],
            "month_end": row.months[1],
            "hour_start": float(row.hours[0]),
            "hour_end": float(row.hours[1]),
            "weekday_start": row.weekdays[0],
            "weekday_end": row.weekdays[1],
            "charge (metric)": row.rate,
            "basic_charge_limit (metric)": row.above,
            "units": "",
        }
        for row in rows
    )


def charges_of(rates: Any, year: int, step_minutes: int) -> list[Any]:
    """The price of each step of each month, which eeco lays out before it looks at a load."""
    from eeco import costs

    with catch_warnings():
        simplefilter("ignore")
        return [costs.get_charge_dict(a, b, rates, resolution=f"{step_minutes}m") for a, b in months(year)]


def monthly_bills(charges: Sequence[Any], kw: NDArray[np.float64], year: int, step_minutes: int) -> list[float]:
    """The twelve bills of a load: a mean kW for each step of the year."""
    from eeco import costs

    bills, first = list[float](), 0
    with catch_warnings():
        simplefilter("ignore")
        for (start, end), laid in zip(months(year), charges, strict=True):
            last = first + (end - start) // timedelta(minutes=step_minutes)
            part = {"electric": kw[first:last]}
            found, _ = costs.calculate_itemized_cost(laid, part, resolution=f"{step_minutes}m")
            bills.append(float(found["electric"]["total"]))
            first = last
    return bills


def months(year: int) -> Iterator[tuple[datetime, datetime]]:
    firsts = [datetime(year + n // 12, n % 12 + 1, 1) for n in range(13)]  # noqa: DTZ001  (eeco knows no zones)
    return pairwise(firsts)
