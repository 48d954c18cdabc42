"""Colours that readers with any colour vision can tell apart, the same for one thing through the whole page.

Periods run from cool (cheap) to warm (dear) after Paul Tol's "sunset" scheme (Colour Schemes, SRON/EPS/TN/09-002).
Charges keep away from blue, amber and red, so that none looks like a period; what is a percentage of others is grey.
"""

from collections.abc import Sequence

from domain.bill import Bill, BillLine, ByEnergy
from domain.charges import Charge

INK, MUTED, GRID, MISSING, ESTIMATED = "#1b2430", "#5b6776", "#e6e9ee", "#8b95a1", "#aa4499"

SUNSET = ("#364b9a", "#4a7bb7", "#6ea6cd", "#98cae1", "#e9d58b", "#fdb366", "#f67e4b", "#dd3d2d", "#a50026")
CHARGES = ("#bbcc33", "#44aa99", "#99ddff", "#999933", "#5b5ea6", "#d4a6c8", "#ddcc77", "#117733", "#882255")
TAXES = ("#c3c9d0", "#78828e", "#9aa3ae")

HEAT = ((0, "#f4f7fa"), (0.2, "#cfe1ec"), (0.4, "#8fbfd6"), (0.6, "#4a8fb8"), (0.8, "#27588f"), (1, "#1c2461"))


def period_colours(periods: Sequence[str], bills: Sequence[Bill]) -> tuple[str, ...]:
    """A colour for each of the periods, warmer as its kWh costs more; calendar order where rates are equal."""
    cost = [0.0] * len(periods)
    for bill in bills:
        for line in bill.lines:
            if isinstance(line.basis, ByEnergy) and len(line.basis.periods) == 1 and line.unit == "kWh":
                cost[periods.index(period_of(line, bill, line.basis))] += float(line.rate)
    rank = sorted(range(len(cost)), key=lambda period: cost[period])
    ramp = _ramp(len(rank))
    return tuple(ramp[rank.index(period)] for period in range(len(rank)))


def period_of(line: BillLine, bill: Bill, basis: ByEnergy) -> str:
    """The name of the first period of a line; each part of a bill has periods of its own."""
    return bill.parts[line.part or 0].periods[basis.periods[0]]


def charge_colours(charges: Sequence[Charge]) -> dict[str, str]:
    """A colour for each charge, by its code."""
    colours: dict[str, str] = {}
    taxes = 0
    for charge in charges:
        if charge.of:
            colours[charge.code] = TAXES[taxes % len(TAXES)]
            taxes += 1
        else:
            colours[charge.code] = CHARGES[(len(colours) - taxes) % len(CHARGES)]
    return colours


def see_through(colour: str, opacity: float) -> str:
    """A colour that lets the grid shine through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _ramp(size: int) -> list[str]:
    """`size` colours from cool to warm; three are blue, amber and red."""
    fixed = {1: (1,), 2: (1, 7), 3: (1, 5, 7), 4: (0, 2, 5, 7), 5: (0, 2, 4, 6, 8), 6: (0, 2, 3, 5, 6, 8)}
    places = fixed.get(size, tuple(round(i * 8 / max(size - 1, 1)) for i in range(size)))
    return [SUNSET[place] for place in places]
