"""The top of the page: what the report covers, what it assumes, and the key figures."""

from collections.abc import Sequence

from adapters.report.wording import (
    DASH,
    amount,
    coverage_of,
    coverage_text,
    days,
    energy,
    moment,
    percent,
    rounded,
    safe,
    version,
)
from domain.arrays import PricedLoad
from domain.bill import Bill
from domain.kpi import Kpis


def header_html(priced: Sequence[PricedLoad], kpis: Kpis, title: str, notes: Sequence[str]) -> str:
    """Title, what the report covers, what is assumed, the key figures and the caller's notes."""
    bills = tuple(bill for load in priced for bill in load.bills)
    first, end = min(bill.first for bill in bills), max(bill.end for bill in bills)
    facts = {
        "Supply point": dict.fromkeys(load.load.meter for load in priced),
        "Period": (days(first, end),),
        "Tariff": dict.fromkeys(load.tariff.name for load in priced),
        "Tariff version": dict.fromkeys(f"{load.tariff.id}, {version(load.tariff.version)}" for load in priced),
        "Currency and time zone": dict.fromkeys(f"{bill.currency}, {bill.timezone}" for bill in bills),
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{safe('; '.join(values))}</dd></div>" for name, values in facts.items())
    banners = dict.fromkeys(bill.assumption for bill in bills if bill.assumption)
    said = "".join(f"<li>{safe(note)}</li>" for note in notes)
    return (
        f'<header><p class="eyebrow">Energy cost report</p><h1>{safe(title)}</h1>'
        f'<dl class="facts">{items}</dl></header>'
        + "".join(f'<p class="banner">{safe(text)}</p>' for text in banners)
        + cards_html(kpis, bills, priced)
        + (f'<ul class="notes">{said}</ul>' if said else "")
    )


def cards_html(kpis: Kpis, bills: tuple[Bill, ...], priced: Sequence[PricedLoad]) -> str:
    """The key figures, each with the line that qualifies it."""
    coverage = coverage_of(bills)
    peak_at = DASH if kpis.peak_at is None else moment(kpis.peak_at, priced[0].zone)
    of = f"highest of {len(priced)} meters, " if len(priced) > 1 else ""
    per_kwh = DASH if kpis.cost_per_kwh is None else amount(kpis.cost_per_kwh)
    power_factor = DASH if kpis.power_factor_percent is None else f"{kpis.power_factor_percent} %"
    load_factor = DASH if kpis.load_factor_percent is None else f"{kpis.load_factor_percent} %"
    measured = percent(coverage.measured, coverage.expected)
    cards = (
        ("Cost", amount(kpis.cost), kpis.currency, "all charges on the bills"),
        ("Energy", energy(kpis.energy_kwh), "kWh", ""),
        ("Cost per kWh", per_kwh, f"{kpis.currency}/kWh", "total cost over energy"),
        ("Peak demand", rounded(kpis.peak_kw, 1), "kW", f"{of}{peak_at}"),
        ("Load factor", load_factor, "", "mean power over peak"),
        ("Power factor", power_factor, "", "" if kpis.power_factor_percent is not None else "no reactive energy"),
        ("Readings measured", f"{measured} %", "", coverage_text(coverage)),
    )
    return '<section class="cards" aria-label="Key figures">' + "".join(map(_card_html, cards)) + "</section>"


def _card_html(card: tuple[str, str, str, str]) -> str:
    name, value, unit, below = map(safe, card)
    return (
        f'<div class="card"><p class="name">{name}</p><p class="value">{value} <span class="unit">{unit}</span></p>'
        f'<p class="below">{below}</p></div>'
    )
