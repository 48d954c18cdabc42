"""How a demand line says by what its kW differ from those of this month alone."""

from typing import TYPE_CHECKING

from domain.money import plain

if TYPE_CHECKING:
    from domain.charges.demand import MaximumDemand


def refined_in_words(charge: "MaximumDemand") -> str:
    """Its look-back, ratchet and least kW, in the order in which they apply."""
    found, back = list[str](), charge.look_back
    if back is not None:
        highest = f"mean of the {back.highest} highest" if back.highest > 1 else "highest"
        found.append(f"{highest} of {back.months} months")
    if charge.ratchet is not None:
        percent, months = plain(charge.ratchet.percent), charge.ratchet.months
        found.append(f"at least {percent} % of the highest of {months} months before")
    if charge.at_least_kw is not None:
        found.append(f"at least {plain(charge.at_least_kw)} {charge.unit}")
    return ", ".join(found)
