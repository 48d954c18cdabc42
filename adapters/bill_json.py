"""A bill as JSON that people and programs read: decimals are strings, so that no reader makes floats of money."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.bill import Bill, BillLine
from domain.kpi import Kpis

SCHEMA = "wattledger-bill/1"


def write_bills(path: Path, bills: Sequence[Bill], kpis: Kpis) -> None:
    """Write bills and key figures to a file."""
    path.write_text(json.dumps(bills_to_json(bills, kpis), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def bills_to_json(bills: Sequence[Bill], kpis: Kpis) -> dict[str, Any]:
    """Bills and key figures as plain values."""
    return {"schema": SCHEMA, "kpis": kpis_to_json(kpis), "bills": [bill_to_json(bill) for bill in bills]}


def kpis_to_json(kpis: Kpis) -> dict[str, Any]:
    return {
        "energy_kwh": _text(kpis.energy_kwh),
        "peak_kw": _text(kpis.peak_kw),
        "peak_at": kpis.peak_at.isoformat() if kpis.peak_at else None,
        "load_factor_percent": _text(kpis.load_factor_percent),
        "power_factor_percent": _text(kpis.power_factor_percent),
        "cost": _text(kpis.cost),
        "cost_per_kwh": _text(kpis.cost_per_kwh),
        "currency": kpis.currency,
    }


def bill_to_json(bill: Bill) -> dict[str, Any]:
    return {
        "supply_point": bill.supply_point,
        "tariff": bill.tariff,
        "tariff_version": bill.tariff_version,
        "currency": bill.currency,
        "from": bill.first.isoformat(),
        "to": bill.end.isoformat(),
        "timezone": bill.timezone,
        "intervals": {
            "expected": bill.coverage.expected,
            "measured": bill.coverage.measured,
            "estimated": bill.coverage.estimated,
            "missing": bill.coverage.missing,
        },
        "assumption": bill.assumption or None,
        "lines": [_line(line) for line in bill.lines],
        "total": _text(bill.total),
    }


def _line(line: BillLine) -> dict[str, Any]:
    return {
        "code": line.code,
        "charge": line.charge,
        "group": line.group,
        "label": line.label,
        "quantity": _text(line.quantity),
        "unit": line.unit,
        "rate": _text(line.rate),
        "rate_unit": line.rate_unit,
        "formula": line.formula,
        "gross": _text(line.gross),
        "amount": _text(line.amount),
        "peak_at": line.peak_at.isoformat() if line.peak_at else None,
        "note": line.note or None,
        "source": line.source,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
