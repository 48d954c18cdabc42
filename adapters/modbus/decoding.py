"""From 16-bit registers to a value: bits in their order, the meter's own marks of no value, exact decimals.

No binary float leaves this module: a float's bits are one exact decimal, and integers are scaled as decimals.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.meter_profile import Marker, MeterProfile, Register, RegisterType, WordOrder

FLOATS = {
    RegisterType.F32: (">f", 23, -126),
    RegisterType.F64: (">d", 52, -1022),
}  # format, mantissa bits, least exponent

Words = Mapping[int, int]
"""What was read: the 16 bits at each address."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One register: its value in base units or None, its raw words, and the finest step that it can show there."""

    register: Register
    words: tuple[int, ...]
    value: Decimal | None
    step: Decimal

    @property
    def raw(self) -> str:
        """The words as they came, in hexadecimal."""
        return " ".join(f"{word:04X}" for word in self.words)


def decode(
    profile: MeterProfile, words: Words, ratio: Decimal = Decimal(1), order: WordOrder | None = None
) -> tuple[Decoded, ...]:
    """Every register of a profile, from all its words. `order` is tried in place of every order of the profile."""
    return tuple(_decode(register, profile, words, ratio, order) for register in profile.registers)


def values(decoded: Sequence[Decoded]) -> dict[str, Decimal | None]:
    """By quantity, in base units; counters that are there several times are added up, and missing if one of them is."""
    found: dict[str, Decimal | None] = {}
    for one in decoded:
        name = one.register.quantity
        if name not in found:
            found[name] = one.value
            continue
        before = found[name]
        found[name] = None if before is None or one.value is None else before + one.value
    return found


def bits_of(words: Sequence[int], order: WordOrder) -> int:
    """The words as one unsigned integer, the first word highest where the order is big."""
    ordered = words if order in (WordOrder.BIG, WordOrder.BIG_SWAPPED) else tuple(reversed(words))
    if order in (WordOrder.BIG_SWAPPED, WordOrder.LITTLE_SWAPPED):
        ordered = [(word & 0xFF) << 8 | word >> 8 for word in ordered]
    total = 0
    for word in ordered:
        total = total << 16 | word
    return total


def _decode(
    register: Register, profile: MeterProfile, words: Words, ratio: Decimal, order: WordOrder | None
) -> Decoded:
    raw = tuple(words[address] for address in range(register.address, register.end))
    bits = bits_of(raw, order or register.words or profile.transport.words)
    factor = register.factor * (ratio if _is_transformed(register) else 1)
    number = _number(bits, register.type, profile.markers)
    step = _step(bits, register.type) * abs(factor)
    return Decoded(register, raw, None if number is None else number * factor, step)


def _number(bits: int, type_: RegisterType, markers: Sequence[Marker]) -> Decimal | None:
    """Exactly what the bits say; None for a marker, for NaN and for infinity."""
    if any(marker.matches(type_, bits) for marker in markers):
        return None
    if type_.is_float:
        form, _, _ = FLOATS[type_]
        (number,) = struct.unpack(form, bits.to_bytes(type_.bits // 8, "big"))
        return Decimal(number) if math.isfinite(number) else None
    if type_.value.startswith("i") and bits >> (type_.bits - 1):
        return Decimal(bits - (1 << type_.bits))
    return Decimal(bits)


def _step(bits: int, type_: RegisterType) -> Decimal:
    """What the last bit is worth: 1 for integers; for a float it grows with the value."""
    if not type_.is_float:
        return Decimal(1)
    _, mantissa, least = FLOATS[type_]
    exponent = (bits >> mantissa) & ((1 << (type_.bits - 1 - mantissa)) - 1)
    return Decimal(2) ** (max(exponent - 1, 0) + least - mantissa)


def _is_transformed(register: Register) -> bool:
    """Current goes through the transformer, and so do power and energy; volts, hertz and power factor do not."""
    name = register.quantity.partition("_l")[0]
    return name == "current" or name.endswith("_power") or "_energy_" in name
