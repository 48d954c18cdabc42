"""A case taken in by metering days, some readings at a time, and closed as a billing period is."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from domain.determinants import Determinants
from domain.measurement import Extra, Measurement, Quality
from domain.metering_day import MeteringDay
from domain.terms import Terms
from tests.reference.cases import Case

UPLOADS_OF = 40


def by_uploads(case: Case, terms: Terms) -> list[MeteringDay]:
    """The month's days in the order of time, each begun where the one before ended."""
    days: list[MeteringDay] = []
    of_day = defaultdict[date, list[Measurement]](list)
    for one in measured(case, terms):
        of_day[one.start.astimezone(case.zone).date()].append(one)
    for local, taken in of_day.items():
        day = MeteringDay("edge", local)
        day.evolve(day.open(case.point(), terms, days[-1].balance() if days else None))
        for n in range(0, len(taken), UPLOADS_OF):
            _record(day, taken[n : n + UPLOADS_OF], terms)
        days.append(day)
    return days


def as_it_comes(case: Case, taken: Sequence[Measurement], terms: Terms) -> list[MeteringDay]:
    """The month's days where readings arrive in some order, one by one; no day knows of another."""
    days: dict[date, MeteringDay] = {}
    for one in taken:
        local = one.start.astimezone(case.zone).date()
        if local not in days:
            days[local] = MeteringDay("edge", local)
            days[local].evolve(days[local].open(case.point(), terms, None))
        _record(days[local], [one], terms)
    return [day for _, day in sorted(days.items())]


def measured(case: Case, terms: Terms) -> list[Measurement]:
    """The known intervals of the month, or of a part of it."""
    load, found = case.load, list[Measurement]()
    assert load.reactive_varh is not None
    unmetered = [None] * len(load.energy_wh)
    extras = [unmetered if column is None else column.tolist() for column in (load.export_wh, load.capacitive_varh)]
    columns = (column.tolist() for column in (load.energy_wh, load.reactive_varh, load.quality))
    for n, (wh, varh, quality, *extra) in enumerate(zip(*columns, *extras, strict=True)):
        at = load.start + timedelta(minutes=load.step_minutes) * n
        if quality != Quality.MISSING and terms.start_utc <= at < terms.end_utc:
            found.append(Measurement("main", at, wh, varh, Quality(quality), Extra(*extra)))
    return found


def closed(days: list[MeteringDay], terms: Terms) -> tuple[Determinants, list[int]]:
    """Determinants and live cost of the month, added up over its days as the close does."""
    total, live = Determinants.nothing(3, terms.gauges), [0] * len(terms.tariff.line_codes)
    for day in days:
        main = day.meters[0]
        total.add(main.today)
        main.see_intervals(terms.gauges, day.grid, total.gauges)
        live = [sum(pair) for pair in zip(live, main.live_nano, strict=True)]
    return total, live


def _record(day: MeteringDay, taken: Sequence[Measurement], terms: Terms) -> None:
    event = day.record(f"s/{day.version}", taken, terms)
    assert event is not None
    day.evolve(event)
