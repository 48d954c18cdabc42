"""What one measurement cost, by charge: the form in which cost leaves the ledger for the sinks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.events import DayEvent, DayOpened, PeriodClosed, ReadingCorrected, ReadingsPriced
from domain.measurement import Quality
from domain.meter_day import Grid


class CostKind(StrEnum):
    """`provisional`: what the bill grew by; `reversal`: such a cost taken back; `true_up`: what closing added."""

    PROVISIONAL = "provisional"
    REVERSAL = "reversal"
    TRUE_UP = "true_up"


@dataclass(frozen=True, slots=True)
class CostEvent:
    """Cost of the energy of one meter over `[start, start + minutes)`, UTC, in nano-currency by line code.

    A true-up belongs to the supply point's whole month: `meter` is its id, `minutes` the month's length, and it has no
    energy. `(meter, start, kind, serial)` is unique; `serial` counts corrections of the same measurement.
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

    @property
    def total_nano(self) -> int:
        return sum(self.amount_nano.values())


def costs_of_day_event(opened: DayOpened, grid: Grid, position: int, event: DayEvent) -> Iterator[CostEvent]:
    """The costs that an event of a day tells of; `position` in the ledger becomes the serial of a correction."""
    match event:
        case ReadingsPriced():
            rows = zip(event.meters, event.slots, event.wh, event.varh, event.estimated, strict=True)
            for row, (meter, slot, wh, varh, estimated) in enumerate(rows):
                amounts = {
                    code: column[row] for code, column in zip(opened.line_codes, event.live_nano, strict=True) if column
                }
                quality = Quality.ESTIMATED if estimated else Quality.MEASURED
                yield _cost(opened, grid, (meter, slot), (CostKind.PROVISIONAL, 0), (wh, varh, quality), amounts)
        case ReadingCorrected():
            place = (event.meter, event.slot)
            before, after = (-event.wh_before, -event.varh_before), (event.wh, event.varh)
            for kind, energy, nano in (
                (CostKind.REVERSAL, before, event.reversed_nano),
                (CostKind.PROVISIONAL, after, event.live_nano),
            ):
                amounts = dict(zip(opened.line_codes, nano, strict=True))
                yield _cost(opened, grid, place, (kind, position), (*energy, Quality.MEASURED), amounts)
        case _:
            return


def costs_of_close(event: PeriodClosed, start: datetime, end: datetime, position: int) -> CostEvent:
    """The true-up of a closed month."""
    bill = event.bill
    return CostEvent(
        meter=event.supply_point,
        start=start,
        minutes=(end - start) // timedelta(minutes=1),
        kind=CostKind.TRUE_UP,
        serial=position,
        supply_point=event.supply_point,
        energy_wh=0,
        reactive_varh=0,
        quality=Quality.MEASURED,
        period="",
        amount_nano=event.true_up_nano,
        currency=bill.currency,
        tariff=bill.tariff,
        tariff_version=bill.tariff_version,
    )


def _cost(
    opened: DayOpened,
    grid: Grid,
    place: tuple[int, int],
    what: tuple[CostKind, int],
    energy: tuple[int, int, Quality],
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
    )
