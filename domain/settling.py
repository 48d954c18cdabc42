"""What settles a whole bill (a tax, a minimum, a power factor) where the month has several parts: once, or in each?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from domain.charges import Charge
    from domain.charges.charge import Ask
    from domain.terms import History, Terms


@dataclass(frozen=True, eq=False)
class PreparedPart:
    """A part of a month before a load: its charges in order, but for those that stand `once` over all parts.

    A step is the charge, prepared, where it stands in this part; and the charge itself, where it remembers something.
    """

    terms: "Terms"
    once: "tuple[Charge, ...]"
    steps: "tuple[tuple[Ask | None, Charge | None], ...]"

    @classmethod
    def of(cls, terms: "Terms", once: "tuple[Charge, ...]") -> "PreparedPart":
        steps = (
            (None if charge in once else charge.prepared(terms), charge if charge.remembers else None)
            for charge in terms.tariff.charges
        )
        return cls(terms, once, tuple(step for step in steps if step != (None, None)))

    def after(self, earlier: "History") -> "PreparedPart":
        """With what earlier parts of the same month remembered."""
        return PreparedPart.of(self.terms.after(earlier), self.once)


@dataclass(frozen=True, eq=False)
class Settling:
    """How the parts of a month are billed, whatever is measured: made once for all meters.

    `once` are the charges that stand over all parts, by the terms `whole`.
    """

    in_parts: tuple[PreparedPart, ...]
    once: "tuple[Ask, ...]"
    whole: "Terms"

    @classmethod
    def of(cls, terms: "Sequence[Terms]") -> "Settling":
        once = settled_once(terms)
        whole = over_all(terms) if once else terms[0]
        in_parts = tuple(PreparedPart.of(one, once) for one in terms)
        return cls(in_parts, tuple(charge.prepared(whole) for charge in once), whole)

    @cached_property
    def said(self) -> dict[str, Any]:
        """What every bill of the month says, by the names of its fields."""
        month = self.whole.month
        return {
            "currency": self.whole.tariff.currency,
            "first": month.first,
            "end": month.end,
            "timezone": month.zone.key,
        }


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
