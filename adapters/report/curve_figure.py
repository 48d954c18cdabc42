"""The load curve: power over time in the colours of the tariff's periods, with its peak and its gaps."""

from decimal import Decimal

import numpy as np

from adapters.report.colours import ESTIMATED, INK, MISSING, period_colours, see_through
from adapters.report.plot import Figure, layout, letters, packed
from adapters.report.reduction import Curve, Flags, Float, outline
from adapters.report.wording import energy, moment, percent, rounded
from domain.arrays import PricedLoad
from domain.kpi import Kpis

DAY_MS = 86_400_000
KW_AT = "%{x|%a %-d %b %Y, %H:%M}: %{y:,.1f} kW"
TICKS = [
    {"dtickrange": [None, DAY_MS - 1], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [DAY_MS, 28 * DAY_MS], "value": "%-d %b"},
    {"dtickrange": ["M1", None], "value": "%b %Y"},
]


def load_figure(priced: PricedLoad, curve: Curve, kpis: Kpis) -> Figure:
    """Power over time, coloured by period; the peak is marked, and so is what was estimated or is missing."""
    traces = [trace for period in range(len(priced.periods)) for trace in _period_traces(priced, curve, period)]
    traces += _quality_trace(curve, curve.estimated, "estimated", ESTIMATED)
    traces += _quality_trace(curve, curve.missing, "missing", MISSING)
    look = layout(380, "kW")
    top = max(float(np.nanmax(curve.highest_kw, initial=0)), float(kpis.peak_kw))
    look["yaxis"] |= {"range": [-0.03 * top, 1.18 * top or 1], "fixedrange": True}
    look["xaxis"] |= {"type": "date", "range": [int(curve.start_s[0]) * 1000, int(curve.end_s[-1]) * 1000]}
    look["xaxis"] |= {"tickformatstops": TICKS}
    look |= {"hovermode": "x", "hoverdistance": 3}
    if kpis.peak_at is not None:
        traces.append(_peak_trace(priced, kpis))
        look["annotations"] = [_peak_label(priced, curve, kpis) | {"ayref": "y", "ay": 1.1 * top}]
    return {"data": traces, "layout": look}


def _period_traces(priced: PricedLoad, curve: Curve, period: int) -> list[Figure]:
    """The area of a period, its outline, and the highest intervals above it where the curve is reduced."""
    chosen = (curve.period == period) & ~np.isnan(curve.mean_kw)
    if not chosen.any():
        return []
    colour = period_colours(priced.periods, priced.bills)[period]
    group = {"name": _period_name(priced, period), "legendgroup": str(period)}
    area = _steps(*outline(curve, chosen, curve.mean_kw, closed=True), see_through(colour, 0), 0)
    mean = _steps(*outline(curve, chosen, curve.mean_kw), colour, 1)
    area |= {"fill": "toself", "fillcolor": see_through(colour, 0.5), "hoverinfo": "skip"}
    if curve.minutes == priced.load.step_minutes:
        return [area | group, mean | group | {"showlegend": False, "hovertemplate": KW_AT}]
    highest = _steps(*outline(curve, chosen, curve.highest_kw), see_through(colour, 0.6), 0.7)
    return [
        area | group,
        highest | group | {"showlegend": False, "hovertemplate": f"highest, {KW_AT}"},
        mean | group | {"showlegend": False, "hovertemplate": f"mean, {KW_AT}"},
    ]


def _period_name(priced: PricedLoad, period: int) -> str:
    """The period and its part of the energy."""
    name = priced.periods[period]
    wh = sum(
        part.determinants.energy_wh[part.periods.index(name)]
        for bill in priced.bills
        for part in bill.parts
        if name in part.periods
    )
    whole = sum(bill.determinants.total_wh for bill in priced.bills)
    share = f" ({percent(wh, whole)} %)" if whole else ""
    return f"{letters(name)}: {energy(Decimal(wh).scaleb(-3))} kWh{share}"


def _steps(x_ms: Float, kw: Float, colour: str, width: float) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed(x_ms.astype("<f8")),
        "y": packed(kw.astype("<f4")),
        "line": {"color": colour, "width": width, "shape": "hv"},
    }


def _quality_trace(curve: Curve, chosen: Flags, name: str, colour: str) -> list[Figure]:
    """A strip under the curve where some of the step was not measured."""
    if not chosen.any():
        return []
    strip = _steps(*outline(curve, chosen, np.zeros(len(chosen))), colour, 6)
    return [strip | {"name": name, "hovertemplate": "%{x|%a %-d %b %Y, %H:%M}"}]


def _peak_trace(priced: PricedLoad, kpis: Kpis) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": [_peak_ms(priced, kpis)],
        "y": [float(kpis.peak_kw)],
        "marker": {"color": INK, "size": 9, "line": {"color": "#ffffff", "width": 2}},
        "hoverinfo": "skip",
    }


def _peak_label(priced: PricedLoad, curve: Curve, kpis: Kpis) -> Figure:
    start_ms, end_ms, peak_ms = int(curve.start_s[0]) * 1000, int(curve.end_s[-1]) * 1000, _peak_ms(priced, kpis)
    place = (peak_ms - start_ms) / (end_ms - start_ms)
    when = "" if kpis.peak_at is None else moment(kpis.peak_at, priced.zone)
    return {
        "x": peak_ms,
        "y": float(kpis.peak_kw),
        "text": f"<b>Peak {rounded(kpis.peak_kw, 1)} kW</b>, {when}",
        "ax": 0,
        "xanchor": "left" if place < 0.2 else "right" if place > 0.8 else "center",
        "arrowcolor": INK,
        "arrowwidth": 1,
        "arrowhead": 0,
        "font": {"color": INK},
        "bgcolor": "#ffffff",
    }


def _peak_ms(priced: PricedLoad, kpis: Kpis) -> int:
    """Middle of the peak's demand block on the local clock, in ms."""
    if kpis.peak_at is None:
        raise AssertionError("a load without a peak has no mark")
    offset = kpis.peak_at.astimezone(priced.zone).utcoffset()
    local_s = kpis.peak_at.timestamp() + (offset.total_seconds() if offset else 0)
    return int(local_s + priced.tariff.demand_minutes * 30) * 1000
