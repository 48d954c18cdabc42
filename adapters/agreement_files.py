"""What was agreed with the utility over time, as a TOML file: tariffs, contracts, and when a new meter took over.

meter_changed = [2026-02-17]

[[agreement]]
since = 2025-07-01
tariff = "mx-gdmth:golfo-centro"

[agreement.contracted_kw]
all = "800"
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.budget import LARGEST_RATED_KW
from domain.errors import BadOption
from domain.nesting import NestedTooDeeply, check_toml
from domain.terms import Contract

MOST_BYTES = 1 << 20
PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class StatedAgreement:
    """One agreement as it is written: `tariff` is an id or the path of a tariff file, `rates` a rate table's path."""

    since: date
    tariff: str
    rates: Path | None
    contract: Contract


@dataclass(frozen=True, slots=True)
class StatedAgreements:
    """The whole file, in its order."""

    agreements: tuple[StatedAgreement, ...]
    meter_changed: tuple[date, ...]


def _kw(value: object) -> Decimal:
    """Contracted kW: a number or text of 0 or more; never from a binary float."""
    if isinstance(value, str | int) and not isinstance(value, bool) and PLAIN_NUMBER.fullmatch(str(value)):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and value >= 0 and value.adjusted() < 12:
        return value
    raise ValueError('write kW of 0 or more in digits, like "461.75"')


def _within_largest(value: Decimal) -> Decimal:
    if value > LARGEST_RATED_KW:
        raise ValueError(f"more than {LARGEST_RATED_KW:,} kW, the largest supply point; give it in kW, not in W")
    if value != value.quantize(Decimal("0.001")):
        raise ValueError("finer than a watt; give at most 3 decimals of a kW")
    return value


Kw = Annotated[Decimal, BeforeValidator(_kw), AfterValidator(_within_largest)]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _AgreementPart(_Part):
    since: date
    tariff: Words
    rates: Words | None = None
    contracted_kw: dict[str, Kw] = Field(default_factory=dict)
    metered_on_low_side: bool = False

    def to_domain(self, folder: Path) -> StatedAgreement:
        is_a_file = self.tariff.endswith(".toml")
        return StatedAgreement(
            since=self.since,
            tariff=str(folder / self.tariff) if is_a_file else self.tariff,
            rates=None if self.rates is None else folder / self.rates,
            contract=Contract(self.contracted_kw, self.metered_on_low_side),
        )


class _File(_Part):
    agreement: Annotated[list[_AgreementPart], Field(min_length=1, max_length=1000)]
    meter_changed: Annotated[list[date], Field(max_length=1000)] = Field(default_factory=list)


def read_agreements(path: Path) -> StatedAgreements:
    """The agreements of a file of at most 1 MiB; paths in it start at its folder.

    Raises `BadOption` that names file, field, value and remedy.
    """
    try:
        file = _File.model_validate(_content(path))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise BadOption(f"{path}: {_sentence(faults[0])}{more}") from None
    _check_days("agreement", "since", [part.since for part in file.agreement], path)
    _check_days("meter_changed", "", file.meter_changed, path)
    found = tuple(part.to_domain(path.parent) for part in file.agreement)
    return StatedAgreements(found, tuple(file.meter_changed))


def _content(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadOption(f"{path}: cannot be read: {error.strerror}; check the path") from None
    if len(content) > MOST_BYTES:
        raise BadOption(f"{path}: larger than 1 MiB; a file of agreements holds no readings: check the path")
    try:
        check_toml(content)
        return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except NestedTooDeeply as error:
        raise BadOption(f"{path}: is {error}; agreements need two levels") from None
    except (ValueError, ArithmeticError) as error:  # not UTF-8 is a ValueError
        raise BadOption(f"{path}: is not TOML in UTF-8: {error}; correct it") from None


def _check_days(list_name: str, field: str, days: list[date], path: Path) -> None:
    for number, (before, after) in enumerate(pairwise(days), 2):
        if after <= before:
            place = f"{list_name}[{number}]{'.' if field else ''}{field}"
            raise BadOption(f"{path}: {place}: {after} is not after {before}; give each day once, the earliest first")


def _sentence(fault: Any) -> str:
    """One fault as `place: value: what is wrong; remedy`, counted from 1."""
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in fault["loc"]).lstrip(".")
    value = repr(fault["input"])[:60]
    match fault["type"]:
        case "missing":
            return f"{place}: is missing; add it"
        case "extra_forbidden":
            return f"{place}: is not a field here; use since, tariff, rates, contracted_kw, metered_on_low_side"
        case "list_type":
            return f"{place}: is no list; write each agreement under [[agreement]], and days as [2026-01-31]"
        case "value_error":
            return f"{place}: {value}: {fault['ctx']['error']}"
        case "date_type":
            return f"{place}: {value}: write a date without quotes and without a time, like 2026-01-31"
        case _:
            return f"{place}: {value}: {fault['msg'][:1].lower()}{fault['msg'][1:]}; correct it"
