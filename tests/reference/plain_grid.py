"""The second opinion on adjustments, and on charges of the grid: power beyond a contract, reactive energy, export."""

from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

from domain import charges as kinds
from tests.reference.plain import (
    Block,
    Line,
    Month,
    Parts,
    base,
    how_often,
    ladder,
    months_before,
    names,
    percentage,
    power_factor,
    price,
    root,
    rounded,
    times,
)


@price.register
def _(charge: kinds.AdjustedEnergy, month: Month, so_far: list[Line]) -> Parts:
    part, index = month.rate(f"{charge.code}.adjusted"), month.rate(f"{charge.code}.factor") / 100
    prices = [(name, month.rate(f"{charge.code}.{name}") - part + part * index) for name in names(charge)]
    return [(f"{charge.code}.{name}", month.kwh([name]), month.kwh([name]) * price) for name, price in prices]


@price.register
def _(charge: kinds.EnergyCredit, month: Month, so_far: list[Line]) -> Parts:
    kwh = month.kwh(names(charge))
    return [(charge.code, kwh, -kwh * month.rate(charge.code))]


@price.register
def _(charge: kinds.PowerFactorSteps, month: Month, so_far: list[Line]) -> Parts:
    kwh, kvarh = month.kwh(month.tariff.periods), month.kvarh(month.tariff.periods)
    factor = 100 * kwh / root(kwh**2 + kvarh**2) if kwh else Fraction(100)
    steps = max(Fraction(0), Fraction(ceil(Fraction(charge.threshold_percent) - factor)))
    if charge.bonus_up_to_percent is not None and kwh:
        whole = Fraction(floor(factor + Fraction(1, 2)))
        steps = Fraction(charge.threshold_percent) - min(Fraction(charge.bonus_up_to_percent), whole)
    return [percentage(charge.code, steps * month.rate(charge.code), charge.base, so_far)]


@price.register
def _(charge: kinds.TotalRounding, month: Month, so_far: list[Line]) -> Parts:
    amount, step = base(charge.base, so_far), Fraction(charge.to)
    return [(charge.code, amount, Fraction(rounded(amount / step, 0)) * step - amount)]


