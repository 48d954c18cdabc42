"""The pictures of a comparison: each tariff's bill by heading, and the steps from the first total to another."""

from decimal import Decimal

from adapters.report.colours import INK, MUTED
from adapters.report.plot import Figure, layout, letters
from adapters.report.wording import rounded
from domain.comparison import Comparison, Difference, Heading, Offer

COLOURS = {
    Heading.ENERGY: "#44aa99",
    Heading.POWER: "#5b5ea6",
    Heading.FIXED: "#bbcc33",
    Heading.ADJUSTMENTS: "#d4a6c8",
    Heading.TAXES: "#c3c9d0",
}
DEARER, CHEAPER = "#dd3d2d", "#4a7bb7"
CLOSE = 0.4
"""Steps that together stay above so much of the highest bar are shown without what lies beneath them."""


def stacked_figure(comparison: Comparison) -> Figure:
    """One bar a tariff, stacked by heading: money in one currency, or else each heading's part of its own bill."""
    ids = [letters(offer.tariff.id) for offer in comparison.offers]
    traces: list[Figure] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": heading.capitalize(),
            "x": [_size(comparison, offer, heading) for offer in comparison.offers],
            "y": ids,
            "marker": {"color": COLOURS[heading], "line": {"color": "#ffffff", "width": 1}},
            "hovertemplate": "%{x:,.2f}" if comparison.comparable else "%{x:.1f} %",
        }
        for heading in comparison.headings
        if any(offer.by_heading[heading] for offer in comparison.offers)
    ]
    look = layout(110 + 52 * len(ids), "") | {"barmode": "relative", "bargap": 0.35, "hovermode": "y unified"}
    unit = comparison.first.tariff.currency if comparison.comparable else "% of its own total"
    look["xaxis"] |= {"showgrid": True, "tickformat": ",", "title": {"text": unit, "standoff": 6}, "fixedrange": True}
    look["yaxis"] |= {"type": "category", "autorange": "reversed", "showgrid": False, "fixedrange": True, "title": {}}
    look["yaxis"] |= {"tickfont": {"color": INK}}
    look["legend"] |= {"y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    look["margin"] |= {"t": 34, "b": 44}
    return {"data": traces, "layout": look}


def waterfall_figure(comparison: Comparison, offer: Offer, difference: Difference) -> Figure:
    """From the first tariff's total to another's, a step for each heading, the largest first."""
    first = comparison.first
    steps = [(heading, amount) for heading, amount in difference.by_heading if amount]
    levels = [first.total]
    for _, amount in steps:
        levels.append(levels[-1] + amount)
    names = [first.tariff.id, *(heading.capitalize() for heading, _ in steps), offer.tariff.id]
    trace = {
        "type": "waterfall",
        "measure": ["absolute", *["relative"] * len(steps), "total"],
        "x": list(range(len(names))),
        "y": [_number(first.total), *(_number(amount) for _, amount in steps), _number(levels[-1])],
        "text": [_money(first.total), *(_signed(amount) for _, amount in steps), _money(levels[-1])],
        "textposition": "outside",
        "textfont": {"color": INK},
        "cliponaxis": False,
        "connector": {"line": {"color": MUTED, "width": 1, "dash": "dot"}},
        "increasing": {"marker": {"color": DEARER}},
        "decreasing": {"marker": {"color": CHEAPER}},
        "totals": {"marker": {"color": "#27588f"}},
        "hoverinfo": "skip",
    }
    look = layout(340, first.tariff.currency) | {"showlegend": False, "bargap": 0.35, "dragmode": False}
    look["margin"] |= {"t": 28}
    look["xaxis"] |= {"tickvals": trace["x"], "ticktext": [letters(name) for name in names]}
    look["xaxis"] |= {"fixedrange": True, "tickfont": {"color": INK}, "zeroline": False}
    look["yaxis"] |= {"range": _range(levels), "fixedrange": True}
    return {"data": [trace], "layout": look}


def starts_at_zero(comparison: Comparison, difference: Difference) -> bool:
    """Whether the bars of a waterfall stand on zero."""
    level, levels = comparison.first.total, [comparison.first.total]
    for _, amount in difference.by_heading:
        level += amount
        levels.append(level)
    return _range(levels)[0] <= 0


def _range(levels: list[Decimal]) -> list[float]:
    """From zero, or from a little below the lowest level where small steps would be lost on high bars."""
    low, high = float(min(levels)), float(max(levels))
    spread = high - low
    bottom = min(low, 0.0)
    if low > 0 and spread < CLOSE * high:
        bottom = max(low - 1.2 * spread, 0.0)
    return [bottom, high + 0.12 * (high - bottom or 1.0)]


def _size(comparison: Comparison, offer: Offer, heading: Heading) -> float:
    amount = offer.by_heading[heading]
    if comparison.comparable:
        return _number(amount * (offer.worth or 1))
    return float(100 * amount / offer.total) if offer.total else 0.0


def _number(amount: Decimal) -> float:
    return float(round(amount, 2))


def _money(amount: Decimal) -> str:
    return rounded(amount, 0)


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else ''}{rounded(amount, 0)}"
