"""A supply point as a TOML file: who reads it, which meters it has, and by which tariff it is billed since when.

    schema = "wattledger-site/1"
    id = "plant"
    device = "edge-1"
    timezone = "America/Mexico_City"
    main_meter = "main"

    [[agreements]]
    tariff = "mx-gdmth:golfo-centro"
    contracted_kw = { all = "800" }

    [meters.main]
    rated_power_kw = 1500

What is not understood is refused, by the key and with its value: a misspelt key would be a meter without a limit.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from domain.errors import BadOption
from domain.measurement import NO_EXTRA, Extra, MeterType, Registers
from domain.nesting import check_toml
from domain.site_events import MeterSwapped
from domain.supply_point import Agreement, SupplyPoint
from domain.terms import Contract

MOST_BYTES = 1 << 20
PLAINLY = {
    "missing": "missing; docs/ledger.md shows a whole site file",
    "extra_forbidden": "no such key here; docs/ledger.md shows them all",
}
MOST_KEYS = 8
"""Of one device: the one in use, the one it is to get, and those that a fleet forgot. Each is tried in turn."""
STEPS = (1, 5, 10, 15, 30, 60)


@dataclass(frozen=True, slots=True)
class Site:
    """What a file tells: a supply point, the meters that were swapped since, in order, and the keys of its device.

    None where it says nothing of keys, so that a file of before takes none away; an empty list takes all of them.
    """

    point: SupplyPoint
    swaps: tuple[MeterSwapped, ...]
    device_keys: tuple[str, ...] | None = None


def read_site(path: Path) -> Site:
    """Raises `BadOption`: one line that names the file, the key and the value."""
    content = _toml(path)
    try:
        found = _File.model_validate(content)
    except ValidationError as error:
        raise BadOption(f"{path}: {_sentence(error)}") from error
    keys = None if found.device_keys is None else tuple(found.device_keys)
    return Site(found.supply_point(path), tuple(one.to_domain() for one in found.swaps), keys)


def _number(value: object) -> object:
    """TOML's numbers and numbers written as text, exactly; never the binary value of a float."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and value.replace(".", "", 1).isdecimal() and len(value) < 30:
        return Decimal(value)
    return value


def _is_a_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no time zone of that name; write one such as America/Mexico_City") from error


