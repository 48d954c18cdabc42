"""Mistakes at the month's end and after it, each planted as one broken part."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from eventsourcing.persistence import StoredEvent

from adapters.event_store.recorder import sealed
from application import month_of_ledger, price_uploads
from application.allocate_bill import allocate_bill
from application.close_period import ClosePeriod
from application.correct_reading import CorrectReading
from application.month_of_ledger import days_of, live_of, parts_of
from application.replay_quarantine import ReplayQuarantine
from application.rerate_periods import RerateMonth
from domain import billing_period
from domain.arrays.allocation import REST, Allocation
from domain.bill import Allocated, Bill, true_ups
from domain.billing_period import BillingPeriod
from domain.errors import BadReadings
from domain.events import DayEvent, PeriodClosed, PeriodRerated, ReadingCorrected, ReadingsPriced
from domain.measurement import Correction
from domain.metering_day import MeteringDay
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from tests.simulation.parts import SOUND
from tests.simulation.plant import MONTH_END
from tests.simulation.planted import Planted
from tests.simulation.violation import Broken

rerate = BillingPeriod.rerate
evolve, correct, totals_micro = MeteringDay.evolve, MeteringDay.correct, Allocation.totals_micro


def unchecked(*_: object) -> None:
    """The house looks at its own sums; a bug in them would never reach the ledger. Here it looks away."""


def true_ups_without_the_last_line(bill: Bill, live_nano: Mapping[str, int]) -> dict[str, int]:
    found = dict(true_ups(bill, live_nano))
    found.popitem()
    return found


def rerate_without_reversal(period: BillingPeriod, *args: Any) -> PeriodRerated | None:
    event = rerate(period, *args)
    return event and replace(event, reversed_nano={})


def shares_without_the_rest(allocation: Allocation) -> dict[str, dict[str, int]]:
    return {meter: amounts for meter, amounts in totals_micro(allocation).items() if meter != REST}


class CorrectsNothing(CorrectReading):
    def _correct(self, point: SupplyPoint, correction: Correction) -> ReadingCorrected:
        day = self.days.get(point.device, correction.start.astimezone(point.zone).date())
        words = day.words(correction.meter, correction.start)
        if words is not None:
            correction = replace(correction, energy_wh=words[1].energy_wh, reactive_varh=words[1].reactive_varh)
        return super()._correct(point, correction)


def corrected_twice(day: MeteringDay, correction: Correction, terms: Any) -> ReadingCorrected:
    """The difference is added to what holds by then, and it holds already."""
    event = correct(day, correction, terms)
    return replace(event, wh=event.wh + abs(event.wh - event.wh_before))


def evolve_with_a_rule(day: MeteringDay, event: DayEvent) -> None:
    """A limit that was tightened after readings above it were stored."""
    if isinstance(event, ReadingsPriced) and max(event.wh) >= 12_000:
        raise BadReadings(f"{day.day}: more than 12 kWh in five minutes cannot be")
    evolve(day, event)


class WritesOverTheOldBill(RerateMonth):
    """It changes the stored close instead of adding to it."""

    def __call__(self, point: SupplyPoint, month: BillingMonth, by: str, why: str) -> PeriodRerated | None:
        period, event = self._decided(point, month, (by, why))
        if event is None:
            return None
        recorder: Any = self.periods._recorder  # type: ignore[attr-defined]  # where the events are
        stream = f"billing-period/{point.id}/{month}"
        closes = [one for one in recorder._stored_events if one.originator_id == stream]
        bill = PeriodClosed(point.id, event.bill, period.live_nano, period.true_up_nano, event.allocated)
        _write_over(recorder, closes[-1], bill)
        return event


def _write_over(recorder: Any, old: StoredEvent, event: PeriodClosed) -> None:
    name, state = sealed(event, MONTH_END)
    place = recorder._stored_events.index(old)
    recorder._stored_events[place] = StoredEvent(old.originator_id, old.originator_version, name, state)


class LeavesDaysOpen(ClosePeriod):
    def __call__(self, point: SupplyPoint, month: BillingMonth) -> PeriodClosed:
        period, terms = self.periods.get(point.id, month), self.terms_of.parts(point, month)
        period.check_open()
        parts, live = parts_of(self.days, point, terms), live_of(self.days, point, month)
        event = period.close(parts, live, lambda bill: allocate_bill(self.days, point, terms, bill))
        self.periods.append(period, [event])
        return event


class ReplaysUnderAnotherName(ReplayQuarantine):
    """What is refused again is kept again, as something else."""

    def _refusal(self, kept: Any, said: tuple[str, str] | None) -> str:
        stays = super()._refusal(kept, said)
        if stays and kept.reason in {"bad reading", "future", "replaced meter", "closed period"}:
            upload = self.price.wire.upload(kept.data)
            body = self.price.wire.body(upload.readings, upload.clock, upload.thinned)
            again = self.price.wire.record(upload.device, upload.store, upload.seq + 1000, body)
            self.price.quarantine.keep(again, kept.reason, stays)
        return stays


def nothing_carried_forward(*_: object) -> None:
    return None


def days_but_the_last(days: Any, point: SupplyPoint, first: date, end: date, known_at: Any = None) -> Any:
    return days_of(days, point, first, end - timedelta(days=1), known_at)


def instead(breaks: set[Broken], *replaced: tuple[object, str, object]) -> Planted:
    return Planted(replace(SOUND, instead={(owner, name): broken for owner, name, broken in replaced}), breaks)


RATES = ("rates_are_published", "a_rerate", "a_month_closes")

BUGS: Mapping[str, Planted] = {
    "a true-up forgets a line": instead(
        {Broken.BILL},
        (billing_period, "true_ups", true_ups_without_the_last_line),
        (billing_period, "check_settled", unchecked),
    ),
    "a re-rate does not take back what was": instead({Broken.BILL}, (BillingPeriod, "rerate", rerate_without_reversal)),
    "shares leave out what no sub-meter used": instead(
        {Broken.SHARES}, (Allocation, "totals_micro", shares_without_the_rest), (Allocated, "check", unchecked)
    ),
    "a bill leaves out the month's last day": instead({Broken.BILL}, (month_of_ledger, "days_of", days_but_the_last)),
    "evolve has a rule in it": instead({Broken.QUARANTINE, Broken.FAULT}, (MeteringDay, "evolve", evolve_with_a_rule)),
    "nothing is carried forward to the next day": instead(
        {Broken.VERIFIED}, (price_uploads, "balance_before", nothing_carried_forward)
    ),
    "a correction changes nothing": Planted(
        replace(SOUND, correct_reading=CorrectsNothing), {Broken.CORRECTED}, ("a_correction",)
    ),
    "a correction is applied twice": instead({Broken.CORRECTED}, (MeteringDay, "correct", corrected_twice)),
    "a re-rate writes over the old bill": Planted(
        replace(SOUND, rerate_month=WritesOverTheOldBill), {Broken.HISTORY}, RATES
    ),
    "the days of a closed month stay open": Planted(
        replace(SOUND, close_period=LeavesDaysOpen), {Broken.BILL, Broken.VERIFIED}
    ),
    "quarantine keeps anew what it refuses again": Planted(
        replace(SOUND, replay_quarantine=ReplaysUnderAnotherName), {Broken.QUARANTINE}
    ),
}
