"""A rate table: the dated numbers of one tariff in one region. Its models, and what a number may be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from adapters.tariff_files.values import Id, Number, Part, Text
from domain.charges import (
    AdjustedEnergy,
    Charge,
    EnergyByPeriod,
    EnergyFlat,
    ExportCredit,
    IndexedPrice,
    NetMetering,
    Percentage,
    PowerFactorEnergy,
    ReactiveEnergy,
    TieredEnergy,
)
from domain.errors import InvalidTariff
from domain.money import NANO, micro
from domain.tariff import Rates, RateTable

MOST_PER_KWH = Decimal(4_000)
"""Currency per kWh or kvarh: one interval of up to 2^31 Wh at this rate still fits an int64 of nano-currency."""
MOST_MONEY = Decimal(NANO)
"""A thousand million currency for a kW, a day, a month or a year; these meet no array of intervals."""
MOST_PERCENT = Decimal(100)
MOST_MULTIPLIER = Decimal(1_000)
"""Percent of a published price: a contract may well ask for more than the price itself."""

PER_KWH = (
    AdjustedEnergy,
    EnergyByPeriod,
    EnergyFlat,
    TieredEnergy,
    IndexedPrice,
    ExportCredit,
    NetMetering,
    ReactiveEnergy,
    PowerFactorEnergy,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """The highest value of a rate; a percentage may be finer than money."""

    most: Decimal
    is_percent: bool = False


def flat(value: object) -> object:
    """Nested tables as one: `energy.base = ...` has the key `energy.base`."""
    if not isinstance(value, dict):
        return value
    leaves = list(_leaves("", value))
    if len(dict(leaves)) < len(leaves):
        raise ValueError("a rate is there twice, as a dotted key and as a key in quotes; remove one")
    return dict(leaves)


def _leaves(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}", value


class RatesPart(Part):
    """The rates of the days `[valid_from, valid_to)`; without `valid_to`, until further notice."""

    valid_from: date
    valid_to: date | None = None
    source: Text
    values: Annotated[dict[str, Number], BeforeValidator(flat), Field(min_length=1)]

    def to_domain(self, overrides: Mapping[str, Decimal]) -> Rates:
        source = self.source + "".join(f"; {key} given by the user" for key in overrides)
        return Rates(self.valid_from, self.valid_to, {**self.values, **overrides}, source)


class RateTableFile(Part):
    """The whole file."""

    schema_: Annotated[Literal["wattledger-rates/1"], Field(alias="schema")]
    tariff: Id
    region: Annotated[str, Field(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$")]
    region_name: str = ""
    evidence: str = ""
    rates: Annotated[list[RatesPart], Field(min_length=1)]

    @property
    def full_id(self) -> str:
        return full_id(self.tariff, self.region)

    def to_domain(self, charges: Sequence[Charge], overrides: Mapping[str, Decimal]) -> RateTable:
        """The table in order of date, every value checked against its charge. Raises `InvalidTariff`."""
        limits = _limits(charges)
        for n, part in enumerate(self.rates, 1):
            _check_dates(part, f"rates[{n}]")
            for key, value in part.values.items():
                check_rate(key, value, limits, f"rates[{n}].values.{key}")
        for key, value in overrides.items():
            check_rate(key, value, limits, f"--rate {key}")
        for n, part in enumerate(self.rates, 1):
            _check_adjusted({**part.values, **overrides}, charges, f"rates[{n}].values")
            _check_inside({**part.values, **overrides}, charges, f"rates[{n}].values")
        parts = sorted(self.rates, key=lambda part: part.valid_from)
        return RateTable(self.tariff, self.region, tuple(part.to_domain(overrides) for part in parts))


def full_id(structure: str, region: str) -> str:
    """`structure:region`, or `structure` where the region has no name."""
    return f"{structure}:{region}" if region else structure


def check_rate(key: str, value: Decimal, limits: Mapping[str, Limit], place: str) -> None:
    """A value must belong to a charge, be possible for it, and be exact to the micro unless it is a percentage."""
    if key not in limits:
        raise InvalidTariff(f"{place}: no charge of the tariff has this rate; use {', '.join(limits)}")
    if not value.is_finite():
        raise InvalidTariff(f"{place}: {value}: not a number; write it in digits")
    if not 0 <= value <= limits[key].most:
        most = f"{limits[key].most:f}"
        raise InvalidTariff(f"{place}: {value}: a rate here lies between 0 and {most}; check its unit")
    if not limits[key].is_percent:
        try:
            micro(value, key)
        except InvalidTariff as error:
            raise InvalidTariff(f"{place}: {value}: {str(error).partition(': ')[2]}") from error


def _limits(charges: Sequence[Charge]) -> dict[str, Limit]:
    """The limit of each rate key, in the order of the charges."""
    limits: dict[str, Limit] = {}
    for charge in charges:
        most = MOST_PER_KWH if isinstance(charge, PER_KWH) else MOST_MONEY
        limits |= dict.fromkeys(charge.rate_keys, Limit(most))
        limits |= dict.fromkeys(charge.percent_keys, Limit(MOST_PERCENT, is_percent=True))
        if isinstance(charge, AdjustedEnergy) or (isinstance(charge, IndexedPrice | ExportCredit) and charge.series):
            limits[f"{charge.code}.factor"] = Limit(MOST_MULTIPLIER, is_percent=True)
    return limits


def _check_adjusted(values: Mapping[str, Decimal], charges: Sequence[Charge], place: str) -> None:
    """No price goes below zero where the index falls to nothing. Raises `InvalidTariff`."""
    for charge in charges:
        part = values.get(f"{charge.code}.adjusted", Decimal(0))
        for key in charge.line_codes if isinstance(charge, AdjustedEnergy) else ():
            if key in values and part > values[key]:
                raise InvalidTariff(
                    f"{place}.{charge.code}.adjusted: {part}: is more than the whole price {key} = {values[key]}; "
                    "only a part of a price is adjusted"
                )


def _check_inside(values: Mapping[str, Decimal], charges: Sequence[Charge], place: str) -> None:
    """What is inside a price leaves something of it. Raises `InvalidTariff`."""
    for charge in charges:
        if isinstance(charge, Percentage) and charge.inside:
            whole = sum((values.get(code, Decimal(0)) for code in charge.inside), Decimal(0))
            if whole >= 100:
                raise InvalidTariff(
                    f"{place}.{charge.code}: {whole}: {', '.join(charge.inside)} together leave nothing of the price "
                    "they are inside; they must add up to less than 100"
                )


def _check_dates(part: RatesPart, place: str) -> None:
    if part.valid_to is not None and part.valid_to <= part.valid_from:
        raise InvalidTariff(
            f"{place}.valid_to: {part.valid_to}: is not after valid_from {part.valid_from}; "
            "valid_to is the first day without these rates"
        )
