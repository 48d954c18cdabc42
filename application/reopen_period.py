"""The permission to change a closed month: reopen it, change it, close it again; who and why stay in the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from application.close_period import ClosePeriod
from application.month_of_ledger import days_of
from application.ports import BillingPeriods, MeteringDays
from domain.events import PeriodReopened
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth

Found = TypeVar("Found")


@dataclass(frozen=True)
class ReopenPeriod:
    """Take a month's bill out of force, then let its days take readings and corrections again."""

    days: MeteringDays
    periods: BillingPeriods

    def __call__(self, point: SupplyPoint, month: BillingMonth, by: str, why: str) -> PeriodReopened | None:
        """None where the month was reopened before and only days were still shut: a reopening that broke off goes on.

        Raises `PeriodIsOpen` where no bill was ever made, `BadReadings` without who or why, `SomeoneElseWrote`.
        """
        period = self.periods.get(point.id, month)
        event = None if period.reopened else period.reopen(by, why)
        if event is not None:
            self.periods.append(period, [event])
        for day in days_of(self.days, point, month.first, month.end):
            if opened := day.reopen(by, why):
                self.days.append(day, [opened])
        return event


@dataclass(frozen=True)
class AmendPeriod:
    """Reopen a month, do something to it, close it again. A power cut in between leaves it reopened, for all to see."""

    reopen: ReopenPeriod
    close: ClosePeriod

    @classmethod
    def of(cls, close: ClosePeriod) -> "AmendPeriod":
        return cls(ReopenPeriod(close.days, close.periods), close)

    def __call__(
        self, point: SupplyPoint, month: BillingMonth, said: tuple[str, str], change: Callable[[], Found]
    ) -> Found:
        """`said` is who and why. Raises what reopening, the change and closing raise."""
        self.reopen(point, month, *said)
        found = change()
        self.close(point, month)
        return found
