"""A tariff: its structure (calendar, charges, rounding) and, kept apart, its dated rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from domain.calendar import Calendar
from domain.charges import Charge, PriceSeries
from domain.errors import InvalidTariff, NoPriceInForce
from domain.money import Rounding


@dataclass(frozen=True)
class Tariff:
    """One version of a rate: what is charged, when and how. `version` is the hash of its content, rates included.

    `timezone` is where the tariff usually holds; a supply point may name another. Raises `InvalidTariff`.
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
        """The rates of the days `[first, end)`. Raises `NoPriceInForce` unless one validity covers them all."""
        for rates in self.rates:
            if rates.valid_from <= first and (rates.valid_to is None or end <= rates.valid_to):
                return rates
        raise NoPriceInForce(
            f"tariff {self.id} has no rates for {first} to {end} (end excluded); it covers {self.coverage}; "
            "choose --from and --to inside, or price every month at known rates with --rates-of YYYY-MM"
        )

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
        return ", ".join(f"{start} to {end or 'today'}" for start, end in spans)


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
                    f"tariff {tariff.id}: a period ends inside a demand block of {tariff.demand_minutes} minutes "
                    f"({season}, {day_type}, minute {window.to_minute}); no block may lie in two periods"
                )
