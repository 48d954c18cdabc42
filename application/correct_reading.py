"""A measurement was wrong: replace it, and say who did and why."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports import CorrectionRecords, MeteringDays, Quarantine, Reason
from application.reopen_period import AmendPeriod
from application.terms_of import TermsOf
from domain.errors import BadReadings, ImpossibleJump, NothingToCorrect, PeriodIsClosed, UnknownMeter
from domain.events import ReadingCorrected
from domain.measurement import Correction, Quality, register_step
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

        Raises `NothingToCorrect`, `UnknownMeter`, `ImpossibleJump` for more than the meter can carry, `PeriodIsClosed`,
        or `SomeoneElseWrote`: try again.
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
        if day.opened is None:  # told before its price is looked for: there may be none
            raise NothingToCorrect(
                f"{point.device} {local}: nothing was recorded on this day; record it before correcting it"
            )
        _check_possible(point, correction)
        event = day.correct(correction, self.terms_of(point, BillingMonth(local.replace(day=1), point.zone), local))
        self.days.append(day, [event])
        return event


def _check_possible(point: SupplyPoint, correction: Correction) -> None:
    """A correction is judged as a reading is: a mistyped unit would be the peak of the month."""
    if correction.meter not in point.meters:
        return  # the day tells
    kind = point.meter_type_at(correction.meter, correction.start)
    told = {
        "Wh": correction.energy_wh,
        "varh": correction.reactive_varh,
        "Wh exported": correction.extra.of("export_wh"),
        "varh capacitive": correction.extra.of("capacitive_varh"),
    }
    for unit, amount in told.items():
        if register_step(0, amount, kind, timedelta(minutes=point.step_minutes))[0] is None:
            raise ImpossibleJump(
                f"meter {correction.meter}: {amount:,} {unit} in {point.step_minutes} minutes are more than its rated "
                f"{kind.rated_power_w / 1000:,g} kW can carry; check the unit, or register what the meter can carry"
            )


def check_changes(days: MeteringDays, point: SupplyPoint, correction: Correction) -> None:
    """A correction to what the ledger has would give a closed month another bill for nothing; who tells it is asked
    to look again. An estimate may be confirmed. Raises `BadReadings`.
    """
    day = days.get(point.device, correction.start.astimezone(point.zone).date())
    words = day.words(correction.meter, correction.start)
    if words is None:
        return
    now = words[1]
    same = (now.energy_wh, now.reactive_varh) == (correction.energy_wh, correction.reactive_varh)
    if same and now.quality is Quality.MEASURED and now.extra.corrected(correction.extra) == now.extra:
        raise BadReadings(
            f"meter {correction.meter}: {now.energy_wh:,} Wh and {now.reactive_varh:,} varh are what the ledger has at "
            f"{correction.start.isoformat()}; nothing to change"
        )
