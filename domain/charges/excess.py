"""Power beyond the contract: what was used above the contracted kW, by the rule of the country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByPeak, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.gauges import AnyGauge, SquaredExcess, TopBlocks
from domain.money import EXACT, decimal_to_nano, of_fraction, plain

if TYPE_CHECKING:
    from domain.terms import Terms


class ExcessRule(StrEnum):
    """`banded`: highest kW beyond the contract, by bands. `quadratic`: square root of the sum of squared excess."""

    BANDED = "banded"
    QUADRATIC = "quadratic"


@dataclass(frozen=True, slots=True)
class Band:
    """Excess up to a percentage of the contract costs `times` the rate; `up_to_percent` None is without limit."""

    up_to_percent: Decimal | None
    times: Decimal


@dataclass(frozen=True)
class ExcessPower(Named):
    """One line a period, coded `code.period`, at a rate per kW and month (per kW and day where `per_day`).

    Banded: e = highest kW - contracted kW; nothing up to `free_percent` of the contract; beyond it the whole excess
    (`whole`) or the part above; cut into `bands`. One band without limit is the linear rule.
    Quadratic: rate x sqrt(sum over blocks of (kW - contracted)²), Spain's meters of types 1 to 3; the rate is K x tep.
    In a part of a month a banded rate per month bears the part's days; a root does not: its sum has the part's blocks
    only, so that it is a quantity of those days already.
    """

    periods: tuple[tuple[int, str], ...]
    rule: ExcessRule
    bands: tuple[Band, ...] = (Band(None, Decimal(1)),)
    free_percent: Decimal = Decimal(0)
    whole: bool = True
    per_day: bool = False
    minutes: int = 15

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return tuple(self._gauge(p, name, terms) for p, name in self.periods)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return tuple(decimal_to_nano(self._gross(p, name, d, terms)) for p, name in self.periods)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        return tuple(self._line(p, name, d, terms) for p, name in self.periods if self._excess_kw(p, name, d, terms)[0])

    def _line(self, period: int, name: str, d: Determinants, terms: "Terms") -> GrossLine:
        contracted, rate = terms.contract.kw(name, self.label), terms.rates.values[f"{self.code}.{name}"]
        excess, at = self._excess_kw(period, name, d, terms)
        days = f" x {terms.days} days" if self.per_day else terms.of_the_month if self._is_prorated else ""
        return GrossLine(
            code=f"{self.code}.{name}",
            charge=self.code,
            group=self.group,
            label=f"{self.label}, {name}",
            quantity=round(excess, 6),
            unit="kW",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kW{' and day' if self.per_day else ''}",
            formula=f"{self._words(excess, contracted)} x {rate}{days}",
            gross=self._gross(period, name, d, terms),
            source=self.cited(terms),
            basis=ByPeak((period,)),
            peak_at=at,
        )

    def _gauge(self, period: int, name: str, terms: "Terms") -> AnyGauge:
        if self.rule is ExcessRule.QUADRATIC:
            return SquaredExcess(self.minutes, period, int(terms.contract.kw(name, self.label) * 1000))
        return TopBlocks(self.minutes, (period,))

    def _excess_kw(self, period: int, name: str, d: Determinants, terms: "Terms") -> tuple[Decimal, datetime | None]:
        """kW to be charged, weighted by the bands, and when the highest block began."""
        state = terms.gauge(d, self._gauge(period, name, terms))
        if self.rule is ExcessRule.QUADRATIC:
            return EXACT.sqrt(Decimal(state[0])).scaleb(-3), None
        if not state:
            return Decimal(0), None
        kw, contracted = Decimal(state[0] * 60) / (1000 * self.minutes), terms.contract.kw(name, self.label)
        free = contracted * self.free_percent / 100
        if kw <= contracted + free:
            return Decimal(0), None
        return self._banded(kw - contracted - (0 if self.whole else free), contracted), datetime.fromtimestamp(
            state[1], UTC
        )

    def _banded(self, excess: Decimal, contracted: Decimal) -> Decimal:
        weighted, lower = Decimal(0), Decimal(0)
        for band in self.bands:
            upper = excess if band.up_to_percent is None else min(excess, contracted * band.up_to_percent / 100)
            weighted += max(Decimal(0), upper - lower) * band.times
            lower = max(lower, upper)
        return weighted

    def _gross(self, period: int, name: str, d: Determinants, terms: "Terms") -> Decimal:
        kw, _ = self._excess_kw(period, name, d, terms)
        gross = EXACT.multiply(kw, terms.rates.values[f"{self.code}.{name}"])
        if self.per_day:
            return EXACT.multiply(gross, Decimal(terms.days))
        return of_fraction(gross, terms.share) if self._is_prorated else gross

    @property
    def _is_prorated(self) -> bool:
        return self.rule is not ExcessRule.QUADRATIC

    def _words(self, excess: Decimal, contracted: Decimal) -> str:
        if self.rule is ExcessRule.QUADRATIC:
            blocks = f"sqrt(sum of (kW - {plain(contracted)})² over {self.minutes} min blocks)"
            return f"{blocks} = {plain(round(excess, 6))} kW"
        return f"beyond {plain(contracted)} kW, weighted by bands: {plain(round(excess, 6))} kW"
