"""The report: complete in itself, honest about what it draws, and adding up to the bill."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.report import write_report
from adapters.report.colours import GRID, INK, MUTED, SUNSET, period_colours
from adapters.report.reduction import curve_of, mean_kw_by_hour, outline
from adapters.report.wording import percent, rounded, trimmed
from domain.arrays import Load, PricedLoad, evidence_of, price_load
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import EnergyByPeriod, Fixed, MaximumDemand, Percentage, PowerFactorAdjustment, Threshold
from domain.kpi import kpis_of
from domain.measurement import Quality
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff
from domain.terms import Contract

MADRID = ZoneInfo("Europe/Madrid")
PERIODS = ((0, "dear"), (1, "middle"), (2, "cheap"))
RATES = {
    **{"fixed": "50", "power": "3.5", "vat": "21"},
    **{"energy.dear": "0.3", "energy.middle": "0.2", "energy.cheap": "0.1"},
}


def a_tariff(label: str = "Energy") -> Tariff:
    windows = (
        Window(0, 480, "cheap"),
        Window(480, 1080, "middle"),
        Window(1080, 1320, "dear"),
        Window(1320, 1440, "middle"),
    )
    calendar = Calendar(
        periods=("dear", "middle", "cheap"),
        seasons=(Season("year", FixedDay(1, 1)),),
        day_types=("day",) * 7,
        holiday_type=None,
        holidays=(),
        schedules={("year", "day"): windows},
    )
    charges = (
        Fixed("fixed", "Basic supply", "supply", "law 1"),
        MaximumDemand("power", "Maximum demand", "supply", "law 2", PERIODS, round_up_kw=False),
        EnergyByPeriod("energy", label, "supply", "law 1", PERIODS),
        PowerFactorAdjustment(
            "pf",
            "Power factor",
            "adjustment",
            "law 3",
            ("supply",),
            (Threshold(date(2000, 1, 1), Decimal(90), Decimal(0), ""),),
        ),
        Percentage("vat", "VAT", "tax", "law 4", ("supply", "adjustment")),
    )
    rates = Rates(date(2025, 1, 1), None, {key: Decimal(rate) for key, rate in RATES.items()}, "")
    return Tariff(
        id="es-test",
        name="Test tariff",
        country="ES",
        currency="EUR",
        timezone="Europe/Madrid",
        source="law",
        demand_minutes=15,
        calendar=calendar,
        charges=charges,
        rounding=Rounding(),
        rate_table=RateTable("es-test", "", (rates,)),
        version="sha256:0123456789abcdef",
    )


def a_load(meter: str = "main", first: date = date(2025, 3, 1), days: int = 31, step_minutes: int = 60) -> Load:
    start, end = (
        datetime.combine(d, datetime.min.time(), MADRID).astimezone(UTC) for d in (first, first + timedelta(days))
    )
    size = int((end - start) / timedelta(minutes=step_minutes))
    wh = 5_000 + (np.arange(size, dtype=np.int64) * 7_919) % 12_345
    return Load(meter, start, step_minutes, wh, wh // 5, np.zeros(size, dtype=np.uint8))


def a_priced_load(load: Load | None = None, tariff: Tariff | None = None, rates_of: date | None = None) -> PricedLoad:
    load = load or a_load(step_minutes=15)
    return price_load(load, tariff or a_tariff(), Contract(), MADRID, rates_of)


def without(load: Load, hours: slice) -> Load:
    """The load with some intervals lost."""
    wh, quality = load.energy_wh.copy(), load.quality.copy()
    wh[hours], quality[hours] = 0, Quality.MISSING
    return replace(load, energy_wh=wh, reactive_varh=wh // 5, quality=quality)


def written(folder: Path, *priced: PricedLoad, title: str = "March", notes: Sequence[str] = ()) -> str:
    bills = [bill for load in priced for bill in load.bills]
    write_report(folder / "report.html", priced, kpis_of(bills, priced[0].load.step_minutes, 15), title, notes)
    return (folder / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """The tags of a page, the text of its scripts, and the cells of its table rows by the row's class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.rows: list[tuple[str, list[str]]] = []
        self.in_script = self.in_row = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.in_script |= tag == "script"
        self.in_row |= tag == "tr"
        if tag == "tr":
            self.rows.append((dict(attrs).get("class") or "", []))
        if tag in {"td", "th"}:
            self.rows[-1][1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.in_script &= tag != "script"
        self.in_row &= tag != "tr"

    def handle_data(self, data: str) -> None:
        if self.in_script:
            self.scripts.append(data)
        elif self.in_row:
            self.rows[-1][1][-1] += data

    @property
    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.scripts[0], parse_float=Decimal)
        return found

    def amounts(self, row_class: str) -> list[Decimal]:
        """Last cells of the rows of a class, as numbers."""
        texts = [cells[-1] for kind, cells in self.rows if kind == row_class]
        return [Decimal(text.replace(",", "").replace("−", "-")) for text in texts]


