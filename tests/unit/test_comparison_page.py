"""The comparison's page: complete without a network, names as they are, and the pictures add up to the bills."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rich.console import Console

from adapters.report import write_comparison_page
from adapters.tariff_files import TariffFiles
from application.compare_bills import Candidate, compare_bills
from domain.arrays import Load
from domain.comparison import Comparison, offers_of
from domain.terms import Contract, midnight_utc
from entrypoints.comparison_tables import lines_tables

MEXICO = ZoneInfo("America/Mexico_City")
KW = Contract({"all": Decimal(800)})
ATTACK = "</script><script>alert(1)</script><b>"


def a_comparison(scale: int = 2, rename: str = "other") -> Comparison:
    """A tariff, and the same with every amount times `scale`."""
    tariff = TariffFiles().get("mx-gdmth:golfo-centro")
    rates = next(one for one in tariff.rate_table.rates if one.valid_from == date(2026, 1, 1))
    values = {key: rates.values[key] * (1 if key in {"vat", "low_side"} else scale) for key in rates.values}
    table = replace(tariff.rate_table, rates=(replace(rates, values=values),))
    other = replace(tariff, id=rename, name=rename, rate_table=table)
    wh = 50_000 + (np.arange(2976, dtype=np.int64) * 7_919) % 30_000
    load = Load("plant", midnight_utc(date(2026, 1, 1), MEXICO), 15, wh, wh // 5, np.zeros(2976, dtype=np.uint8))
    return compare_bills(load, [Candidate.of(tariff, KW), Candidate.of(other, KW)], MEXICO)


def written(folder: Path, comparison: Comparison, title: str = "Choice", notes: tuple[str, ...] = ()) -> str:
    write_comparison_page(folder / "comparison.html", comparison, title, notes)
    return (folder / "comparison.html").read_text(encoding="utf-8")


def figures(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.DOTALL)
    assert found
    values: dict[str, Any] = json.loads(found[1])
    return values


def test_the_bars_of_a_tariff_add_up_to_its_total(tmp_path: Path) -> None:
    comparison = a_comparison()
    traces = figures(written(tmp_path, comparison))["stacked"]["data"]
    for i, offer in enumerate(comparison.offers):
        assert sum(trace["x"][i] for trace in traces) == pytest.approx(float(offer.total))


@pytest.mark.parametrize("scale", [2, 1])
def test_the_steps_lead_from_one_total_to_the_other(tmp_path: Path, scale: int) -> None:
    comparison = a_comparison(scale)
    [trace] = figures(written(tmp_path, comparison))["steps-1"]["data"]
    first, *steps, last = trace["y"]
    assert (first, last) == (float(comparison.first.total), float(comparison.offers[1].total))
    assert first + sum(steps) == pytest.approx(last)


def test_an_axis_that_does_not_start_at_zero_says_so(tmp_path: Path) -> None:
    comparison = a_comparison(1)
    nearly = replace(comparison.offers[1], worth=Decimal("1.05"))
    said = "The axis does not start at zero"
    assert said in written(tmp_path, replace(comparison, offers=(comparison.first, nearly)))
    assert said not in written(tmp_path, a_comparison(3))


def test_bills_in_unknown_money_are_shown_by_their_parts_and_never_subtracted(tmp_path: Path) -> None:
    comparison = a_comparison()
    offers = (comparison.first, replace(comparison.offers[1], worth=None))
    html = written(tmp_path, replace(comparison, offers=offers))
    drawn = figures(html)
    assert set(drawn) == {"stacked"}
    assert sum(trace["x"][1] for trace in drawn["stacked"]["data"]) == pytest.approx(100)
    assert "another currency: no difference taken" in html
    assert "less the first" not in html


def test_names_are_shown_letter_by_letter_and_nothing_is_asked_of_a_network(tmp_path: Path) -> None:
    html = written(tmp_path, a_comparison(rename=ATTACK), title=ATTACK, notes=(ATTACK,))
    own, _, _ = html.partition('<script type="application/json"')
    assert "<script" not in own
    assert "default-src 'none'" in own
    assert not re.search(r"""(?:src|href)=["'](?!#)""", own)
    assert html.count("<script") == 3
    assert "<script" not in str(figures(html)["steps-1"]["layout"]["xaxis"]["ticktext"])


def test_several_months_have_a_row_each(tmp_path: Path) -> None:
    comparison = a_comparison()
    twice = [(offer.name, offer.tariffs, offer.bills * 2) for offer in comparison.offers]
    assert written(tmp_path, offers_of(twice, {})).count('<th scope="row">January 2026</th>') == 2
    assert "Month by month" not in written(tmp_path, comparison)


def test_the_months_of_a_difference_add_up_to_it_and_share_one_scale(tmp_path: Path) -> None:
    comparison = a_comparison()
    first, other = comparison.offers
    third = replace(other, worth=Decimal("1.5"))
    several = replace(
        comparison, offers=tuple(replace(offer, bills=offer.bills * 3) for offer in (first, other, third))
    )
    drawn = figures(written(tmp_path, several))
    for i, offer in enumerate(several.offers[1:], 1):
        *parts, together = drawn[f"months-{i}"]["data"]
        difference = several.difference(offer)
        assert difference is not None
        assert sum(together["y"]) == pytest.approx(float(difference.total))
        assert [sum(part["y"][month] for part in parts) for month in range(3)] == pytest.approx(together["y"])
    scales = [drawn[f"months-{i}"]["layout"]["yaxis"]["range"] for i in (1, 2)]
    assert scales[0] == scales[1]


def test_one_month_alone_has_no_chart_of_months(tmp_path: Path) -> None:
    assert not [name for name in figures(written(tmp_path, a_comparison())) if name.startswith("months")]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_figure_on_the_terminal_is_cut_or_broken(width: int) -> None:
    first, other = a_comparison(1000).offers
    comparison = Comparison((first, other, replace(other, worth=Decimal("17.123"))))
    console = Console(width=width, record=True, file=StringIO())
    console.print(*lines_tables(comparison, width))
    said = console.export_text()
    assert max(map(len, said.splitlines())) <= width
    for row in comparison.rows:
        for amount in row.amounts:
            assert f"{amount:,.2f}" in said
    assert "…" not in said
    assert ("Line by line, less A" in said) == (width == 80)


def test_the_same_comparison_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, a_comparison()) == written(tmp_path, a_comparison())
