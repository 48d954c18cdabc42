"""Charges on the highest demand of the month: how it is measured, rounded, capped, looked back upon, and tiered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, partial
from itertools import pairwise
from math import ceil, floor, isqrt
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from domain.bill import BillLine, ByEnergy, ByPeak
from domain.charges.charge import Ask, Prepared
from domain.charges.demand_words import uncapped_in_words
from domain.charges.look_back import LookBack, Ratchet
from domain.determinants import Determinants
from domain.gauges import AnyGauge, RollingPeak, TopBlocks
from domain.heading import Figures, Heading, Told, Words, Worked
from domain.money import EXACT, Ratio, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.terms import Per, Terms


divide, multiply = EXACT.divide, EXACT.multiply


class KwRounding(StrEnum):
    """How kW are rounded before they are priced, where it is not up to whole kW."""

    HALF_UP = "half_up"
    TWO_DECIMALS = "two_decimals"

    def __call__(self, kw: Fraction) -> Fraction:
        scale = 100 if self is KwRounding.TWO_DECIMALS else 1
        return Fraction(floor(kw * scale + Fraction(1, 2)), scale)


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
class MaximumDemand(Prepared):
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
    billed     `in_months` alone; maxima of all months are remembered, so that a ratchet looks back across seasons

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
    in_months: tuple[int, ...] = ()

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
        return self.accrue(terms)(d)

    def accrue(self, terms: "Terms") -> Callable[[Determinants], tuple[int, ...]]:
        if not self._is_billed(terms):
            nothing = (0,) * len(self.line_codes)
            return lambda _: nothing
        return self._accrue_plain(terms) if self._is_plain else self._accrue_refined(terms)

    def _accrue_plain(self, terms: "Terms") -> Callable[[Determinants], tuple[int, ...]]:
        """The plain case in integers, prepared, because it is worked out for every measurement that arrives."""
        highest, minutes, micro = _highest_of(self._indexes), terms.tariff.demand_minutes, terms.micro[self.code]
        is_capped, below, whole = self.load_factor is not None, *self._cap_ratio(terms)
        is_cap_alone = self._is_cap_alone(terms)
        days, of_month = terms.share.as_integer_ratio()

        def accrued(d: Determinants) -> tuple[int, ...]:
            watts = highest(d.peak_wh) * 60 // minutes
            if self.round_up_kw:
                watts = -(-watts // 1000) * 1000
            if is_capped:
                cap = -(-sum(d.energy_wh) * below // whole) * 1000
                watts = cap if is_cap_alone else min(watts, cap)
            return (watts * micro * days // of_month,)

        return accrued

    def _accrue_refined(self, terms: "Terms") -> Callable[[Determinants], tuple[int, ...]]:
        billing, times = self.billing(terms), terms.times(self.per)

        def accrued(d: Determinants) -> tuple[int, ...]:
            parts = zip(_slices(billing(d).kw, self._limits_kw), self.line_codes, strict=True)
            return tuple([int(part * 1000 * terms.micro[code] * times) for part, code in parts])

        return accrued

    def prepared(self, terms: "Terms") -> Ask:
        if not self._is_billed(terms):
            return lambda _d, _so_far: []
        if self._is_in_watts and terms.share == 1:
            return self._prepared_in_watts(terms)
        headings, times, billing = self._headings(terms), terms.times(self.per), self.billing(terms)

        def figures(heading: Heading, kw: Ratio, words: Words) -> Figures:
            """`kw` of the billed ones, at the rate of their tier."""
            return Figures(heading, fraction_to_decimal(kw), of_fraction(heading.rate, kw, times), words)

        def lines(d: Determinants, _: Sequence[Worked]) -> list[Figures]:
            if self.apparent:
                self.check_reactive(d, terms)
            billed = billing(d)
            words = partial(self._words, terms, billed, sum(d.energy_wh))
            if not self.tiers_kw:
                return [figures(headings[0], billed.kw, words)]
            first, *above = zip(headings, _slices(billed.kw, self._limits_kw), strict=True)
            return [figures(*first, words), *(figures(*one, words) for one in above if one[1])]

        return lines

    def _prepared_in_watts(self, terms: "Terms") -> Ask:
        """The same in integers, for a maximum that is billed as it was measured: a fraction costs ten times as much.

        A block divides the hour, so its mean is a whole number of watts.
        """
        headings, limits_w = self._headings(terms), [int(limit * 1000) for limit in self._limits_kw]
        indexes, per_hour = self._indexes, 60 // terms.tariff.demand_minutes

        def figures(heading: Heading, watts: int, words: Words) -> Figures:
            return Figures(heading, divide(watts, 1000), divide(multiply(heading.rate, watts), 1000), words)

        def lines(d: Determinants, _: Sequence[Worked]) -> list[Figures]:
            wh, at = d.peak(indexes)
            watts = wh * per_hour
            words = partial(self._words_of_watts, terms, watts, at)
            if not limits_w:
                return [figures(headings[0], watts, words)]
            first, *above = zip(headings, map(int, _slices(watts, limits_w)), strict=True)
            return [figures(*first, words), *(figures(*one, words) for one in above if one[1])]

        return lines

    def _words_of_watts(self, terms: "Terms", watts: int, at: datetime | None, line: BillLine) -> Told:
        kw = Fraction(watts, 1000)
        return self._words(terms, Billed(kw, kw, at, None, False), 0, line)

    def _is_billed(self, terms: "Terms") -> bool:
        return not self.in_months or terms.month.first.month in self.in_months

    def _words(self, terms: "Terms", billed: "Billed", wh: int, line: BillLine) -> Told:
        """The note stands on the first tier."""
        every = tuple(range(len(terms.tariff.periods)))
        return {
            "formula": f"{self._kw_in_words(line, billed, wh, terms)} x {line.rate}{terms.times_in_words(self.per)}",
            "note": self._note(billed, terms) if line.code == self.line_codes[0] else "",
            "basis": ByEnergy(every) if billed.is_capped else ByPeak(self._indexes),
            "peak_at": billed.at,
        }

    def _headings(self, terms: "Terms") -> list[Heading]:
        """One for each tier."""
        names = [f"{self.label}, tier {n}" for n in range(1, len(self.tiers_kw) + 2)] if self.tiers_kw else [self.label]
        pairs = zip(self.line_codes, names, strict=True)
        per = self.unit if self.per == "month" else f"{self.unit} and {self.per}"
        return [self.heading(terms, self.unit, ByPeak(self._indexes), code, name, per=per) for code, name in pairs]

    @property
    def remembers(self) -> bool:
        return self.look_back is not None or self.ratchet is not None

    def remembered(self, d: Determinants, terms: "Terms", so_far: Sequence[Worked] = ()) -> Mapping[str, Fraction]:
        return {self.code: Fraction(self._measuring(terms)(d)[0])} if self.remembers else {}

    @property
    def unit(self) -> str:
        return "kVA" if self.apparent else "kW"

    def billing(self, terms: "Terms") -> "Callable[[Determinants], Billed]":
        """What is billed, and what was measured; prepared, because it is worked out for each meter and month."""
        measured_of, is_plain, has_cap = self._measuring(terms), self._is_plain, self.load_factor is not None
        (below, whole), is_cap_alone = self._cap_ratio(terms), self._is_cap_alone(terms)

        def billed(d: Determinants) -> Billed:
            measured, at = measured_of(d)
            uncapped = measured if is_plain else self._before_cap(measured, terms)
            if not has_cap:
                return Billed(uncapped, measured, at, None, False)
            cap = -(-sum(d.energy_wh) * below // whole)
            if cap < uncapped or is_cap_alone:
                return Billed(cap, measured, at, cap, True)
            return Billed(uncapped, measured, at, cap, False)

        return billed

    def _is_cap_alone(self, terms: "Terms") -> bool:
        if self.cap_alone is not CapAlone.WITHOUT_HOURS:
            return self.cap_alone is CapAlone.ALWAYS
        names = {name for _, name in self.periods}
        days = (terms.first + timedelta(days=n) for n in range(terms.days))
        return not any(window.period in names for day in days for window in terms.tariff.calendar.windows_of(day))

    def _measuring(self, terms: "Terms") -> Callable[[Determinants], tuple[Ratio, datetime | None]]:
        """The part's maximum in kW (kVA), rounded as the tariff rounds it, and when its block began."""
        if not (self._is_plain and self.round_up_kw):
            return partial(self._measured_refined, terms)
        indexes, whole = self._indexes, 1000 * terms.tariff.demand_minutes

        def measured(d: Determinants) -> tuple[int, datetime | None]:
            wh, at = d.peak(indexes)
            return -(-wh * 60 // whole), at

        return measured

    def _measured_refined(self, terms: "Terms", d: Determinants) -> tuple[Ratio, datetime | None]:
        if self._is_gauged:
            gauge = self._gauge(terms)
            kw, at = self._gauged_kw(gauge.pairs(terms.gauge(d, gauge)), terms)
        else:
            wh, at = d.peak(self._indexes)
            kw = Fraction(wh * 60, 1000 * terms.tariff.demand_minutes)
        if self.round_kw is not None:
            return self.round_kw(kw), at
        return (ceil(kw) if self.round_up_kw else kw), at

    def _cap_ratio(self, terms: "Terms") -> tuple[int, int]:
        """By what a Wh is multiplied and divided to be a kW of the cap: exact, as the load factor is a fraction."""
        above, below = self._load_factor_ratio
        return below, 24_000 * terms.days * above

    def _before_cap(self, measured: Ratio, terms: "Terms") -> Ratio:
        kw, before = measured, sorted(terms.history.get(self.code, {}).items())
        if self.look_back is not None:
            kw = self.look_back.kw(kw, terms.month.first, before)
        if self.ratchet is not None:
            kw = self.ratchet.kw(kw, terms.month.first, before)
        return kw if self.at_least_kw is None else max(kw, Fraction(self.at_least_kw))

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
    def _is_in_watts(self) -> bool:
        """Whether the maximum is billed as it was measured, and the limits of its tiers are whole watts."""
        whole = all((limit * 1000).denominator == 1 for limit in self._limits_kw)
        return self._is_unrefined and not self.round_up_kw and self.load_factor is None and whole

    @cached_property
    def _is_plain(self) -> bool:
        return self._is_unrefined and not self.tiers_kw

    @cached_property
    def _is_unrefined(self) -> bool:
        refined = (self.look_back, self.ratchet, self.at_least_kw, self.round_kw)
        return self.per == "month" and not self._is_gauged and all(option is None for option in refined)

    @cached_property
    def _load_factor_ratio(self) -> tuple[int, int]:
        return (self.load_factor or Decimal(1)).as_integer_ratio()

    def _kw_in_words(self, line: BillLine, billed: "Billed", wh: int, terms: "Terms") -> str:
        names = ", ".join(name for _, name in self.periods)
        if self.tiers_kw:
            return f"{plain(line.quantity)} {self.unit}"
        if billed.cap is None:
            return uncapped_in_words(self, billed, self.minutes or terms.tariff.demand_minutes)
        measured = plain(fraction_to_decimal(billed.measured))
        hours = f"24 x {terms.days} x {self.load_factor}"
        cap_text = f"cap ceil({plain(Decimal(wh).scaleb(-3))} kWh / ({hours})) = {billed.cap:,}"
        if self._is_cap_alone(terms):
            return f"{cap_text} kW"
        return f"min(maximum in {names} {measured}, {cap_text}) kW"

    def _note(self, billed: "Billed", terms: "Terms") -> str:
        """What is not obvious: that a cap binds, or that it is not this month's maximum that is billed."""
        if billed.is_capped:
            return self._cap_note(terms)
        if billed.kw == billed.measured:
            return ""
        own = f"{plain(fraction_to_decimal(billed.measured))} {self.unit}"
        return f"Measured this month: {own}; earlier months or a minimum decide."

    def _cap_note(self, terms: "Terms") -> str:
        rate, these = terms.rates.values[self.code], "this month" if terms.share == 1 else "on these days"
        why = "The cap alone is billed" if self._is_cap_alone(terms) else "The cap binds"
        rate = of_fraction(rate, Fraction(terms.times(self.per)) / terms.share)
        per_kwh = rate / (24 * terms.month.days * (self.load_factor or Decimal(1)))
        return (
            f"{why}: {these} the charge acts as {per_kwh:.4f} {terms.tariff.currency} on every kWh, "
            "base hours included, and a lower peak alone would save nothing."
        )


def _slices(amount: Ratio, limits: Sequence[Ratio]) -> list[Ratio]:
    """What of an amount lies in each tier; the limits ascend."""
    reached = [*(min(amount, limit) for limit in limits), amount]
    return [reached[0], *(upper - lower for lower, upper in pairwise(reached))]


def _highest_of(periods: tuple[int, ...]) -> Callable[[Sequence[int]], int]:
    """The highest of some periods' blocks (Wh)."""
    if len(periods) == 1:
        return itemgetter(*periods)
    of = itemgetter(*periods)
    return lambda peak_wh: max(of(peak_wh))
