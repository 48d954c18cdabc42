"""The charges of a structure file, one model for each kind, and how each becomes a charge of the domain."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from adapters.tariff_files.values import Code, LoadFactor, Number, Part, Percent, SomeText, Text
from domain.charges import (
    ContractedPower,
    EnergyByPeriod,
    EnergyFlat,
    Fixed,
    MaximumDemand,
    Percentage,
    PowerFactorAdjustment,
    Threshold,
)
from domain.errors import InvalidTariff


class NamedPart(Part):
    """What every charge has."""

    code: Code
    label: Text
    group: Code
    source: str = ""


class PeriodsPart(NamedPart):
    """A charge on some periods; on all of them unless it names its own."""

    periods: SomeText | None = None

    def indexed(self, place: str, known: Sequence[str]) -> tuple[tuple[int, str], ...]:
        """(index, name) of each period. Raises `InvalidTariff` for one that the calendar does not have."""
        wanted = known if self.periods is None else self.periods
        for name in wanted:
            if name not in known:
                raise InvalidTariff(f"{place}.periods: {name!r} is no period of the calendar; use {', '.join(known)}")
            if wanted.count(name) > 1:
                raise InvalidTariff(f"{place}.periods: {name!r} is there twice; remove one")
        return tuple((known.index(name), name) for name in wanted)


class EnergyByPeriodPart(PeriodsPart):
    kind: Literal["energy_by_period"]

    def to_domain(self, place: str, periods: Sequence[str]) -> EnergyByPeriod:
        return EnergyByPeriod(self.code, self.label, self.group, self.source, self.indexed(place, periods))


class EnergyFlatPart(NamedPart):
    kind: Literal["energy_flat"]

    def to_domain(self, place: str, periods: Sequence[str]) -> EnergyFlat:
        return EnergyFlat(self.code, self.label, self.group, self.source)


class MaximumDemandPart(PeriodsPart):
    kind: Literal["maximum_demand"]
    round_up_kw: bool
    load_factor: LoadFactor | None = None

    def to_domain(self, place: str, periods: Sequence[str]) -> MaximumDemand:
        named = self.code, self.label, self.group, self.source
        return MaximumDemand(*named, self.indexed(place, periods), self.round_up_kw, self.load_factor)


class FixedPart(NamedPart):
    kind: Literal["fixed"]
    per: Literal["month", "day"]

    def to_domain(self, place: str, periods: Sequence[str]) -> Fixed:
        return Fixed(self.code, self.label, self.group, self.source, self.per)


class ContractedPowerPart(PeriodsPart):
    kind: Literal["contracted_power"]

    def to_domain(self, place: str, periods: Sequence[str]) -> ContractedPower:
        return ContractedPower(self.code, self.label, self.group, self.source, self.indexed(place, periods))


class PercentagePart(NamedPart):
    kind: Literal["percentage"]
    base: SomeText
    floor_per_mwh: Number | None = None
    only_low_side: bool = False

    def to_domain(self, place: str, periods: Sequence[str]) -> Percentage:
        named = self.code, self.label, self.group, self.source
        return Percentage(*named, tuple(self.base), self.floor_per_mwh, self.only_low_side)


class ThresholdPart(Part):
    """The power factor asked from a date on, where the contract is at least so large."""

    from_: Annotated[date, Field(alias="from")]
    percent: Percent
    contracted_kw_at_least: Number = Decimal(0)
    source: Text

    def to_domain(self) -> Threshold:
        return Threshold(self.from_, self.percent, self.contracted_kw_at_least, self.source)


class PowerFactorPart(NamedPart):
    kind: Literal["power_factor"]
    base: SomeText
    threshold: Annotated[list[ThresholdPart], Field(min_length=1)]

    def to_domain(self, place: str, periods: Sequence[str]) -> PowerFactorAdjustment:
        thresholds = tuple(part.to_domain() for part in self.threshold)
        return PowerFactorAdjustment(self.code, self.label, self.group, self.source, tuple(self.base), thresholds)


AnyCharge = Annotated[
    EnergyByPeriodPart
    | EnergyFlatPart
    | MaximumDemandPart
    | FixedPart
    | ContractedPowerPart
    | PercentagePart
    | PowerFactorPart,
    Field(discriminator="kind"),
]
