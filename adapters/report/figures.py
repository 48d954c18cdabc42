"""The charts of what a load cost, by day and by charge, and the heat map of its hours.

Money travels in decimals that add up to the bill.
"""

from datetime import date
from decimal import Decimal
from textwrap import wrap

from adapters.report.colours import HEAT, charge_colours
from adapters.report.plot import Figure, layout, letters, packed
from adapters.report.reduction import cost_by_day, mean_kw_by_hour
from adapters.report.wording import amount, rounded
from domain.arrays import PricedLoad
from domain.money import MICRO

MANY_DAYS = 62
LETTER_PIXELS = 7
CLOCK_HOURS = [f"{hour:02d}:00" for hour in range(24)]


def cost_by_day_figure(priced: PricedLoad) -> Figure:
    """Cost of each local day, stacked by charge; all bars together are the bills."""
    days, cost_micro = cost_by_day(priced)
    colours = charge_colours(priced.charges)
    traces = [
        {
            "type": "bar",
            "name": letters(charge.label),
            "x": [day.isoformat() for day in days],
            "y": [_currency(int(micro)) for micro in cost_micro[charge.code]],
            "marker": {"color": colours[charge.code]},
            "hovertemplate": "%{y:,.2f}",
        }
        for charge in priced.charges
        if cost_micro[charge.code].any()
    ]
    look = layout(_pair_height(priced), priced.tariff.currency)
    look |= {"barmode": "relative", "bargap": 0.15 if len(days) <= MANY_DAYS else 0}
    look |= {"showlegend": False, "hovermode": "x unified"}
    look["xaxis"] |= _day_axis(days)
    return {"data": traces, "layout": look}


def heat_map_figure(priced: PricedLoad) -> Figure:
    """Mean power by hour of the local clock and day; a white cell is an hour nobody measured."""
    days, kw = mean_kw_by_hour(priced)
    gap = 1 if len(days) <= MANY_DAYS else 0
    trace = {
        "type": "heatmap",
        "x": [day.isoformat() for day in days],
        "y": CLOCK_HOURS,
        "z": packed(kw.astype("<f4")),
        "colorscale": HEAT,
        "zmin": 0,
        "xgap": gap,
        "ygap": gap,
        "hoverongaps": False,
        "colorbar": {"title": {"text": "kW"}, "thickness": 10, "outlinewidth": 0, "tickformat": ",", "len": 1},
        "hovertemplate": "%{x|%a %-d %b %Y}, %{y}<br>mean %{z:,.1f} kW<extra></extra>",
    }
    look = layout(360, "")
    look["xaxis"] |= _day_axis(days) | {"showgrid": False}
    look["yaxis"] |= {"autorange": "reversed", "tickvals": CLOCK_HOURS[::3], "showgrid": False, "zeroline": False}
    return {"data": [trace], "layout": look}


def cost_by_charge_figure(priced: PricedLoad) -> Figure:
    """What each charge adds to the bills, the largest first, with its amount and share of the total."""
    sums = _sums_by_charge(priced)
    codes = sorted((code for code in sums if sums[code]), key=lambda code: -sums[code])
    total, colours = sum(sums.values()), charge_colours(priced.charges)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [float(sums[code]) for code in codes],
        "y": codes,
        "marker": {"color": [colours[code] for code in codes]},
        "hoverinfo": "skip",
    }
    texts = [f" {amount(sums[code])} · {_share(sums[code], total)}" for code in codes]
    look = layout(_pair_height(priced), "") | {"showlegend": False, "bargap": 0.4, "dragmode": False}
    bare = {"showgrid": False, "showline": False, "fixedrange": True}
    look["xaxis"] |= bare | {"showticklabels": False, "zeroline": True}
    look["yaxis"] |= bare | {"type": "category", "autorange": "reversed"} | _labels(priced, codes)
    look["margin"] |= {"r": LETTER_PIXELS * max(map(len, texts), default=0)}
    return {"data": [bars, _written_beside(bars, texts)], "layout": look}


def _sums_by_charge(priced: PricedLoad) -> dict[str, Decimal]:
    sums = {charge.code: Decimal(0) for charge in priced.charges}
    for bill in priced.bills:
        for line in bill.lines:
            sums[line.charge] += line.amount
    return sums


def _labels(priced: PricedLoad, codes: list[str]) -> Figure:
    """Charges are told apart by code and shown by label: two labels may be equal."""
    label = {c.code: "<br>".join(letters(part) for part in wrap(c.label, 26)) for c in priced.charges}
    return {"tickvals": codes, "ticktext": [label[code] for code in codes]}


def _written_beside(bars: Figure, texts: list[str]) -> Figure:
    """Texts to the right of bars, of negative ones too, where they cannot cover a label."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": [max(x, 0.0) for x in bars["x"]],
        "y": bars["y"],
        "text": texts,
        "textposition": "middle right",
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _pair_height(priced: PricedLoad) -> int:
    """Height of the two charts that stand side by side: room for a label of two lines for each charge."""
    return max(320, 38 * len(priced.charges) + 50)


def _day_axis(days: list[date]) -> Figure:
    return {
        "type": "date",
        "hoverformat": "%a %-d %b %Y",
        "tickformat": "%-d %b" if len(days) <= MANY_DAYS else "%b %Y",
    }


def _currency(micro: int) -> float:
    """Micro-currency as the decimal it is: a float writes itself with the fewest digits that name it."""
    return micro / MICRO


def _share(part: Decimal, whole: Decimal | int) -> str:
    return f"{rounded(100 * part / whole, 1)} %" if whole else ""
