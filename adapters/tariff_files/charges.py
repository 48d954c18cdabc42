"""The charges of a structure file, one model for each kind, and how each becomes a charge of the domain.

Here are the charges that no reading decides, the check that charges may name each other, and the list of all kinds.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from adapters.tariff_files.demand_charges import (
    ContractedPowerPart,
    ExcessPowerPart,
    MaximumDemandPart,
    UnusedPowerPart,
)
from adapters.tariff_files.energy_charges import (
    AdjustedEnergyPart,
    EnergyByPeriodPart,
    EnergyCreditPart,
    EnergyFlatPart,
    IndexedPricePart,
    TieredEnergyPart,
)
from adapters.tariff_files.export_charges import ExportCreditPart, NetMeteringPart
from adapters.tariff_files.parts import Frame, NamedPart
from adapters.tariff_files.reactive_charges import (
    PowerFactorDemandPart,
    PowerFactorEnergyPart,
    PowerFactorPart,
    PowerFactorStepsPart,
    ReactiveEnergyPart,
)
from adapters.tariff_files.values import Code, Number, Positive, SomeText
from domain.charges import Charge, Fixed, MinimumBill, Percentage, TotalRounding
from domain.errors import InvalidTariff

MOST_ROUNDED = 1_000_000
"""Nobody rounds a bill to more than a million of any currency."""


class FixedPart(NamedPart):
    kind: Literal["fixed"]
    per: Literal["month", "day"]

    def to_domain(self, place: str, frame: Frame) -> Fixed:
        return Fixed(*self.named, self.per)


class MinimumBillPart(NamedPart):
    kind: Literal["minimum_bill"]
    base: SomeText
    per: Literal["month", "day"] = "month"

    def to_domain(self, place: str, frame: Frame) -> MinimumBill:
        return MinimumBill(*self.named, tuple(self.base), self.per)


class TotalRoundingPart(NamedPart):
    kind: Literal["total_rounding"]
    base: SomeText
    to: Annotated[Positive, Field(le=MOST_ROUNDED)]

    def to_domain(self, place: str, frame: Frame) -> TotalRounding:
        return TotalRounding(*self.named, tuple(self.base), self.to)


class PercentagePart(NamedPart):
    kind: Literal["percentage"]
    base: SomeText
    floor_per_mwh: Number | None = None
    only_low_side: bool = False
    inside: Annotated[list[Code], Field(min_length=1, max_length=20)] | None = None
    credit: bool = False

    def to_domain(self, place: str, frame: Frame) -> Percentage:
        other = "inside" if self.inside is not None else "floor_per_mwh" if self.floor_per_mwh is not None else None
        if self.credit and other is not None:
            raise InvalidTariff(f"{place}.credit: true: a discount has no {other}; remove one of them")
        inside = tuple(self.inside or ())
        return Percentage(*self.named, tuple(self.base), self.floor_per_mwh, self.only_low_side, inside, self.credit)


AnyCharge = Annotated[
    EnergyByPeriodPart
    | EnergyFlatPart
    | EnergyCreditPart
    | AdjustedEnergyPart
    | TieredEnergyPart
    | IndexedPricePart
    | ExportCreditPart
    | NetMeteringPart
    | MaximumDemandPart
    | FixedPart
    | ContractedPowerPart
    | ExcessPowerPart
    | UnusedPowerPart
    | ReactiveEnergyPart
    | PowerFactorEnergyPart
    | PowerFactorDemandPart
    | PowerFactorStepsPart
    | PowerFactorPart
    | PercentagePart
    | MinimumBillPart
    | TotalRoundingPart,
    Field(discriminator="kind"),
]


def to_domain(parts: Sequence[AnyCharge], frame: Frame) -> tuple[Charge, ...]:
    """The charges in the order of the bill. Raises `InvalidTariff` with the place of the charge at fault."""
    charges: list[Charge] = []
    for n, part in enumerate(parts, 1):
        place = f"charge[{n}]"
        _check_code(part.code, parts[: n - 1], place)
        if isinstance(part, TieredEnergyPart) and part.kw_of is not None:
            _check_kw_of(part.kw_of, parts[: n - 1], place)
        if isinstance(part, PercentagePart) and part.inside is not None:
            _check_inside(part.code, part.inside, parts, place)
        charges.append(part.to_domain(place, frame))
        _check_base(part, charges, place)
    return tuple(charges)


def _check_code(code: str, before: Sequence[AnyCharge], place: str) -> None:
    for n, part in enumerate(before, 1):
        if part.code == code:
            raise InvalidTariff(f"{place}.code: {code!r} is there twice, first in charge[{n}]; rename one")


def _check_base(part: AnyCharge, charges: Sequence[Charge], place: str) -> None:
    """What a charge is reckoned from stands before it. Raises `InvalidTariff`."""
    *before, own = charges
    known = {name for one in before for name in (one.code, one.group)}
    for name in sorted(set(own.of) - known):
        field = next(one for one in ("base", "limited_to", "kw_of") if name in (getattr(part, one, None) or ()))
        raise InvalidTariff(
            f"{place}.{field}: charge {own.code!r} is reckoned from {name!r}, which is no charge or group before it; "
            f"known here: {', '.join(sorted(known)) or 'none'}"
        )


def _check_kw_of(wanted: str, before: Sequence[AnyCharge], place: str) -> None:
    demands = [part for part in before if isinstance(part, MaximumDemandPart)]
    known = [part.code for part in demands if not part.in_months]
    if wanted not in known and any(part.code == wanted for part in demands):
        raise InvalidTariff(
            f"{place}.kw_of: {wanted!r} is not billed in every month, so that the others would have no limits; name a "
            f"maximum_demand without in_months; known here: {', '.join(known) or 'none'}"
        )
    if wanted not in known:
        raise InvalidTariff(
            f"{place}.kw_of: {wanted!r} is no maximum_demand before this charge; "
            f"known here: {', '.join(known) or 'none'}"
        )


def _check_inside(own: str, inside: Sequence[str], parts: Sequence[AnyCharge], place: str) -> None:
    known = [part.code for part in parts if isinstance(part, PercentagePart)]
    for name in inside:
        if name not in known:
            raise InvalidTariff(f"{place}.inside: {name!r} is no percentage of the file; use {', '.join(known)}")
        if inside.count(name) > 1:
            raise InvalidTariff(f"{place}.inside: {name!r} is there twice; remove one")
    if own not in inside:
        raise InvalidTariff(f"{place}.inside: {own!r} is missing; a tax inside the price is inside its own base too")
