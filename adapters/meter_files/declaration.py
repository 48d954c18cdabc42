"""What the user declares about a file of readings, because no file says it of itself."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.meter_files.faults import nearest
from domain.budget import LARGEST_RATED_KW
from domain.measurement import MeterType

WH_PER_UNIT = {"Wh": 1, "kWh": 1_000, "MWh": 1_000_000, "GWh": 1_000_000_000}
VARH_PER_UNIT = {"varh": 1, "kvarh": 1_000, "Mvarh": 1_000_000}
ALWAYS_DECLARED = ("kind", "unit", "step_minutes", "time_column", "energy_column")


class Declaration(BaseModel):
    """One file's conventions; a TOML key `step_minutes` is the option `--step-minutes`.

    `midnight` says whose end the END stamp 00:00 is: of the day before its date (`next-day`, the usual), or of its date
    itself (`same-day`). `ambiguous` says what to do with the hour that summer time repeats in autumn. `timezone` may
    stay empty only when every stamp carries its offset. `rated_power_kw` is what the meter can carry at most, and
    `register_modulus` the value, in `unit`, at which its registers start again at zero. `export_column` is in `unit`,
    too, and `capacitive_column` in `reactive_unit`.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    kind: Literal["interval", "register"]
    unit: Literal["Wh", "kWh", "MWh", "GWh"]
    step_minutes: int = Field(ge=1, le=60)
    time_column: str = Field(min_length=1)
    energy_column: str = Field(min_length=1)
    stamp: Literal["start", "end"] | None = None
    timezone: str | None = None
    midnight: Literal["next-day", "same-day"] = "next-day"
    ambiguous: Literal["refuse", "in-order"] = "refuse"
    reactive_column: str | None = Field(default=None, min_length=1)
    reactive_unit: Literal["varh", "kvarh", "Mvarh"] | None = None
    export_column: str | None = Field(default=None, min_length=1)
    capacitive_column: str | None = Field(default=None, min_length=1)
    meter_column: str | None = Field(default=None, min_length=1)
    meter_name: str | None = Field(default=None, min_length=1)
    meters: tuple[str, ...] | None = None
    time_format: str = "iso"
    decimal: Literal[".", ","] = "."
    delimiter: str = ","
    register_modulus: int | None = Field(default=None, gt=0)
    rated_power_kw: Decimal | None = Field(default=None, gt=0, le=LARGEST_RATED_KW)
    check_header_unit: bool = True

    @property
    def step_seconds(self) -> int:
        return self.step_minutes * 60

    @cached_property
    def zone(self) -> tzinfo | None:
        return zone_of(self.timezone)

    @cached_property
    def meter_type(self) -> MeterType:
        """What the meter can do, in W and Wh; asked only where `rated_power_kw` is declared."""
        modulus = self.register_modulus and self.register_modulus * WH_PER_UNIT[self.unit]
        return MeterType(rated_power_w=int((self.rated_power_kw or 0) * 1000), modulus=modulus)

    @field_validator("step_minutes")
    @classmethod
    def _divides_the_hour(cls, minutes: int) -> int:
        if 60 % minutes:
            raise ValueError("the step must divide the hour, as 1, 5, 15, 30 and 60 do")
        return minutes

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str | None) -> str | None:
        zone_of(name)
        return name

    @field_validator("time_format")
    @classmethod
    def _names_an_instant(cls, time_format: str) -> str:
        if time_format != "iso":
            _try_format(time_format)
        return time_format

    @field_validator("delimiter")
    @classmethod
    def _is_one_character(cls, delimiter: str) -> str:
        delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
        if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'\r\n.-+:":
            raise ValueError("the delimiter must be one character such as ',', ';', '|' or tab")
        return delimiter

    @field_validator("meters", mode="before")
    @classmethod
    def _list_is_a_tuple(cls, meters: object) -> object:
        return tuple(meters) if isinstance(meters, list) else meters

    @field_validator("rated_power_kw", mode="before")
    @classmethod
    def _as_written(cls, power_kw: object) -> object:
        """Digits as the user wrote them: through text, never through the binary value of a float."""
        if isinstance(power_kw, bool) or not isinstance(power_kw, int | float | str):
            return power_kw
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(power_kw)):
            raise ValueError("must be a number of kW")
        return Decimal(str(power_kw))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lacking = undeclared(self.model_dump(exclude_none=True))
        if lacking:
            raise ValueError(f"{', '.join(lacking)} must be declared as well")
        if self.midnight == "same-day" and self.stamp != "end":
            raise ValueError("midnight = 'same-day' is about END stamps: declare stamp = 'end'")
        if self.stamp and self.kind == "register":
            raise ValueError("a register's stamp is the instant it was read: leave stamp out")
        if self.meters and not self.meter_column:
            raise ValueError("meters lists what meter_column may hold: declare meter_column")
        if self.register_modulus and self.reactive_unit and not self._units_agree():
            raise ValueError("register_modulus serves both registers: unit and reactive_unit must be of one size")
        return self

    def _units_agree(self) -> bool:
        return WH_PER_UNIT[self.unit] == VARH_PER_UNIT[self.reactive_unit or "varh"]


def undeclared(facts: dict[str, object]) -> list[str]:
    """Keys that these facts still need."""
    needed = list(ALWAYS_DECLARED)
    needed += {"interval": ["stamp"], "register": ["rated_power_kw"]}.get(str(facts.get("kind")), [])
    needed += ["reactive_unit"] if {"reactive_column", "capacitive_column"} & facts.keys() else []
    return [key for key in needed if key not in facts]


def zone_of(name: str | None) -> tzinfo | None:
    """An IANA name, `UTC` or an offset such as `-06:00`; None for an empty name. Raises ValueError."""
    if not name:
        return None
    offset = re.fullmatch(r"([+-])([01][0-9]):([0-5][0-9])", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes), name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the time zone data is an OSError
        known = nearest(name, available_timezones())
        raise ValueError(
            f"no time zone of that name{known or ';'} write an IANA name such as America/Mexico_City, or -06:00"
        ) from error


def _try_format(time_format: str) -> None:
    """A format must carry a minute of a year through writing and reading. Raises ValueError."""
    minute = datetime(2026, 3, 24, 13, 45, tzinfo=UTC)
    try:
        survived = datetime.strptime(minute.strftime(time_format), time_format).replace(tzinfo=UTC) == minute
    except (ValueError, re.error) as error:
        raise ValueError("is not a strptime format such as %d/%m/%Y %H:%M") from error
    if not survived:
        raise ValueError("must name year, month, day, hour and minute, as %d/%m/%Y %H:%M does")
