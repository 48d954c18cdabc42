"""Charges on power as a structure file writes them: the highest demand, and what goes beyond the contract."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from adapters.tariff_files.parts import BlockMinutes, Frame, PeriodsPart
from adapters.tariff_files.values import (
    Kilowatts,
    LoadFactor,
    Months,
    Part,
    Percent,
    Positive,
    SomeText,
    ascending,
    instant,
)
from domain.charges import (
    Band,
    CapAlone,
    ContractedPower,
    ExcessPower,
    ExcessRule,
    KwRounding,
    LookBack,
    MaximumDemand,
    Ratchet,
    UnusedPower,
)
from domain.errors import InvalidTariff
from domain.terms import Per

Instants = Annotated[list[Annotated[datetime, BeforeValidator(instant)]], Field(min_length=1, max_length=10_000)]
MonthsBack = Annotated[int, Field(ge=1, le=36)]


class BlocksPart(PeriodsPart):
    """A charge on blocks of its own length; of the tariff's length unless it names its own."""

    minutes: BlockMinutes | None = None

    def block_minutes(self, place: str, frame: Frame) -> int:
        if self.minutes is not None:
            frame.check_minutes(self.minutes, f"{place}.minutes")
        return self.minutes or frame.demand_minutes


class LookBackPart(Part):
    """The mean of the highest monthly maxima of the last months, this one included."""

    highest: Annotated[int, Field(ge=1, le=36)]
    months: MonthsBack
    in_months: Months = Field(default_factory=list)

    def to_domain(self, place: str) -> LookBack:
        if self.highest > self.months:
            raise InvalidTariff(f"{place}.highest: {self.highest}: there are only {self.months} months; lower it")
        return LookBack(self.highest, self.months, tuple(self.in_months))


class RatchetPart(Part):
    """At least a percentage of the highest maximum of the months before."""

    percent: Percent
    months: MonthsBack
    only_months: Months = Field(default_factory=list)

    def to_domain(self) -> Ratchet:
        return Ratchet(self.percent, self.months, tuple(self.only_months))


class MaximumDemandPart(BlocksPart):
    kind: Literal["maximum_demand"]
    round_up_kw: bool
    round_kw: Literal["half_up", "two_decimals"] | None = None
    rolling: bool = False
    load_factor: LoadFactor | None = None
    highest_blocks: Annotated[int, Field(ge=1, le=1000)] = 1
    apparent: bool = False
    only_at: Instants | None = None
    look_back: LookBackPart | None = None
    ratchet: RatchetPart | None = None
    at_least_kw: Kilowatts | None = None
    per: Per = "month"
    cap_alone: Literal["always", "without_hours"] | None = None
    tiers_kw: Annotated[list[Kilowatts], Field(max_length=20), AfterValidator(ascending)] = Field(default_factory=list)
    in_months: Months = Field(default_factory=list)

    def to_domain(self, place: str, frame: Frame) -> MaximumDemand:
        self._check_cap(place)
        if self.round_up_kw and self.round_kw is not None:
            raise InvalidTariff(f"{place}.round_kw: {self.round_kw!r}: round_up_kw = true rounds too; make it false")
        minutes = self._window_minutes(place, frame) if self.rolling else self.block_minutes(place, frame)
        return MaximumDemand(
            *self.named,
            self.indexed(place, frame),
            self.round_up_kw,
            self.load_factor,
            minutes=None if minutes == frame.demand_minutes else minutes,
            highest_blocks=self.highest_blocks,
            apparent=self.apparent,
            only_s=None if self.only_at is None else _starts(self.only_at, minutes, frame, f"{place}.only_at"),
            look_back=None if self.look_back is None else self.look_back.to_domain(f"{place}.look_back"),
            ratchet=None if self.ratchet is None else self.ratchet.to_domain(),
            at_least_kw=self.at_least_kw,
            tiers_kw=tuple(self.tiers_kw),
            rolling=self.rolling,
            round_kw=None if self.round_kw is None else KwRounding(self.round_kw),
            per=self.per,
            cap_alone=None if self.cap_alone is None else CapAlone(self.cap_alone),
            in_months=tuple(self.in_months),
        )

    def _window_minutes(self, place: str, frame: Frame) -> int:
        """A rolling window belongs where it ends, so it may cross periods; readings must still divide it."""
        other = "highest_blocks" if self.highest_blocks > 1 else "only_at" if self.only_at is not None else None
        if other is not None:
            raise InvalidTariff(
                f"{place}.rolling: windows that overlap have no {other}; remove one of the two, or roll no more"
            )
        if (self.minutes or frame.demand_minutes) % frame.demand_minutes:
            frame.check_minutes(self.minutes or frame.demand_minutes, f"{place}.minutes")
        return self.minutes or frame.demand_minutes

    def _check_cap(self, place: str) -> None:
        other = "apparent" if self.apparent else "tiers_kw" if self.tiers_kw else None
        if self.load_factor is not None and other is not None:
            raise InvalidTariff(
                f"{place}.load_factor: {self.load_factor}: caps one price per kW, and does not go with {other}; "
                "remove one of them"
            )
        if self.cap_alone is not None and self.load_factor is None:
            raise InvalidTariff(
                f"{place}.cap_alone: {self.cap_alone!r}: there is no cap; add load_factor, or remove it"
            )


