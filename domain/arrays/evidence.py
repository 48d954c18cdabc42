"""Find the intervals that made each line of a priced load's bills.

The charges see determinants only, and a bill is made from those; which intervals are behind them is looked up here, in
the load itself and by the same gauges. Nobody pays for it who does not ask.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from domain.arrays.gauges import Blocks, blocks_of, read
from domain.arrays.load import Billed, Int, PricedLoad
from domain.bill import BillLine, ByEnergy, ByLines, ByPeak
from domain.charges import (
    ExcessPower,
    IndexedPrice,
    MaximumDemand,
    PowerFactorEnergy,
    ReactiveEnergy,
    TieredEnergy,
)
from domain.charges.excess import ExcessRule
from domain.evidence import Evidence, LookedBack, Moment
from domain.gauges import AnyGauge, ChronologicalTiers, PowerFactorExcess, ReactiveExcess, TopBlocks
from domain.money import plain

DEAREST = 3
"""So many of the intervals that weigh most are named, where all of them count."""
MOST_NAMED = 100
"""Blocks beyond a contract are all named, up to here; the count is of all."""
UNLIMITED = 1 << 62

Weigh = Callable[[Blocks], Int]


def evidence_of(priced: PricedLoad) -> tuple[tuple[Evidence, ...], ...]:
    """For each bill, for each of its lines, the intervals that made it."""
    return tuple(
        tuple(_of_line(line, priced, parts[line.part or 0]) for line in bill.lines)
        for bill, parts in zip(priced.bills, priced.billed, strict=True)
    )


def _of_line(  # noqa: PLR0911  # one answer for each kind of charge
    line: BillLine, priced: PricedLoad, billed: Billed
) -> Evidence:
    """By what the charge looks at; a charge that has nothing of its own to tell is explained by its basis."""
    [charge] = [charge for charge in billed.terms.tariff.charges if charge.code == line.charge]
    match charge:
        case MaximumDemand():
            return _demand(charge, priced, billed)
        case ExcessPower():
            return _beyond(line, charge, priced, billed)
        case IndexedPrice():
            return _indexed(charge, priced, billed)
        case TieredEnergy() if any(isinstance(gauge, ChronologicalTiers) for gauge in charge.gauges(billed.terms)):
            return _climbed(line, charge, priced, billed)
        case ReactiveEnergy() | PowerFactorEnergy():
            return _reactive(line, charge, priced, billed)
    match line.basis:
        case ByEnergy(periods) | ByPeak(periods):
            blocks = blocks_of(priced.load, billed.month, 0).of(periods)
            counted, step = f"intervals of {priced.load.step_minutes} min", priced.load.step_minutes
            return _weighed(blocks, f"{counted}{_in(periods, billed)}", step, _energy, "kWh")
        case ByLines(codes):
            return Evidence("a percentage of other lines", lines=codes)
    span = billed.terms if line.part is not None else billed.terms.month
    return Evidence(f"no interval: it is owed for {span.days} days from {span.first}, whatever is used")


def _demand(charge: MaximumDemand, priced: PricedLoad, billed: Billed) -> Evidence:
    """The blocks that set a maximum, all of them, and the months it looks back upon."""
    periods = tuple(index for index, _ in charge.periods)
    gauges = charge.gauges(billed.terms) or (TopBlocks(billed.terms.tariff.demand_minutes, periods),)
    [gauge] = [gauge for gauge in gauges if isinstance(gauge, TopBlocks)]
    blocks = blocks_of(priced.load, billed.month, gauge.minutes).of(periods)
    if gauge.only is not None:
        blocks = blocks.where(np.isin(blocks.start_s, gauge.only))
    state = read(gauge, blocks)
    named = tuple(
        Moment(_instant(at), _kw(_wh(value, gauge.apparent), gauge.minutes), charge.unit)
        for value, at in zip(state[::2], state[1::2], strict=True)
    )
    which = "system peak blocks given as data" if gauge.only is not None else f"blocks of {gauge.minutes} min"
    naming = "the highest" if gauge.n == 1 else f"the {len(named)} highest, of which the mean is taken"
    return Evidence(
        f"{which}{_in(periods, billed)}",
        len(blocks.wh),
        gauge.minutes,
        *_range(blocks, gauge.minutes),
        naming,
        named,
        looked_back=_looked_back(charge, billed),
        remembered=charge.remembered(billed.month.determinants, billed.terms).get(charge.code),
    )


def _looked_back(charge: MaximumDemand, billed: Billed) -> LookedBack | None:
    rules = (charge.look_back, charge.ratchet)
    if rules == (None, None):
        return None
    back = max(charge.look_back.months - 1 if charge.look_back else 0, charge.ratchet.months if charge.ratchet else 0)
    now = billed.terms.month.first
    months = [_months_before(now, n) for n in range(back, 0, -1)]
    known: dict[date, Fraction] = {}
    for first, kw in billed.terms.history.get(charge.code, {}).items():  # a month of several parts has their highest
        month = first.replace(day=1)
        known[month] = max(kw, known.get(month, kw))
    return LookedBack(
        tuple((month, _decimal(known[month])) for month in months if month in known),
        tuple(month for month in months if month not in known),
    )


def _beyond(line: BillLine, charge: ExcessPower, priced: PricedLoad, billed: Billed) -> Evidence:
    """Every block above what the contract allows."""
    [(period, name)] = [(p, name) for p, name in charge.periods if line.code == f"{charge.code}.{name}"]
    contracted = billed.terms.contract.kw(name, charge.label)
    free = Decimal(0) if charge.rule is ExcessRule.QUADRATIC else contracted * charge.free_percent / 100
    limit_wh = int((contracted + free) * 1000 * charge.minutes / 60)
    blocks = blocks_of(priced.load, billed.month, charge.minutes).of((period,))
    blocks = blocks.where(blocks.wh > limit_wh)
    which = f"blocks of {charge.minutes} min in {name} above {plain(contracted + free)} kW"
    order = _largest(blocks.wh, MOST_NAMED)
    named = tuple(Moment(_instant(blocks.start_s[i]), _kw(blocks.wh[i], charge.minutes), "kW") for i in order)
    return Evidence(which, len(blocks.wh), charge.minutes, *_range(blocks, charge.minutes), "the highest", named)


def _indexed(charge: IndexedPrice, priced: PricedLoad, billed: Billed) -> Evidence:
    """Every block with energy, and those that cost most with the price each was charged."""
    gauge = billed.terms.indexed(charge)
    blocks = blocks_of(priced.load, billed.month, gauge.minutes)
    blocks = blocks.where(blocks.wh > 0)
    micro = [gauge.price_at(at) or 0 for at in blocks.start_s.tolist()]
    cost = np.array([price * wh for price, wh in zip(micro, blocks.wh.tolist(), strict=True)], dtype=object)
    named = tuple(
        Moment(_instant(blocks.start_s[i]), _milli(blocks.wh[i]), "kWh", Decimal(micro[i]).scaleb(-6))
        for i in _largest(cost, DEAREST)
    )
    naming = f"dearest, at {billed.terms.tariff.currency}/kWh"
    return Evidence(
        f"prices of {gauge.minutes} min with energy",
        len(blocks.wh),
        gauge.minutes,
        *_range(blocks, gauge.minutes),
        naming,
        named,
    )


def _climbed(line: BillLine, charge: TieredEnergy, priced: PricedLoad, billed: Billed) -> Evidence:
    """The intervals in which the month's energy passed through a tier."""
    [gauge] = [gauge for gauge in charge.gauges(billed.terms) if isinstance(gauge, ChronologicalTiers)]
    name, _, tier = line.code.removeprefix(f"{charge.code}.").rpartition(".t")
    lower, upper = [0, *gauge.limits_wh, UNLIMITED][int(tier) - 1 :][:2]
    blocks = blocks_of(priced.load, billed.month, 0).of(gauge.counted)
    after = np.cumsum(blocks.wh)
    part = np.clip(after, lower, upper) - np.clip(after - blocks.wh, lower, upper)
    [period] = [p for p, known in charge.periods if known == name]
    inside = (part > 0) & (blocks.period == period)
    reached = Blocks(part[inside], blocks.varh[inside], blocks.period[inside], blocks.start_s[inside])
    step = priced.load.step_minutes
    counted = f"intervals of {step} min{_in((period,), billed)} in which the month's energy passed through tier {tier}"
    return _weighed(reached, counted, step, _energy, "kWh")


