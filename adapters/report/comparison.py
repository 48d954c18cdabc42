"""The page of a comparison: the same load under several tariffs, as totals, as pictures and line by line."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from adapters.report.comparison_figures import (
    COLOURS,
    months_figures,
    stacked_figure,
    starts_at_zero,
    waterfall_figure,
)
from adapters.report.page import chart_html, filled
from adapters.report.plot import Figure
from adapters.report.wording import DASH, amount, days, energy, rounded, safe, version
from domain.comparison import Comparison, Heading, Offer, subtract
from domain.tariff import Tariff

NOTHING = Decimal(0)


def write_comparison_page(path: Path, comparison: Comparison, title: str, notes: Sequence[str] = ()) -> None:
    """Write a comparison to `path`, as UTF-8. `title` and `notes` are plain text; the same input gives the same bytes.

    Raises `OSError` where the path cannot be written.
    """
    path.write_text(comparison_html(comparison, title, notes), encoding="utf-8", newline="\n")


def comparison_html(comparison: Comparison, title: str, notes: Sequence[str]) -> str:
    """The whole page."""
    figures: dict[str, Figure] = {"stacked": stacked_figure(comparison)}
    how = (
        "" if comparison.comparable else "Currencies differ, so each bar is a whole bill and shows what it is made of."
    )
    sections = chart_html("stacked", "What each bill is made of", how)
    for i, offer in enumerate(comparison.offers[1:], 1):
        difference = comparison.difference(offer)
        if difference is not None:
            figures[f"steps-{i}"] = waterfall_figure(comparison, offer, difference)
            cut = "" if starts_at_zero(comparison, difference) else " The axis does not start at zero."
            name = f"From {comparison.first.name} to {offer.name}, {comparison.first.tariff.currency}"
            sections += chart_html(f"steps-{i}", name, f"Largest step first; red costs more, blue costs less.{cut}")
    several = months_figures(comparison) if len(comparison.first.bills) > 1 else {}
    figures |= {f"months-{i}": figure for i, figure in several.items()}
    sections += _multiples_html(comparison, list(several))
    sections += _lines_html(comparison) + _months_html(comparison) + _about_html(comparison)
    return filled(title, _header_html(comparison, title, notes), f"<section>{sections}</section>", figures)


def _multiples_html(comparison: Comparison, others: Sequence[int]) -> str:
    """A small chart of the months for each other tariff, beside each other where there is room."""
    if not others:
        return ""
    how = "Above zero the month costs more than under the first; all these charts have one scale."
    charts = "".join(
        chart_html(f"months-{i}", f"{comparison.offers[i].name} less {comparison.first.name}, by month", how)
        for i in others
    )
    return f'<div class="multiples">{charts}</div>'


def _header_html(comparison: Comparison, title: str, notes: Sequence[str]) -> str:
    bills = comparison.first.bills
    kwh = Decimal(sum(bill.determinants.total_wh for bill in bills)).scaleb(-3)
    facts = {
        "Supply point": bills[0].supply_point,
        "Period": days(bills[0].first, bills[-1].end),
        "Energy": f"{energy(kwh)} kWh",
        "Time zone": bills[0].timezone,
        "Compared with": comparison.first.name,
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{safe(value)}</dd></div>" for name, value in facts.items())
    assumed = dict.fromkeys(
        f"{offer.name}: {bill.assumption}" for offer in comparison.offers for bill in offer.bills if bill.assumption
    )
    said = "".join(f"<li>{safe(note)}</li>" for note in notes if note not in assumed)
    cards = "".join(_card_html(comparison, offer, kwh) for offer in comparison.offers)
    return (
        f'<header><p class="eyebrow">Tariff comparison</p><h1>{safe(title)}</h1><dl class="facts">{items}</dl></header>'
        + "".join(f'<p class="banner">{safe(text)}</p>' for text in assumed)
        + f'<section class="cards offers" aria-label="Totals">{cards}</section>'
        + (f'<ul class="notes">{said}</ul>' if said else "")
    )


def _card_html(comparison: Comparison, offer: Offer, kwh: Decimal) -> str:
    """A tariff's total, and how far it is from the first."""
    currency, difference = offer.tariff.currency, comparison.difference(offer)
    per_kwh = f"{rounded(offer.total / kwh, 4)} {currency}/kWh" if kwh else DASH
    below = "the others are compared with it" if offer is comparison.first else "another currency: no difference taken"
    if difference is not None and offer is not comparison.first:
        share = f", {_plus(100 * difference.total / comparison.first.total, 1)} %" if comparison.first.total else ""
        below = f"{_plus(difference.total, 2)} {comparison.first.tariff.currency}{share}"
    return (
        f'<div class="card"><p class="name">{safe(offer.name)}</p>'
        f'<p class="value">{amount(offer.total)} <span class="unit">{safe(currency)}</span></p>'
        f'<p class="below">{safe(below)}<br>{safe(per_kwh)}</p></div>'
    )


