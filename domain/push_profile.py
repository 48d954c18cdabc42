"""How a kind of meter that pushes is understood: where in its message which value stands."""

from dataclasses import dataclass
from decimal import Decimal

from domain.quantity import UNITS

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PushedValue:
    """One value of a message: the keys and places that lead to it, its unit and scale."""

    quantity: str
    path: Path
    unit: str
    scale: Decimal = Decimal(1)

    @property
    def factor(self) -> Decimal:
        """What one of it is in the quantity's base unit."""
        return self.scale * UNITS[self.unit][1]


@dataclass(frozen=True, slots=True)
class TimeIn:
    """Where a message says when it was measured: `iso` with an offset, or seconds or milliseconds since 1970."""

    path: Path
    format: str


@dataclass(frozen=True, slots=True)
class PushProfile:
    """One version of how one kind of meter pushes. `topic` holds `{device}`; a message may have `most_bytes`.

    `serial` leads to the meter's serial number, where messages hold it.
    """

    id: str
    version: int
    name: str
    topic: str
    values: tuple[PushedValue, ...]
    time: TimeIn | None
    most_bytes: int
    checks: tuple[str, ...]
    uncounted: tuple[str, ...]
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    conflicts: tuple[str, ...]
    serial: Path | None = None

    @property
    def full_id(self) -> str:
        return f"{self.id}/{self.version}"

    def topic_of(self, device: str) -> str:
        """Where one device publishes."""
        return self.topic.replace("{device}", device)
