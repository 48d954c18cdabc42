"""Power beyond the contract: what was used above the contracted kW, by the rule of the country."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import ByExcess, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.gauges import AnyGauge, SquaredExcess, TopBlocks
from domain.money import EXACT, decimal_to_nano, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.heading import Worked
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


@dataclass(frozen=True, slots=True)
class Scope:
    """What one line looks at: its code, what is added to the label, and its periods."""

    code: str
    suffix: str
    indexes: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class ExcessPower(Named):
    """One line a period, coded `code.period`, at a rate per kW and month (per kW and day where `per_day`).

    Banded: e = highest kW - contracted kW; nothing up to `free_percent` of the contract; beyond it the whole excess
    (`whole`) or the part above; cut into `bands`. One band without limit is the linear rule.
    Quadratic: rate x sqrt(sum over blocks of (kW - contracted)²), Spain's meters of types 1 to 3; the rate is K x tep.
    In a part of a month a banded rate per month bears the part's days; a root does not: its sum has the part's blocks
    only, so that it is a quantity of those days already.
    `together`: one line, coded `code`, on the highest kW of all periods and the highest of their contracts.
    `once`: in the order of `periods`, one is charged only for what exceeds the highest excess before it (Taiwan).
    """

    periods: tuple[tuple[int, str], ...]
    rule: ExcessRule
    bands: tuple[Band, ...] = (Band(None, Decimal(1)),)
    free_percent: Decimal = Decimal(0)
    whole: bool = True
    per_day: bool = False
    minutes: int = 15
    together: bool = False
    once: bool = False

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(scope.code for scope in self.scopes)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        if self.together:
            indexes, names = zip(*self.periods, strict=True)
            return (Scope(self.code, "", indexes, names),)
        return tuple(Scope(f"{self.code}.{name}", f", {name}", (p,), (name,)) for p, name in self.periods)

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return tuple(self._gauge(scope, terms) for scope in self.scopes)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return tuple(decimal_to_nano(self._gross(scope, kw, terms)) for scope, kw, _ in self._excess(d, terms))

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        return tuple(self._line(scope, kw, at, terms) for scope, kw, at in self._excess(d, terms) if kw)

    def _excess(self, d: Determinants, terms: "Terms") -> Iterator[tuple[Scope, Decimal, datetime | None]]:
        """Of each scope the kW to be charged, weighted by the bands, and when the highest block began."""
        counted = Decimal(0)
        for scope in self.scopes:
            state, contracted = terms.gauge(d, self._gauge(scope, terms)), self.contracted(scope, terms)
            if self.rule is ExcessRule.QUADRATIC:
                yield scope, EXACT.sqrt(Decimal(state[0])).scaleb(-3), None
                continue
            raw = self._raw(state, contracted)
            weighted = self._banded(raw, contracted) - self._banded(min(raw, counted), contracted)
            counted = max(counted, raw) if self.once else counted
            yield scope, weighted, datetime.fromtimestamp(state[1], UTC) if weighted else None

    def _raw(self, state: list[int], contracted: Decimal) -> Decimal:
        """kW beyond the contract, before any band."""
        kw, free = Decimal(state[0] * 60 if state else 0) / (1000 * self.minutes), contracted * self.free_percent / 100
        return Decimal(0) if kw <= contracted + free else kw - contracted - (0 if self.whole else free)

    def _banded(self, excess: Decimal, contracted: Decimal) -> Decimal:
        weighted, lower = Decimal(0), Decimal(0)
        for band in self.bands:
            upper = excess if band.up_to_percent is None else min(excess, contracted * band.up_to_percent / 100)
            weighted += max(Decimal(0), upper - lower) * band.times
            lower = max(lower, upper)
        return weighted

    def contracted(self, scope: Scope, terms: "Terms") -> Decimal:
        """The kW that a line may use: of several periods the highest of their contracts."""
        return max(terms.contract.kw(name, self.label) for name in scope.names)

    def _gauge(self, scope: Scope, terms: "Terms") -> AnyGauge:
        if self.rule is ExcessRule.QUADRATIC:
            return SquaredExcess(self.minutes, scope.indexes[0], int(self.contracted(scope, terms) * 1000))
        return TopBlocks(self.minutes, scope.indexes)

    def _gross(self, scope: Scope, kw: Decimal, terms: "Terms") -> Decimal:
        gross = EXACT.multiply(kw, terms.rates.values[scope.code])
        if self.per_day:
            return EXACT.multiply(gross, Decimal(terms.days))
        return of_fraction(gross, terms.share) if self._is_prorated else gross

    @property
    def _is_prorated(self) -> bool:
        return self.rule is not ExcessRule.QUADRATIC

    def _line(self, scope: Scope, kw: Decimal, at: datetime | None, terms: "Terms") -> GrossLine:
        contracted, rate = self.contracted(scope, terms), terms.rates.values[scope.code]
        days = f" x {terms.days} days" if self.per_day else terms.of_the_month if self._is_prorated else ""
        squared = self.rule is ExcessRule.QUADRATIC
        return GrossLine(
            code=scope.code,
            charge=self.code,
            group=self.group,
            label=f"{self.label}{scope.suffix}",
            quantity=fraction_to_decimal(Fraction(kw)),
            unit="kW",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kW{' and day' if self.per_day else ''}",
            formula=f"{self._words(kw, contracted)} x {rate}{days}",
            gross=self._gross(scope, kw, terms),
            source=self.cited(terms),
            basis=ByExcess(scope.indexes, self.minutes, int(contracted * 1000), squared),
            peak_at=at,
        )

    def _words(self, excess: Decimal, contracted: Decimal) -> str:
        if self.rule is ExcessRule.QUADRATIC:
            blocks = f"sqrt(sum of (kW - {plain(contracted)})² over {self.minutes} min blocks)"
            return f"{blocks} = {plain(round(excess, 6))} kW"
        once = ", not charged before" if self.once else ""
        return f"beyond {plain(contracted)} kW{once}, weighted by bands: {plain(round(excess, 6))} kW"