def numbers(packed: dict[str, str]) -> NDArray[np.float64]:
    return np.frombuffer(b64decode(packed["bdata"]), np.dtype(f"<{packed['dtype']}")).astype(np.float64)


def test_the_page_asks_the_network_for_nothing(tmp_path: Path) -> None:
    page = Page(written(tmp_path, a_priced_load(), a_priced_load(a_load("second", step_minutes=15))))
    addresses = [attrs[name] for _, attrs in page.tags for name in ("src", "href", "data", "action") if name in attrs]
    assert addresses
    assert all(address is not None and address.startswith("#") for address in addresses)
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    styles = (Path(__file__).parents[2] / "adapters/report/page.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import", styles)


def test_the_page_may_run_its_own_two_scripts_and_no_other(tmp_path: Path) -> None:
    page = Page(written(tmp_path, a_priced_load()))
    policy = next(attrs["content"] for tag, attrs in page.tags if tag == "meta" and "http-equiv" in attrs)
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in page.scripts[1:]]
    assert policy is not None
    assert f"default-src 'none'; script-src {' '.join(hashes)};" in policy
    assert [dict(attrs) for tag, attrs in page.tags if tag == "script"][1:] == [{}, {}]
    assert "plotly.js" in page.scripts[1][:100]


def test_names_are_shown_letter_by_letter_whatever_they_are(tmp_path: Path) -> None:
    attack = "</script><script>alert(1)</script><b>"
    priced = a_priced_load(a_load(attack, step_minutes=15), a_tariff(attack))
    html = written(tmp_path, priced, a_priced_load(), title=attack, notes=[attack])
    page = Page(html)
    assert sum(tag == "script" for tag, _ in page.tags) == 3
    assert "b" not in {tag for tag, _ in page.tags}
    assert html.count("&lt;script&gt;alert(1)") >= 5
    names = page.figures["charges-0"]["layout"]["yaxis"]["ticktext"]
    assert any("&lt;script&gt;" in name for name in names)
    assert not any("<script>" in name for name in names)


def test_every_bill_line_has_one_row_and_every_group_of_several_a_subtotal(tmp_path: Path) -> None:
    priced = a_priced_load(a_load(days=61, step_minutes=15))
    page, lines = Page(written(tmp_path, priced)), [line for bill in priced.bills for line in bill.lines]
    assert page.amounts("line") == [line.amount for line in lines]
    assert page.amounts("subtotal") == [bill.amount_of("supply") for bill in priced.bills]


def test_the_printed_totals_are_the_bills_totals(tmp_path: Path) -> None:
    priced = a_priced_load(a_load(days=61, step_minutes=15))
    all_months, march, april = Page(written(tmp_path, priced)).amounts("total")
    assert [march, april] == [bill.total for bill in priced.bills]
    assert all_months == march + april


@pytest.mark.parametrize("days", [31, 61, 10], ids=["month-of-clock-change", "two-months", "part-of-a-month"])
def test_the_days_of_a_charge_add_up_to_the_bill(tmp_path: Path, days: int) -> None:
    priced = a_priced_load(a_load(days=days, step_minutes=15))
    traces = Page(written(tmp_path, priced)).figures["days-0"]["data"]
    sums = {trace["name"]: sum(trace["y"], Decimal(0)) for trace in traces}
    assert {len(trace["x"]) for trace in traces} == {days}
    assert sums == {c.label: sum(bill.amount_of(c.code) for bill in priced.bills) for c in priced.tariff.charges}
    assert sum(sums.values()) == sum(bill.total for bill in priced.bills)
    assert sums["Power factor"] < 0, "the bonus is part of the sum"