def _reactive(
    line: BillLine, charge: ReactiveEnergy | PowerFactorEnergy, priced: PricedLoad, billed: Billed
) -> Evidence:
    """Hours that were charged each alone, or all intervals of the periods that were charged together."""
    periods = line.basis.periods if isinstance(line.basis, ByEnergy) else tuple(p for p, _ in charge.periods)
    [gauge] = charge.gauges(billed.terms)
    blocks = blocks_of(priced.load, billed.month, gauge.minutes).of(periods)
    beyond, step = _beyond_the_share(gauge), priced.load.step_minutes
    if beyond is None:
        return _weighed(blocks, f"intervals of {step} min{_in(periods, billed)}", step, _reactive_energy, "kvarh")
    blocks = blocks.where(beyond(blocks) > 0)
    counted = f"blocks of {gauge.minutes} min{_in(periods, billed)} with too much reactive energy"
    return _weighed(blocks, counted, gauge.minutes, beyond, line.unit)


def _beyond_the_share(gauge: AnyGauge) -> Weigh | None:
    """What each block is charged for, in varh or Wh; None where blocks are added up first."""
    match gauge:
        case ReactiveExcess():
            return lambda of: np.maximum(of.varh * gauge.below - of.wh * gauge.above, 0) // gauge.below
        case PowerFactorExcess():
            return lambda of: np.array(
                [gauge.excess_mwh(wh, varh) // 1000 for wh, varh in zip(of.wh.tolist(), of.varh.tolist(), strict=True)],
                dtype=np.int64,
            )
    return None


def _weighed(blocks: Blocks, counted: str, minutes: int, weigh: Weigh, unit: str) -> Evidence:
    """Blocks that all count, with the heaviest of them by name."""
    weights = weigh(blocks)
    named = tuple(Moment(_instant(blocks.start_s[i]), _milli(weights[i]), unit) for i in _largest(weights, DEAREST))
    return Evidence(counted, len(weights), minutes, *_range(blocks, minutes), f"most {unit}", named)


def _energy(blocks: Blocks) -> Int:
    return blocks.wh


def _reactive_energy(blocks: Blocks) -> Int:
    return blocks.varh


def _largest(values: Int | NDArray[np.object_], most: int) -> list[int]:
    """Places of the largest values above 0, the largest first, the earlier first where equal."""
    if len(values) == 0:
        return []
    order = np.argsort(-values, kind="stable")[:most].tolist()
    return [i for i in order if values[i] > 0]


def _range(blocks: Blocks, minutes: int) -> tuple[datetime | None, datetime | None]:
    if len(blocks.start_s) == 0:
        return None, None
    return _instant(blocks.start_s[0]), _instant(blocks.start_s[-1] + minutes * 60)


def _in(periods: tuple[int, ...], billed: Billed) -> str:
    """` in base, peak`; nothing where all periods count."""
    names = billed.terms.tariff.periods
    return "" if len(set(periods)) == len(names) else f" in {', '.join(names[p] for p in periods)}"


def _wh(value: int, apparent: bool) -> Fraction:
    return Fraction(isqrt(value * 10**12), 10**6) if apparent else Fraction(value)


def _kw(wh: Fraction | np.int64, minutes: int) -> Decimal:
    return _decimal(Fraction(wh if isinstance(wh, Fraction) else int(wh)) * 60 / (1000 * minutes))


def _decimal(kw: Fraction) -> Decimal:
    """To the watt; what is billed is on the line itself."""
    return (Decimal(kw.numerator) / Decimal(kw.denominator)).quantize(Decimal("0.001"))


def _milli(value: np.int64) -> Decimal:
    return Decimal(int(value)).scaleb(-3)


def _instant(seconds: int | np.int64) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _months_before(month: date, n: int) -> date:
    number = month.year * 12 + month.month - 1 - n
    return date(number // 12, number % 12 + 1, 1)
