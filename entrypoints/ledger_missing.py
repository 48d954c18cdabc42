"""Which intervals of a month the main meter has no reading of: a gap is told, never a zero."""

from datetime import datetime, timedelta

import numpy as np

from application.load_of_ledger import load_of_ledger
from domain.measurement import Quality
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth
from entrypoints.ledger_file import OpenLedger

MOST_TOLD = 5


def without_reading(
    opened: OpenLedger, point: SupplyPoint, month: BillingMonth, known_at: datetime | None = None
) -> list[str]:
    """Each run of intervals, in local time, as lines; what has not come yet is not missing."""
    load = load_of_ledger(opened.store.days, point, point.main_meter, month, known_at)
    step = timedelta(minutes=load.step_minutes)
    passed = max(0, ((known_at or opened.clock.now()) - load.start) // step)
    missing = load.quality[:passed] == Quality.MISSING
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])))).tolist()
    runs = list(zip(edges[::2], edges[1::2], strict=True))
    told = [
        f"no reading of {load.meter} from {_local(load.start + step * first, point)} to "
        f"{_local(load.start + step * end, point)}: {end - first:,} intervals"
        for first, end in runs[:MOST_TOLD]
    ]
    if rest := runs[MOST_TOLD:]:
        told.append(f"and in {sum(end - first for first, end in rest):,} intervals of {len(rest):,} later times")
    return told


def _local(at: datetime, point: SupplyPoint) -> str:
    return f"{at.astimezone(point.zone):%Y-%m-%d %H:%M}"