def test_the_bars_by_charge_add_up_to_the_bills(tmp_path: Path) -> None:
    priced = a_priced_load(a_load(days=61, step_minutes=15))
    bars = Page(written(tmp_path, priced)).figures["charges-0"]["data"][0]
    assert sum(bars["x"]) == sum(bill.total for bill in priced.bills)
    assert bars["x"] == sorted(bars["x"], reverse=True)


def test_a_charge_called_like_a_group_is_counted_once(tmp_path: Path) -> None:
    tariff = a_tariff()
    charges = tuple(replace(c, group="energy") if c.code == "fixed" else c for c in tariff.charges)  # type: ignore[type-var]
    priced = a_priced_load(tariff=replace(tariff, charges=charges))
    assert sum(Page(written(tmp_path, priced)).figures["charges-0"]["data"][0]["x"]) == priced.bills[0].total


def test_a_year_of_five_minutes_stays_light_and_says_what_is_drawn(tmp_path: Path) -> None:
    html = written(tmp_path, a_priced_load(a_load(first=date(2025, 1, 1), days=365, step_minutes=5)))
    assert len(html.encode()) < 8_000_000
    assert "105,120 intervals of 5 minutes drawn as 8,760 steps of one hour at most" in html


def test_many_meters_share_the_points_of_the_page(tmp_path: Path) -> None:
    month = a_priced_load(a_load(step_minutes=5))
    html = written(tmp_path, *[month] * 12)
    assert len(html.encode()) < 8_000_000
    assert "drawn as 743 steps" in html


def test_a_reduced_curve_keeps_the_energy_and_the_highest_interval() -> None:
    priced = a_priced_load(a_load(days=90, step_minutes=15))
    curve = curve_of(priced, most_points=3_000)
    kwh = (curve.mean_kw * (curve.end_s - curve.start_s) / 3600).sum()
    assert curve.minutes == 60
    assert kwh == pytest.approx(priced.load.energy_wh.sum() / 1000)
    assert curve.highest_kw.max() == priced.load.energy_wh.max() * 4 / 1000


def test_a_step_of_a_reduced_curve_lies_in_one_period() -> None:
    priced = a_priced_load(a_load(days=90, step_minutes=15))
    curve = curve_of(priced, most_points=200)
    assert curve.minutes == 1440
    assert len(curve.start_s) == 90 * 4 + 1  # four windows a day, and the clock change cuts one more


def test_the_pen_is_lifted_where_steps_do_not_meet() -> None:
    load = without(a_load(days=1, step_minutes=15), slice(4, 8))
    curve = curve_of(a_priced_load(load), most_points=1000)
    x_ms, kw = outline(curve, ~np.isnan(curve.mean_kw) & (curve.start_s < curve.start_s[10]), curve.mean_kw)
    assert np.flatnonzero(np.isnan(kw)).tolist() == [5, 9]
    assert ((x_ms - x_ms[0]) / 900_000).tolist() == [0, 1, 2, 3, 4, 4, 8, 9, 10, 10]
    _, closed = outline(
        curve, ~np.isnan(curve.mean_kw) & (curve.start_s < curve.start_s[10]), curve.mean_kw, closed=True
    )
    assert np.flatnonzero(closed == 0).tolist() == [0, 6, 8, 12]


def test_an_hour_the_clock_skips_is_blank_and_one_it_repeats_is_their_mean() -> None:
    days, kw = mean_kw_by_hour(a_priced_load(a_load(first=date(2025, 3, 30), days=1, step_minutes=15)))
    assert (len(days), np.flatnonzero(np.isnan(kw)).tolist()) == (1, [2])
    autumn = a_load(first=date(2025, 10, 26), days=1, step_minutes=15)
    _, kw = mean_kw_by_hour(a_priced_load(autumn))
    assert kw[2, 0] == pytest.approx(autumn.energy_wh[8:16].mean() * 4 / 1000)


