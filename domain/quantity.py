"""What a meter can say: every quantity by its name, its base unit, and whether it counts or shows the moment.

A profile may state a value in any unit of `UNITS`; inside there is one unit a quantity, and decimals, never floats.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

PHASES = ("l1", "l2", "l3")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity: its base unit, and `counter` where it only grows (a gauge shows the moment)."""

    name: str
    unit: str
    counter: bool = False


def _all() -> Mapping[str, Quantity]:
    energies = [
        Quantity(f"{kind}_energy_{direction}", unit, counter=True)
        for kind, unit in (("active", "Wh"), ("reactive", "varh"))
        for direction in ("import", "export")
    ]
    totals = [
        Quantity("active_power", "W"),
        Quantity("reactive_power", "var"),
        Quantity("apparent_power", "VA"),
        Quantity("power_factor", "1"),
        Quantity("frequency", "Hz"),
    ]
    by_phase = [
        Quantity(f"{name}_{phase}", unit)
        for name, unit in (
            ("voltage", "V"),
            ("current", "A"),
            ("active_power", "W"),
            ("reactive_power", "var"),
            ("apparent_power", "VA"),
            ("power_factor", "1"),
        )
        for phase in PHASES
    ]
    return {quantity.name: quantity for quantity in (*energies, *totals, *by_phase)}


QUANTITIES = _all()

UNITS: Mapping[str, tuple[str, Decimal]] = {
    f"{prefix}{base}": (base, Decimal(10) ** power)
    for base, prefixes in {
        "Wh": ("", "k", "M"),
        "varh": ("", "k", "M"),
        "W": ("", "k", "M"),
        "var": ("", "k", "M"),
        "VA": ("", "k", "M"),
        "V": ("m", "", "k"),
        "A": ("m", "", "k"),
        "Hz": ("m", ""),
        "1": ("",),
    }.items()
    for prefix, power in (("m", -3), ("", 0), ("k", 3), ("M", 6))
    if prefix in prefixes
}
"""Every unit a file may use: the base unit it is one of, and how many of those it is."""


def whole(value: Decimal) -> int:
    """A counter in whole Wh or varh, to the nearest. It is the counter that is rounded, so differences do not drift."""
    return int(value.to_integral_value(ROUND_HALF_EVEN))