class ContractedPowerPart(PeriodsPart):
    kind: Literal["contracted_power"]
    per: Literal["year", "day"] = "year"
    ascending: bool = False

    def to_domain(self, place: str, frame: Frame) -> ContractedPower:
        return ContractedPower(*self.named, self.indexed(place, frame), self.per, self.ascending)


class BandPart(Part):
    """Excess up to a percentage of the contract costs so many times the rate; the last band has no end."""

    up_to_percent: Positive | None = None
    times: Positive


def _bands(bands: list[BandPart]) -> list[BandPart]:
    if any(band.up_to_percent is None for band in bands[:-1]) or bands[-1].up_to_percent is not None:
        raise ValueError("all bands but the last need up_to_percent, and the last has none")
    for lower, upper in pairwise(band.up_to_percent for band in bands[:-1]):
        if lower is not None and upper is not None and lower >= upper:
            raise ValueError(f"{upper} comes after {lower}; write the bands from the lowest to the highest")
    return bands


class ExcessPowerPart(BlocksPart):
    kind: Literal["excess_power"]
    rule: Literal["banded", "quadratic"]
    bands: Annotated[list[BandPart], Field(min_length=1, max_length=20), AfterValidator(_bands)] | None = None
    free_percent: Percent = Decimal(0)
    whole: bool = True
    per_day: bool = False
    together: bool = False
    once: bool = False

    def to_domain(self, place: str, frame: Frame) -> ExcessPower:
        unfit = sorted(self.model_fields_set & {"bands", "free_percent", "whole", "together", "once"})
        if self.rule == "quadratic" and unfit:
            raise InvalidTariff(f"{place}.{unfit[0]}: the quadratic rule has none; remove it, or use rule = 'banded'")
        if self.together and self.once:
            raise InvalidTariff(f"{place}.once: true: all periods together are one; remove it, or 'together'")
        minutes = self.block_minutes(place, frame)
        return ExcessPower(
            *self.named,
            self.indexed(place, frame),
            ExcessRule(self.rule),
            tuple(Band(band.up_to_percent, band.times) for band in self.bands or [BandPart(times=Decimal(1))]),
            self.free_percent,
            self.whole,
            self.per_day,
            minutes,
            self.together,
            self.once,
        )


class UnusedPowerPart(PeriodsPart):
    """Contracted power that earlier demand charges did not bill."""

    kind: Literal["unused_power"]
    kw_of: SomeText
    percent: Percent = Decimal(100)
    per: Per = "month"

    def to_domain(self, place: str, frame: Frame) -> UnusedPower:
        return UnusedPower(*self.named, self.indexed(place, frame), tuple(self.kw_of), self.percent, self.per)


def _starts(instants: Sequence[datetime], minutes: int, frame: Frame, place: str) -> tuple[int, ...]:
    """UTC seconds of coincident blocks. Raises `InvalidTariff` for an instant at which no block begins."""
    found: set[int] = set()
    for at in instants:
        local = at.astimezone(frame.zone)
        if (local.hour * 60 + local.minute) % minutes or local.second or local.microsecond:
            raise InvalidTariff(f"{place}: {at.isoformat()}: no block of {minutes} minutes begins then; give its start")
        if int(at.timestamp()) in found:
            raise InvalidTariff(f"{place}: {at.isoformat()} is there twice; remove one")
        found.add(int(at.timestamp()))
    return tuple(sorted(found))
