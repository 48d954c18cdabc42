"""The pictures of a comparison: each tariff's bill by heading, and the steps from the first total to another."""

from collections.abc import Mapping, Sequence
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
NOTHING = Decimal(0)
MANY_MONTHS = 6
CLOSE = 0.4
"""Steps that together stay above so much of the highest bar are shown without what lies beneath them."""


def stacked_figure(comparison: Comparison) -> Figure:
    """One bar a tariff, stacked by heading: money in one currency, or else each heading's part of its own bill."""
    ids = [letters(offer.name) for offer in comparison.offers]
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
    names = [first.name, *(heading.capitalize() for heading, _ in steps), offer.name]
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


def months_figures(comparison: Comparison) -> dict[int, Figure]:
    """For each other tariff, what each month costs beyond the first, by heading; all with one vertical scale."""
    found = {i: comparison.difference_by_month(offer) for i, offer in enumerate(comparison.offers) if i}
    parts = {i: months for i, months in found.items() if months is not None}
    both = [month for months in parts.values() for month in months]
    low = min((sum((v for v in month.values() if v < 0), NOTHING) for month in both), default=NOTHING)
    high = max((sum((v for v in month.values() if v > 0), NOTHING) for month in both), default=NOTHING)
    return {i: _months_figure(comparison, months, (low, high)) for i, months in parts.items()}


def _months_figure(
    comparison: Comparison, months: Sequence[Mapping[Heading, Decimal]], scale: tuple[Decimal, Decimal]
) -> Figure:
    names = [f"{bill.first:%b %y}" for bill in comparison.first.bills]
    traces: list[Figure] = [
        {
            "type": "bar",
            "name": heading.capitalize(),
            "x": names,
            "y": [_number(month[heading]) for month in months],
            "marker": {"color": COLOURS[heading]},
            "hovertemplate": "%{y:+,.2f}",
        }
        for heading in comparison.headings
        if any(month[heading] for month in months)
    ]
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Together",
            "x": names,
            "y": [_number(sum(month.values(), NOTHING)) for month in months],
            "marker": {"color": INK, "symbol": "diamond", "size": 8},
            "hovertemplate": "%{y:+,.2f}",
        }
    )
    look = layout(320, comparison.first.tariff.currency) | {"barmode": "relative", "bargap": 0.3}
    look |= {"hovermode": "x unified", "dragmode": False}
    look["legend"] |= {"y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    look["margin"] |= {"t": 52}
    room = 0.05 * float(scale[1] - scale[0] or 1)
    look["yaxis"] |= {"range": [float(scale[0]) - room, float(scale[1]) + room], "fixedrange": True, "zeroline": True}
    look["xaxis"] |= {"type": "category", "fixedrange": True, "tickangle": 0 if len(names) <= MANY_MONTHS else -45}
    return {"data": traces, "layout": look}


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
