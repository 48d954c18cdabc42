"""A second opinion on every charge: slow and plain, written from the words of the rules, one interval after another.

It reads what a tariff says (the fields of its charges, its windows and rates) and calls none of the code that prices:
no determinants, gauges, integers of nano-currency or arrays. Numbers are fractions; a square root has sixty digits.
Where the engine's documents cut or round on the way (a price to the micro, ERE to the mWh), so does this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cached_property, singledispatch
from itertools import pairwise
from math import ceil, floor
from typing import Protocol

from domain import charges as kinds
from domain.tariff import Tariff

SIXTY_DIGITS = Context(prec=60)
Parts = list[tuple[str, Fraction, Fraction]]
"""Code, quantity and unrounded amount of each line."""


@dataclass(frozen=True)
class Interval:
    """A known interval: its local start, kWh and kvarh, kWh delivered and capacitive kvarh."""

    at: datetime
    kwh: Fraction
    kvarh: Fraction
    delivered: Fraction = Fraction(0)
    capacitive: Fraction = Fraction(0)


@dataclass(frozen=True)
class Block:
    """Known intervals of one block: its period and UTC start, kWh and kvarh, capacitive kvarh."""

    period: str
    start: datetime
    kwh: Fraction
    kvarh: Fraction
    capacitive: Fraction = Fraction(0)


@dataclass(frozen=True)
class Line:
    code: str
    charge: str
    group: str
    quantity: Fraction
    gross: Fraction
    amount: Decimal


@dataclass
class Month:
    """What the bill of a month, or of its days up to `end`, is made of. `load` is in the order of time."""

    tariff: Tariff
    rates: Mapping[str, Decimal]
    contracted_kw: Decimal
    history: Mapping[str, Mapping[date, Fraction]]
    first: date
    load: Sequence[Interval]
    low_side: bool = False
    end: date | None = None
    _blocks: dict[int, list[Block]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        return ((self.end or next_month(self.first)) - self.first).days

    @property
    def share(self) -> Fraction:
        """What these days bear of an amount a month."""
        exact = Fraction(self.days, (next_month(self.first) - self.first.replace(day=1)).days)
        if self.tariff.share_places is None:
            return exact
        scale = 10**self.tariff.share_places
        return Fraction(int(exact * scale + Fraction(1, 2)), scale)

    def rate(self, key: str) -> Fraction:
        return Fraction(self.rates[key])

    def kwh(self, periods: Sequence[str]) -> Fraction:
        return sum((self._used[name][0] for name in periods), Fraction(0))

    def kvarh(self, periods: Sequence[str]) -> Fraction:
        return sum((self._used[name][1] for name in periods), Fraction(0))

    def delivered(self, name: str) -> Fraction:
        return sum((one.delivered for one in self.load if self.period(one.at) == name), Fraction(0))

    def capacitive(self, names: Sequence[str]) -> Fraction:
        return sum((one.capacitive for one in self.load if self.period(one.at) in names), Fraction(0))

    @cached_property
    def _used(self) -> dict[str, tuple[Fraction, Fraction]]:
        used = dict.fromkeys(self.tariff.periods, ZEROS)
        for one in self.load:
            kwh, kvarh = used[name := self.period(one.at)]
            used[name] = (kwh + one.kwh, kvarh + one.kvarh)
        return used

    def period(self, at: datetime) -> str:
        minute = at.hour * 60 + at.minute
        windows = self.tariff.calendar.windows_of(at.date())
        return next(w.period for w in windows if w.from_minute <= minute < w.to_minute)

    def blocks(self, minutes: int) -> list[Block]:
        """Blocks count from local midnight, in hours that pass, not in hours that the clock shows."""
        length, found = timedelta(minutes=minutes), dict[datetime, Block]()
        for one in self.load if minutes not in self._blocks else ():
            midnight = datetime.combine(one.at.date(), time(), one.at.tzinfo).astimezone(UTC)
            start = midnight + (one.at.astimezone(UTC) - midnight) // length * length
            so_far = found.get(start) or Block(self.period(start.astimezone(one.at.tzinfo)), start, *ZEROS)
            kvarh, capacitive = so_far.kvarh + one.kvarh, so_far.capacitive + one.capacitive
            found[start] = Block(so_far.period, start, so_far.kwh + one.kwh, kvarh, capacitive)
        return self._blocks.setdefault(minutes, list(found.values()))

    def windows(self, minutes: int) -> list[Block]:
        """One ends with each reading, and has that reading's period; nothing of it lies in another month."""
        length, found, inside = timedelta(minutes=minutes), list[Block](), list[Interval]()
        for one in self.load:
            start = one.at.astimezone(UTC) - length
            inside = [*(before for before in inside if before.at.astimezone(UTC) > start), one]
            kwh, kvarh = (sum((get(each) for each in inside), Fraction(0)) for get in (_kwh, _kvarh))
            found.append(Block(self.period(one.at), inside[0].at.astimezone(UTC), kwh, kvarh))
        return found


