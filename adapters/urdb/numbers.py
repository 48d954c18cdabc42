"""Numbers of a record, and the list of everything that is wrong with it."""

from dataclasses import dataclass, field
from decimal import Decimal

from domain.calendar import MONTH_NAMES
from domain.errors import InvalidTariff

MICRO = Decimal("0.000001")
NOISE = Decimal("1e-12")
"""Half of what separates a decimal from its nearest binary fractions is far less: 0.10479999999999999 is 0.1048."""
MOST_ASKED = 10**9
MONTHS = 12


@dataclass(slots=True)
class Faults:
    """What cannot be expressed, collected so that a user sees all of it at once."""

    found: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        if text not in self.found:
            self.found.append(text)

    def refuse(self, place: str) -> None:
        """Raises `InvalidTariff` with the whole list, if there is any."""
        if not self.found:
            return
        if len(self.found) == 1:
            raise InvalidTariff(f"{place}: not imported: {self.found[0]}")
        listed = "; ".join(f"({n}) {text}" for n, text in enumerate(self.found, 1))
        raise InvalidTariff(f"{place}: not imported, {len(self.found)} reasons: {listed}")


def number(value: object) -> Decimal | None:
    """A JSON number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    return found if found.is_finite() and abs(found.adjusted()) < 40 else None


def read_number(value: object, place: str, faults: Faults) -> Decimal:
    """A number, or zero with a fault."""
    found = number(value)
    if found is None:
        faults.add(f"{place}: {repr(value)[:60]} is not a number")
        return Decimal(0)
    return found


def price(value: Decimal, place: str, most: Decimal, faults: Faults, units: int = 1) -> Decimal:
    """The rate of so many units: each from 0 to `most`, together exact to the millionth of the currency.

    Zero with a fault.
    """
    if not 0 <= value <= most:
        faults.add(f"{place}: {value.normalize():f}: a rate here lies between 0 and {most:f}")
        return Decimal(0)
    rounded = (value * units).quantize(MICRO)
    if abs(value - rounded / units) > NOISE:
        faults.add(f"{place}: {value}: finer than {MICRO / units:f}, which no bill here is exact to")
    return Decimal(f"{rounded.normalize():f}")


def is_finer(value: Decimal) -> bool:
    """Finer than a rate of one unit can be; a number that is no rate at all is not asked."""
    return abs(value) < MOST_ASKED and abs(value - value.quantize(MICRO)) > NOISE


def twelve(value: object, place: str, faults: Faults) -> tuple[Decimal, ...]:
    """One number for each month; zeros with a fault."""
    if not isinstance(value, list) or len(value) != MONTHS:
        faults.add(f"{place}: must have 12 numbers, one for each month")
        return (Decimal(0),) * MONTHS
    return tuple(
        Decimal(int(one)) if isinstance(one, bool) else read_number(one, f"{place}[{MONTH_NAMES[n]}]", faults)
        for n, one in enumerate(value)
    )
