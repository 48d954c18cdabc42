"""A measurement was wrong: replace it, and say who did and why."""

from dataclasses import dataclass
from datetime import datetime

from application.ports import MeteringDays
from application.terms_of import TermsOf
from domain.events import ReadingCorrected
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class CorrectReading:
    """Replace the energy of one recorded interval while its month is open. The first word stays in the ledger."""

    days: MeteringDays
    terms_of: TermsOf

    def __call__(
        self, point: SupplyPoint, meter: str, start: datetime, *, wh: int, varh: int, by: str, why: str
    ) -> ReadingCorrected:
        """Raises `NothingToCorrect`, `PeriodIsClosed`, or `SomeoneElseWrote`: try again."""
        local = start.astimezone(point.zone).date()
        day = self.days.get(point.device, local)
        terms = self.terms_of(point, BillingMonth(local.replace(day=1), point.zone))
        event = day.correct(meter, start, wh=wh, varh=varh, by=by, why=why, terms=terms)
        self.days.append(day, [event])
        return event
