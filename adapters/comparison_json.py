"""A comparison of tariffs as JSON: decimals are strings, so that no reader makes floats of money."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.comparison import Comparison, Offer

SCHEMA = "wattledger-comparison/1"


def write_comparison(path: Path, comparison: Comparison, notes: Sequence[str]) -> None:
    """Write a comparison to a file."""
    text = json.dumps(comparison_to_json(comparison, notes), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def comparison_to_json(comparison: Comparison, notes: Sequence[str]) -> dict[str, Any]:
    """A comparison as plain values. Amounts are in each tariff's currency, differences in the first one's."""
    bills, names = comparison.first.bills, [offer.name for offer in comparison.offers]
    return {
        "schema": SCHEMA,
        "supply_point": bills[0].supply_point,
        "from": bills[0].first.isoformat(),
        "to": bills[-1].end.isoformat(),
        "timezone": bills[0].timezone,
        "energy_kwh": _text(Decimal(sum(bill.determinants.total_wh for bill in bills)).scaleb(-3)),
        "notes": list(notes),
        "tariffs": [_offer(comparison, offer) for offer in comparison.offers],
        "lines": [
            {
                "heading": row.heading,
                "code": row.code,
                "label": row.label,
                "amounts": {name: _text(amount) for name, amount in zip(names, row.amounts, strict=True)},
            }
            for row in comparison.rows
        ],
    }


def _offer(comparison: Comparison, offer: Offer) -> dict[str, Any]:
    difference = comparison.difference(offer)
    return {
        "id": offer.name,
        "name": " then ".join(tariff.name for tariff in offer.tariffs),
        "version": offer.tariff.version,
        "tariffs": [{"id": tariff.id, "version": tariff.version} for tariff in offer.tariffs],
        "currency": offer.tariff.currency,
        "worth": _text(offer.worth),
        "assumptions": list(dict.fromkeys(bill.assumption for bill in offer.bills if bill.assumption)),
        "total": _text(offer.total),
        "by_heading": {heading: _text(offer.by_heading[heading]) for heading in comparison.headings},
        "by_month": {f"{bill.first:%Y-%m}": _text(bill.total) for bill in offer.bills},
        "difference_to_first": difference
        and {
            "currency": comparison.first.tariff.currency,
            "total": _text(difference.total),
            "by_heading": [{"heading": name, "amount": _text(amount)} for name, amount in difference.by_heading],
        },
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
