"""What a device is told: one TOML file, read strictly. A key that nobody knows is refused, not ignored.

Secrets are never in it; it names files, and those may be readable by their owner alone.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import BadSettings
from domain.nesting import check_toml

LARGEST_FILE = 256 * 1024
# lengths are not in the patterns: pydantic's engine unrolls a counted repetition, 13 MB for those below
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:-]*$", max_length=128)]
StreamName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]+$", max_length=128)]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?$", max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
File = Annotated[Path, Field(strict=False)]
Positive = Annotated[Decimal, Field(gt=0, strict=False, allow_inf_nan=False)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone that is known; write it as in America/Mexico_City") from None
    return name


class _Strict(BaseModel):
    # defer_build: only the whole is validated, so the parts need no validators of their own
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Device(_Strict):
    """Who the device is. `supply_point` is what the utility bills; without it the device's own id."""

    id: Name
    zone: Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
    main_meter: Name
    supply_point: Name | None = None
    step_minutes: Literal[1, 2, 3, 5, 10, 15, 30, 60] = 5
    raise_clock: bool = False


class Store(_Strict):
    """Where readings are kept until they are delivered: a folder of their own."""

    folder: File
    max_mb: Annotated[int, Field(ge=8, le=1_000_000)] = 512


class ModbusTcp(_Strict):
    """Meters behind a network address."""

    kind: Literal["modbus-tcp"]
    name: Name
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Port = 502


class ModbusRtuOverTcp(_Strict):
    """Meters behind a converter that passes serial frames through unchanged."""

    kind: Literal["modbus-rtu-over-tcp"]
    name: Name
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Port = 502


class ModbusRtu(_Strict):
    """Meters on a serial line."""

    kind: Literal["modbus-rtu"]
    name: Name
    port: Annotated[str, Field(min_length=1, max_length=255)]
    baud: Annotated[int, Field(ge=1200, le=115200)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1


class Mqtt(_Strict):
    """Meters that push to a broker. `password_file` holds the password alone."""

    kind: Literal["mqtt"]
    name: Name
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Port = 8883
    tls: bool = True
    authority: File | None = None
    certificate: File | None = None
    key: File | None = None
    user: Annotated[str, Field(max_length=128)] | None = None
    password_file: File | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Mqtt":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("needs both or neither: certificate and key")
        return self


class Simulated(_Strict):
    """Meters that are not there, for a first try. Each of their readings is made up."""

    kind: Literal["simulated"]
    name: Name
    seed: int = 1


Bus = ModbusTcp | ModbusRtuOverTcp | ModbusRtu | Mqtt | Simulated
OneBus = Annotated[Bus, Field(discriminator="kind")]


class Meter(_Strict):
    """One meter: its bus, its profile there, and what it can carry at most.

    `ratio` is that of a current transformer that the meter does not know of.
    """

    name: Name
    bus: Name
    rated_power_kw: Positive
    profile: Name | None = None
    unit: Annotated[int, Field(ge=1, le=247)] = 1
    topic_device: Annotated[str, Field(pattern=r"^[^/+#\x00-\x1f]+$", max_length=128)] | None = None
    ratio: Annotated[Decimal, Field(ge=Decimal("0.001"), le=1_000_000, strict=False, allow_inf_nan=False)] = Decimal(1)
    modulus_wh: Annotated[int, Field(gt=0, lt=1 << 62)] | None = None


class LocalTariff(_Strict):
    """What the device prices with: an id that ships, or a file; and what the customer agreed.

    `rates_of` is a month, YYYY-MM, whose rates are taken for every month: an assumption, and shown as one.
    """

    id: Name | None = None
    file: File | None = None
    rates: File | None = None
    rates_of: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] | None = None
    contracted_kw: dict[str, Positive] = Field(default_factory=dict)
    metered_on_low_side: bool = False

    @property
    def rates_of_day(self) -> date | None:
        return None if self.rates_of is None else date.fromisoformat(f"{self.rates_of}-01")

    @model_validator(mode="after")
    def _one_of_both(self) -> "LocalTariff":
        if (self.id is None) == (self.file is None):
            raise ValueError("needs one of both: id, a tariff that ships, or file, one of your own")
        return self


class Upload(_Strict):
    """Where readings go, and how fast the backlog may."""

    stream: StreamName
    region: Region
    backlog_kb_per_s: Annotated[int, Field(ge=1, le=100_000)] = 64
    authority: File | None = None


class Identity(_Strict):
    """How the device proves who it is. `thing` is its name at AWS IoT; without it the device's own id."""

    endpoint: Host
    role_alias: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_=,@-]+$", max_length=128)]
    key: File
    certificate: File
    authority: File
    thing: Annotated[str, Field(pattern=r"^[a-zA-Z0-9:_-]+$", max_length=128)] | None = None


class Health(_Strict):
    """Port of the status page, on this machine only."""

    port: Port = 8377


class Sentry(_Strict):
    """Where faults are reported. `dsn_file` holds the address alone."""

    dsn_file: File
    environment: Annotated[str, Field(max_length=64)] = "production"


