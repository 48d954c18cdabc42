"""One supply point, one billing month: it closes into a bill, and a closed one changes only by new events.

    close      the month has a bill; what its measurements cost live and the true-up are the bill, line by line
    reopen     the bill holds no longer, its true-up is taken back; corrections and late readings may come; close again
    rerate     another bill for the same measurements, because prices became known or were changed: the true-up moves

Every bill that ever was stays in `bills`, in order: number 1 is the first.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.bill import NOT_ALLOCATED, Allocated, Bill, bill_of_parts, true_ups
from domain.determinants import Determinants
from domain.errors import PeriodIsClosed, PeriodIsOpen
from domain.events import PeriodClosed, PeriodEvent, PeriodReopened, PeriodRerated
from domain.measurement import check_said
from domain.terms import BillingMonth, Terms

Parts = Sequence[tuple[Determinants, Terms]]
Allocate = Callable[[Bill], Allocated]


@dataclass(slots=True)
class BillingPeriod:
    """The month's state. `bill` is the one in force: None before the first close and while reopened.

    `true_up_nano` by line code is what is in force besides `live_nano`, the live costs as of the last close.
    """

    supply_point: str
    month: BillingMonth
    version: int = 0
    bill: Bill | None = None
    bills: tuple[Bill, ...] = ()
    live_nano: Mapping[str, int] = field(default_factory=dict)
    true_up_nano: Mapping[str, int] = field(default_factory=dict)
    allocated: Allocated = NOT_ALLOCATED

    @property
    def reopened(self) -> bool:
        """It had a bill, and waits for the next."""
        return self.bill is None and bool(self.bills)

    def close(self, parts: Parts, live_nano: Mapping[str, int], allocate: Allocate | None = None) -> PeriodClosed:
        """Bill the parts of the month. `live_nano` is what its measurements cost live; the true-up settles the rest.

        `allocate` shares a bill among the meters behind the main one. Raises `PeriodIsClosed` when it has its bill.
        """
        self.check_open()
        bill = bill_of_parts(self.supply_point, parts)
        billed = (code for _, terms in parts for code in terms.tariff.line_codes)
        live = {code: live_nano.get(code, 0) for code in dict.fromkeys((*billed, *live_nano))}
        true_up = true_ups(bill, live)
        check_settled(bill, live, true_up)
        return PeriodClosed(self.supply_point, bill, live, true_up, _allocated(bill, allocate))

    def reopen(self, by: str, why: str) -> PeriodReopened:
        """Take the bill out of force. Raises `PeriodIsOpen` where there is none, `BadReadings` without who or why."""
        check_said(f"{self.supply_point} {self.month}: the reopening", by, why)
        if self.bill is None:
            raise PeriodIsOpen(
                f"{self.supply_point} {self.month} is open; what arrives now needs no permission: record it"
            )
        return PeriodReopened(
            supply_point=self.supply_point,
            number=len(self.bills),
            first=self.bill.first,
            end=self.bill.end,
            timezone=self.bill.timezone,
            currency=self.bill.currency,
            tariff=self.bill.tariff,
            tariff_version=self.bill.tariff_version,
            reversed_nano={code: -nano for code, nano in self.true_up_nano.items()},
            by=by,
            why=why,
        )

    def rerate(self, parts: Parts, said: tuple[str, str], allocate: Allocate | None = None) -> PeriodRerated | None:
        """Bill the same measurements by other terms; `said` is who and why. None when nothing but words would change.

        Raises `PeriodIsOpen` where there is no bill in force, `BadReadings` without who or why.
        """
        check_said(f"{self.supply_point} {self.month}: the re-rate", *said)
        if self.bill is None:
            raise PeriodIsOpen(
                f"{self.supply_point} {self.month} is open; its close will bill by what is in force then"
            )
        bill = bill_of_parts(self.supply_point, parts)
        if _amounts(bill) == _amounts(self.bill):
            return None
        after = true_ups(bill, self.live_nano)
        moved = [code for code in dict.fromkeys((*after, *self.true_up_nano)) if after.get(code, 0) != self._now(code)]
        true_up = {code: after.get(code, 0) for code in moved}
        check_settled(bill, self.live_nano, {**self.true_up_nano, **true_up})
        return PeriodRerated(
            supply_point=self.supply_point,
            bill=bill,
            reversed_nano={code: -self._now(code) for code in moved},
            true_up_nano=true_up,
            allocated=_allocated(bill, allocate),
            by=said[0],
            why=said[1],
        )

    def check_open(self) -> None:
        """Raises `PeriodIsClosed`."""
        if self.bill is not None:
            raise PeriodIsClosed(
                f"{self.supply_point} {self.month} is closed with {self.bill.total} {self.bill.currency}; "
                "what arrives now needs a correction of the closed month"
            )

    def evolve(self, event: PeriodEvent) -> None:
        """Let an event have happened."""
        match event:
            case PeriodClosed():
                self._bill(event.bill, event.allocated)
                self.live_nano, self.true_up_nano = event.live_nano, dict(event.true_up_nano)
            case PeriodReopened():
                self.bill, self.allocated, self.true_up_nano = None, NOT_ALLOCATED, {}
            case PeriodRerated():
                self._bill(event.bill, event.allocated)
                self.true_up_nano = {**self.true_up_nano, **event.true_up_nano}
        self.version += 1

    def _bill(self, bill: Bill, allocated: Allocated) -> None:
        self.bill, self.bills, self.allocated = bill, (*self.bills, bill), allocated

    def _now(self, code: str) -> int:
        return self.true_up_nano.get(code, 0)


def check_settled(bill: Bill, live_nano: Mapping[str, int], true_up_nano: Mapping[str, int]) -> None:
    """Raises `AssertionError` unless live costs and true-ups are the bill, line by line."""
    billed, found = bill.nano_by_code(), Counter[str](live_nano)
    found.update(true_up_nano)
    off = [code for code in {*billed, *found} if billed[code] != found[code]]
    if off:
        raise AssertionError(
            f"bill of {bill.supply_point} {bill.first}: live + true-up is not the bill in {sorted(off)}"
        )


def _allocated(bill: Bill, allocate: Allocate | None) -> Allocated:
    found = NOT_ALLOCATED if allocate is None else allocate(bill)
    found.check(bill)
    return found


def _amounts(bill: Bill) -> object:
    """What a bill says but for its words: another version of a tariff with the same rates is no other price."""
    lines = [(line.code, line.part, line.quantity, line.rate, line.amount) for line in bill.lines]
    return lines, [(part.first, part.end, part.tariff) for part in bill.parts]
