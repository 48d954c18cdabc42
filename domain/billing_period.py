"""One supply point, one billing month: it closes once, into a bill, and changes afterwards only by new events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.bill import Bill, bill_of_parts, true_ups
from domain.determinants import Determinants
from domain.errors import PeriodIsClosed
from domain.events import PeriodClosed
from domain.terms import BillingMonth, Terms


@dataclass(slots=True)
class BillingPeriod:
    """The month's state: open until it has its bill."""

    supply_point: str
    month: BillingMonth
    version: int = 0
    bill: Bill | None = None

    def close(self, parts: Sequence[tuple[Determinants, Terms]], live_nano: Mapping[str, int]) -> PeriodClosed:
        """Bill the parts of the month. `live_nano` is what its measurements cost live; the true-up settles the rest.

        Raises `PeriodIsClosed` when it already has its bill.
        """
        self.check_open()
        bill = bill_of_parts(self.supply_point, parts)
        billed = (code for _, terms in parts for code in terms.tariff.line_codes)
        live = {code: live_nano.get(code, 0) for code in dict.fromkeys((*billed, *live_nano))}
        return PeriodClosed(
            supply_point=self.supply_point,
            bill=bill,
            live_nano=live,
            true_up_nano=true_ups(bill, live),
        )

    def check_open(self) -> None:
        """Raises `PeriodIsClosed`."""
        if self.bill is not None:
            raise PeriodIsClosed(
                f"{self.supply_point} {self.month} is closed with {self.bill.total} {self.bill.currency}; "
                "what arrives now needs a correction of the closed month"
            )

    def evolve(self, event: PeriodClosed) -> None:
        """Let an event have happened."""
        self.bill = event.bill
        self.version += 1