class Settings(_Strict):
    """All of it."""

    device: Device
    store: Store
    bus: Annotated[tuple[OneBus, ...], Field(min_length=1, max_length=64, strict=False)]
    meter: Annotated[tuple[Meter, ...], Field(min_length=1, max_length=1000, strict=False)]
    tariff: LocalTariff | None = None
    upload: Upload | None = None
    identity: Identity | None = None
    health: Health = Health()
    sentry: Sentry | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        meters, buses = [one.name for one in self.meter], {one.name: one for one in self.bus}
        for what, names in (("meter", meters), ("bus", [one.name for one in self.bus])):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"has two entries [[{what}]] of the name {twice[0]!r}; give each its own")
        if self.device.main_meter not in meters:
            raise ValueError(f"has no [[meter]] of the name {self.device.main_meter!r}, which device.main_meter names")
        for one in self.meter:
            _check_meter(one, buses)
        return self

    def secrets(self) -> list[Path]:
        """Files that only the device's own user may read."""
        found = [self.identity.key if self.identity else None, self.sentry.dsn_file if self.sentry else None]
        of_buses = [path for bus in self.bus if isinstance(bus, Mqtt) for path in (bus.password_file, bus.key)]
        return [path for path in (*found, *of_buses) if path]


def load_settings(path: Path) -> Settings:
    """The settings of a file. Raises `BadSettings`: file, key, value and remedy on one line."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE + 1)
    except PermissionError as error:
        raise BadSettings(
            f"{path}: this user may not read the settings; ask as the device's: sudo -u wattledger wattledger edge ..."
        ) from error
    except OSError as error:
        raise BadSettings(f"{path}: the settings cannot be read ({error.strerror}); check the path") from error
    if len(text) > LARGEST_FILE:
        raise BadSettings(f"{path}: more than {LARGEST_FILE} bytes are no settings of a device; check the path")
    return settings_of(text, path)


def settings_of(text: bytes, path: Path) -> Settings:
    """As `load_settings`, of what the file holds."""
    try:
        check_toml(text)
        # TOML numbers become Decimal, so that 12.1 kW stays 12.1
        told = tomllib.loads(text.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: the settings cannot be read ({error}); write them as UTF-8 text") from error
    except (ValueError, ArithmeticError) as error:
        raise BadSettings(f'{path}: not TOML: {_shown(error)}; write one fact a line, as in id = "edge-1"') from error
    try:
        return Settings.model_validate(told)
    except ValidationError as error:
        raise BadSettings(f"{path}: {_first_fault(error)}") from error


def check_private(path: Path) -> None:
    """Raises `BadSettings` for a file with a secret that others may read, or that is not there."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BadSettings(
            f"{path}: {error.strerror}; `wattledger edge enroll` makes a key, you the other secrets"
        ) from error
    if not stat.S_ISREG(mode):
        raise BadSettings(f"{path} is no file; it holds one secret")
    if mode & 0o077:
        raise BadSettings(f"{path} holds a secret and others may read it ({mode & 0o777:03o}); run: chmod 600 {path}")
    if not os.access(path, os.R_OK):
        raise BadSettings(
            f"{path} holds a secret that this user may not read; ask as the device's user (sudo -u wattledger), or "
            f"give it the file: chown wattledger {path}"
        )


def secret_in(path: Path) -> str:
    """The one line of a secret's file. Raises `BadSettings`."""
    check_private(path)
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(4096).strip()
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"{path} cannot be read as text; it holds one line, the secret") from None


def _check_meter(meter: Meter, buses: Mapping[str, Any]) -> None:
    bus = buses.get(meter.bus)
    if bus is None:
        raise ValueError(f"has no [[bus]] of the name {meter.bus!r}, which meter {meter.name!r} names")
    if bus.kind != "simulated" and meter.profile is None:
        raise ValueError(f"says no profile for meter {meter.name!r}; `wattledger edge probe` shows which one fits")
    if (bus.kind == "mqtt") != (meter.topic_device is not None):
        raise ValueError(
            f"meter {meter.name!r}: topic_device belongs to meters on a bus of kind mqtt, and only to them"
        )


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    said = fault["msg"].removeprefix("Value error, ").replace("\n", " ")
    if fault["type"] == "missing":
        return f"{where} is missing; docs/device.md explains every key"
    if fault["type"] == "extra_forbidden":
        return f"{where} is no key of the settings{_nearest(str(fault['loc'][-1]))}; docs/device.md has them all"
    if not where:
        return said
    return f"{where} = {_shown(fault['input'])}: {said}; docs/device.md explains it"


def _nearest(name: str) -> str:
    known = {key for model in _all_models(Settings) for key in model.model_fields}
    found = get_close_matches(name, known, n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def _all_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    buses = (ModbusTcp, ModbusRtuOverTcp, ModbusRtu, Mqtt, Simulated)
    return [model, Device, Store, *buses, Meter, LocalTariff, Upload, Identity, Health, Sentry]


def _shown(value: object) -> str:
    text = " ".join(repr(str(value)).split())
    return text if len(text) <= 80 else text[:79] + "…"
