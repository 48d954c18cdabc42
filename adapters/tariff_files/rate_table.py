"""A rate table: the dated numbers of one tariff in one region. Its models, and what a number may be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.tariff_files.values import Id, Number, Part, Text
from domain.budget import over_budget
from domain.charges import (
    AdjustedEnergy,
    Charge,
    EnergyByPeriod,
    EnergyCredit,
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
"""Currency per kWh or kvarh; what all rates together may come to is `domain.budget`'s business."""
MOST_MONEY = Decimal(NANO)
"""A thousand million currency for a kW, a day, a month or a year; more is a slip, whatever it multiplies."""
MOST_PERCENT = Decimal(100)
MOST_MULTIPLIER = Decimal(1_000)
"""Percent of a published price: a contract may well ask for more than the price itself."""

MOST_VALIDITIES = 2_000
"""More than a validity a month for a century."""

PER_KWH = (
    AdjustedEnergy,
    EnergyByPeriod,
    EnergyCredit,
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


def one_or_more(value: object) -> object:
    """One name as a list of one."""
    return [value] if isinstance(value, str) else value


def no_two_alike(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a tariff is there twice; remove one")
    return names


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


Values = Annotated[dict[str, Number], BeforeValidator(flat), Field(min_length=1)]


class RatesPart(Part):
    """The rates of the days `[valid_from, valid_to)`; without `valid_to`, until further notice.

    `values` hold for every tariff of the table, `values_of` for one of them alone, as the tax of a zone does.
    `after_gap`: no source states the days before; without it validities meet, and one that does not is a slip.
    """

    valid_from: date
    valid_to: date | None = None
    source: Text
    after_gap: bool = False
    values: Values
    values_of: dict[str, Values] = Field(default_factory=dict)

    def of(self, tariff: str, place: str) -> "RatesPart":
        """These rates as one tariff has them. Raises `InvalidTariff` for a rate that is there twice."""
        own = self.values_of.get(tariff, {})
        for key in own.keys() & self.values.keys():
            raise InvalidTariff(f"{place}.values_of.{tariff}.{key}: {own[key]}: is in values too; remove one")
        return self.model_copy(update={"values": {**self.values, **own}, "values_of": {}})

    def to_domain(self, overrides: Mapping[str, Decimal]) -> Rates:
        source = self.source + "".join(f"; {key} given by the user" for key in overrides)
        return Rates(self.valid_from, self.valid_to, {**self.values, **overrides}, source)


class RateTableFile(Part):
    """The whole file: the rates of one tariff, or of several that have them in common."""

    schema_: Annotated[Literal["wattledger-rates/1"], Field(alias="schema")]
    tariff: Annotated[list[Id], BeforeValidator(one_or_more), AfterValidator(no_two_alike), Field(min_length=1)]
    region: Annotated[str, Field(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$")]
    region_name: str = ""
    evidence: str = ""
    rates: Annotated[list[RatesPart], Field(min_length=1, max_length=MOST_VALIDITIES)]

    def of(self, tariff: str) -> "RateTableFile":
        """The table as one of its tariffs has it. Raises `InvalidTariff` when the tariff is none of them."""
        if tariff not in self.tariff:
            raise InvalidTariff(
                f"tariff: {', '.join(map(repr, self.tariff))}: these rates belong to another tariff than {tariff!r}; "
                "add it to the list, or choose its own rates"
            )
        for n, part in enumerate(self.rates, 1):
            for name in part.values_of.keys() - set(self.tariff):
                raise InvalidTariff(
                    f"rates[{n}].values_of: {name!r}: is no tariff of this table; use one of "
                    f'{", ".join(self.tariff)}, in quotes: [rates.values_of."{self.tariff[-1]}"]'
                )
        rates = [part.of(tariff, f"rates[{n}]") for n, part in enumerate(self.rates, 1)]
        return self.model_copy(update={"tariff": [tariff], "rates": rates})

    def to_domain(self, charges: Sequence[Charge], overrides: Mapping[str, Decimal]) -> RateTable:
        """The table of its one tariff in order of date, every value checked. Raises `InvalidTariff`."""
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
            _check_whole({**part.values, **overrides}, charges, f"rates[{n}].values")
            _check_budget(part.values, overrides, charges, f"rates[{n}].values")
        _check_meeting(self.rates)
        parts = sorted(self.rates, key=lambda part: part.valid_from)
        return RateTable(self.tariff[0], self.region, tuple(part.to_domain(overrides) for part in parts))


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
        most *= 1000 if isinstance(charge, TieredEnergy) and charge.per_mwh else 1
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


def _check_whole(values: Mapping[str, Decimal], charges: Sequence[Charge], place: str) -> None:
    """A charge has all of its rates or none: with one for the summer alone, the winter was forgotten."""
    for charge in charges:
        keys = [key for key in (*charge.rate_keys, *charge.percent_keys) if key.startswith(f"{charge.code}.")]
        there = [key for key in keys if key in values]
        for key in keys:
            if there and key not in values:
                raise InvalidTariff(
                    f"{place}.{key}: is missing, while {there[0]} is there; add it, or leave all of "
                    f"{charge.code!r} out and give them with --rate"
                )


def _check_budget(
    values: Mapping[str, Decimal], overrides: Mapping[str, Decimal], charges: Sequence[Charge], place: str
) -> None:
    """No load within the largest can bring a bill beyond 64 bits. Raises `InvalidTariff`."""
    both = {**values, **overrides}
    fault = over_budget(charges, both)
    if fault is not None:
        where = f"--rate {fault.key}" if fault.key in overrides else f"{place}.{fault.key or fault.charge.code}"
        raise InvalidTariff(f"{where}: {both.get(fault.key, '')}: {fault}")


def _check_dates(part: RatesPart, place: str) -> None:
    if part.valid_to is not None and part.valid_to <= part.valid_from:
        raise InvalidTariff(
            f"{place}.valid_to: {part.valid_to}: is not after valid_from {part.valid_from}; "
            "valid_to is the first day without these rates"
        )


def _check_meeting(parts: Sequence[RatesPart]) -> None:
    """No day has two rates, and none is without unless the file says so: a bill there is refused, and names the day."""
    ordered = sorted(enumerate(parts, 1), key=lambda one: one[1].valid_from)
    for (n, before), (m, after) in pairwise(ordered):
        if before.valid_to is None or before.valid_to > after.valid_from:
            raise InvalidTariff(
                f"rates[{m}].valid_from: {after.valid_from}: overlaps rates[{n}], which hold from {before.valid_from} "
                f"{f'to {before.valid_to}' if before.valid_to else 'until further notice'}; "
                f"let that valid_to be {after.valid_from} or earlier"
            )
        if before.valid_to < after.valid_from and not after.after_gap:
            raise InvalidTariff(
                f"rates[{m}].valid_from: {after.valid_from}: does not meet rates[{n}], whose valid_to, the first day "
                f"without them, is {before.valid_to}; let both be one day, or write after_gap = true where no source "
                "states the days between"
            )
        if before.valid_to == after.valid_from and after.after_gap:
            raise InvalidTariff(
                f"rates[{m}].after_gap: true: there is none, rates[{n}] hold to {after.valid_from}; remove it"
            )
