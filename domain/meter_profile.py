"""How a kind of meter is read: its registers, and what is known and disputed about them.

A profile never changes: a correction is a new version of its id, so that a stored reading can always be explained.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.measurement import MeterType
from domain.quantity import UNITS


class WordOrder(StrEnum):
    """In which order a value's 16-bit registers arrive; `swapped` where the two bytes of each register are, too."""

    BIG = "big"
    LITTLE = "little"
    BIG_SWAPPED = "big-swapped"
    LITTLE_SWAPPED = "little-swapped"


class RegisterType(StrEnum):
    """Integers, signed or not, and IEEE 754 floats, of 16 to 64 bits."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"

    @property
    def bits(self) -> int:
        return int(self.value[1:])

    @property
    def registers(self) -> int:
        """How many 16-bit registers it takes."""
        return self.bits // 16

    @property
    def is_float(self) -> bool:
        return self.value.startswith("f")


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a meter, at a zero-based address. `scale` times what is read is in `unit`.

    `words` is None where the order is the profile's. `modulus` is where a counter starts again at zero, as it is read.
    """

    quantity: str
    address: int
    type: RegisterType
    unit: str
    scale: Decimal = Decimal(1)
    words: WordOrder | None = None
    modulus: int | None = None

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.type.registers

    @property
    def factor(self) -> Decimal:
        """What one count is in the quantity's base unit."""
        return self.scale * UNITS[self.unit][1]


@dataclass(frozen=True, slots=True)
class Marker:
    """Bits by which a meter says that it has no value: `bits` where `mask` is set, of one type."""

    type: RegisterType
    bits: int
    mask: int

    def matches(self, type_: RegisterType, bits: int) -> bool:
        return type_ is self.type and bits & self.mask == self.bits


@dataclass(frozen=True, slots=True)
class Identity:
    """A register that says what the device is. `refuses` where another value means another device beyond doubt."""

    address: int
    type: RegisterType
    allowed: tuple[int, ...]
    says: str
    refuses: bool


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """Where a meter tells its serial number: an integer of 32 or 64 bits, or text, two characters a register.

    `function` is the code to ask with, which may be another than that of the values.
    """

    address: int
    registers: int
    is_text: bool
    function: int


@dataclass(frozen=True, slots=True)
class Transport:
    """How to ask: function code 3 or 4, how much at once, how long to wait, how often again, and the pause between."""

    function: int
    words: WordOrder
    most_registers: int
    widest_gap: int
    timeout_ms: int
    retries: int
    pause_ms: int


@dataclass(frozen=True, slots=True)
class MeterProfile:
    """One version of how one kind of meter is read over Modbus.

    `checks` are names of rules in `domain.plausibility`; `conflicts` is what the sources disagree about;
    `uncounted` names the energies that this kind of meter does not count; `serial` is None where no source tells where
    its serial number is.
    """

    id: str
    version: int
    name: str
    transport: Transport
    registers: tuple[Register, ...]
    identities: tuple[Identity, ...]
    markers: tuple[Marker, ...]
    checks: tuple[str, ...]
    uncounted: tuple[str, ...]
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    conflicts: tuple[str, ...]
    serial: SerialNumber | None = None

    @property
    def full_id(self) -> str:
        return f"{self.id}/{self.version}"

    @property
    def modulus(self) -> int | None:
        """Where the active register starts again at zero, in Wh; None where nobody knows, and a wrap is then a gap."""
        return next((_in_base(r) for r in self.registers if r.quantity == "active_energy_import" and r.modulus), None)

    def meter_type(self, rated_power_w: int, ratio: Decimal = Decimal(1)) -> MeterType:
        """What a meter of this kind can do. `ratio` is of a current transformer that the meter does not know of."""
        return MeterType(rated_power_w, None if self.modulus is None else int(self.modulus * ratio))


def _in_base(register: Register) -> int:
    return int((register.modulus or 0) * register.factor)