@price.register
def _(charge: kinds.ExportCredit, month: Month, so_far: list[Line]) -> Parts:
    if charge.series:
        series = next(one for one in month.tariff.series if one.name == charge.series)
        factor = month.rate(f"{charge.code}.factor") / 100 * (1 + month.rate(f"{charge.code}.losses") / 100)
        worth = Fraction(0)
        for one in month.load:
            published = series.prices_micro[(one.at - series.start) // timedelta(minutes=series.minutes)]
            assert published is not None
            spot = Fraction(published, 10**6) * Fraction(series.worth)
            worth += one.delivered * (factor * spot + month.rate(f"{charge.code}.adder"))
        return [(charge.code, Fraction(0), -worth)]
    room, parts = max(Fraction(0), base(charge.limited_to, so_far)), Parts()
    for name in names(charge):
        code, quantity, worth = times(month.delivered(name), f"{charge.code}.{name}", month)
        credit = min(worth, room) if charge.limited_to else worth
        room -= Fraction(rounded(credit, month.tariff.rounding.places))
        parts.append((code, quantity, -credit))
    return parts


@price.register
def _(charge: kinds.NetMetering, month: Month, so_far: list[Line]) -> Parts:
    parts = [times(max(Fraction(0), -left), code, month) for code, left in in_the_bank(charge, month).items()]
    if charge.buy_out and month.first.month == charge.expires_in_month:
        left = sum((max(Fraction(0), kwh) for kwh in in_the_bank(charge, month).values()), Fraction(0))
        code, quantity, gross = times(left, f"{charge.code}.buy_out", month)
        parts.append((code, quantity, -gross))
    return parts


def in_the_bank(charge: kinds.NetMetering, month: Month) -> dict[str, Fraction]:
    """By line code what the month leaves in the bank; below zero what it lacks."""
    (before,), found = months_before(month.first, 1), dict[str, Fraction]()
    for name in names(charge):
        bank = month.history.get(f"{charge.code}.{name}", {}).get(before, Fraction(0))
        found[f"{charge.code}.{name}"] = bank + month.delivered(name) - month.kwh([name])
    return found


@price.register
def _(charge: kinds.ExcessPower, month: Month, so_far: list[Line]) -> Parts:
    contracted, parts, charged = Fraction(month.contracted_kw), Parts(), Fraction(0)
    together = [(charge.code, names(charge))]
    for code, periods in together if charge.together else [(f"{charge.code}.{name}", [name]) for name in names(charge)]:
        kws = [block.kwh * 60 / charge.minutes for block in month.blocks(charge.minutes) if block.period in periods]
        if charge.rule is kinds.ExcessRule.QUADRATIC:
            kw = root(sum((max(kw - contracted, Fraction(0)) ** 2 for kw in kws), Fraction(0)))
        else:
            excess = beyond(charge, max(kws, default=Fraction(0)), contracted)
            kw = weighted(charge, excess, contracted) - weighted(charge, min(excess, charged), contracted)
            charged = max(charged, excess) if charge.once else charged
        _, _, gross = times(kw, code, month)
        whole = Fraction(1) if charge.rule is kinds.ExcessRule.QUADRATIC else month.share
        parts.append((code, kw, gross * (month.days if charge.per_day else whole)))
    return parts


@price.register
def _(charge: kinds.UnusedPower, month: Month, so_far: list[Line]) -> Parts:
    used = sum((round(line.quantity, 6) for line in so_far if line.charge in charge.kw_of), Fraction(0))
    least = Fraction(month.contracted_kw) * Fraction(charge.percent) / 100
    code, kw, gross = times(max(Fraction(0), least - used), charge.code, month)
    return [(code, kw, gross * how_often(charge.per, month))]


@price.register
def _(charge: kinds.ReactiveEnergy, month: Month, so_far: list[Line]) -> Parts:
    share, rate_of = Fraction(charge.ratio_percent) / 100, [f"{charge.code}.{step.key}" for step in charge.steps]
    if charge.per == "hour":
        hours = [block for block in month.blocks(60) if block.period in names(charge)]
        pairs = [(hour.capacitive if charge.capacitive else hour.kvarh, hour.kwh) for hour in hours]
        excess = sum((max(Fraction(0), kvarh - share * kwh) for kvarh, kwh in pairs), Fraction(0))
        return [(charge.code, excess, excess * month.rate(rate_of[0]))]
    parts = Parts()
    for name in names(charge) if charge.per == "period" else [""]:
        periods = [name] if name else names(charge)
        kwh, kvarh = month.kwh(periods), month.capacitive(periods) if charge.capacitive else month.kvarh(periods)
        excess, factor = max(Fraction(0), kvarh - share * kwh), power_factor(kwh, kvarh)
        key = next(key for key, step in zip(rate_of, charge.steps, strict=True) if factor >= step.from_percent)
        parts.append((f"{charge.code}.{name}".rstrip("."), excess, excess * month.rate(key)))
    return parts


@price.register
def _(charge: kinds.PowerFactorEnergy, month: Month, so_far: list[Line]) -> Parts:
    displaced = Fraction(0)
    for block, asked in asked_of(charge, month):
        displaced += max(Fraction(0), asked - block.kwh)
    return [times(displaced, charge.code, month)]


@price.register
def _(charge: kinds.PowerFactorDemand, month: Month, so_far: list[Line]) -> Parts:
    highest = max((asked * 60 / charge.minutes for _, asked in asked_of(charge, month)), default=Fraction(0))
    billed = sum((round(line.quantity, 6) for line in so_far if line.charge in charge.kw_of), Fraction(0))
    code, kw, gross = times(max(Fraction(0), highest - billed), charge.code, month)
    return [(code, kw, gross * month.share)]


def asked_of(charge: kinds.PowerFactorEnergy | kinds.PowerFactorDemand, month: Month) -> list[tuple[Block, Fraction]]:
    """Each block and the kWh that its apparent energy would carry at the reference, cut to the mWh."""
    found = []
    for block in month.blocks(charge.minutes):
        if block.period in names(charge):
            kvarh = block.capacitive if by_night(charge.capacitive_minutes, block, month) else block.kvarh
            asked = root(block.kwh**2 + kvarh**2) * charge.reference_percent / 100
            found.append((block, Fraction(floor(asked * 10**6), 10**6)))
    return found


def by_night(hours: tuple[int, int] | None, block: Block, month: Month) -> bool:
    """The clock on the wall as the block begins is within the hours."""
    local = block.start.astimezone(month.load[0].at.tzinfo)
    minute = local.hour * 60 + local.minute
    return hours is not None and (hours[0] <= minute < hours[1] or minute < hours[1] - 1440)


def beyond(charge: kinds.ExcessPower, kw: Fraction, contracted: Fraction) -> Fraction:
    free = contracted * Fraction(charge.free_percent) / 100
    if kw <= contracted + free:
        return Fraction(0)
    return kw - contracted - (0 if charge.whole else free)


def weighted(charge: kinds.ExcessPower, excess: Fraction, contracted: Fraction) -> Fraction:
    ends = [contracted * Fraction(band.up_to_percent or 0) / 100 for band in charge.bands[:-1]]
    slices = ladder(excess, ends)
    return sum((part * Fraction(band.times) for part, band in zip(slices, charge.bands, strict=True)), Fraction(0))
