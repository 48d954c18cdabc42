"""Energy in tiers: the price depends on how much was used, and a tariff must say how periods share its ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from domain.bill import ByEnergy, ByTier, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.gauges import AnyGauge, ChronologicalTiers
from domain.money import EXACT, Ratio, fraction_to_decimal, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms


class TierScope(StrEnum):
    """How the periods of a month share a ladder of limits; the same load and rates give three different bills.

    `per_period`: each period climbs a ladder of its own. `pooled_proportional`: the month climbs one ladder, and every
    period has the month's mix of tiers. `pooled_chronological`: the month climbs one ladder in the order of time.
    """

    PER_PERIOD = "per_period"
    POOLED_PROPORTIONAL = "pooled_proportional"
    POOLED_CHRONOLOGICAL = "pooled_chronological"


class TierUnit(StrEnum):
    """What limits count: kWh of the month, kWh per day, or hours of use (kWh per billed kW of a charge) of the month.

    Limits of a month bear a part's days of them; a ladder climbed in the order of time cuts them to whole Wh.
    """

    KWH = "kWh"
    KWH_PER_DAY = "kWh/day"
    KWH_PER_KW = "kWh/kW"


@dataclass(frozen=True)
class TieredEnergy(Named):
    """Energy by period and tier. `limits` are the upper limits of all tiers but the last; rates are `code.period.tN`.

    Progressive: each slice at its own price. Banded: the whole volume at the price of the tier it ends in. `kw_of`
    names the demand charge whose billed kW the limits of kWh/kW multiply; it stands before this charge on the bill.
    `normal_days`: limits of a month are for a month of so many days, and bear days billed / normal days. `per_mwh`:
    rates are per MWh, for prices finer than a millionth per kWh; without limits it is energy by period at such prices.
    """

    periods: tuple[tuple[int, str], ...]
    scope: TierScope
    limits: tuple[Decimal, ...]
    banded: bool = False
    unit: TierUnit = TierUnit.KWH
    kw_of: str = ""
    normal_days: int | None = None
    per_mwh: bool = False

    @property
    def line_codes(self) -> tuple[str, ...]:
        tiers = range(1, len(self.limits) + 2)
        return tuple(f"{self.code}.{name}.t{n}" for _, name in self.periods for n in tiers)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    @property
    def of(self) -> tuple[str, ...]:
        return (self.kw_of,) if self.kw_of else ()

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (self._gauge(terms),) if self._in_order else ()

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        if self.unit is TierUnit.KWH_PER_KW:
            return tuple(0 for _ in self.line_codes)  # the billed kW of the month decide: known at its close
        parts = self._parts(d, terms, self._limits_wh(terms, ()))
        below = 1000 if self.per_mwh else 1
        return tuple(int(wh * terms.micro[code] / below) for wh, code in zip(parts, self.line_codes, strict=True))

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        parts = self._parts(d, terms, self._limits_wh(terms, so_far))
        tiers = len(self.limits) + 1
        found = zip(parts, self.line_codes, strict=True)
        return tuple(
            self._line(wh, code, self.periods[i // tiers], i % tiers, terms) for i, (wh, code) in enumerate(found) if wh
        )

    def _parts(self, d: Determinants, terms: "Terms", limits_wh: Sequence[Fraction]) -> list[Fraction]:
        """Wh of each line, in the order of `line_codes`."""
        if self._in_order:
            state, count = terms.gauge(d, self._gauge(terms)), len(d.energy_wh)
            return [Fraction(state[tier * count + p]) for p, _ in self.periods for tier in range(len(self.limits) + 1)]
        own = [Fraction(d.energy_wh[p]) for p, _ in self.periods]
        if self.scope is TierScope.PER_PERIOD:
            return [part for wh in own for part in self._ladder(wh, limits_wh)]
        total = sum(own, Fraction(0))
        ladder = self._ladder(total, limits_wh)
        return [wh * part / total if total else Fraction(0) for wh in own for part in ladder]

    def _ladder(self, wh: Fraction, limits_wh: Sequence[Fraction]) -> list[Fraction]:
        if self.banded:
            reached = sum(1 for limit in limits_wh if wh > limit)
            return [wh if tier == reached else Fraction(0) for tier in range(len(limits_wh) + 1)]
        parts, lower = list[Fraction](), Fraction(0)
        for limit in (*limits_wh, None):
            upper = wh if limit is None else min(wh, limit)
            parts.append(max(Fraction(0), upper - lower))
            lower = max(lower, upper)
        return parts

    @property
    def _in_order(self) -> bool:
        """A banded volume has one price whatever its order; limits that wait for a demand cannot be climbed."""
        return self.scope is TierScope.POOLED_CHRONOLOGICAL and not self.banded and self.unit is not TierUnit.KWH_PER_KW

    def _gauge(self, terms: "Terms") -> ChronologicalTiers:
        limits = self._limits_wh(terms, ())
        counted = tuple(p for p, _ in self.periods)
        return ChronologicalTiers(len(terms.tariff.periods), counted, tuple(int(limit) for limit in limits))

    def _limits_wh(self, terms: "Terms", so_far: "Sequence[Worked]") -> list[Fraction]:
        factor = Fraction(1000) * self._often(terms)
        if self.unit is TierUnit.KWH_PER_KW:
            factor *= sum((Fraction(line.quantity) for line in so_far if line.charge == self.kw_of), Fraction(0))
        return [Fraction(limit) * factor for limit in self.limits]

    def _often(self, terms: "Terms") -> Ratio:
        """What a limit is multiplied by, kW apart."""
        if self.unit is TierUnit.KWH_PER_DAY:
            return terms.days
        return terms.share if self.normal_days is None else Fraction(terms.days, self.normal_days)

    def _line(self, wh: Fraction, code: str, period: tuple[int, str], tier: int, terms: "Terms") -> GrossLine:
        index, name = period
        climbed = self._gauge(terms) if self._in_order else None
        kwh = EXACT.divide(Decimal(wh.numerator), Decimal(wh.denominator * 1000))
        rate = terms.rates.values[code].scaleb(-3 if self.per_mwh else 0, context=EXACT)
        return GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=f"{self.label}, {name}" + (f", tier {tier + 1}" if self.limits else ""),
            quantity=fraction_to_decimal(wh / 1000),
            unit="kWh",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kWh",
            formula=f"{plain(fraction_to_decimal(wh / 1000))} kWh x {rate}",
            gross=EXACT.multiply(kwh, rate),
            source=self.cited(terms),
            basis=ByTier(index, climbed.counted, climbed.limits_wh, tier) if climbed else ByEnergy((index,)),
        )
