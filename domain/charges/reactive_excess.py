"""What a poor power factor displaces, block by block: excess reactive energy and demand (Brazil, ERE and DRE).

REN ANEEL 1000/2021, on excess reactive energy and demand: f_T is the power factor of hour T, and where it is under 0.92
ERE = sum over T of E_T x (0.92 / f_T - 1) x VR_ERE; DRE = (max over T of D_T x 0.92 / f_T - billed demand) x VR_DRE.
In six hours of the night the capacitive reactive energy counts, in all others the inductive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.bill import ByEnergy, ByPeak, GrossLine
from domain.charges.charge import Accrual, Named
from domain.determinants import Determinants
from domain.gauges import AnyGauge, PowerFactorExcess, Unmetered
from domain.money import EXACT, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import BillingMonth, Terms

CAPACITIVE = Unmetered("capacitive_varh")
Minutes = tuple[int, int]
"""A window of every local day, `[from, to)` in minutes after midnight; `to` is above 1440 where it crosses midnight."""


@dataclass(frozen=True)
class PowerFactorBlocks(Named):
    """What both have: the blocks of some periods, the reference, and the hours in which capacitive energy counts."""

    periods: tuple[tuple[int, str], ...]
    reference_percent: int
    minutes: int = 60
    capacitive_minutes: Minutes | None = None

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        own = self.gauge(terms)
        return (own,) if self.capacitive_minutes is None else (own, CAPACITIVE)

    def gauge(self, terms: "Terms") -> PowerFactorExcess:
        window = self.capacitive_minutes
        night = () if window is None else utc_windows(window, terms.month)
        return PowerFactorExcess(self.minutes, self.indexes, self.reference_percent, self.is_peak, night)

    @property
    def is_peak(self) -> bool:
        return False

    @property
    def indexes(self) -> tuple[int, ...]:
        return tuple(p for p, _ in self.periods)

    def check_metered(self, d: Determinants, terms: "Terms") -> None:
        """Raises `BadReadings` where a register is missing that the power factor needs."""
        self.check_reactive(d, terms)
        if self.capacitive_minutes is not None:
            self.check_register(d, terms, "capacitive_varh")

    def line(self, numbers: tuple[Decimal, str], formula: str, terms: "Terms", peak_at: datetime | None) -> GrossLine:
        quantity, unit = numbers
        rate = terms.rates.values[self.code]
        gross = EXACT.multiply(quantity, rate)
        return GrossLine(
            code=self.code,
            charge=self.code,
            group=self.group,
            label=self.label,
            quantity=fraction_to_decimal(Fraction(quantity)),
            unit=unit,
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/{unit}",
            formula=f"{formula} x {rate}{terms.of_the_month if self.is_peak else ''}",
            gross=of_fraction(gross, terms.share) if self.is_peak else gross,
            source=self.cited(terms),
            basis=ByPeak(self.indexes) if self.is_peak else ByEnergy(self.indexes),
            peak_at=peak_at,
        )


@dataclass(frozen=True)
class PowerFactorEnergy(PowerFactorBlocks):
    """Energy that a poor power factor displaces: sum over blocks of E x (reference / f - 1) x a rate per kWh (ERE)."""

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (terms.gauge(d, self.gauge(terms))[0] * terms.micro[self.code] // 1000,)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        self.check_metered(d, terms)
        kwh = Decimal(terms.gauge(d, self.gauge(terms))[0]).scaleb(-6)
        if not kwh:
            return ()
        formula = f"sum of kWh x ({self.reference_percent} % / power factor - 1) = {plain(kwh)} kWh"
        return (self.line((kwh, "kWh"), formula, terms, None),)


@dataclass(frozen=True)
class PowerFactorDemand(PowerFactorBlocks):
    """Demand that a poor power factor displaces: max over blocks of kW x reference / f, less billed kW, x a rate (DRE).

    `kw_of` names the charges before this one whose quantities are the billed kW. Known at the close. A part of a month
    has its own maximum and bears its days of the rate.
    """

    kw_of: tuple[str, ...] = ()

    @property
    def of(self) -> tuple[str, ...]:
        return self.kw_of

    @property
    def is_peak(self) -> bool:
        return True

    accrues = Accrual.NOTHING

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (0,)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        self.check_metered(d, terms)
        state = terms.gauge(d, self.gauge(terms))
        if not state:
            return ()
        asked = EXACT.divide(Decimal(state[0] * 60), Decimal(self.minutes * 10**6))
        billed = quantity_of(self.kw_of, so_far)
        if asked <= billed:
            return ()
        highest = f"maximum of kW x {self.reference_percent} % / power factor = {plain(round(asked, 6))}"
        formula = f"({highest} - {plain(billed)} billed) kW"
        return (self.line((asked - billed, "kW"), formula, terms, datetime.fromtimestamp(state[1], UTC)),)


def quantity_of(codes: tuple[str, ...], so_far: "Sequence[Worked]") -> Decimal:
    """What the lines of some charges count together."""
    return sum((line.quantity for line in so_far if line.charge in codes), Decimal(0))


@lru_cache(maxsize=64)
def utc_windows(minutes: Minutes, month: "BillingMonth") -> tuple[int, ...]:
    """UTC seconds, from and to by turns, of a local window on every day of a month, and on the day before it."""
    found: list[int] = []
    for n in range(-1, (month.end - month.first).days):
        day = month.first + timedelta(days=n)
        for minute in minutes:
            edge_day, at = day + timedelta(days=minute // 1440), time(minute % 1440 // 60, minute % 60)
            found.append(int(datetime.combine(edge_day, at, tzinfo=month.zone).timestamp()))
    return tuple(found)