Name = Annotated[str, Field(min_length=1, max_length=128)]
Key = Annotated[str, Field(min_length=1, max_length=2048)]
Kw = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=10_000_000)]
Register = Annotated[int, Field(ge=0, lt=1 << 62)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Meter(_Strict):
    """`register_modulus_wh`: the value, in Wh and varh, at which its registers start again at zero."""

    rated_power_kw: Annotated[Kw, Field(gt=0)]
    register_modulus_wh: Annotated[int, Field(gt=0, lt=1 << 62)] | None = None

    def meter_type(self) -> MeterType:
        return MeterType(int(self.rated_power_kw * 1000), self.register_modulus_wh)


class _Counting(_Meter):
    """A meter that counts from `since` on, until `until`; always where they are left out."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class _Swap(_Meter):
    """Another device took the place of `meter`: what the old one showed last, and what the new one began with.

    A register that not every meter has is told of both, or of none; of none, its energy across the swap is not known.
    """

    meter: Name
    at: AwareDatetime
    last_wh: Register
    last_varh: Register
    first_wh: Register
    first_varh: Register
    last_export_wh: Register | None = None
    first_export_wh: Register | None = None
    last_capacitive_varh: Register | None = None
    first_capacitive_varh: Register | None = None
    serial: str = ""

    @model_validator(mode="after")
    def _told_of_both(self) -> Self:
        for name in ("export_wh", "capacitive_varh"):
            if (getattr(self, f"last_{name}") is None) != (getattr(self, f"first_{name}") is None):
                raise ValueError(f"last_{name} and first_{name}: one is missing; give both")
        return self

    def to_domain(self) -> MeterSwapped:
        last = Registers(self.last_wh, self.last_varh, _extra(self.last_export_wh, self.last_capacitive_varh))
        first = Registers(self.first_wh, self.first_varh, _extra(self.first_export_wh, self.first_capacitive_varh))
        return MeterSwapped(self.meter, self.at.astimezone(UTC), last, first, self.meter_type(), self.serial)


def _extra(export_wh: int | None, capacitive_varh: int | None) -> Extra:
    return NO_EXTRA if export_wh is None and capacitive_varh is None else Extra(export_wh, capacitive_varh)


class _Agreement(_Strict):
    """`since` may be left out in the first alone."""

    tariff: Name
    since: date | None = None
    contracted_kw: dict[Name, Kw] = {}
    low_side: bool = False

    def contract(self) -> Contract:
        return Contract(dict(self.contracted_kw), self.low_side)


class _File(_Strict):
    schema_: Literal["wattledger-site/1"] = Field(alias="schema")
    id: Name
    device: Name
    device_keys: Annotated[list[Key], Field(max_length=MOST_KEYS)] | None = None
    timezone: Annotated[str, AfterValidator(_is_a_zone)]
    main_meter: Name
    agreements: Annotated[list[_Agreement], Field(min_length=1)]
    meters: Annotated[dict[Name, _Counting], Field(min_length=1)]
    step_minutes: int = 5
    swaps: list[_Swap] = []

    def supply_point(self, path: Path) -> SupplyPoint:
        first, *later = self.agreements
        self._check_agreements(path, first, later)
        self._check_meters(path)
        return SupplyPoint(
            id=self.id,
            device=self.device,
            zone=ZoneInfo(self.timezone),
            tariff=_beside(first.tariff, path),
            contract=first.contract(),
            main_meter=self.main_meter,
            meters={name: meter.meter_type() for name, meter in self.meters.items()},
            step_minutes=self.step_minutes,
            later=tuple(
                Agreement(one.since, _beside(one.tariff, path), one.contract())
                for one in later
                if one.since is not None
            ),
            since=_instants({name: meter.since for name, meter in self.meters.items()}),
            until=_instants({name: meter.until for name, meter in self.meters.items()}),
        )

    def _check_agreements(self, path: Path, first: _Agreement, later: list[_Agreement]) -> None:
        if first.since is not None or any(one.since is None for one in later):
            raise BadOption(f"{path}: agreements: the first holds from the beginning; give `since` in all later ones")
        for before, after in pairwise(one.since for one in later if one.since is not None):
            if after <= before:
                raise BadOption(
                    f"{path}: agreements: that since {after} follows that since {before}; give them by date, one a day"
                )

    def _check_meters(self, path: Path) -> None:
        if self.main_meter not in self.meters:
            raise BadOption(
                f"{path}: main_meter: {self.main_meter!r} is none of the meters {', '.join(sorted(self.meters))}"
            )
        for name, meter in self.meters.items():
            if meter.since is not None and meter.until is not None and meter.until <= meter.since:
                raise BadOption(
                    f"{path}: meters.{name}.until: {meter.until.isoformat()} is not after its since, "
                    f"{meter.since.isoformat()}"
                )
        if self.step_minutes not in STEPS:
            raise BadOption(f"{path}: step_minutes: {self.step_minutes}: use one of {', '.join(map(str, STEPS))}")
        for swap in self.swaps:
            if swap.meter not in self.meters:
                raise BadOption(f"{path}: swaps: {swap.meter!r} is none of the meters {', '.join(sorted(self.meters))}")


def _beside(tariff: str, site: Path) -> str:
    """A tariff file is named as seen from the site file, wherever the command runs."""
    return str((site.parent / tariff).resolve()) if tariff.endswith(".toml") else tariff


def _instants(given: dict[str, datetime | None]) -> dict[str, datetime]:
    return {name: at.astimezone(UTC) for name, at in given.items() if at is not None}


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadOption(f"{path}: a site file has at most {MOST_BYTES} bytes; this one is no site file")
    try:
        check_toml(data)
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except ValueError as error:  # not UTF-8, nested too deeply, or not TOML
        raise BadOption(f"{path}: not TOML: {error}") from error


def _sentence(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    first, more = faults[0], f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    place = " ".join(".".join(str(one).removesuffix("_") for one in first["loc"]).split()) or "the file"
    if first["type"] in PLAINLY:
        return f"{place}: {PLAINLY[first['type']]}{more}"
    said = first["msg"].removeprefix("Value error, ").replace("\n", " ")
    given = first["input"]
    value = repr(given[:60]) if isinstance(given, str) else str(given)[:60].replace("\n", " ")
    return f"{place}: {value}: {said}{more}"
