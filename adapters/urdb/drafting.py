"""A tariff in the making: charges and their rates, what to tell the reader, and what is wrong so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.urdb.numbers import Faults, price, read_number
from domain.charges import Charge, ExportCredit, Fixed, MinimumBill, Ratchet

MOST_MONEY = Decimal(10**9)
PER_UNIT = {"$/month": "month", "$/day": "day", "$/year": "year"}
MONTHS_OF_A_YEAR = 12


@dataclass(slots=True)
class Draft:
    """`fields` of the record, without what is left out. `faults` not empty means there will be no tariff."""

    fields: Mapping[str, Any]
    faults: Faults = field(default_factory=Faults)
    charges: list[Charge] = field(default_factory=list)
    values: dict[str, Decimal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ratchet: Ratchet | None = None
    """What the record's one demand looks back upon, priced or not."""

    def amount(self, name: str) -> Decimal:
        """A field that is a number; zero where it is not there."""
        return read_number(self.fields.get(name, 0), name, self.faults)

    def one_of(self, name: str, other: str) -> tuple[str, Decimal]:
        """A field that has an older name as well: the one that says something."""
        new, old = self.amount(name), self.amount(other)
        if new and old and new != old:
            self.faults.add(f"{name}: {new}: {other} says {old}; one of them is wrong")
        return (name, new) if new or not old else (other, old)


def add_fixed(draft: Draft) -> None:
    """The fixed charge of the first meter: per month or day; a yearly one is a twelfth a month where that is exact."""
    name, amount = draft.one_of("fixedchargefirstmeter", "fixedmonthlycharge")
    if not amount:
        return
    per = _per(draft, "fixedchargeunits") if name == "fixedchargefirstmeter" else "month"
    if per == "year":
        amount, per = amount / MONTHS_OF_A_YEAR, "month"
        draft.notes.append("The fixed charge of a year is billed in twelve equal months.")
    draft.values["fixed"] = price(amount, name, MOST_MONEY, draft.faults)
    draft.charges.append(Fixed("fixed", "Fixed charge", "fixed", "", "day" if per == "day" else "month"))


def add_minimum(draft: Draft) -> None:
    """A top-up to a minimum a month, or so much a day, over all other charges."""
    name, amount = draft.one_of("mincharge", "minmonthlycharge")
    if not amount:
        return
    per = _per(draft, "minchargeunits") if name == "mincharge" else "month"
    if per == "year":
        draft.faults.add(f"minchargeunits: $/{per}: a minimum over a year, while bills are monthly")
    if not draft.charges:
        draft.faults.add(f"{name}: {amount}: there is no charge whose sum it could be the minimum of")
    if any(isinstance(charge, ExportCredit) for charge in draft.charges):
        draft.faults.add(
            f"{name}: {amount}: the record does not say whether energy sold counts towards it; "
            "--leave-out sell imports the rest"
        )
    base = tuple(charge.code for charge in draft.charges)
    draft.values["minimum"] = price(amount, name, MOST_MONEY, draft.faults)
    draft.charges.append(
        MinimumBill("minimum", "Minimum bill", "minimum", "", base, "day" if per == "day" else "month")
    )
    draft.notes.append("The minimum bill counts every other line: the record does not say which it counts.")


def _per(draft: Draft, name: str) -> str:
    said = draft.fields.get(name)
    per = PER_UNIT.get(said) if isinstance(said, str) else None
    if per is None:
        draft.faults.add(f"{name}: {'is missing' if said is None else repr(said)}: use $/day, $/month or $/year")
    return per or "month"
