"""The bills as tables: each line with its quantity, rate, formula and amount, its notes below, its sources beneath."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.report.colours import period_of
from adapters.report.wording import (
    DASH,
    amount,
    coverage_text,
    days,
    energy,
    moment,
    month,
    percent,
    rounded,
    safe,
    trimmed,
    version,
)
from domain.arrays import PricedLoad, evidence_of
from domain.bill import Bill, BillLine, ByEnergy
from domain.evidence import Evidence
from domain.kpi import Kpis, kpis_of

NAMED = 3
"""Blocks that a line names at most; bill.json has them all."""
HEAD = (
    '<th scope="col" class="label">Charge</th><th scope="col" class="num">Quantity</th><th></th>'
    '<th scope="col" class="num">Rate</th><th></th><th scope="col">How it adds up</th>'
    '<th scope="col" class="num">Amount</th>'
)


def bills_html(priced: PricedLoad, colours: Sequence[str]) -> str:
    """All bills of a load; the months at a glance first where there are several, and only the last bill unfolded."""
    glance = months_html(priced) if len(priced.bills) > 1 else ""
    behind = evidence_of(priced)
    return glance + "".join(
        f'<details class="bill"{" open" if bill is priced.bills[-1] else ""}><summary><h3>Bill of {month(bill)}</h3>'
        f'<span class="sum">{safe(bill.currency)} {amount(bill.total)}</span></summary>'
        f"{bill_html(bill, evidence, priced, colours)}</details>"
        for bill, evidence in zip(priced.bills, behind, strict=True)
    )


def months_html(priced: PricedLoad) -> str:
    """One row a month, and their sum."""
    rows = "".join(f"<tr>{_month_cells(priced, (bill,), month(bill))}</tr>" for bill in priced.bills)
    heads = _heads("Energy, kWh", "Peak, kW", "Peak at", "Power factor", "Load factor", "Cost per kWh", "Total")
    total = _month_cells(priced, priced.bills, "All months")
    return (
        f"<h3>Months at a glance, {safe(priced.bills[0].currency)}</h3>"
        f'<div class="wide"><table class="months"><thead><tr><th scope="col">Month</th>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody><tfoot><tr class="total">{total}</tr></tfoot></table></div>'
    )


def meters_html(loads: Sequence[PricedLoad]) -> str:
    """One row a meter, linked to its section."""
    rows = "".join(
        f'<tr><th scope="row"><a href="#meter-{i}">{safe(priced.load.meter)}</a></th>'
        + "".join(f'<td class="num">{cell}</td>' for cell in _figures(kpis_of_load(priced)))
        + f"<td>{safe(priced.bills[0].currency)}</td></tr>"
        for i, priced in enumerate(loads)
    )
    return (
        '<section><h2>Meters</h2><div class="wide"><table class="meters"><thead><tr><th scope="col">Meter</th>'
        f"{_heads('Energy, kWh', 'Peak, kW', 'Cost per kWh', 'Cost')}<th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def bill_html(bill: Bill, evidence: Sequence[Evidence], priced: PricedLoad, colours: Sequence[str]) -> str:
    """One bill: what it is, its remarks, its lines by group with what is behind each, its sources."""
    sources = {
        text: number for number, text in enumerate(dict.fromkeys(line.source for line in bill.lines if line.source), 1)
    }
    several = len(bill.parts) > 1
    parts = "".join(
        f'<p class="facts">{days(part.first, part.end)} · {safe(part.tariff)} · version '
        f"{safe(version(part.tariff_version))}</p>"
        for part in bill.parts
        if several
    )
    groups = "".join(
        _group_html(group, lines, bill, priced, colours, sources) for group, lines in _by_group(bill, evidence).items()
    )
    footnotes = "".join(f"<li>{safe(text)}</li>" for text in sources)
    return (
        f'<p class="facts">{days(bill.first, bill.end)} · {safe(bill.supply_point)} · {safe(bill.tariff)} '
        f"· version {safe(version(bill.tariff_version))} · {safe(bill.timezone)}</p>{parts}{_remarks_html(bill)}"
        f'<div class="wide"><table class="lines"><thead><tr>{HEAD}</tr></thead><tbody>{groups}</tbody>'
        f'<tfoot><tr class="total"><th scope="row" colspan="6">Total, {safe(bill.currency)}</th>'
        f'<td class="num">{amount(bill.total)}</td></tr></tfoot></table></div>'
        f'<ol class="sources" title="Sources">{footnotes}</ol>'
    )


def kpis_of_load(priced: PricedLoad) -> Kpis:
    """Key figures of one load over all of its bills."""
    return kpis_of(priced.bills, priced.load.step_minutes, priced.tariff.demand_minutes)


def _month_cells(priced: PricedLoad, bills: Sequence[Bill], name: str) -> str:
    kpis = kpis_of(bills, priced.load.step_minutes, priced.tariff.demand_minutes)
    kwh, kw, per_kwh, cost = _figures(kpis)
    when = DASH if kpis.peak_at is None else moment(kpis.peak_at, priced.zone)
    mark = "" if all(bill.coverage.complete for bill in bills) else ' <span class="flag">incomplete</span>'
    factors = (_percent(kpis.power_factor_percent), _percent(kpis.load_factor_percent))
    numbers = "".join(f'<td class="num">{cell}</td>' for cell in (*factors, per_kwh, cost))
    peak = f'<td class="num">{kwh}</td><td class="num">{kw}</td><td class="num">{when}</td>'
    return f'<th scope="row">{safe(name)}{mark}</th>{peak}{numbers}'


def _heads(*names: str) -> str:
    return "".join(f'<th class="num" scope="col">{name}</th>' for name in names)


def _figures(kpis: Kpis) -> tuple[str, str, str, str]:
    per_kwh = DASH if kpis.cost_per_kwh is None else amount(kpis.cost_per_kwh)
    return energy(kpis.energy_kwh), rounded(kpis.peak_kw, 1), per_kwh, amount(kpis.cost)


def _percent(value: Decimal | None) -> str:
    return DASH if value is None else f"{value} %"


Explained = tuple[BillLine, Evidence]


def _by_group(bill: Bill, evidence: Sequence[Evidence]) -> dict[str, list[Explained]]:
    groups: dict[str, list[Explained]] = {}
    for line, behind in zip(bill.lines, evidence, strict=True):
        groups.setdefault(line.group, []).append((line, behind))
    return groups


def _group_html(
    group: str,
    lines: list[Explained],
    bill: Bill,
    priced: PricedLoad,
    colours: Sequence[str],
    sources: Mapping[str, int],
) -> str:
    rows = "".join(_line_html(explained, bill, priced, colours, sources) for explained in lines)
    if len(lines) == 1:
        return rows
    subtotal = amount(sum((line.amount for line, _ in lines), Decimal(0)))
    return (
        f'{rows}<tr class="subtotal"><th scope="row" colspan="6">Subtotal, {safe(group.replace("_", " "))}</th>'
        f'<td class="num">{subtotal}</td></tr>'
    )


def _line_html(
    explained: Explained, bill: Bill, priced: PricedLoad, colours: Sequence[str], sources: Mapping[str, int]
) -> str:
    line, evidence = explained
    part = "" if line.part is None else f", {days(bill.parts[line.part].first, bill.parts[line.part].end)}"
    cite = f"<sup>{sources[line.source]}</sup>" if line.source else ""
    told = [note for note in (line.note, *_made_by(evidence, priced.zone)) if note]
    below = "".join(f'<tr class="note"><td colspan="7">{safe(text)}</td></tr>' for text in told)
    return (
        f'<tr class="line"><th scope="row">{_swatch(line, bill, priced, colours)}{safe(line.label + part)}{cite}</th>'
        f'<td class="num">{trimmed(line.quantity)}</td><td class="unit">{safe(line.unit)}</td>'
        f'<td class="num">{amount(line.rate)}</td><td class="unit">{safe(line.rate_unit)}</td>'
        f'<td class="formula">{safe(line.formula).replace(" x ", " × ")}</td>'
        f'<td class="num">{amount(line.amount)}</td></tr>{below}'
    )


def _made_by(evidence: Evidence, zone: ZoneInfo) -> Iterator[str]:
    """The intervals behind a line; the base of a percentage stands in its formula and above it."""
    if evidence.lines:
        return

    def say(instant: datetime) -> str:
        return moment(instant, zone)

    named, more = list(evidence.deciding(say, NAMED)), len(evidence.named) - NAMED
    deciding = f"; {evidence.naming}: {'; '.join(named)}" if named else ""
    yield evidence.span(say) + deciding + (f"; {more} more in bill.json" if more > 0 else "") + "."
    yield from (f"Looks back: {text}." for text in evidence.looking_back())


def _swatch(line: BillLine, bill: Bill, priced: PricedLoad, colours: Sequence[str]) -> str:
    if isinstance(line.basis, ByEnergy) and len(line.basis.periods) == 1:
        colour = colours[priced.periods.index(period_of(line, bill, line.basis))]
        return f'<i class="swatch" style="background:{colour}"></i>'
    return ""


def _remarks_html(bill: Bill) -> str:
    remarks = [f'<p class="banner">{safe(bill.assumption)}</p>'] if bill.assumption else []
    coverage = bill.coverage
    if not coverage.complete:
        share = percent(coverage.missing, coverage.expected)
        remarks.append(
            f'<p class="warning">Incomplete: {coverage.missing:,} of {coverage.expected:,} intervals ({share} %) of '
            "this month have no energy and cost nothing here; the utility will bill what flowed in them.</p>"
        )
    elif coverage.estimated:
        remarks.append(f'<p class="facts">{coverage_text(coverage)}.</p>')
    return "".join(remarks)
