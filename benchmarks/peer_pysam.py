"""NREL PySAM's Utilityrate5 as a peer and as an outside opinion: monthly bills of a year of mean kW.

What it can express: a year of 8,760 hours that begins on a Monday, schedules of 12 months x 24 hours for weekdays and
weekends, the same tier limits in all periods. Its time step is a 32-bit float, so at five minutes its energies are
3e-8 too high. Needs `NREL-PySAM`, which `make bench` and `make nightly` install.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NO_LIMIT = 1e38
PROPORTIONAL, CHRONOLOGICAL = 0, 2  # metering options: how the tiers of a month are shared by its periods
Schedule = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Rates:
    """Periods count from 1. `energy` has rates by period and tier; all tiers but the last have a limit, in kWh a month.

    `flat` and `by_period` are demand rates by tier with their kW limits; schedules are 12 months of 24 hours.
    """

    weekday: Schedule
    weekend: Schedule
    energy: Sequence[Sequence[float]]
    energy_limits_kwh: Sequence[float] = ()
    flat: Sequence[float] = ()
    flat_limits_kw: Sequence[float] = ()
    by_period: Sequence[float] = ()
    fixed: float = 0.0
    metering: int = PROPORTIONAL


def prepared(rates: Rates, steps: int) -> Any:
    """A model with everything but a load, for a year of so many steps."""
    from PySAM import Utilityrate5

    model = Utilityrate5.new()
    values: dict[str, Any] = {
        "analysis_period": 1,
        "inflation_rate": 0.0,
        "degradation": [0.0],
        "system_use_lifetime_output": 0,
        "gen": [0.0] * steps,
        "load_escalation": [0.0],
        "ur_metering_option": rates.metering,
        "ur_sell_eq_buy": 0,
        "ur_monthly_fixed_charge": rates.fixed,
        "ur_monthly_min_charge": 0.0,
        "ur_annual_min_charge": 0.0,
        "ur_en_ts_sell_rate": 0,
        "ur_en_ts_buy_rate": 0,
        "ur_ec_sched_weekday": rates.weekday,
        "ur_ec_sched_weekend": rates.weekend,
        "ur_ec_tou_mat": [
            [period, tier, limit, 0, rate, 0]
            for period, by_tier in enumerate(rates.energy, 1)
            for tier, (rate, limit) in enumerate(zip(by_tier, [*rates.energy_limits_kwh, NO_LIMIT], strict=True), 1)
        ],
        "ur_dc_enable": 1,
        "ur_dc_sched_weekday": rates.weekday,
        "ur_dc_sched_weekend": rates.weekend,
        "ur_dc_flat_mat": [
            [month, tier, limit, rate]
            for month in range(12)
            for tier, (rate, limit) in enumerate(
                zip(rates.flat or [0.0], [*rates.flat_limits_kw, NO_LIMIT], strict=True), 1
            )
        ],
        "ur_dc_tou_mat": [
            [period, 1, NO_LIMIT, rate] for period, rate in enumerate(rates.by_period or [0.0] * len(rates.energy), 1)
        ],
    }
    for name, value in values.items():
        model.value(name, value)
    return model


def monthly_bills(model: Any, kw: Sequence[float]) -> list[float]:
    """The twelve bills of a load: a mean kW for each step of the year."""
    model.value("load", kw)
    model.execute(0)
    return list(model.value("year1_monthly_utility_bill_wo_sys"))