def _kwh(one: Interval) -> Fraction:
    return one.kwh


def _kvarh(one: Interval) -> Fraction:
    return one.kvarh


ZEROS = (Fraction(0), Fraction(0))


def bill(month: Month) -> dict[str, Line]:
    """All lines by code, in order; each is rounded before a later one may build on it."""
    lines: dict[str, Line] = {}
    for charge in month.tariff.charges:
        for code, quantity, gross in price(charge, month, list(lines.values())):
            amount = rounded(gross, month.tariff.rounding.places)
            lines[code] = Line(code, charge.code, charge.group, quantity, gross, amount)
    return lines


def threshold(charge: kinds.PowerFactorAdjustment, month: Month) -> Fraction:
    if not charge.thresholds:
        return month.rate(f"{charge.code}.threshold")
    return max(
        Fraction(one.percent)
        for one in charge.thresholds
        if one.valid_from <= month.first.replace(day=1) and one.contracted_kw_at_least <= month.contracted_kw
    )


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def demand_kw(charge: kinds.MaximumDemand, month: Month) -> Fraction:
    """The month's own maximum: what later months remember."""
    minutes = charge.minutes or month.tariff.demand_minutes
    blocks = month.windows(minutes) if charge.rolling else month.blocks(minutes)
    seen = [block for block in blocks if block.period in names(charge)]
    if charge.only_s is not None:
        seen = [block for block in seen if block.start.timestamp() in charge.only_s]
    heights = [root(block.kwh**2 + block.kvarh**2) if charge.apparent else block.kwh for block in seen]
    highest = sorted(heights, reverse=True)[: charge.highest_blocks]
    kw = sum(highest, Fraction(0)) / max(1, len(highest)) * 60 / minutes
    if charge.round_kw is not None:
        return Fraction(rounded(kw, {"half_up": 0, "two_decimals": 2}[charge.round_kw]))
    return Fraction(ceil(kw)) if charge.round_up_kw else kw


@singledispatch
def price(charge: object, month: Month, so_far: list[Line]) -> Parts:
    raise NotImplementedError(f"no plain rule for {type(charge).__name__}")


@price.register
def _(charge: kinds.EnergyByPeriod, month: Month, so_far: list[Line]) -> Parts:
    return [times(month.kwh([name]), f"{charge.code}.{name}", month) for name in names(charge)]


@price.register
def _(charge: kinds.EnergyFlat, month: Month, so_far: list[Line]) -> Parts:
    return [times(month.kwh(month.tariff.periods), charge.code, month)]


@price.register
def _(charge: kinds.Fixed, month: Month, so_far: list[Line]) -> Parts:
    return [times(Fraction(month.days) if charge.per == "day" else month.share, charge.code, month)]


@price.register
def _(charge: kinds.ContractedPower, month: Month, so_far: list[Line]) -> Parts:
    days = how_often(charge.per, month)
    kw = Fraction(month.contracted_kw)
    keys = [f"{charge.code}.{name}" for name in names(charge)]
    return [(key, kw, kw * month.rate(key) * days) for key in keys]


