"""A measurement was wrong: replace it, and say who did and why."""

from dataclasses import dataclass

from application.ports import CorrectionRecords, MeteringDays, Quarantine, Reason
from application.reopen_period import AmendPeriod
from application.terms_of import TermsOf
from domain.errors import NothingToCorrect, PeriodIsClosed, UnknownMeter
from domain.events import ReadingCorrected
from domain.measurement import Correction
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class CorrectReading:
    """Replace the energy of one recorded interval. The first word stays in the ledger.

    `amend` is the way into a closed month, for whoever has the permission. A correction of nothing is refused, and kept
    in `quarantine` where that and `records` are given: the reading, or its meter, may yet come.
    """

    days: MeteringDays
    terms_of: TermsOf
    amend: AmendPeriod | None = None
    quarantine: Quarantine | None = None
    records: CorrectionRecords | None = None

    def __call__(self, point: SupplyPoint, correction: Correction, reopen: bool = False) -> ReadingCorrected:
        """`reopen` a closed month for this correction, and close it again.

        Raises `NothingToCorrect`, `UnknownMeter`, `PeriodIsClosed`, or `SomeoneElseWrote`: try again.
        """
        try:
            return self._correct(point, correction)
        except (NothingToCorrect, UnknownMeter) as refusal:
            if self.quarantine is not None and self.records is not None:
                data = self.records.record(point.device, correction)
                self.quarantine.keep(data, Reason.NOTHING_TO_CORRECT, str(refusal))
            raise
        except PeriodIsClosed:
            if not reopen or self.amend is None:
                raise
        said, month = (correction.by, correction.why), BillingMonth.of(correction.start, point.zone)
        return self.amend(point, month, said, lambda: self._correct(point, correction))

    def _correct(self, point: SupplyPoint, correction: Correction) -> ReadingCorrected:
        local = correction.start.astimezone(point.zone).date()
        day = self.days.get(point.device, local)
        event = day.correct(correction, self.terms_of(point, BillingMonth(local.replace(day=1), point.zone), local))
        self.days.append(day, [event])
        return event
