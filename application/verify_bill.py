"""A bill computed a second time, by the vectorised engine, from the main meter's load."""

from collections.abc import Sequence

from domain.arrays import Load, price_month
from domain.bill import Bill, BillLine
from domain.terms import Terms
from domain.verification import Compared, Verification


def compare_bill(found: Verification, where: str, load: Load, parts: Sequence[Terms], bill: Bill) -> None:
    """Compare each line, the total and the determinants. Raises what pricing the month raises."""
    [computed] = price_month(load, parts).bills
    ours, theirs = _by_place(bill), _by_place(computed)
    for place in dict.fromkeys((*ours, *theirs)):
        line, again = ours.get(place), theirs.get(place)
        name = f"{where} {place[0]}" + ("" if place[1] is None else f" in part {place[1] + 1}")
        for what in ("amount", "quantity", "rate"):
            found.compare(Compared.BILLS, f"{name}: {what}", getattr(line, what, None), getattr(again, what, None))
    found.compare(Compared.BILLS, f"{where}: total", bill.total, computed.total)
    found.compare(Compared.BILLS, f"{where}: remembered demand", bill.remembered, computed.remembered)
    for number, (part, other) in enumerate(zip(bill.parts, computed.parts, strict=False), 1):
        name = where if len(bill.parts) == 1 else f"{where} part {number}"
        d, e = part.determinants, other.determinants
        for what in ("energy_wh", "reactive_varh", "peak_wh", "peak_at", "intervals", "estimated"):
            found.compare(Compared.BILLS, f"{name}: {what}", getattr(d, what), getattr(e, what))
        found.compare(Compared.BILLS, f"{name}: days", (part.first, part.end), (other.first, other.end))


def _by_place(bill: Bill) -> dict[tuple[str, int | None], BillLine]:
    return {(line.code, line.part): line for line in bill.lines}