@price.register
def _(charge: kinds.MaximumDemand, month: Month, so_far: list[Line]) -> Parts:
    if charge.in_months and month.first.month not in charge.in_months:
        return []
    kw = demand_kw(charge, month)
    known: dict[date, Fraction] = {}
    for at, before in month.history.get(charge.code, {}).items():  # a month of parts has the highest of theirs
        known[at.replace(day=1)] = max(before, known.get(at.replace(day=1), before))
    if (back := charge.look_back) and (not back.in_months or month.first.month in back.in_months):
        window = [at for at in months_before(month.first, back.months - 1) if at in known]
        season = [known[at] for at in window if at.month not in back.in_months] or [kw]
        years = season if back.in_months else [kw, *(known[at] for at in window)]
        highest = sorted(years, reverse=True)[: back.highest]
        kw = sum(highest) / Fraction(len(highest))
    if ratchet := charge.ratchet:
        window = [at for at in months_before(month.first, ratchet.months) if at in known]
        allowed = [at for at in window if not ratchet.only_months or at.month in ratchet.only_months]
        kw = max([kw, *(known[at] * Fraction(ratchet.percent) / 100 for at in allowed)])
    if charge.at_least_kw is not None:
        kw = max(kw, Fraction(charge.at_least_kw))
    if charge.load_factor is not None:
        cap = Fraction(ceil(month.kwh(month.tariff.periods) / (24 * month.days * Fraction(charge.load_factor))))
        days = (month.first + timedelta(days=n) for n in range(month.days))
        windows = (window for day in days for window in month.tariff.calendar.windows_of(day))
        hours = any(window.period in names(charge) for window in windows)
        alone = charge.cap_alone == "always" or (charge.cap_alone == "without_hours" and not hours)
        kw = cap if alone else min(kw, cap)
    slices = ladder(kw, [Fraction(limit) for limit in charge.tiers_kw])
    codes = [f"{charge.code}.t{n}" for n in range(1, len(slices) + 1)] if charge.tiers_kw else [charge.code]
    often = how_often(charge.per, month)
    return [(code, part, part * month.rate(code) * often) for part, code in zip(slices, codes, strict=True)]


def how_often(per: str, month: Month) -> Fraction:
    year = date(month.first.year, 12, 31) - date(month.first.year - 1, 12, 31)
    return {"month": month.share, "day": Fraction(month.days), "year": Fraction(month.days, year.days)}[per]


@price.register
def _(charge: kinds.TieredEnergy, month: Month, so_far: list[Line]) -> Parts:
    factor = month.share if charge.normal_days is None else Fraction(month.days, charge.normal_days)
    if charge.unit is kinds.TierUnit.KWH_PER_DAY:
        factor = Fraction(month.days)
    if charge.unit is kinds.TierUnit.KWH_PER_KW:  # the kW as printed, to the milliwatt
        factor *= sum((round(line.quantity, 6) for line in so_far if line.charge == charge.kw_of), Fraction(0))
    limits = [Fraction(limit) * factor for limit in charge.limits]
    tiers = len(limits) + 1
    used = {(name, tier): Fraction(0) for name in names(charge) for tier in range(tiers)}
    if charge.scope is kinds.TierScope.PER_PERIOD:
        for name in names(charge):
            climb(used, name, month.kwh([name]), limits, charge.banded)
    elif charge.scope is kinds.TierScope.POOLED_CHRONOLOGICAL and not charge.banded:
        total, limits = Fraction(0), [Fraction(floor(limit * 1000), 1000) for limit in limits]  # to the Wh
        for one in month.load:
            if (name := month.period(one.at)) in names(charge):
                below, above = ladder(total, limits), ladder(total + one.kwh, limits)
                total += one.kwh
                for tier in range(tiers):
                    used[name, tier] += above[tier] - below[tier]
    elif whole := month.kwh(names(charge)):
        for name in names(charge):
            mix = banded(whole, limits) if charge.banded else ladder(whole, limits)
            for tier in range(tiers):
                used[name, tier] += month.kwh([name]) * mix[tier] / whole
    lines = [times(kwh, f"{charge.code}.{name}.t{tier + 1}", month) for (name, tier), kwh in used.items()]
    return [(code, kwh, gross / (1000 if charge.per_mwh else 1)) for code, kwh, gross in lines]


