"""Charges on energy as a structure file writes them: by period, flat, in tiers, and at a published price."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.tariff_files.parts import Frame, NamedPart, PeriodsPart
from adapters.tariff_files.values import Code, ascending, number
from domain.charges import (
    AdjustedEnergy,
    EnergyByPeriod,
    EnergyCredit,
    EnergyFlat,
    IndexedPrice,
    TieredEnergy,
    TierScope,
    TierUnit,
)
from domain.errors import InvalidTariff

LARGEST_LIMIT = 10**12


def _limit(value: Decimal) -> Decimal:
    if not 0 < value <= LARGEST_LIMIT:
        raise ValueError("a limit of a tier lies above 0 and up to a million million kWh")
    if value != value.quantize(Decimal("0.001")):
        raise ValueError("more than 3 decimals; energy is counted in whole watt-hours")
    return value


Limit = Annotated[Decimal, BeforeValidator(number), AfterValidator(_limit)]


class EnergyByPeriodPart(PeriodsPart):
    kind: Literal["energy_by_period"]

    def to_domain(self, place: str, frame: Frame) -> EnergyByPeriod:
        return EnergyByPeriod(*self.named, self.indexed(place, frame))


class EnergyFlatPart(NamedPart):
    kind: Literal["energy_flat"]

    def to_domain(self, place: str, frame: Frame) -> EnergyFlat:
        return EnergyFlat(*self.named)


class EnergyCreditPart(PeriodsPart):
    """Given back for each kWh, one line for all periods."""

    kind: Literal["energy_credit"]

    def to_domain(self, place: str, frame: Frame) -> EnergyCredit:
        return EnergyCredit(*self.named, self.indexed(place, frame))


class AdjustedEnergyPart(PeriodsPart):
    """A part of the price, `code.adjusted`, follows the percentage `code.factor`."""

    kind: Literal["adjusted_energy"]

    def to_domain(self, place: str, frame: Frame) -> AdjustedEnergy:
        indexed = self.indexed(place, frame)
        for name in {"adjusted", "factor"} & {name for _, name in indexed}:
            raise InvalidTariff(f"{place}.periods: {name!r}: the adjustment has a rate of that key; rename it")
        return AdjustedEnergy(*self.named, indexed)


class TieredEnergyPart(PeriodsPart):
    """The scope has no default: the same load and rates give three different bills."""

    kind: Literal["tiered_energy"]
    scope: Literal["per_period", "pooled_proportional", "pooled_chronological"]
    limits: Annotated[list[Limit], Field(max_length=20), AfterValidator(ascending)]
    banded: bool = False
    unit: Literal["kWh", "kWh/day", "kWh/kW"] = "kWh"
    kw_of: Code | None = None
    normal_days: Annotated[int, Field(ge=1, le=366)] | None = None
    per_mwh: bool = False

    def to_domain(self, place: str, frame: Frame) -> TieredEnergy:
        if not self.limits and not self.per_mwh:
            raise InvalidTariff(f"{place}.limits: []: one tier has no limit; use kind = 'energy_by_period'")
        self._check_kw(place)
        if self.normal_days is not None and self.unit == "kWh/day":
            raise InvalidTariff(f"{place}.normal_days: {self.normal_days}: limits per day have no month; remove it")
        return TieredEnergy(
            *self.named,
            self.indexed(place, frame),
            TierScope(self.scope),
            tuple(self.limits),
            self.banded,
            TierUnit(self.unit),
            self.kw_of or "",
            self.normal_days,
            self.per_mwh,
        )

    def _check_kw(self, place: str) -> None:
        if self.unit != "kWh/kW":
            if self.kw_of is not None:
                raise InvalidTariff(f'{place}.kw_of: {self.kw_of!r}: only limits of unit "kWh/kW" need it; remove it')
            return
        if self.kw_of is None:
            raise InvalidTariff(f"{place}.kw_of: is missing; name the demand charge whose kW the limits multiply")
        if self.scope == "pooled_chronological" and not self.banded:
            raise InvalidTariff(
                f"{place}.scope: 'pooled_chronological': limits in kWh/kW are known when the month has ended, so no "
                "interval can climb them; use 'pooled_proportional' or 'per_period'"
            )


class IndexedPricePart(NamedPart):
    """Every kWh, at the price of its hour or quarter of an hour."""

    kind: Literal["indexed_price"]
    series: Code

    def to_domain(self, place: str, frame: Frame) -> IndexedPrice:
        return IndexedPrice(*self.named, self.series)
