"""A billing month computed a second time: what each of its closes settled, the bill in force, and who caused it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from application.allocate_bill import allocate_loads
from domain.arrays import Load, price_month
from domain.bill import Bill, BillLine
from domain.billing_period import BillingPeriod
from domain.events import PeriodClosed, PeriodEvent, PeriodReopened, PeriodRerated
from domain.money import MICRO, NANO
from domain.supply_point import SupplyPoint
from domain.terms import Terms
from domain.verification import Compared, Verification


@dataclass
class Settling:
    """The true-ups of a month as its events move them: with the live costs they must be each bill, line by line."""

    found: Verification
    where: str
    live_nano: Mapping[str, int] = field(default_factory=dict)
    true_up_nano: dict[str, int] = field(default_factory=dict)

    def see(self, event: PeriodEvent, live: Counter[str]) -> None:
        """`live` is what the events of the days cost until now, by line code."""
        match event:
            case PeriodClosed():
                for code in sorted({*live, *event.live_nano}):
                    self._compare(f"{code}: live costs at the close", event.live_nano.get(code, 0), live[code])
                self.live_nano, self.true_up_nano = event.live_nano, dict(event.true_up_nano)
                self._settles(event.bill)
            case PeriodReopened():
                self._reverses(event.reversed_nano, set(self.true_up_nano))
                self.true_up_nano = {}
            case PeriodRerated():
                self._reverses(event.reversed_nano, set(event.true_up_nano))
                self.true_up_nano |= event.true_up_nano
                self._settles(event.bill)

    def _settles(self, bill: Bill) -> None:
        billed = bill.nano_by_code()
        for code in sorted({*billed, *self.live_nano, *self.true_up_nano}):
            true_up = self.true_up_nano.get(code, 0)
            self._compare(f"{code}: true-up", true_up, billed[code] - self.live_nano.get(code, 0))

    def _reverses(self, reversed_nano: Mapping[str, int], codes: set[str]) -> None:
        for code in sorted({*reversed_nano, *codes}):
            self._compare(f"{code}: true-up taken back", reversed_nano.get(code, 0), -self.true_up_nano.get(code, 0))

    def _compare(self, what: str, ledger: int, computed: int) -> None:
        self.found.compare_nano(Compared.SETTLED, f"{self.where} {what}", ledger, computed)


def compare_bill(found: Verification, where: str, bill: Bill, load: Load, parts: Sequence[Terms]) -> None:
    """Compare each line, the total and the determinants with those of the vectorised engine.

    Raises what pricing the month raises.
    """
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


def would_change(bill: Bill, load: Load, parts: Sequence[Terms]) -> bool:
    """Whether terms give another bill, line by line. Raises what pricing the month raises."""
    [computed] = price_month(load, parts).bills
    return bill.nano_by_code() != computed.nano_by_code()


def compare_allocated(
    found: Verification, period: BillingPeriod, point: SupplyPoint, loads: Mapping[str, Load], parts: Sequence[Terms]
) -> None:
    """Compare who caused the bill, by meter and line. A bill that was stored before it told so is passed over."""
    told, where = period.allocated, f"{point.id} {period.month}"
    if period.bill is None or not told.micro:
        return
    again = allocate_loads(loads, point, parts, period.bill)
    for meter in sorted({*told.micro, *again.micro}):
        ours, theirs = told.micro.get(meter, {}), again.micro.get(meter, {})
        for code in sorted({*ours, *theirs}):
            ledger, computed = ours.get(code, 0) * NANO // MICRO, theirs.get(code, 0) * NANO // MICRO
            found.compare_nano(Compared.ALLOCATION, f"{where} {meter} {code}: allocated cost", ledger, computed)
    name = f"{where}: intervals in which the sub-meters had more than the main meter"
    found.compare(Compared.ALLOCATION, name, told.oversubscribed, again.oversubscribed)


def _by_place(bill: Bill) -> dict[tuple[str, int | None], BillLine]:
    return {(line.code, line.part): line for line in bill.lines}