def test_what_is_missing_is_not_drawn_as_zero_and_is_told(tmp_path: Path) -> None:
    html = written(tmp_path, a_priced_load(without(a_load(step_minutes=15), slice(96, 192))))
    page = Page(html)
    curve = page.figures["load-0"]["data"]
    lost = datetime(2025, 3, 2, 12, tzinfo=UTC).timestamp() * 1000
    strip = next(trace for trace in curve if trace["name"] == "missing")
    assert numbers(strip["x"])[0] < lost < numbers(strip["x"])[96]
    areas = [trace for trace in curve if trace.get("fill")]
    assert not any((abs(numbers(trace["x"]) - lost) < 11 * 3_600_000).any() for trace in areas)
    assert np.isnan(numbers(page.figures["heat-0"]["data"][0]["z"]).reshape(24, 31)[:, 1]).all()
    assert "Incomplete: 96 of 2,972 intervals (3.2 %)" in html
    assert "2,876 measured, 0 estimated, 96 missing" in html


def test_a_month_without_any_reading_still_has_its_report(tmp_path: Path) -> None:
    tariff = a_tariff()
    html = written(tmp_path, a_priced_load(without(a_load(step_minutes=15), slice(None)), tariff))
    assert "2,972 missing" in html
    assert "annotations" not in Page(html).figures["load-0"]["layout"]


def test_the_peak_is_marked_in_local_time_and_said(tmp_path: Path) -> None:
    load = a_load(step_minutes=15)
    load.energy_wh[40] = 123_456  # 10:00 local on 1 March
    html = written(tmp_path, a_priced_load(load))
    [label] = Page(html).figures["load-0"]["layout"]["annotations"]
    assert label["text"] == "<b>Peak 493.8 kW</b>, Sat 1 Mar 2025, 10:00"
    assert label["x"] == datetime(2025, 3, 1, 10, 7, 30, tzinfo=UTC).timestamp() * 1000
    assert "the highest: Sat 1 Mar 2025, 10:00: 493.824 kW." in html


def test_a_what_if_cannot_be_overlooked(tmp_path: Path) -> None:
    html = written(tmp_path, a_priced_load(rates_of=date(2025, 5, 1)))
    assert html.count('<p class="banner">What if: priced at the rates of 2025-05') == 2  # page and bill
    assert '<p class="banner">' not in written(tmp_path, a_priced_load())


def test_each_meter_has_its_section_and_the_first_is_unfolded(tmp_path: Path) -> None:
    loads = [a_priced_load(a_load(meter, step_minutes=15)) for meter in ("press", "oven", "paint")]
    page = Page(written(tmp_path, *loads))
    sections = [attrs for tag, attrs in page.tags if tag == "details" and attrs["class"] == "meter"]
    assert [("open" in attrs) for attrs in sections] == [True, False, False]
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == [f"#{attrs['id']}" for attrs in sections]
    places = [attrs["id"] for _, attrs in page.tags if attrs.get("class") == "chart"]
    assert sorted(str(place) for place in places) == sorted(page.figures)


def test_the_dearest_period_is_the_warmest_whatever_its_name() -> None:
    priced = a_priced_load()
    assert period_colours(priced.periods, priced.bills) == (SUNSET[7], SUNSET[5], SUNSET[1])


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, a_priced_load()) == written(tmp_path, a_priced_load())


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 7, "0"), (7, 7, "100"), (99_999, 100_000, "99.9"), (1, 100_000, "0.1"), (1, 3, "33.3")],
)
def test_a_share_is_all_or_nothing_only_when_it_is(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


def test_numbers_are_written_for_people() -> None:
    assert trimmed(Decimal("130474.500")) == "130,474.5"
    assert trimmed(Decimal(100)) == "100"
    assert rounded(Decimal("-1234.565"), 2) == "−1,234.57"


def test_every_line_of_a_bill_names_the_intervals_that_made_it(tmp_path: Path) -> None:
    priced = a_priced_load(a_load(step_minutes=15))
    html = written(tmp_path, priced)
    [evidence] = evidence_of(priced)
    for line, behind in zip(priced.bills[0].lines, evidence, strict=True):
        assert behind.lines or behind.counted in html, line.code


def test_the_page_knows_every_colour_of_ink_that_a_dark_page_must_change(tmp_path: Path) -> None:
    html = written(tmp_path, a_priced_load(a_load(step_minutes=15)))
    known = set(re.findall(r'"(#[0-9a-f]{6})": "#[0-9a-f]{6}"', html))
    assert {INK, MUTED, GRID, "#ffffff"} <= known
    assert "prefers-color-scheme: dark" in html
