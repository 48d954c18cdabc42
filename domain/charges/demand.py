"""Charges on the highest demand of the month: how it is measured, rounded, capped, looked back upon, and tiered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, isqrt
from typing import TYPE_CHECKING, NamedTuple

from domain.bill import BillLine, ByEnergy, ByPeak, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.gauges import AnyGauge, RollingPeak, TopBlocks
from domain.heading import Heading, Words
from domain.money import Ratio, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.terms import Per, Terms


class KwRounding(StrEnum):
    """How kW are rounded before they are priced, where it is not up to whole kW."""

    HALF_UP = "half_up"
    TWO_DECIMALS = "two_decimals"

    def __call__(self, kw: Fraction) -> Fraction:
        scale = 100 if self is KwRounding.TWO_DECIMALS else 1
        return Fraction(floor(kw * scale + Fraction(1, 2)), scale)


@dataclass(frozen=True, slots=True)
class LookBack:
    """Billed is the mean of the `highest` highest monthly maxima of the last `months` months, this one included.

    With `in_months` only in those calendar months, and of the other months alone: the season before (Chile, peak
    demand). In those others this month's own maximum is billed.
    """

    highest: int
    months: int
    in_months: tuple[int, ...] = ()

    def kw(self, now: Ratio, month: date, before: Sequence[tuple[date, Fraction]]) -> Ratio:
        if self.in_months and month.month not in self.in_months:
            return now
        window = _recent(before, month, self.months - 1)
        if self.in_months:
            season = _highest_by_month([(first, kw) for first, kw in window if first.month not in self.in_months])
            return self._mean(season) if season else now
        return self._mean([now, *_highest_by_month(window)])

    def _mean(self, maxima: Sequence[Ratio]) -> Ratio:
        best = sorted(maxima, reverse=True)[: self.highest]
        return sum(map(Fraction, best), Fraction(0)) / len(best)


@dataclass(frozen=True, slots=True)
class Ratchet:
    """Billed is at least `percent` of the highest maximum of the `months` before, or of listed ones among them."""

    percent: Decimal
    months: int
    only_months: tuple[int, ...] = ()

    def kw(self, now: Ratio, month: date, before: Sequence[tuple[date, Fraction]]) -> Ratio:
        window = _recent(before, month, self.months)
        counted = [kw for first, kw in window if not self.only_months or first.month in self.only_months]
        return max([now, *(kw * Fraction(self.percent) / 100 for kw in counted)])


class CapAlone(StrEnum):
    """When a load-factor cap is billed by itself, whatever was measured (CFE: where there is no peak period)."""

    ALWAYS = "always"
    WITHOUT_HOURS = "without_hours"
    """On days none of which has an hour in the charge's periods."""


class Billed(NamedTuple):
    """Billed kW, measured kW, when the highest block began, and the cap in whole kW, which may bind."""

    kw: Ratio
    measured: Ratio
    at: datetime | None
    cap: int | None
    is_capped: bool


