"""One supply point, one billing month: it closes once, into a bill, and changes afterwards only by new events."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.bill import Bill, make_bill, true_ups
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

    def close(self, determinants: Determinants, live_nano: Sequence[int], terms: Terms) -> PeriodClosed:
        """Bill the month. `live_nano` is what its measurements cost live, by line code; the true-up settles the rest.

        Raises `PeriodIsClosed` when it already has its bill.
        """
        self.check_open()
        bill = make_bill(self.supply_point, determinants, terms)
        codes = terms.tariff.line_codes
        return PeriodClosed(
            supply_point=self.supply_point,
            bill=bill,
            live_nano=dict(zip(codes, live_nano, strict=True)),
            true_up_nano=true_ups(bill, live_nano, codes),
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
