"""A second opinion on a month of several parts: where it is cut, day by day, and what stands once over all parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain import charges as kinds
from domain.agreements import Agreements
from domain.tariff import Tariff
from domain.terms import Contract
from tests.reference import plain, plain_grid  # noqa: F401  # its rules are registered by being imported


def days_alike(
    agreements: Agreements, first: date
) -> Iterator[tuple[date, date, Tariff, Contract, Mapping[str, Decimal]]]:
    """Runs of days of a month that nothing tells from the day before: first, end, and what holds on them."""
    end, start = plain.next_month(first), first
    while start < end and not prices_of(agreements, start):
        start += timedelta(days=1)
    while start < end:
        day = start + timedelta(days=1)
        while day < end and prices_of(agreements, day) == prices_of(agreements, start):
            day += timedelta(days=1)
        (agreed,) = [one for one in agreements.agreed if one.since <= start][-1:]
        yield start, day, agreed.tariff, agreed.contract, rates_of(agreed.tariff, start)
        start = day


def prices_of(agreements: Agreements, day: date) -> tuple[object, ...]:
    """All that prices a day; nothing where nothing was agreed."""
    agreed = [one for one in agreements.agreed if one.since <= day]
    if not agreed:
        return ()
    tariff = agreed[-1].tariff
    season = tariff.calendar.season_of(day) if tariff.splits_at_seasons else ""
    meters = sum(1 for changed in agreements.meter_changed if changed <= day)
    return tariff.id, agreed[-1].contract, rates_of(tariff, day), season, meters


def rates_of(tariff: Tariff, day: date) -> Mapping[str, Decimal]:
    (rates,) = [
        one for one in tariff.rate_table.rates if one.valid_from <= day and (one.valid_to is None or day < one.valid_to)
    ]
    return rates.values


def bill_of_parts(parts: Sequence[plain.Month]) -> list[tuple[int | None, plain.Line]]:
    """The lines of each part, and then those that settle all of it: what is the same in all parts stands once.

    What is the same, but serves as a base where something is not, stands in each part, too.
    """
    settling = (
        kinds.Percentage,
        kinds.MinimumBill,
        kinds.PowerFactorAdjustment,
        kinds.PowerFactorSteps,
        kinds.TotalRounding,
    )
    once = [one for one in parts[0].tariff.charges if isinstance(one, settling) and is_alike(one, parts)]
    while True:
        apart = [one for part in parts for one in part.tariff.charges if one not in once]
        based_on = {name for one in apart for name in one.of}
        kept = [one for one in once if not {one.code, one.group} & based_on]
        if kept == once:
            break
        once = kept
    found: list[tuple[int | None, plain.Line]] = []
    for number, part in enumerate(parts):
        tariff = replace(part.tariff, charges=tuple(one for one in part.tariff.charges if one not in once))
        found += [(number, line) for line in plain.bill(replace(part, tariff=tariff, _blocks={})).values()]
    first, whole = parts[0], [interval for part in parts for interval in part.load]
    month = replace(first, load=whole, end=parts[-1].end, _blocks={})
    for charge in once:
        for code, quantity, gross in plain.price(charge, month, [line for _, line in found]):
            amount = plain.rounded(gross, month.tariff.rounding.places)
            found.append((None, plain.Line(code, charge.code, charge.group, quantity, gross, amount)))
    return found


def is_alike(charge: kinds.Charge, parts: Sequence[plain.Month]) -> bool:
    def says(part: plain.Month) -> object:
        keys = (*charge.rate_keys, *charge.percent_keys)
        low_side = isinstance(charge, kinds.Percentage) and charge.only_low_side and part.low_side
        asked = plain.threshold(charge, part) if isinstance(charge, kinds.PowerFactorAdjustment) else None
        return [part.rates[key] for key in keys], low_side, asked, part.tariff.rounding

    return len(parts) > 1 and all(charge in part.tariff.charges and says(part) == says(parts[0]) for part in parts)
