"""Puts the page together: header, key figures, and a section of charts and bills for each meter.

The page runs offline and cannot be made to do otherwise: its content security policy names the two scripts it may run
by their hash and allows no request at all.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from string import Template

from adapters.report.colours import period_colours
from adapters.report.curve_figure import load_figure
from adapters.report.figures import cost_by_charge_figure, cost_by_day_figure, heat_map_figure
from adapters.report.header import header_html
from adapters.report.plot import Figure
from adapters.report.reduction import Curve, curve_of
from adapters.report.tables import bills_html, kpis_of_load, meters_html
from adapters.report.wording import safe
from domain.arrays import PricedLoad
from domain.kpi import Kpis
from domain.tariff import Tariff

HERE = Path(__file__).parent
MOST_POINTS_OF_A_CURVE = 12_000
MOST_POINTS_OF_A_PAGE = 80_000
HOURS = {60: "hour", 240: "four hours", 1440: "day"}


def write_report(path: Path, priced: Sequence[PricedLoad], kpis: Kpis, title: str, notes: Sequence[str] = ()) -> None:
    """Write the report of at least one priced load to `path`, as UTF-8.

    `kpis` are the figures at the top, of all loads together; `title` and `notes` are plain text. The same input gives
    the same bytes. Raises `OSError` where the path cannot be written.
    """
    path.write_text(page_html(priced, kpis, title, notes), encoding="utf-8", newline="\n")


def page_html(priced: Sequence[PricedLoad], kpis: Kpis, title: str, notes: Sequence[str]) -> str:
    """The whole page."""
    most_points = min(MOST_POINTS_OF_A_CURVE, MOST_POINTS_OF_A_PAGE // len(priced))
    figures: dict[str, Figure] = {}
    sections: list[str] = []
    for i, load in enumerate(priced):
        curve = curve_of(load, most_points)
        figures |= figures_of(load, curve, i)
        sections.append(section_html(load, curve, i, len(priced)))
    meters = meters_html(priced) if len(priced) > 1 else ""
    return filled(title, header_html(priced, kpis, title, notes), meters + "".join(sections), figures)


def filled(title: str, header: str, sections: str, figures: Mapping[str, Figure]) -> str:
    """A page with this header, these sections, and figures by the id of their place; `title` is plain text."""
    plotly, script = plotly_js(), (HERE / "page.js").read_text(encoding="utf-8")
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        policy=policy(plotly, script),
        title=safe(title),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        header=header,
        sections=sections,
        figures=json.dumps(figures, separators=(",", ":"), sort_keys=True, allow_nan=False).replace("<", "\\u003c"),
        plotly=plotly,
        script=script,
    )


def policy(*scripts: str) -> str:
    """No request whatever; only these scripts; styles, which the charts make, and images from inside the page."""
    hashes = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def plotly_js() -> str:
    """The charting library, from the files of the installed package; the package itself is never imported."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "the report needs the package plotly, which is not installed; install wattledger again"
        )
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def figures_of(priced: PricedLoad, curve: Curve, i: int) -> dict[str, Figure]:
    """The charts of one section, by the id of their place in the page."""
    return {
        f"load-{i}": load_figure(priced, curve, kpis_of_load(priced)),
        f"days-{i}": cost_by_day_figure(priced),
        f"charges-{i}": cost_by_charge_figure(priced),
        f"heat-{i}": heat_map_figure(priced),
    }


def section_html(priced: PricedLoad, curve: Curve, i: int, sections: int) -> str:
    """Charts and bills of one meter; the first of several is unfolded."""
    colours = period_colours(priced.periods, priced.bills)
    body = (
        chart_html(f"load-{i}", "Power by tariff period", _curve_caption(priced, curve))
        + '<div class="pair">'
        + chart_html(f"days-{i}", f"Cost per day by charge, {priced.tariff.currency}", _cost_caption(priced))
        + chart_html(f"charges-{i}", f"Cost by charge, {priced.tariff.currency}", "")
        + "</div>"
        + chart_html(f"heat-{i}", "Mean power by hour and day", "Local time; blank where nothing was measured.")
        + bills_html(priced, colours)
        + _about_html(priced)
    )
    if sections == 1:
        return f'<section id="meter-{i}">{body}</section>'
    unfolded = " open" if i == 0 else ""
    return (
        f'<details class="meter" id="meter-{i}"{unfolded}><summary><h2>{safe(priced.load.meter)}</h2></summary>'
        f"{body}</details>"
    )


def chart_html(place: str, name: str, caption: str) -> str:
    return (
        f'<figure><h3>{safe(name)}</h3><div class="chart" id="{place}" role="img" aria-label="{safe(name)}"></div>'
        f"<figcaption>{safe(caption)}</figcaption></figure>"
    )


def _curve_caption(priced: PricedLoad, curve: Curve) -> str:
    step, demand = priced.load.step_minutes, priced.tariff.demand_minutes
    drawn = f"Each step is one interval of {step} minutes."
    if curve.minutes != step:
        drawn = (
            f"{len(priced.load.energy_wh):,} intervals of {step} minutes drawn as {len(curve.start_s):,} steps of one "
            f"{HOURS[curve.minutes]} at most: the area is the mean, the line above it the highest interval."
        )
    billed = f" The marked peak is the mean of {demand} minutes, which is what is billed." if step < demand else ""
    return f"{drawn}{billed} Local time. Drag to zoom, double-click to return."


def _cost_caption(priced: PricedLoad) -> str:
    several = "s" if len(priced.bills) > 1 else ""
    return f"Each charge is shared among the intervals that caused it; all days add up to the bill{several}."


def _about_html(priced: PricedLoad) -> str:
    return "".join(_about_tariff_html(tariff) for tariff in priced.tariffs)


def _about_tariff_html(tariff: Tariff) -> str:
    notes = "".join(f"<li>{safe(note)}</li>" for note in tariff.notes)
    return (
        f'<div class="about"><h3>About the tariff</h3><p>{safe(tariff.name)}. {safe(tariff.source)}</p>'
        f"{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )
