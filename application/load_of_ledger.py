"""A meter's load as the ledger knows it, for reports and for checking one engine with the other."""

from datetime import timedelta

import numpy as np

from application.ports import MeteringDays
from domain.arrays import Load
from domain.errors import BadReadings
from domain.measurement import Quality
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


def load_of_ledger(days: MeteringDays, point: SupplyPoint, meter: str, month: BillingMonth) -> Load:
    """The measurements of a month; what is not there is MISSING. Raises `BadReadings` for a meter unknown here."""
    if meter not in point.meters:
        raise BadReadings(f"meter {meter!r} is not one of {point.id}; it has {', '.join(sorted(point.meters))}")
    intervals = month.intervals(point.step_minutes)
    wh, varh = np.zeros(intervals, dtype=np.int64), np.zeros(intervals, dtype=np.int64)
    quality = np.full(intervals, Quality.MISSING, dtype=np.uint8)
    step = timedelta(minutes=point.step_minutes)
    for i in range(month.days):
        day = days.get(point.device, month.first + timedelta(days=i))
        if day.opened is None:
            continue
        state, first = day.meters[day.index[meter]], (day.opened.start - month.start_utc) // step
        for slot, energy in enumerate(state.wh):
            if energy is not None:
                wh[first + slot], varh[first + slot] = energy, state.varh[slot]
                quality[first + slot] = Quality.ESTIMATED if slot in state.estimated else Quality.MEASURED
    return Load(meter, month.start_utc, point.step_minutes, wh, varh, quality)
