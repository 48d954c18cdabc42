"""What settles a whole bill (a tax, a minimum, a power factor) where the month has several parts: once, or in each?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.charges import Charge
    from domain.charges.charge import Ask
    from domain.terms import Terms

    Standing = tuple[tuple[Ask | None, Charge | None], ...]


@dataclass(frozen=True, eq=False)
class Settling:
    """How the parts of a month are billed, whatever is measured: made once for all meters.

    `in_parts` has for each part its charges in order: prepared, where one stands in that part, and as it is, where it
    remembers something. `once` stand over all parts, by the terms `whole`.
    """

    in_parts: "tuple[Standing, ...]"
    once: "tuple[Ask, ...]"
    whole: "Terms"
    charges_once: "tuple[Charge, ...]"

    @classmethod
    def of(cls, terms: "Sequence[Terms]") -> "Settling":
        once = settled_once(terms)
        in_parts, whole = tuple(_standing(one, once) for one in terms), over_all(terms) if once else terms[0]
        return cls(in_parts, tuple(charge.prepared(whole) for charge in once), whole, once)

    def part_by(self, terms: "Terms") -> "Standing":
        """A part whose terms are not the prepared ones: they look back upon an earlier part of this month."""
        return _standing(terms, self.charges_once)


def _standing(terms: "Terms", once: "Sequence[Charge]") -> "Standing":
    return tuple(
        (None if charge in once else charge.prepared(terms), charge if charge.remembers else None)
        for charge in terms.tariff.charges
        if charge.remembers or charge not in once
    )


def settled_once(terms: "Sequence[Terms]") -> "tuple[Charge, ...]":
    """Charges that stand once over all parts of a month, in bill order; none where there is one part.

    A charge upon which one is based that stands in each part must stand in each part, too.
    """
    first, *others = terms
    if not others:
        return ()
    once = [charge for charge in first.tariff.charges if _is_the_same_in(terms, charge)]
    in_parts = [charge for one in terms for charge in one.tariff.charges if charge not in once]
    while in_parts:
        names = {name for charge in in_parts for name in charge.of}
        in_parts = [charge for charge in once if charge.code in names or charge.group in names]
        once = [charge for charge in once if charge not in in_parts]
    return tuple(once)


def _is_the_same_in(terms: "Sequence[Terms]", charge: "Charge") -> bool:
    settled, rounding = charge.settled_by(terms[0]), terms[0].tariff.rounding
    return settled is not None and all(
        charge in one.tariff.charges and charge.settled_by(one) == settled and one.tariff.rounding == rounding
        for one in terms[1:]
    )


def over_all(terms: "Sequence[Terms]") -> "Terms":
    """The terms of what stands once: those of the first part over the days of all, with the sources of all rates."""
    first, last = terms[0], terms[-1]
    sources = "; ".join(dict.fromkeys(one.rates.source for one in terms if one.rates.source))
    return replace(first, rates=replace(first.rates, source=sources), part=replace(first.span, end=last.end))