def _lines_html(comparison: Comparison) -> str:
    """Every line under each tariff, by heading, with what it is beyond the first."""
    body = "".join(_heading_html(comparison, heading) for heading in comparison.headings)
    total = _cells(comparison, [offer.total for offer in comparison.offers])
    heads = "".join(
        f'<th class="num" scope="col">{_head(o.name)}, {safe(o.tariff.currency)}</th>' for o in comparison.offers
    )
    less = "".join(
        f'<th class="num" scope="col">{_head(offer.name)} less the first</th>' for offer in _others(comparison)
    )
    return (
        '<h3>Line by line</h3><div class="wide"><table class="months compared"><thead><tr>'
        f'<th scope="col">Charge</th>{heads}{less}</tr></thead><tbody>{body}</tbody>'
        f'<tfoot><tr class="total"><th scope="row">Total</th>{total}</tr></tfoot></table></div>'
    )


def _head(name: str) -> str:
    """A tariff's id at the head of a column: broken after its colon, not within a word."""
    return safe(name).replace(":", ":<wbr>")


def _heading_html(comparison: Comparison, heading: Heading) -> str:
    swatch = f'<i class="swatch" style="background:{COLOURS[heading]}"></i>'
    sums = _cells(comparison, comparison.amounts(heading))
    rows = "".join(
        f'<tr class="line"><th scope="row">{safe(row.label)}</th>{_cells(comparison, row.amounts)}</tr>'
        for row in comparison.rows
        if row.heading is heading
    )
    return f'<tr class="heading"><th scope="row">{swatch}{heading.capitalize()}</th>{sums}</tr>{rows}'


def _months_html(comparison: Comparison) -> str:
    """Each month's total under each tariff, where there are several."""
    if len(comparison.first.bills) == 1:
        return ""
    heads = "".join(f'<th class="num" scope="col">{_head(offer.name)}</th>' for offer in comparison.offers)
    less = "".join(f'<th class="num" scope="col">{_head(o.name)} less the first</th>' for o in _others(comparison))
    rows = "".join(
        f'<tr><th scope="row">{bills[0].first:%B %Y}</th>{_cells(comparison, [bill.total for bill in bills])}</tr>'
        for bills in zip(*(offer.bills for offer in comparison.offers), strict=True)
    )
    return (
        '<h3>Month by month</h3><div class="wide"><table class="months"><thead><tr>'
        f'<th scope="col">Month</th>{heads}{less}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cells(comparison: Comparison, amounts: Sequence[Decimal | None]) -> str:
    """Amounts, each in its currency, then what each other one is beyond the first."""
    first = amounts[0] or NOTHING
    cells = [DASH if value is None else amount(value) for value in amounts]
    for offer, value in zip(comparison.offers[1:], amounts[1:], strict=True):
        if offer.worth is not None:
            both = value is None and amounts[0] is None
            cells.append("" if both else _plus(subtract(value or NOTHING, offer.worth, first), 2))
    return "".join(f'<td class="num">{cell}</td>' for cell in cells)


def _others(comparison: Comparison) -> list[Offer]:
    """The offers that a difference to the first can be taken of."""
    return [offer for offer in comparison.offers[1:] if offer.worth is not None]


def _called(offer: Offer, tariff: Tariff) -> str:
    return tariff.id if offer.name == tariff.id else f"{offer.name}, {tariff.id}"


def _about_html(comparison: Comparison) -> str:
    items = "".join(
        f"<li>{safe(_called(offer, tariff))}, version {safe(version(tariff.version))}: {safe(tariff.name)}. "
        f"{safe(' '.join((tariff.source.rstrip('.') + '.', *tariff.notes)))}</li>"
        for offer in comparison.offers
        for tariff in offer.tariffs
    )
    return (
        '<div class="about"><h3>About the tariffs</h3><p>Every charge stands under what it multiplies: kWh under '
        "energy, kW under power; fixed amounts, adjustments such as the power factor, and taxes by themselves.</p>"
        f"<ul>{items}</ul></div>"
    )


def _plus(value: Decimal, places: int) -> str:
    return f"{'+' if value > 0 else ''}{rounded(value, places)}"
