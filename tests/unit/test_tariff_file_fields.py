"""Whatever the domain can do, a tariff file can say: no option of a charge or a calendar is out of its reach."""

from dataclasses import fields
from inspect import isclass
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

import domain.charges
from adapters.tariff_files.charges import AnyCharge
from adapters.tariff_files.demand_charges import BandPart, LookBackPart, RatchetPart
from adapters.tariff_files.rate_table import RatesPart, RateTableFile
from adapters.tariff_files.reactive_charges import PowerFactorPart, ReactiveStepPart, ThresholdPart
from adapters.tariff_files.structure import CalendarPart, HolidayPart, RoundingPart, SeasonPart, StructureFile
from domain.calendar import Calendar, FixedDay, NthWeekday, Season
from domain.charges import (
    Band,
    IndexedPrice,
    LookBack,
    PowerFactorAdjustment,
    Ratchet,
    ReactiveStep,
    Slopes,
    Threshold,
)
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

KINDS: tuple[type[Any], ...] = get_args(get_args(AnyCharge)[0])
PARTS: dict[type[BaseModel], type[Any]] = {
    **{kind: get_type_hints(kind.to_domain)["return"] for kind in KINDS},
    LookBackPart: LookBack,
    RatchetPart: Ratchet,
    BandPart: Band,
    ReactiveStepPart: ReactiveStep,
    ThresholdPart: Threshold,
    CalendarPart: Calendar,
    SeasonPart: Season,
    RoundingPart: Rounding,
    StructureFile: Tariff,
    RatesPart: Rates,
    RateTableFile: RateTable,
}
OTHER_NAMES = {
    (Calendar, "seasons"): "season",
    (Calendar, "holidays"): "holiday",
    (Calendar, "holiday_type"): "day_types",
    (Calendar, "schedules"): "schedule",
    (Tariff, "charges"): "charge",
    (Tariff, "rate_table"): "rates",
    (Tariff, "splits_at_seasons"): "season_change",
    (Threshold, "valid_from"): "from_",
}
"""A field of the domain, and what the file calls it."""
BESIDE_THE_FILE = {
    (Tariff, "version"),
    (Tariff, "series"),
    (Rates, "assumption"),
    (IndexedPrice, "exported"),
    (PowerFactorAdjustment, "slopes"),
}
"""Worked out, or given apart: the hash, price series, what-if; export has a kind of its own, slopes a test below."""
GIVEN_AS = {"only_s": "only_at", "thresholds": "threshold", "capacitive_minutes": "capacitive_hours"}
"""An option of a charge, and what the file calls it."""


def unsaid(part: type[BaseModel], what: type[Any]) -> list[str]:
    """Fields of the domain that the part of a file has no name for."""
    wanted = [field.name for field in fields(what) if (what, field.name) not in BESIDE_THE_FILE]
    named = ((name, OTHER_NAMES.get((what, name), GIVEN_AS.get(name, name))) for name in wanted)
    return [name for name, said in named if said not in part.model_fields]


@pytest.mark.parametrize(("part", "what"), PARTS.items(), ids=lambda one: one.__name__)
def test_every_option_of_the_domain_has_a_field(part: type[BaseModel], what: type[Any]) -> None:
    assert unsaid(part, what) == []


def test_every_slope_of_a_power_factor_can_be_written() -> None:
    assert {field.name for field in fields(Slopes)} <= set(PowerFactorPart.model_fields)


def test_every_kind_of_charge_can_be_written() -> None:
    there = {one for one in vars(domain.charges).values() if isclass(one) and hasattr(one, "accrued_nano")}
    assert there - {domain.charges.Charge} == {PARTS[kind] for kind in KINDS}


def test_every_day_rule_can_be_written() -> None:
    assert {field.name for rule in (FixedDay, NthWeekday) for field in fields(rule)} <= set(HolidayPart.model_fields)
