"""How a demand line says what its kW are, and by what they differ from those of this month alone."""

from typing import TYPE_CHECKING

from domain.money import fraction_to_decimal, plain

if TYPE_CHECKING:
    from domain.charges.demand import Billed, MaximumDemand


def uncapped_in_words(charge: "MaximumDemand", billed: "Billed", minutes: int) -> str:
    """The measured kW, and where earlier months or a minimum decide, what these make of them."""
    kw, measured = (f"{plain(fraction_to_decimal(one))} {charge.unit}" for one in (billed.kw, billed.measured))
    highest = "maximum" if charge.highest_blocks == 1 else f"mean of the {charge.highest_blocks} highest"
    names = ", ".join(name for _, name in charge.periods)
    own = f"{highest} of {minutes} min{', rolling,' if charge.rolling else ''} in {names}: {measured}"
    return own if billed.kw == billed.measured else f"{_refined(charge)}: {kw} (this month {own})"


def _refined(charge: "MaximumDemand") -> str:
    """Its look-back, ratchet and least kW, in the order in which they apply."""
    found = [str(rule) for rule in (charge.look_back, charge.ratchet) if rule is not None]
    if charge.at_least_kw is not None:
        found.append(f"at least {plain(charge.at_least_kw)} {charge.unit}")
    return ", ".join(found)
