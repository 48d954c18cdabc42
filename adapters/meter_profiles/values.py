"""The small strict types that the profiles of both protocols share."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from adapters.meter_profiles.reading import Part, near, shown
from domain.plausibility import RULES
from domain.quantity import QUANTITIES, UNITS

IDENTIFIER = re.compile(r"[a-z0-9]+([-._][a-z0-9]+){0,9}")
SMALLEST, LARGEST = Decimal("1e-9"), Decimal("1e9")
COUNTED = ("active_energy", "reactive_energy")


def _text(value: str) -> str:
    if not value.strip() or len(value) > 500 or not value.isprintable():
        raise ValueError("say it on one line of at most 500 characters")
    return value


def _identifier(value: str) -> str:
    if len(value) > 60 or not IDENTIFIER.fullmatch(value):
        raise ValueError("use small letters and digits, joined by . or -, like eastron.sdm630")
    return value


def _scale(value: object) -> Decimal:
    number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, Decimal) or not number.is_finite() or not SMALLEST <= abs(number) <= LARGEST:
        raise ValueError("a scale is a number without quotes between 1e-9 and 1e9, and not 0")
    return number


def _check(value: str) -> str:
    if value not in RULES:
        raise ValueError(f"there is no such rule; {near(value, list(RULES))}")
    return value


def _counter(value: str) -> str:
    if value not in QUANTITIES or not QUANTITIES[value].counter:
        raise ValueError(f"is no counter; {near(value, [q.name for q in QUANTITIES.values() if q.counter])}")
    return value


Text = Annotated[str, AfterValidator(_text)]
Texts = list[Text]
Identifier = Annotated[str, AfterValidator(_identifier)]
Scale = Annotated[Decimal, BeforeValidator(_scale)]
Checks = Annotated[list[Annotated[str, AfterValidator(_check)]], Field(min_length=1)]
Counters = list[Annotated[str, AfterValidator(_counter)]]


class Valued(Part):
    """What both protocols say about a value: what it is, in which direction it counts, in which unit and scale."""

    quantity: str
    direction: Literal["import", "export"] | None = None
    unit: str
    scale: Scale = Decimal(1)

    @model_validator(mode="after")
    def _is_a_quantity_in_a_unit_of_its_own(self) -> "Valued":
        if self.quantity in COUNTED and self.direction is None:
            raise ValueError(f'{self.quantity} is a counter; add direction = "import" or "export"')
        if self.quantity not in COUNTED and self.direction is not None:
            raise ValueError(f"{shown(self.quantity)} has no direction; its sign says it: remove direction")
        if self.name not in QUANTITIES:
            known = sorted({*COUNTED, *(q.name for q in QUANTITIES.values() if not q.counter)})
            raise ValueError(f"there is no quantity {shown(self.quantity)}; {near(self.quantity, known)}")
        base = QUANTITIES[self.name].unit
        if UNITS.get(self.unit, ("", 0))[0] != base:
            units = [unit for unit, (of, _) in UNITS.items() if of == base]
            raise ValueError(f"unit {shown(self.unit)} is none of {self.quantity}; use one of {', '.join(units)}")
        return self

    @property
    def name(self) -> str:
        """The quantity's full name, direction included."""
        return f"{self.quantity}_{self.direction}" if self.direction else self.quantity


def check_counters(names: list[str], uncounted: list[str]) -> None:
    """Raises ValueError unless active import is counted and `uncounted` names exactly the energies that are not."""
    if "active_energy_import" not in names:
        raise ValueError('no register is quantity = "active_energy" with direction = "import"; nothing could be priced')
    missing = sorted(q.name for q in QUANTITIES.values() if q.counter and q.name not in names)
    if sorted(uncounted) != missing:
        raise ValueError(f"uncounted must name the energies that this meter does not count, which are {missing}")
