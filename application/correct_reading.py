"""A measurement was wrong: replace it, and say who did and why."""

from dataclasses import dataclass

from application.ports import MeteringDays
from application.terms_of import TermsOf
from domain.events import ReadingCorrected
from domain.measurement import Correction
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class CorrectReading:
    """Replace the energy of one recorded interval while its month is open. The first word stays in the ledger."""

    days: MeteringDays
    terms_of: TermsOf

    def __call__(self, point: SupplyPoint, correction: Correction) -> ReadingCorrected:
        """Raises `NothingToCorrect`, `PeriodIsClosed`, or `SomeoneElseWrote`: try again."""
        local = correction.start.astimezone(point.zone).date()
        day = self.days.get(point.device, local)
        event = day.correct(correction, self.terms_of(point, BillingMonth(local.replace(day=1), point.zone), local))
        self.days.append(day, [event])
        return event
