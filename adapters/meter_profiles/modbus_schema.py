"""The strict shape of a Modbus meter profile."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from adapters.meter_profiles.reading import Part, shown
from adapters.meter_profiles.values import Checks, Counters, Identifier, Text, Texts, Valued, check_counters
from domain.meter_profile import (
    Identity,
    Marker,
    MeterProfile,
    Register,
    RegisterType,
    SerialNumber,
    Transport,
    WordOrder,
)

Type = Annotated[RegisterType, Field(strict=False)]  # text in the file, one of the enumeration here
Words = Annotated[WordOrder, Field(strict=False)]
Address = Annotated[int, Field(ge=0, le=65535)]


def _bits(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64:
        return value
    raise ValueError("write the bits as they are read, like 0x7FFFFFFF, at most 64 of them")


Bits = Annotated[int, BeforeValidator(_bits)]


class TransportPart(Part):
    """`[transport]`."""

    function: Literal[3, 4]
    words: Words
    most_registers: Annotated[int, Field(ge=4, le=125)]
    widest_gap: Annotated[int, Field(ge=0, le=32)]
    timeout_ms: Annotated[int, Field(ge=50, le=10_000)]
    retries: Annotated[int, Field(ge=0, le=5)]
    pause_ms: Annotated[int, Field(ge=0, le=1000)]


class RegisterPart(Valued):
    """One entry of `registers`."""

    address: Address
    type: Type
    words: Words | None = None
    modulus: Annotated[int, Field(gt=1, le=1 << 64)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "RegisterPart":
        if self.address + self.type.registers > 1 << 16:
            raise ValueError(f"address {self.address} leaves no room for {self.type}; the last address is 65535")
        if self.modulus is not None and self.direction is None:
            raise ValueError(f"{shown(self.quantity)} is no counter, so it has no modulus: remove it")
        return self

    def to_domain(self) -> Register:
        return Register(self.name, self.address, self.type, self.unit, self.scale, self.words, self.modulus)


class IdentityPart(Part):
    """One `[[identity]]`."""

    address: Address
    type: Literal["u16", "u32"]
    allowed: Annotated[list[Annotated[int, Field(ge=0, lt=1 << 32)]], Field(min_length=1)]
    says: Text
    otherwise: Literal["refuse", "warn"]

    def to_domain(self) -> Identity:
        type_ = RegisterType(self.type)
        return Identity(self.address, type_, tuple(self.allowed), self.says, self.otherwise == "refuse")


class MarkerPart(Part):
    """One `[[marker]]`."""

    type: Type
    bits: Bits
    mask: Bits | None = None

    @model_validator(mode="after")
    def _within_the_type(self) -> "MarkerPart":
        if max(self.bits, self.mask or 0) >> self.type.bits:
            raise ValueError(f"has more bits than {self.type} has")
        if self.mask is not None and self.bits & ~self.mask:
            raise ValueError("has bits outside its mask, so it would never match")
        return self

    def to_domain(self) -> Marker:
        return Marker(self.type, self.bits, (1 << self.type.bits) - 1 if self.mask is None else self.mask)


class SerialPart(Part):
    """`[serial]`."""

    address: Address
    type: Literal["u32", "u64", "text"]
    registers: Annotated[int, Field(ge=1, le=32)] | None = None
    function: Literal[3, 4] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "SerialPart":
        if (self.registers is None) is (self.type == "text"):
            raise ValueError("text needs registers, how many there are; a number has none: its type says it")
        if self.address + self.length > 1 << 16:
            raise ValueError(f"address {self.address} leaves no room for it; the last address is 65535")
        return self

    @property
    def length(self) -> int:
        """How many registers it takes."""
        return self.registers or RegisterType(self.type).registers

    def to_domain(self, function: int) -> SerialNumber:
        return SerialNumber(self.address, self.length, self.type == "text", self.function or function)


class ModbusFile(Part):
    """A whole file."""

    schema_: Annotated[Literal["wattledger-meter/1"], Field(alias="schema")]
    id: Identifier
    version: Annotated[int, Field(ge=1, le=9999)]
    name: Text
    checks: Checks
    uncounted: Counters
    warnings: Texts = Field(default=[])
    sources: Annotated[Texts, Field(min_length=1)]
    conflicts: Texts
    transport: TransportPart
    identity: list[IdentityPart] = Field(default=[])
    marker: list[MarkerPart] = Field(default=[])
    serial: SerialPart | None = None
    registers: Annotated[list[RegisterPart], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _registers_agree(self) -> "ModbusFile":
        check_counters([register.name for register in self.registers], self.uncounted)
        gauges = [register.name for register in self.registers if register.direction is None]
        twice = sorted({name for name in gauges if gauges.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is there twice; only counters may be, and are then added up")
        wide = [r for r in self.registers if r.type.registers > self.transport.most_registers]
        if wide:
            raise ValueError(f"most_registers is less than the {wide[0].type.registers} that {wide[0].name} takes")
        _one_modulus([part.to_domain() for part in self.registers])
        return self

    def to_domain(self) -> MeterProfile:
        return MeterProfile(
            id=self.id,
            version=self.version,
            name=self.name,
            transport=Transport(**self.transport.model_dump()),
            registers=tuple(part.to_domain() for part in self.registers),
            identities=tuple(part.to_domain() for part in self.identity),
            markers=tuple(part.to_domain() for part in self.marker),
            checks=tuple(self.checks),
            uncounted=tuple(self.uncounted),
            warnings=tuple(self.warnings),
            sources=tuple(self.sources),
            conflicts=tuple(self.conflicts),
            serial=self.serial.to_domain(self.transport.function) if self.serial else None,
        )


def _one_modulus(registers: list[Register]) -> None:
    """A sum of wrapping counters wraps nowhere, and the core knows one modulus a meter. Raises ValueError."""
    with_modulus = [register for register in registers if register.modulus]
    moduli = {(register.modulus or 0) * register.factor for register in with_modulus}
    if len(moduli) > 1:
        raise ValueError("the counters have different moduli; leave out what is not known: a wrap is then a gap")
    if any(modulus != modulus.to_integral_value() or modulus < 2 for modulus in moduli):
        raise ValueError(f"a modulus of {shown(min(moduli, default=Decimal(0)))} Wh is no whole number above 1")
    names = [register.quantity for register in registers]
    for register in with_modulus:
        if names.count(register.quantity) > 1:
            raise ValueError(f"{register.quantity} is a sum, which wraps nowhere: remove its modulus")