@price.register
def _(charge: kinds.IndexedPrice, month: Month, so_far: list[Line]) -> Parts:
    series = next(one for one in month.tariff.series if one.name == charge.series)
    factor = month.rate(f"{charge.code}.factor") / 100 * (1 + month.rate(f"{charge.code}.losses") / 100)
    cost = Fraction(0)
    for one in month.load:
        published = series.prices_micro[(one.at - series.start) // timedelta(minutes=series.minutes)]
        assert published is not None
        spot = Fraction(published, 10**6) * Fraction(series.worth)
        cost += one.kwh * (factor * spot + month.rate(f"{charge.code}.adder"))
    return [(charge.code, month.kwh(month.tariff.periods), cost)]


@price.register
def _(charge: kinds.PowerFactorAdjustment, month: Month, so_far: list[Line]) -> Parts:
    kwh, kvarh = month.kwh(month.tariff.periods), month.kvarh(month.tariff.periods)
    asked, slopes = threshold(charge, month), charge.slopes
    factor = Fraction(power_factor(kwh, kvarh))
    if not kwh:
        percent = Fraction(0)
    elif factor < asked:
        most = Fraction(slopes.penalty_at_most)
        percent = min(most, Fraction(slopes.penalty_percent) * (asked / factor - 1)) if factor else most
    else:
        percent = -min(Fraction(slopes.bonus_at_most), Fraction(slopes.bonus_percent) * (1 - asked / factor))
    return [percentage(charge.code, Fraction(rounded(percent, slopes.percent_places)), charge.base, so_far)]


@price.register
def _(charge: kinds.MinimumBill, month: Month, so_far: list[Line]) -> Parts:
    times = how_often(charge.per, month)
    return [(charge.code, times, max(Fraction(0), month.rate(charge.code) * times - base(charge.base, so_far)))]


@price.register
def _(charge: kinds.Percentage, month: Month, so_far: list[Line]) -> Parts:
    if charge.only_low_side and not month.low_side:
        return []
    code, quantity, gross = percentage(charge.code, month.rate(charge.code), charge.base, so_far)
    if charge.inside:
        gross = quantity * month.rate(charge.code) / (100 - sum(month.rate(name) for name in charge.inside))
    if charge.floor_per_mwh is not None:
        gross = max(gross, Fraction(charge.floor_per_mwh) * month.kwh(month.tariff.periods) / 1000)
    return [(code, quantity, -gross if charge.credit else gross)]


class OfPeriods(Protocol):
    @property
    def periods(self) -> tuple[tuple[int, str], ...]: ...


def names(charge: OfPeriods) -> list[str]:
    return [name for _, name in charge.periods]


def prorated(kw: Fraction, key: str, month: Month) -> tuple[str, Fraction, Fraction]:
    """A rate for a month, of which these days bear their share."""
    return key, kw, kw * month.rate(key) * month.share


def times(quantity: Fraction, key: str, month: Month) -> tuple[str, Fraction, Fraction]:
    return key, quantity, quantity * month.rate(key)


def base(selected: Sequence[str], so_far: list[Line]) -> Fraction:
    return sum((Fraction(one.amount) for one in so_far if {one.charge, one.group} & set(selected)), Fraction(0))


def percentage(code: str, percent: Fraction, of: Sequence[str], so_far: list[Line]) -> tuple[str, Fraction, Fraction]:
    return code, base(of, so_far), base(of, so_far) * percent / 100


def ladder(amount: Fraction, limits: Sequence[Fraction]) -> list[Fraction]:
    """The slices of an amount between limits."""
    edges = [Fraction(0), *(min(limit, amount) for limit in limits), amount]
    return [upper - lower for lower, upper in pairwise(edges)]


def banded(amount: Fraction, limits: Sequence[Fraction]) -> list[Fraction]:
    """The whole amount in the tier in which it ends."""
    reached = sum(1 for limit in limits if amount > limit)
    return [amount if tier == reached else Fraction(0) for tier in range(len(limits) + 1)]


def climb(used: dict[tuple[str, int], Fraction], name: str, kwh: Fraction, limits: list[Fraction], whole: bool) -> None:
    for tier, part in enumerate(banded(kwh, limits) if whole else ladder(kwh, limits)):
        used[name, tier] += part


def months_before(month: date, count: int) -> list[date]:
    numbers = (month.year * 12 + month.month - 1 - back for back in range(1, count + 1))
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def power_factor(kwh: Fraction, kvarh: Fraction) -> Decimal:
    """Percent with two decimals; nothing used is a perfect one."""
    return rounded(100 * kwh / root(kwh**2 + kvarh**2), 2) if kwh or kvarh else Decimal(100)


def root(square: Fraction) -> Fraction:
    exact = SIXTY_DIGITS.divide(Decimal(square.numerator), Decimal(square.denominator))
    return Fraction(SIXTY_DIGITS.sqrt(exact))


def rounded(amount: Fraction, places: int) -> Decimal:
    """Halves away from zero."""
    decimal = SIXTY_DIGITS.divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return decimal.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=SIXTY_DIGITS)
