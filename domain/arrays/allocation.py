"""Who caused what: the cost of the main meter's intervals, cut among the meters behind it.

What an interval of the main meter costs is shared by the sub-meters in proportion to their energy in that interval, and
the unmetered rest (main meter less sub-meters) takes part as a meter of its own. Each interval is cut in micro-currency
by largest remainder, the earlier meter first on ties and the rest last, so that the parts of an interval add up to it.
Where the sub-meters count more than the main meter (errors of their transformers), there is no rest and they share what
the main meter cost; such intervals are counted, because somebody should look at those meters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from domain.arrays.load import Int
from domain.errors import BadReadings

LARGEST = 2**63 - 1
REST = "unmetered"
"""Stands among the meters for energy that no sub-meter counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """Micro-currency by line code; arrays are (meters, intervals), in the order of `meters`, the rest last.

    `energy_wh` is what each meter is charged with; `oversubscribed` counts the intervals in which the sub-meters had
    more than the main meter.
    """

    meters: tuple[str, ...]
    energy_wh: Int
    cost_micro: Mapping[str, Int]
    oversubscribed: int

    def totals_micro(self) -> dict[str, dict[str, int]]:
        """Sum by meter and line code; over the meters, a line adds up to the line on the bill."""
        return {
            meter: {code: int(cost[row].sum()) for code, cost in self.cost_micro.items()}
            for row, meter in enumerate(self.meters)
        }


def allocate(main_wh: Int, line_micro: Mapping[str, Int], subs_wh: Mapping[str, Int]) -> Allocation:
    """Cut each interval's cost by line among the sub-meters and the rest.

    `main_wh` is the main meter's energy and `line_micro` its allocated cost by line code, both by interval; `subs_wh`
    is each sub-meter's energy over the same intervals. An interval without energy costs the rest alone.
    """
    metered = np.array([subs_wh[meter] for meter in subs_wh], dtype=np.int64).reshape(len(subs_wh), len(main_wh))
    rest = np.maximum(main_wh - metered.sum(axis=0), 0)
    weights = np.vstack([metered, rest])
    return Allocation(
        meters=(*subs_wh, REST),
        energy_wh=weights,
        cost_micro={code: cut_columns(amounts, weights) for code, amounts in line_micro.items()},
        oversubscribed=int((metered.sum(axis=0) > main_wh).sum()),
    )


def cut_columns(amounts: Int, weights: Int) -> Int:
    """Each of `amounts` (n) as a column of integers in proportion to `weights` (k, n), which add up to it exactly.

    A column whose weights are all 0 gives everything to its last row. Raises `BadReadings` for weights whose products
    leave 64 bits: some 3 GWh in one interval, which no factory's meter can count.
    """
    whole = weights.sum(axis=0)
    if weights.size and int(whole.max()) * int(weights.max()) > LARGEST:
        raise BadReadings(f"{int(whole.max())} Wh in one interval are beyond what can be shared; check the registers")
    weights = np.where(whole > 0, weights, 0)
    weights[-1] += whole == 0
    whole = np.maximum(whole, 1)
    size = np.abs(amounts)
    quotient, left = np.divmod(size, whole)  # apart, because size x weight may be beyond 64 bits
    more, remainders = np.divmod(left * weights, whole)
    shares = quotient * weights + more
    missing = size - shares.sum(axis=0)
    first = np.argsort(-remainders, axis=0, kind="stable")
    ranks = np.empty_like(first)
    np.put_along_axis(ranks, first, np.arange(len(weights))[:, None], axis=0)
    found: Int = np.sign(amounts) * (shares + (ranks < missing))
    return found
