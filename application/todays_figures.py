"""On the device: how much energy today, what did it cost, in which period are we, and how high was the peak so far?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from application.ports import MeteringDays
from application.terms_of import TermsOf
from domain.meter_day import MeterDay
from domain.money import NANO
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True, slots=True)
class MeterToday:
    """One meter's day so far: Wh, and what it cost (provisional, in the tariff's currency)."""

    meter: str
    energy_wh: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Today:
    """The main meter's day and month so far; every cost is provisional until the cloud closes the month.

    The peak is the month's highest demand block. `intervals` of `intervals_expected` of the month are known here: less
    than all where the device was off, or came later.
    """

    day: date
    tariff: str
    currency: str
    assumption: str
    energy_wh: int
    cost: Decimal
    month_energy_wh: int
    month_cost: Decimal
    peak_today_kw: Decimal
    peak_kw: Decimal
    peak_at: datetime | None
    intervals: int
    intervals_expected: int
    meters: tuple[MeterToday, ...]


def todays_figures(days: MeteringDays, point: SupplyPoint, terms_of: TermsOf, now: datetime) -> Today | None:
    """The figures of the local day at `now`; None before its first measurement."""
    today = now.astimezone(point.zone).date()
    day = days.get(point.device, today)
    if day.opened is None:
        return None
    month = BillingMonth(today.replace(day=1), point.zone)
    terms = terms_of(point, month, today)
    main = day.meters[day.index[point.main_meter]]
    periods = range(len(terms.tariff.periods))
    peak_wh, peak_at = main.month.peak(periods)
    return Today(
        day=today,
        tariff=terms.tariff.id,
        currency=terms.tariff.currency,
        assumption=terms.rates.assumption,
        energy_wh=main.today_wh,
        cost=_amount(sum(main.live_nano)),
        month_energy_wh=main.month.total_wh,
        month_cost=_amount(sum(main.accrued_nano)),
        peak_today_kw=_kw(main.today.peak(periods)[0], terms.tariff.demand_minutes),
        peak_kw=_kw(peak_wh, terms.tariff.demand_minutes),
        peak_at=peak_at,
        intervals=main.month.intervals,
        intervals_expected=(now - month.start_utc) // timedelta(minutes=point.step_minutes),
        meters=tuple(_meter(name, day.meters[index]) for name, index in sorted(day.index.items())),
    )


def period_now(point: SupplyPoint, terms_of: TermsOf, now: datetime) -> str:
    """The tariff's period at an instant."""
    local = now.astimezone(point.zone)
    tariff = terms_of(point, BillingMonth.of(now, point.zone), local.date()).tariff
    return tariff.periods[tariff.calendar.period_at(local.date(), local.hour * 60 + local.minute)]


def _meter(name: str, state: MeterDay) -> MeterToday:
    return MeterToday(name, state.today_wh, _amount(sum(state.live_nano)))


def _amount(nano: int) -> Decimal:
    """Currency with four places: shown, not billed."""
    return (Decimal(nano) / NANO).quantize(Decimal("0.0001"))


def _kw(block_wh: int, minutes: int) -> Decimal:
    return (Decimal(block_wh) * 60 / minutes / 1000).quantize(Decimal("0.001"))
