"""A tariff: its structure (calendar, charges, rounding) and, kept apart, its dated rates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from domain.calendar import Calendar
from domain.charges import Charge, ExportCredit, IndexedPrice, PriceSeries
from domain.errors import InvalidTariff, NoPriceInForce
from domain.money import Rounding


@dataclass(frozen=True)
class Tariff:
    """One version of a rate: what is charged, when and how. `version` is the hash of its content, rates included.

    `series` has every publication of the prices that charges follow, each after those that it revises. `timezone` is
    where the tariff usually holds; a supply point may name another. `splits_at_seasons`: a month in which
    the season changes is billed in two parts. `share_places`: decimals to which the share of a part's
    days in its month is rounded, halves up, before it meets an amount per month. Raises `InvalidTariff`.
    """

    id: str
    name: str
    country: str
    currency: str
    timezone: str
    source: str
    demand_minutes: int
    calendar: Calendar
    charges: tuple[Charge, ...]
    rounding: Rounding
    rate_table: "RateTable"
    version: str
    notes: tuple[str, ...] = ()
    series: tuple[PriceSeries, ...] = ()
    splits_at_seasons: bool = False
    share_places: int | None = None

    def __post_init__(self) -> None:
        _check_codes(self)
        _check_demand_blocks(self)

    @property
    def periods(self) -> tuple[str, ...]:
        return self.calendar.periods

    @cached_property
    def line_codes(self) -> tuple[str, ...]:
        """Codes of all bill lines, in bill order."""
        return tuple(code for charge in self.charges for code in charge.line_codes)

    @cached_property
    def series_asked(self) -> tuple[str, ...]:
        """The price series that its charges name."""
        priced = (charge for charge in self.charges if isinstance(charge, IndexedPrice | ExportCredit))
        return tuple(dict.fromkeys(charge.series for charge in priced if charge.series))

    @cached_property
    def line_charges(self) -> tuple[str, ...]:
        """For each of `line_codes`, the code of its charge."""
        return tuple(charge.code for charge in self.charges for _ in charge.line_codes)


@dataclass(frozen=True, slots=True)
class Rates:
    """The numbers of one validity `[valid_from, valid_to)`, by rate key, in currency or percent, with their source."""

    valid_from: date
    valid_to: date | None
    values: Mapping[str, Decimal]
    source: str
    assumption: str = ""


@dataclass(frozen=True, slots=True)
class RateTable:
    """Dated rates of one tariff in one region, in order and without overlap; gaps are allowed and refuse to price."""

    tariff: str
    region: str
    rates: tuple[Rates, ...]

    def __post_init__(self) -> None:
        for before, after in zip(self.rates, self.rates[1:], strict=False):
            if before.valid_to is None or before.valid_to > after.valid_from:
                raise InvalidTariff(
                    f"rate table {self.id}: the rates from {before.valid_from} overlap those from "
                    f"{after.valid_from}; end the first one on or before {after.valid_from}"
                )

    def in_force(self, first: date, end: date) -> Rates:
        """The rates of the days from `first` to `end` (excluded). Raises `NoPriceInForce` unless they are the same."""
        found = self.over(first, max(end, first + timedelta(days=1)))
        if len(found) > 1:
            raise NoPriceInForce(
                f"tariff {self.id} has several rates from {first} to {end} (end excluded), the second from "
                f"{found[1].valid_from} on; name a month that has one"
            )
        return found[0]

    def over(self, first: date, end: date) -> "tuple[Rates, ...]":
        """All rates of the days `[first, end)`, in order. Raises `NoPriceInForce` where a day has none."""
        found, day = list[Rates](), first
        for rates in self.rates:
            if rates.valid_from <= day < end and (rates.valid_to is None or day < rates.valid_to):
                found.append(rates)
                day = rates.valid_to or end
        if day < end:
            days = f"{first} to {end} (end excluded)" + (f": none on {day}" if day > first else "")
            raise NoPriceInForce(
                f"tariff {self.id} has no rates for {days}; it covers {self.coverage}; "
                "choose --from and --to inside, or price every month at known rates with --rates-of YYYY-MM; a ledger "
                "gets its rates by `wattledger ledger publish`"
            )
        return tuple(found)

    def amended_by(self, rates: Rates) -> "RateTable":
        """The table with rates that count for their days instead of those it has; those keep their other days."""
        kept = list[Rates]()
        for one in self.rates:
            if one.valid_from < rates.valid_from:
                until = rates.valid_from if one.valid_to is None else min(one.valid_to, rates.valid_from)
                kept.append(replace(one, valid_to=until))
            if rates.valid_to is not None and (one.valid_to is None or one.valid_to > rates.valid_to):
                kept.append(replace(one, valid_from=max(one.valid_from, rates.valid_to)))
        return replace(self, rates=tuple(sorted((*kept, rates), key=lambda one: one.valid_from)))

    @property
    def id(self) -> str:
        """The tariff's id with the region, where the rates have one."""
        return f"{self.tariff}:{self.region}" if self.region else self.tariff

    @property
    def coverage(self) -> str:
        """The covered dates as people write them, adjoining validities joined."""
        spans: list[tuple[date, date | None]] = []
        for rates in self.rates:
            if spans and spans[-1][1] == rates.valid_from:
                spans[-1] = (spans[-1][0], rates.valid_to)
            else:
                spans.append((rates.valid_from, rates.valid_to))
        return ", ".join(f"{start} to {end or 'today'}" for start, end in spans) or "no day yet"


def _check_codes(tariff: Tariff) -> None:
    codes = [charge.code for charge in tariff.charges]
    for code in codes:
        if codes.count(code) > 1:
            raise InvalidTariff(f"tariff {tariff.id}: charge code {code!r} is used twice; codes must differ")
    known: set[str] = set()
    for charge in tariff.charges:
        for name in sorted(set(charge.of) - known):
            raise InvalidTariff(
                f"tariff {tariff.id}: charge {charge.code!r} is reckoned from {name!r}, which is no charge or group "
                f"before it; known here: {', '.join(sorted(known)) or 'none'}"
            )
        known |= {charge.code, charge.group}


def _check_demand_blocks(tariff: Tariff) -> None:
    if tariff.demand_minutes not in {5, 15, 30, 60}:
        raise InvalidTariff(f"tariff {tariff.id}: demand_minutes = {tariff.demand_minutes}; use 5, 15, 30 or 60")
    for (season, day_type), windows in tariff.calendar.schedules.items():
        for window in windows:
            if window.to_minute % tariff.demand_minutes:
                raise InvalidTariff(
                    f"demand_minutes: {tariff.demand_minutes}: a period ends inside a demand block of "
                    f"{tariff.demand_minutes} minutes ({season}, {day_type}, minute {window.to_minute}); no block may "
                    "lie in two periods: shorten the block, or move the edge"
                )
