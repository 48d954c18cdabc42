"""Key figures of a bill that a plant manager reads first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.bill import Bill, BillPart
from domain.charges.power_factor import power_factor_percent


@dataclass(frozen=True, slots=True)
class Kpis:
    """Figures of one bill or of several together (the peak is the highest of them).

    `energy_kwh`, `peak_kw` (mean of the demand block that began at `peak_at`, UTC), `load_factor_percent` (mean power /
    peak), `power_factor_percent` (None where reactive energy is not metered), `cost` and `cost_per_kwh` in currency.
    """

    energy_kwh: Decimal
    peak_kw: Decimal
    peak_at: datetime | None
    load_factor_percent: Decimal | None
    power_factor_percent: Decimal | None
    cost: Decimal
    cost_per_kwh: Decimal | None
    currency: str


def kpis_of(bills: Sequence[Bill], step_minutes: int, demand_minutes: int) -> Kpis:
    """Key figures of at least one bill. `demand_minutes` is for bills whose parts do not tell their own."""
    billed = [part for bill in bills for part in bill.parts]
    parts = [part.determinants for part in billed]
    wh = sum(part.total_wh for part in parts)
    varh = [part.reactive_varh for part in parts if part.reactive_varh is not None]
    peak_w, peak_at = max((_peak_w(part, demand_minutes) for part in billed), key=lambda peak: peak[0])
    hours = Decimal(sum(part.intervals for part in parts) * step_minutes) / 60
    cost = sum((bill.total for bill in bills), Decimal(0))
    return Kpis(
        energy_kwh=Decimal(wh).scaleb(-3),
        peak_kw=Decimal(peak_w).scaleb(-3),
        peak_at=peak_at,
        load_factor_percent=(100 * Decimal(wh) / hours / peak_w).quantize(Decimal("0.1")) if peak_w else None,
        power_factor_percent=power_factor_percent(wh, sum(varh)) if wh and len(varh) == len(parts) else None,
        cost=cost,
        cost_per_kwh=(cost * 1000 / wh).quantize(Decimal("0.0001")) if wh else None,
        currency=bills[0].currency,
    )


def _peak_w(part: BillPart, demand_minutes: int) -> tuple[int, datetime | None]:
    wh, at = part.determinants.peak(range(len(part.determinants.peak_wh)))
    return wh * 60 // (part.demand_minutes or demand_minutes), at
