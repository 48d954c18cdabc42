"""Find the intervals that made each line of a priced load's bills.

The charges see determinants only, and a bill is made from those; which intervals are behind them is looked up here, in
the load itself and by the same gauges. Nobody pays for it who does not ask.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np

from domain.arrays.evidence_reactive import displaced, reactive
from domain.arrays.gauges import blocks_of, read
from domain.arrays.load import Billed, Load, PricedLoad
from domain.arrays.moments import (
    DEAREST,
    energy,
    exported_energy,
    in_periods,
    instant,
    kw,
    largest,
    milli,
    range_of,
    to_the_watt,
    weighed,
    wh_of,
)
from domain.bill import BillLine, ByEnergy, ByExport, ByLines, ByPeak
from domain.charges import (
    ExcessPower,
    IndexedPrice,
    MaximumDemand,
    PowerFactorDemand,
    PowerFactorEnergy,
    ReactiveEnergy,
    TieredEnergy,
    UnusedPower,
)
from domain.charges.excess import ExcessRule
from domain.evidence import Evidence, LookedBack, Moment
from domain.gauges import ChronologicalTiers, RollingPeak, TopBlocks
from domain.measurement import Quality
from domain.money import plain

MOST_NAMED = 100
"""Blocks beyond a contract are all named, up to here; the count is of all."""
UNLIMITED = 1 << 62


def evidence_of(priced: PricedLoad) -> tuple[tuple[Evidence, ...], ...]:
    """For each bill, for each of its lines, the intervals that made it."""
    return tuple(
        tuple(_flagged(_of_line(line, priced, parts[line.part or 0]), priced.load) for line in bill.lines)
        for bill, parts in zip(priced.bills, priced.billed, strict=True)
    )


def _flagged(evidence: Evidence, load: Load) -> Evidence:
    """Which of the named moments hold an estimated interval."""
    if not evidence.named or not (load.quality == Quality.ESTIMATED).any():
        return evidence
    step, many = timedelta(minutes=load.step_minutes), max(1, evidence.minutes // load.step_minutes)
    named: list[Moment] = []
    for one in evidence.named:
        first = (one.start - load.start) // step
        within = load.quality[max(0, first) : max(0, first + many)]
        named.append(replace(one, estimated=bool((within == Quality.ESTIMATED).any())))
    return replace(evidence, named=tuple(named))


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
            return reactive(line, charge, priced, billed)
        case PowerFactorDemand():
            return displaced(charge, priced, billed)
        case UnusedPower():
            return Evidence("no interval: power that was contracted, and that none of them used")
    match line.basis:
        case ByEnergy(periods) | ByPeak(periods):
            blocks = blocks_of(priced.load, billed.month, 0).of(periods)
            counted, step = f"intervals of {priced.load.step_minutes} min", priced.load.step_minutes
            return weighed(blocks, f"{counted}{in_periods(periods, billed)}", step, energy, "kWh")
        case ByExport(periods):
            blocks, step = blocks_of(priced.load, billed.month, 0).of(periods), priced.load.step_minutes
            blocks = blocks.where(exported_energy(blocks) > 0)
            counted = f"intervals of {step} min{in_periods(periods, billed)} that delivered to the grid"
            return weighed(blocks, counted, step, exported_energy, "kWh")
        case ByLines(codes):
            return Evidence("a percentage of other lines", lines=codes)
    span = billed.terms if line.part is not None else billed.terms.month
    return Evidence(f"no interval: it is owed for {span.days} days from {span.first}, whatever is used")


def _demand(charge: MaximumDemand, priced: PricedLoad, billed: Billed) -> Evidence:
    """The blocks that set a maximum, all of them, and the months it looks back upon."""
    periods = tuple(index for index, _ in charge.periods)
    gauges = charge.gauges(billed.terms) or (TopBlocks(billed.terms.tariff.demand_minutes, periods),)
    [gauge] = [gauge for gauge in gauges if isinstance(gauge, TopBlocks | RollingPeak)]
    whole = blocks_of(priced.load, billed.month, gauge.minutes)
    blocks, minutes = whole.of(periods), gauge.window_minutes if isinstance(gauge, RollingPeak) else gauge.minutes
    which, naming = f"{'windows' if isinstance(gauge, RollingPeak) else 'blocks'} of {minutes} min", "the highest"
    if isinstance(gauge, TopBlocks) and gauge.only is not None:
        blocks, which = blocks.where(np.isin(blocks.start_s, gauge.only)), "system peak blocks given as data"
    state = gauge.pairs(read(gauge, whole if isinstance(gauge, RollingPeak) else blocks))
    named = tuple(
        Moment(instant(at), kw(wh_of(value, gauge.apparent), minutes), charge.unit)
        for value, at in zip(state[::2], state[1::2], strict=True)
    )
    if charge.highest_blocks > 1:
        naming = f"the {len(named)} highest, of which the mean is taken"
    return Evidence(
        f"{which}{in_periods(periods, billed)}",
        len(blocks.wh),
        minutes,
        *range_of(blocks, gauge.minutes or priced.load.step_minutes),
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
    for first, figure in billed.terms.history.get(
        charge.code, {}
    ).items():  # a month of several parts has their highest
        month = first.replace(day=1)
        known[month] = max(figure, known.get(month, figure))
    return LookedBack(
        tuple((month, to_the_watt(known[month])) for month in months if month in known),
        tuple(month for month in months if month not in known),
    )


def _beyond(line: BillLine, charge: ExcessPower, priced: PricedLoad, billed: Billed) -> Evidence:
    """Every block above what the contract allows."""
    [scope] = [scope for scope in charge.scopes if scope.code == line.code]
    contracted = charge.contracted(scope, billed.terms)
    free = Decimal(0) if charge.rule is ExcessRule.QUADRATIC else contracted * charge.free_percent / 100
    limit_wh = int((contracted + free) * 1000 * charge.minutes / 60)
    blocks = blocks_of(priced.load, billed.month, charge.minutes).of(scope.indexes)
    blocks = blocks.where(blocks.wh > limit_wh)
    which = f"blocks of {charge.minutes} min in {', '.join(scope.names)} above {plain(contracted + free)} kW"
    order = largest(blocks.wh, MOST_NAMED)
    named = tuple(Moment(instant(blocks.start_s[i]), kw(blocks.wh[i], charge.minutes), "kW") for i in order)
    return Evidence(which, len(blocks.wh), charge.minutes, *range_of(blocks, charge.minutes), "the highest", named)


def _indexed(charge: IndexedPrice, priced: PricedLoad, billed: Billed) -> Evidence:
    """Every block with energy, and those that cost most with the price each was charged."""
    gauge = billed.terms.indexed(charge)
    blocks = blocks_of(priced.load, billed.month, gauge.minutes)
    blocks = blocks.where(blocks.wh > 0)
    paid = [charge.price(gauge.price_at(at) or 0, billed.terms) for at in blocks.start_s.tolist()]
    cost = np.array([price * wh for price, wh in zip(paid, blocks.wh.tolist(), strict=True)], dtype=object)
    named = tuple(
        Moment(instant(blocks.start_s[i]), milli(blocks.wh[i]), "kWh", round(paid[i], 6))
        for i in largest(cost, DEAREST)
    )
    naming = f"dearest, at {billed.terms.tariff.currency}/kWh"
    return Evidence(
        f"prices of {gauge.minutes} min with energy",
        len(blocks.wh),
        gauge.minutes,
        *range_of(blocks, gauge.minutes),
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
    reached = replace(blocks.where(inside), wh=part[inside])
    step = priced.load.step_minutes
    counted = (
        f"intervals of {step} min{in_periods((period,), billed)} in which the month's energy passed through tier {tier}"
    )
    return weighed(reached, counted, step, energy, "kWh")


def _months_before(month: date, n: int) -> date:
    number = month.year * 12 + month.month - 1 - n
    return date(number // 12, number % 12 + 1, 1)
