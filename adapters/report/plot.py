"""What all charts have in common: their look, and how arrays and names reach plotly.js."""

from base64 import b64encode
from html import escape
from typing import Any

from numpy.typing import NDArray

from adapters.report.colours import GRID, INK, MUTED

Figure = dict[str, Any]


def layout(height: int, unit: str) -> Figure:
    """A calm chart: no frame, a light grid, the legend beneath. `unit` names the vertical axis."""
    axis = {"gridcolor": GRID, "linecolor": GRID, "zerolinecolor": "#c5ccd4", "automargin": True}
    return {
        "height": height,
        "margin": {"l": 56, "r": 16, "t": 12, "b": 36},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": 'system-ui, "Segoe UI", Roboto, sans-serif', "size": 12, "color": MUTED},
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": GRID, "font": {"color": INK}},
        "legend": {"orientation": "h", "x": 0, "y": -0.12, "yanchor": "top", "font": {"color": INK}},
        "xaxis": axis | {"showgrid": False},
        "yaxis": axis | {"title": {"text": unit, "standoff": 8}, "tickformat": ","},
    }


def packed(array: NDArray[Any]) -> Figure:
    """An array as plotly.js reads it: little-endian numbers in base64."""
    shape = {"shape": ", ".join(map(str, array.shape))} if array.ndim > 1 else {}
    return {"dtype": array.dtype.str[1:], "bdata": b64encode(array.tobytes()).decode("ascii"), **shape}


def letters(text: str) -> str:
    """Text that the chart shows letter by letter; it would read `<b>` as bold."""
    return escape(text, quote=False)
