"""Small tariffs and loads put together by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from domain.arrays.load import Load
from domain.calendar import Calendar, FixedDay, Season, Window
from domain.charges import Charge
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

ONE_PERIOD = (("all", 24),)


def tariff_of(
    charges: Sequence[Charge],
    rates: Sequence[Mapping[str, str]],
    windows: Sequence[tuple[str, int]] = ONE_PERIOD,
    demand_minutes: int = 60,
    year: int = 2018,
) -> Tariff:
    """Every day has the same windows: (period, hour in which it ends). One rate table, or one a month of the year."""
    edges = [0, *(hour * 60 for _, hour in windows)]
    laid = tuple(Window(a, b, name) for a, b, (name, _) in zip(edges, edges[1:], windows, strict=False))
    names = tuple(dict.fromkeys(name for name, _ in windows))
    return Tariff(
        id="bench",
        name="Bench",
        country="XX",
        currency="USD",
        timezone="UTC",
        source="by hand",
        demand_minutes=demand_minutes,
        calendar=Calendar(names, (Season("year", FixedDay(1, 1)),), ("any",) * 7, None, (), {("year", "any"): laid}),
        charges=tuple(charges),
        rounding=Rounding(),
        rate_table=RateTable("bench", "", tuple(_dated(rates, year))),
        version="1",
    )


def hourly(wh: Sequence[int], start: datetime = datetime(2018, 1, 1, tzinfo=UTC), step_minutes: int = 60) -> Load:
    """Measured energy without reactive energy."""
    energy = np.array(wh, dtype=np.int64)
    return Load("main", start, step_minutes, energy, np.zeros_like(energy), np.zeros(len(energy), dtype=np.uint8))


def _dated(rates: Sequence[Mapping[str, str]], year: int) -> list[Rates]:
    values = [{key: Decimal(text) for key, text in one.items()} for one in rates]
    if len(values) == 1:
        return [Rates(date(2000, 1, 1), None, values[0], "by hand")]
    first = [date(year + n // 12, n % 12 + 1, 1) for n in range(len(values) + 1)]
    return [Rates(first[n], first[n + 1], one, "by hand") for n, one in enumerate(values)]