@dataclass(frozen=True)
class MaximumDemand(Named):
    """Billed kW x a rate per kW and month: the highest block mean of some periods. Options refine it, in this order:

    measured   `minutes` (own block length), `rolling` (such a window ends with every reading, not only on the clock),
               `highest_blocks` (mean of the n highest), `apparent` (kVA), `only_s` (blocks that start at given
               instants: coincident peaks); a rolling window has neither of the last two but `apparent`
    rounded    `round_up_kw`: up to whole kW; or `round_kw`: halves up, to whole kW or to two decimals
    looked back `look_back`, then `ratchet`, then `at_least_kw`
    capped     `load_factor`: at most ceil(kWh / (24 h x days x load factor)) kW; `cap_alone`: just that
    tiered     `tiers_kw`: upper limits of all tiers but the last; rates `code.t1`, `code.t2` ...
    prorated   in a part of a month: the part's own maximum, kWh and days; its days of the monthly rate
    per        the rate is for a month, or for each day billed, or for a year of 365 or 366 of them

    While a load-factor cap binds the charge is in effect a price on every kWh, and shaving the peak saves nothing: the
    line says so.
    """

    periods: tuple[tuple[int, str], ...]
    round_up_kw: bool
    load_factor: Decimal | None = None
    minutes: int | None = None
    highest_blocks: int = 1
    apparent: bool = False
    only_s: tuple[int, ...] | None = None
    look_back: LookBack | None = None
    ratchet: Ratchet | None = None
    at_least_kw: Decimal | None = None
    tiers_kw: tuple[Decimal, ...] = ()
    rolling: bool = False
    round_kw: KwRounding | None = None
    per: "Per" = "month"
    cap_alone: CapAlone | None = None

    @property
    def line_codes(self) -> tuple[str, ...]:
        return tuple(f"{self.code}.t{n}" for n in range(1, len(self.tiers_kw) + 2)) if self.tiers_kw else (self.code,)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (self._gauge(terms),) if self._is_gauged else ()

    @property
    def months_back(self) -> int:
        return max(self.look_back.months - 1 if self.look_back else 0, self.ratchet.months if self.ratchet else 0)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        if self._is_plain:
            return (self._plain_w(d, terms) * terms.micro[self.code] * terms.days // terms.month.days,)
        parts = zip(self._parts(self.billed(d, terms).kw), self.line_codes, strict=True)
        times = terms.times(self.per)
        return tuple(int(part * 1000 * terms.micro[code] * times) for part, code in parts)

    def headings(self, terms: "Terms") -> tuple[Heading, ...]:
        names = [f"{self.label}, tier {n}" for n in range(1, len(self.tiers_kw) + 2)] if self.tiers_kw else [self.label]
        pairs = zip(self.line_codes, names, strict=True)
        per = self.unit if self.per == "month" else f"{self.unit} and {self.per}"
        return tuple(self.heading(terms, self.unit, ByPeak(self._indexes), code, name, per=per) for code, name in pairs)

    def lines(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine]) -> tuple[GrossLine, ...]:
        if self.apparent:
            self.check_reactive(d, terms)
        billed, headings = self.billed(d, terms), terms.headings(self)
        note = self._note(billed, terms)
        if len(headings) == 1:
            return (self._line(headings[0], billed.kw, billed, note, d, terms),)
        first, *others = zip(headings, self._parts(billed.kw), strict=True)
        above = [self._line(heading, part, billed, None, d, terms) for heading, part in others if part]
        return (self._line(*first, billed, note, d, terms), *above)

    def _line(
        self, heading: Heading, part: Ratio, billed: "Billed", note: Words | None, d: Determinants, terms: "Terms"
    ) -> GrossLine:
        """`part` of the billed kW, at the rate of its tier."""
        rate, wh, times = heading.rate, sum(d.energy_wh), terms.times(self.per)
        return heading.line(
            fraction_to_decimal(part),
            of_fraction(rate, part if times == 1 else part * times),
            lambda: f"{self._formula(part, billed, wh, terms)} x {rate}{terms.times_in_words(self.per)}",
            basis=self._on_every_kwh(terms) if billed.is_capped else None,
            peak_at=billed.at,
            note=note,
        )

    def _on_every_kwh(self, terms: "Terms") -> Callable[[], ByEnergy]:
        return lambda: ByEnergy(tuple(range(len(terms.tariff.periods))))

    def remembered(self, d: Determinants, terms: "Terms", so_far: Sequence[BillLine] = ()) -> Mapping[str, Fraction]:
        return {self.code: Fraction(self.measured(d, terms)[0])} if self.look_back or self.ratchet else {}

    @property
    def unit(self) -> str:
        return "kVA" if self.apparent else "kW"

    def billed(self, d: Determinants, terms: "Terms") -> "Billed":
        """What is billed, and what was measured."""
        measured, at = self.measured(d, terms)
        uncapped = self._before_cap(measured, terms)
        cap = None if self.load_factor is None else self.cap_kw(d, terms)
        if cap is None or (cap >= uncapped and not self._is_cap_alone(terms)):
            return Billed(uncapped, measured, at, cap, is_capped=False)
        return Billed(cap, measured, at, cap, is_capped=True)

    def _is_cap_alone(self, terms: "Terms") -> bool:
        if self.cap_alone is not CapAlone.WITHOUT_HOURS:
            return self.cap_alone is CapAlone.ALWAYS
        return terms.once(self, self._has_no_hours)

    def _has_no_hours(self, terms: "Terms") -> bool:
        names = {name for _, name in self.periods}
        days = (terms.first + timedelta(days=n) for n in range(terms.days))
        return not any(window.period in names for day in days for window in terms.tariff.calendar.windows_of(day))

    def measured(self, d: Determinants, terms: "Terms") -> tuple[Ratio, datetime | None]:
        """The part's maximum in kW (kVA), rounded as the tariff rounds it, and when its block began."""
        if self._is_plain and self.round_up_kw:
            wh, at = d.peak(self._indexes)
            return -(-wh * 60 // (1000 * terms.tariff.demand_minutes)), at
        if self._is_gauged:
            gauge = self._gauge(terms)
            kw, at = self._gauged_kw(gauge.pairs(terms.gauge(d, gauge)), terms)
        else:
            wh, at = d.peak(self._indexes)
            kw = Fraction(wh * 60, 1000 * terms.tariff.demand_minutes)
        if self.round_kw is not None:
            return self.round_kw(kw), at
        return (ceil(kw) if self.round_up_kw else kw), at

    def cap_kw(self, d: Determinants, terms: "Terms") -> int:
        """The load-factor cap in whole kW; exact, because the load factor is a fraction and not a float."""
        above, below = self._load_factor_ratio
        return -(-sum(d.energy_wh) * below // (24_000 * terms.days * above))

    def _before_cap(self, measured: Ratio, terms: "Terms") -> Ratio:
        if self._is_plain:
            return measured
        kw, before = measured, sorted(terms.history.get(self.code, {}).items())
        if self.look_back is not None:
            kw = self.look_back.kw(kw, terms.month.first, before)
        if self.ratchet is not None:
            kw = self.ratchet.kw(kw, terms.month.first, before)
        return kw if self.at_least_kw is None else max(kw, Fraction(self.at_least_kw))

    def _parts(self, kw: Ratio) -> list[Ratio]:
        """kW of each tier."""
        if not self.tiers_kw:
            return [kw]
        parts = list[Ratio]()
        lower: Ratio = 0
        for limit in self._limits_kw:
            if kw <= limit:
                break
            parts.append(max(0, limit - lower))
            lower = max(lower, limit)
        parts.append(max(0, kw - lower))
        return parts + [0] * (len(self.tiers_kw) + 1 - len(parts))

    def _plain_w(self, d: Determinants, terms: "Terms") -> int:
        """The plain case in integers, because it is worked out for every measurement that arrives."""
        if self.cap_alone is not None and self._is_cap_alone(terms):
            return self.cap_kw(d, terms) * 1000
        wh, _ = d.peak(self._indexes)
        watts = wh * 60 // terms.tariff.demand_minutes
        if self.round_up_kw:
            watts = -(-watts // 1000) * 1000
        return watts if self.load_factor is None else min(watts, self.cap_kw(d, terms) * 1000)

    def _gauge(self, terms: "Terms") -> TopBlocks | RollingPeak:
        minutes = self.minutes or terms.tariff.demand_minutes
        if self.rolling:
            return RollingPeak(minutes, self._indexes, self.apparent)
        return TopBlocks(minutes, self._indexes, self.highest_blocks, self.apparent, self.only_s)

    def _gauged_kw(self, state: list[int], terms: "Terms") -> tuple[Fraction, datetime | None]:
        if not state:
            return Fraction(0), None
        minutes = self.minutes or terms.tariff.demand_minutes
        values = [Fraction(isqrt(v * 10**24), 10**12) if self.apparent else Fraction(v) for v in state[::2]]
        mean_wh = sum(values, Fraction(0)) / len(values)
        return mean_wh * 60 / (1000 * minutes), datetime.fromtimestamp(state[1], UTC)

    @cached_property
    def _indexes(self) -> tuple[int, ...]:
        return tuple(p for p, _ in self.periods)

    @cached_property
    def _limits_kw(self) -> tuple[Ratio, ...]:
        return tuple(int(limit) if limit == int(limit) else Fraction(limit) for limit in self.tiers_kw)

    @cached_property
    def _is_gauged(self) -> bool:
        measured_otherwise = self.highest_blocks > 1 or self.apparent or self.rolling or self.only_s is not None
        return self.minutes is not None or measured_otherwise

    @cached_property
    def _is_plain(self) -> bool:
        refined = (self.look_back, self.ratchet, self.at_least_kw, self.round_kw)
        simple = self.per == "month" and not self._is_gauged and not self.tiers_kw
        return simple and all(option is None for option in refined)

    @cached_property
    def _load_factor_ratio(self) -> tuple[int, int]:
        return (self.load_factor or Decimal(1)).as_integer_ratio()

    def _formula(self, part: Ratio, billed: "Billed", wh: int, terms: "Terms") -> str:
        names = ", ".join(name for _, name in self.periods)
        if self.tiers_kw:
            return f"{plain(fraction_to_decimal(part))} {self.unit}"
        measured = plain(fraction_to_decimal(billed.measured))
        if billed.cap is None:
            minutes = self.minutes or terms.tariff.demand_minutes
            window = f"{minutes} min{', rolling,' if self.rolling else ''} in {names}"
            return f"maximum of {window}: {measured} {self.unit}"
        hours = f"24 x {terms.days} x {self.load_factor}"
        cap_text = f"cap ceil({plain(Decimal(wh).scaleb(-3))} kWh / ({hours})) = {billed.cap:,}"
        if self._is_cap_alone(terms):
            return f"{cap_text} kW"
        return f"min(maximum in {names} {measured}, {cap_text}) kW"

    def _note(self, billed: "Billed", terms: "Terms") -> Words | None:
        """What is not obvious: that a cap binds, or that it is not this month's maximum that is billed."""
        if billed.is_capped:
            return lambda: self._cap_note(terms)
        if billed.kw == billed.measured:
            return None
        own = f"{plain(fraction_to_decimal(billed.measured))} {self.unit}"
        return lambda: f"Measured this month: {own}; earlier months or a minimum decide."

    def _cap_note(self, terms: "Terms") -> str:
        rate, these = terms.rates.values[self.code], "this month" if terms.share == 1 else "on these days"
        why = "The cap alone is billed" if self._is_cap_alone(terms) else "The cap binds"
        rate = of_fraction(rate, Fraction(terms.times(self.per)) / terms.share)
        per_kwh = rate / (24 * terms.month.days * (self.load_factor or Decimal(1)))
        return (
            f"{why}: {these} the charge acts as {per_kwh:.4f} {terms.tariff.currency} on every kWh, "
            "base hours included, and a lower peak alone would save nothing."
        )


def _recent(before: Sequence[tuple[date, Fraction]], month: date, months: int) -> list[tuple[date, Fraction]]:
    """Those of the last so many months before a month."""
    now = month.year * 12 + month.month
    return [(first, kw) for first, kw in before if 0 < now - (first.year * 12 + first.month) <= months]


def _highest_by_month(recent: Sequence[tuple[date, Fraction]]) -> list[Fraction]:
    """A month of several parts has one maximum, the highest of theirs."""
    found: dict[date, Fraction] = {}
    for first, kw in recent:
        month = first.replace(day=1)
        found[month] = max(kw, found.get(month, kw))
    return list(found.values())
