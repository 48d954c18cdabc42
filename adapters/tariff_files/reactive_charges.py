"""Charges on reactive energy and the power factor as a structure file writes them."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.tariff_files.parts import BlockMinutes, Frame, NamedPart, PeriodsPart
from adapters.tariff_files.values import Code, Number, Part, Percent, SomeText, Text, number
from domain.calendar import MINUTES_PER_DAY
from domain.charges import (
    PowerFactorAdjustment,
    PowerFactorDemand,
    PowerFactorEnergy,
    PowerFactorSteps,
    ReactiveEnergy,
    ReactiveStep,
    Slopes,
    Threshold,
)
from domain.errors import InvalidTariff


def _ratio(value: Decimal) -> Decimal:
    if not 0 <= value <= 1000 or value != value.quantize(Decimal("0.001")):
        raise ValueError("a share of kvarh in kWh lies between 0 and 1000 percent, with at most 3 decimals")
    return value


class ReactiveStepPart(Part):
    """From this power factor on, the rate `code.key`."""

    from_percent: Percent
    key: Code


def _steps(steps: list[ReactiveStepPart]) -> list[ReactiveStepPart]:
    for upper, lower in pairwise(step.from_percent for step in steps):
        if lower >= upper:
            raise ValueError(f"{lower} comes after {upper}; write the steps from the highest power factor down")
    if steps[-1].from_percent:
        raise ValueError("no step holds for the poorest power factor; let the last one begin at 0")
    if len({step.key for step in steps}) < len(steps):
        raise ValueError("two steps have the same key; name each rate of its own")
    return steps


class ReactiveEnergyPart(PeriodsPart):
    kind: Literal["reactive_energy"]
    ratio_percent: Annotated[Decimal, BeforeValidator(number), AfterValidator(_ratio)]
    per: Literal["month", "period", "hour"]
    steps: Annotated[list[ReactiveStepPart], Field(min_length=1, max_length=20), AfterValidator(_steps)]
    capacitive: bool = False

    def to_domain(self, place: str, frame: Frame) -> ReactiveEnergy:
        if self.per == "hour":
            frame.check_minutes(60, f"{place}.per: 'hour'")
            if len(self.steps) > 1:
                raise InvalidTariff(f"{place}.steps: hours are added up at one rate, not {len(self.steps)}; keep one")
        steps = tuple(ReactiveStep(step.from_percent, step.key) for step in self.steps)
        return ReactiveEnergy(
            *self.named, self.indexed(place, frame), self.ratio_percent, self.per, steps, self.capacitive
        )


def _day_window(value: object) -> tuple[int, int]:
    """`00:30-06:30` as minutes after midnight; one that crosses midnight ends after 1440. Raises ValueError."""
    match = (
        re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    )
    if match is None:
        raise ValueError('write the hours of every day as "00:00-06:00", or "23:00-05:00" across midnight')
    start, end = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
    return start, end if end > start else end + MINUTES_PER_DAY


class PowerFactorBlocksPart(PeriodsPart):
    """Blocks against a reference power factor; in some hours of the night capacitive energy counts."""

    reference_percent: Annotated[int, Field(ge=1, le=100)]
    minutes: BlockMinutes = 60
    capacitive_hours: Annotated[tuple[int, int], BeforeValidator(_day_window)] | None = None

    def check_blocks(self, place: str, frame: Frame) -> None:
        frame.check_minutes(self.minutes, f"{place}.minutes")
        for minute in self.capacitive_hours or ():
            if minute % self.minutes:
                raise InvalidTariff(
                    f"{place}.capacitive_hours: minute {minute}: lies inside a block of {self.minutes} minutes; "
                    "let the hours begin and end with a block"
                )


class PowerFactorEnergyPart(PowerFactorBlocksPart):
    kind: Literal["power_factor_energy"]

    def to_domain(self, place: str, frame: Frame) -> PowerFactorEnergy:
        self.check_blocks(place, frame)
        indexed = self.indexed(place, frame)
        return PowerFactorEnergy(*self.named, indexed, self.reference_percent, self.minutes, self.capacitive_hours)


class PowerFactorDemandPart(PowerFactorBlocksPart):
    kind: Literal["power_factor_demand"]
    kw_of: SomeText

    def to_domain(self, place: str, frame: Frame) -> PowerFactorDemand:
        self.check_blocks(place, frame)
        return PowerFactorDemand(
            *self.named,
            self.indexed(place, frame),
            self.reference_percent,
            self.minutes,
            self.capacitive_hours,
            tuple(self.kw_of),
        )


class PowerFactorStepsPart(NamedPart):
    kind: Literal["power_factor_steps"]
    base: SomeText
    threshold_percent: Percent
    bonus_up_to_percent: Percent | None = None

    def to_domain(self, place: str, frame: Frame) -> PowerFactorSteps:
        best = self.bonus_up_to_percent
        if best is not None:
            self._check_whole(best, place)
        return PowerFactorSteps(*self.named, tuple(self.base), self.threshold_percent, best)

    def _check_whole(self, best: Decimal, place: str) -> None:
        """A bonus counts whole percent, so its ends are whole; and it begins at the threshold."""
        for field, value in (("threshold_percent", self.threshold_percent), ("bonus_up_to_percent", best)):
            if value != value.to_integral_value():
                raise InvalidTariff(f"{place}.{field}: {value}: a bonus counts whole percent; write a whole number")
        if best <= self.threshold_percent:
            asked = self.threshold_percent
            raise InvalidTariff(
                f"{place}.bonus_up_to_percent: {best}: is not above threshold_percent {asked}; raise it"
            )


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
    threshold: Annotated[list[ThresholdPart], Field(min_length=1, max_length=100)] | None = None
    threshold_rate: bool = False
    penalty_percent: Number = Decimal(60)
    penalty_at_most: Number = Decimal(120)
    bonus_percent: Number = Decimal(25)
    bonus_at_most: Percent = Decimal("2.5")
    percent_places: Annotated[int, Field(ge=0, le=6)] = 1

    def to_domain(self, place: str, frame: Frame) -> PowerFactorAdjustment:
        if (self.threshold is None) != self.threshold_rate:
            raise InvalidTariff(
                f"{place}.threshold: write [[charge.threshold]] with their dates, or threshold_rate = true for a dated "
                f"rate {self.code}.threshold; one of the two"
            )
        slopes = Slopes(
            self.penalty_percent, self.penalty_at_most, self.bonus_percent, self.bonus_at_most, self.percent_places
        )
        thresholds = tuple(part.to_domain() for part in self.threshold or ())
        return PowerFactorAdjustment(*self.named, tuple(self.base), thresholds, slopes)
