"""What one measurement cost, by charge: the form in which cost leaves the ledger for the sinks.

Costs that are `billed` add up to the bill of a closed month, by line code: live costs of the main
meter, reversals, true-ups. A sub-meter is priced live as if it were billed alone, fixed charges and all: its live costs
are not `billed`, and what it is charged with in the end is told when the month closes, as `allocated`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.bill import Allocated, Bill
from domain.events import (
    DayEvent,
    DayOpened,
    PeriodClosed,
    PeriodEvent,
    PeriodReopened,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
)
from domain.measurement import NO_EXTRA, Extra, Quality
from domain.meter_day import Grid
from domain.money import MICRO, NANO
from domain.terms import BillingMonth


class CostKind(StrEnum):
    """`provisional`: what the bill grew by; `reversal`: a cost or true-up taken back; `true_up`: what closing added.

    `allocated`: a meter's part of a closed month's bill; of several for one month, the one of the highest serial holds.
    """

    PROVISIONAL = "provisional"
    REVERSAL = "reversal"
    TRUE_UP = "true_up"
    ALLOCATED = "allocated"


@dataclass(frozen=True, slots=True)
class CostEvent:
    """Cost of the energy of one meter over `[start, start + minutes)`, UTC, in nano-currency by line code.

    A true-up, its reversal and allocated cost belong to the supply point's whole month: `minutes` is its length, and
    there is no energy; the `meter` of the first two is the supply point's id. `(meter, start, kind, serial)` is
    unique; `serial` counts corrections of the same measurement. `billed`: part of the bill, not as if billed alone.
    `extra`: the energy of registers that not every meter has, None where it is not metered.
    """

    meter: str
    start: datetime
    minutes: int
    kind: CostKind
    serial: int
    supply_point: str
    energy_wh: int
    reactive_varh: int
    quality: Quality
    period: str
    amount_nano: Mapping[str, int]
    currency: str
    tariff: str
    tariff_version: str
    billed: bool = True
    extra: Extra = NO_EXTRA

    @property
    def total_nano(self) -> int:
        return sum(self.amount_nano.values())


def costs_of_day_event(opened: DayOpened, grid: Grid, position: int, event: DayEvent) -> Iterator[CostEvent]:
    """The costs that an event of a day tells of; `position` in the ledger becomes the serial of a correction."""
    match event:
        case ReadingsPriced():
            rows = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, strict=True)
            extras = event.extras()
            for row, (meter, slot, wh, varh, estimated) in enumerate(rows):
                amounts = {
                    code: column[row] for code, column in zip(opened.line_codes, event.live_nano, strict=True) if column
                }
                quality = Quality.ESTIMATED if estimated else Quality.MEASURED
                yield _cost(
                    opened, grid, (meter, slot), (CostKind.PROVISIONAL, 0), (wh, varh, quality, extras[row]), amounts
                )
        case ReadingCorrected():
            place = (event.meter, event.slot)
            recorded = Extra(event.export_wh_before, event.capacitive_varh_before)
            before = (-event.wh_before, -event.varh_before, Quality(event.was_estimated), recorded.taken_back())
            after = (event.wh, event.varh, Quality.MEASURED, Extra(event.export_wh, event.capacitive_varh))
            for kind, energy, nano in (
                (CostKind.REVERSAL, before, event.reversed_nano),
                (CostKind.PROVISIONAL, after, event.live_nano),
            ):
                amounts = dict(zip(opened.line_codes, nano, strict=True))
                yield _cost(opened, grid, place, (kind, position), energy, amounts)
        case _:
            return


def costs_of_period_event(event: PeriodEvent, position: int) -> Iterator[CostEvent]:
    """What a close, a reopening or a re-rate adds to the costs of a month, and takes back of them."""
    match event:
        case PeriodClosed(bill=bill):
            yield _of_month(_Month.of(event.supply_point, bill), (CostKind.TRUE_UP, position), event.true_up_nano)
            yield from _shares(_Month.of(event.supply_point, bill), position, event.allocated)
        case PeriodReopened():
            month = _Month(
                event.supply_point,
                BillingMonth(event.first, ZoneInfo(event.timezone)),
                event.currency,
                event.tariff,
                event.tariff_version,
            )
            yield _of_month(month, (CostKind.REVERSAL, position), event.reversed_nano)
        case PeriodRerated(bill=bill):
            month = _Month.of(event.supply_point, bill)
            yield _of_month(month, (CostKind.REVERSAL, position), event.reversed_nano)
            yield _of_month(month, (CostKind.TRUE_UP, position), event.true_up_nano)
            yield from _shares(month, position, event.allocated)


@dataclass(frozen=True, slots=True)
class _Month:
    """What the costs of a whole month have in common."""

    supply_point: str
    month: BillingMonth
    currency: str
    tariff: str
    tariff_version: str

    @classmethod
    def of(cls, supply_point: str, bill: Bill) -> "_Month":
        return cls(supply_point, BillingMonth(bill.first, bill.zone), bill.currency, bill.tariff, bill.tariff_version)


def _shares(month: _Month, position: int, allocated: Allocated) -> Iterator[CostEvent]:
    for meter, micro in allocated.micro.items():
        nano = {code: amount * (NANO // MICRO) for code, amount in micro.items()}
        yield _of_month(month, (CostKind.ALLOCATED, position), nano, meter)


def _of_month(month: _Month, what: tuple[CostKind, int], nano: Mapping[str, int], meter: str = "") -> CostEvent:
    return CostEvent(
        meter=meter or month.supply_point,
        start=month.month.start_utc,
        minutes=(month.month.end_utc - month.month.start_utc) // timedelta(minutes=1),
        kind=what[0],
        serial=what[1],
        supply_point=month.supply_point,
        energy_wh=0,
        reactive_varh=0,
        quality=Quality.MEASURED,
        period="",
        amount_nano=nano,
        currency=month.currency,
        tariff=month.tariff,
        tariff_version=month.tariff_version,
        billed=what[0] is not CostKind.ALLOCATED,
    )


def _cost(
    opened: DayOpened,
    grid: Grid,
    place: tuple[int, int],
    what: tuple[CostKind, int],
    energy: tuple[int, int, Quality, Extra],
    amounts: Mapping[str, int],
) -> CostEvent:
    meter, slot = place
    return CostEvent(
        meter=opened.meters[meter],
        start=opened.start + timedelta(minutes=opened.step_minutes * slot),
        minutes=opened.step_minutes,
        kind=what[0],
        serial=what[1],
        supply_point=opened.supply_point,
        energy_wh=energy[0],
        reactive_varh=energy[1],
        quality=energy[2],
        period=opened.periods[grid.period_of_slot[slot]],
        amount_nano=amounts,
        currency=opened.currency,
        tariff=opened.tariff,
        tariff_version=opened.tariff_version,
        billed=opened.main_meter in {"", opened.meters[meter]},
        extra=energy[3],
    )
