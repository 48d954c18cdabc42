"""A charge in words: what it multiplies by what, and the unit of each of its rates."""

from collections.abc import Iterator
from decimal import Decimal
from functools import singledispatch

from domain.calendar import months_in_words
from domain.charges import (
    AdjustedEnergy,
    CapAlone,
    Charge,
    ContractedPower,
    EnergyByPeriod,
    EnergyCredit,
    EnergyFlat,
    ExcessPower,
    ExcessRule,
    ExportCredit,
    Fixed,
    IndexedPrice,
    KwRounding,
    MaximumDemand,
    MinimumBill,
    NetMetering,
    Percentage,
    PowerFactorAdjustment,
    PowerFactorDemand,
    PowerFactorEnergy,
    PowerFactorSteps,
    ReactiveEnergy,
    TieredEnergy,
    TotalRounding,
    UnusedPower,
)

TIMES = {"month": "", "day": " x days", "year": " x days / days of the year"}
"""What a rate per kW or a minimum is multiplied by, beside the kW."""


def unit_of(charge: Charge, key: str, currency: str) -> str:
    """The unit of one of the charge's rates, as a rate table needs it."""
    return "percent" if key in charge.percent_keys else f"{currency} per {_per(charge)}"


def keys_of(charge: Charge) -> tuple[str, ...]:
    """Every rate that the charge needs, each once."""
    return tuple(dict.fromkeys((*charge.rate_keys, *charge.percent_keys)))


@singledispatch
def formula(charge: Charge, demand_minutes: int) -> str:
    """What the charge does, in one line; its own label where there are no words for its kind."""
    return charge.label


@formula.register
def _(charge: EnergyByPeriod, demand_minutes: int) -> str:
    return f"kWh of {_names(charge.periods)}, each x its rate"


@formula.register
def _(charge: EnergyFlat, demand_minutes: int) -> str:
    return "every kWh x rate"


@formula.register
def _(charge: EnergyCredit, demand_minutes: int) -> str:
    return f"-(kWh of {_names(charge.periods)} x rate)"


@formula.register
def _(charge: TieredEnergy, demand_minutes: int) -> str:
    if not charge.limits:
        return f"kWh of {_names(charge.periods)}, each x its rate"
    kind = "all at the rate of the tier reached" if charge.banded else "each slice at its rate"
    days = "" if charge.normal_days is None else f" x days / {charge.normal_days}"
    return f"kWh in tiers up to {_limits(charge.limits)} {charge.unit.value}{days}, {charge.scope.value}, {kind}"


@formula.register
def _(charge: IndexedPrice, demand_minutes: int) -> str:
    return f"sum over blocks of kWh x (factor x {charge.series} x (1 + losses) + adder)"


@formula.register
def _(charge: AdjustedEnergy, demand_minutes: int) -> str:
    return f"kWh of {_names(charge.periods)}, each x ((rate - adjusted) + adjusted x factor)"


@formula.register
def _(charge: ExportCredit, demand_minutes: int) -> str:
    at = f"the price of {charge.series}" if charge.series else "its rate"
    most = f"; at most {' + '.join(charge.limited_to)}" if charge.limited_to else ""
    return f"-(kWh delivered in {_names(charge.periods)} x {at}){most}"


@formula.register
def _(charge: NetMetering, demand_minutes: int) -> str:
    month = charge.expires_in_month
    end = "" if month is None else f"; the bank ends with month {month}, {'bought' if charge.buy_out else 'lost'}"
    return f"max(0, kWh drawn - delivered - bank) of {_names(charge.periods)}, each x its rate{end}"


@formula.register
def _(charge: MaximumDemand, demand_minutes: int) -> str:
    return "; ".join(_demand(charge, demand_minutes)) + "; x rate" + TIMES[charge.per]


@formula.register
def _(charge: Fixed, demand_minutes: int) -> str:
    return "rate x days of the month" if charge.per == "day" else "rate, once a month"


@formula.register
def _(charge: ContractedPower, demand_minutes: int) -> str:
    share = "days" if charge.per == "day" else "days / days of the year"
    order = "; no period may have less than the one before it" if charge.ascending else ""
    return f"contracted kW of each period x rate x {share}{order}"


@formula.register
def _(charge: ExcessPower, demand_minutes: int) -> str:
    days = " x days" if charge.per_day else ""
    if charge.rule is ExcessRule.QUADRATIC:
        return f"sqrt(sum of (kW - contracted)² over {charge.minutes} min blocks) x rate{days}, by period"
    once = ", each kW charged once" if charge.once else ", all periods together" if charge.together else ""
    times = " and ".join(f"{band.times}" for band in charge.bands)
    free = f", where over {100 + charge.free_percent} % of the contract" if charge.free_percent else ""
    return f"(highest {charge.minutes} min kW - contracted) x {times} x rate{days}{free}{once}"


@formula.register
def _(charge: ReactiveEnergy, demand_minutes: int) -> str:
    kind = "capacitive kvarh" if charge.capacitive else "kvarh"
    return f"{kind} beyond {charge.ratio_percent} % of kWh, by {charge.per}, x the rate of the power factor"


@formula.register
def _(charge: PowerFactorEnergy, demand_minutes: int) -> str:
    reference = f"{charge.reference_percent} % / power factor - 1"
    return f"sum over blocks of {charge.minutes} min of kWh x max(0, {reference}) x rate"


@formula.register
def _(charge: PowerFactorDemand, demand_minutes: int) -> str:
    highest = f"highest of {charge.minutes} min kW x {charge.reference_percent} % / power factor"
    return f"({highest} - billed kW of {' + '.join(charge.kw_of)}) x rate"


@formula.register
def _(charge: UnusedPower, demand_minutes: int) -> str:
    least = "" if charge.percent == 100 else f"{charge.percent} % of "
    return f"max(0, {least}contracted kW - billed kW of {' + '.join(charge.kw_of)}) x rate{TIMES[charge.per]}"


@formula.register
def _(charge: PowerFactorSteps, demand_minutes: int) -> str:
    asked, best, of = charge.threshold_percent, charge.bonus_up_to_percent, " + ".join(charge.base)
    if best is not None:
        return f"rate for each whole percent under {asked} %, off for each over it up to {best} %, of {of}"
    return f"rate for each 0.01, or part of it, under {asked} %, of {of}"


@formula.register
def _(charge: PowerFactorAdjustment, demand_minutes: int) -> str:
    dated = ", ".join(f"{one.percent} % from {one.valid_from}" for one in charge.thresholds)
    asked = dated or f"rate {charge.code}.threshold"
    return f"bonus or penalty on {' + '.join(charge.base)}; power factor asked: {asked}"


@formula.register
def _(charge: Percentage, demand_minutes: int) -> str:
    inside = f", inside the price with {', '.join(charge.inside)}" if charge.inside else ""
    floor = "" if charge.floor_per_mwh is None else f", at least {charge.floor_per_mwh} per MWh"
    low = "; only where metered on the low-voltage side" if charge.only_low_side else ""
    sign = "minus " if charge.credit else ""
    return f"{sign}percent of {' + '.join(charge.base)}{inside}{floor}{low}"


@formula.register
def _(charge: MinimumBill, demand_minutes: int) -> str:
    return f"max(0, minimum{TIMES[charge.per]} - ({' + '.join(charge.base)}))"


@formula.register
def _(charge: TotalRounding, demand_minutes: int) -> str:
    return f"what takes {' + '.join(charge.base)} to the nearest {charge.to:f}"


@singledispatch
def _per(charge: Charge) -> str:
    """What a rate of the charge is for one of; energy, where nothing else is said."""
    return "kWh"


@_per.register
def _(charge: TieredEnergy) -> str:
    return "MWh" if charge.per_mwh else "kWh"


@_per.register
def _(charge: MaximumDemand) -> str:
    return f"{charge.unit} and {charge.per}"


@_per.register
def _(charge: Fixed) -> str:
    return charge.per


@_per.register
def _(charge: ContractedPower) -> str:
    return f"kW and {charge.per}"


@_per.register
def _(charge: ExcessPower) -> str:
    return "kW and day" if charge.per_day else "kW"


@_per.register
def _(charge: ReactiveEnergy) -> str:
    return "kvarh"


@_per.register
def _(charge: PowerFactorDemand) -> str:
    return "kW and month"


@_per.register
def _(charge: UnusedPower) -> str:
    return f"kW and {charge.per}"


@_per.register
def _(charge: MinimumBill) -> str:
    return charge.per


def _demand(charge: MaximumDemand, demand_minutes: int) -> Iterator[str]:
    highest = "highest" if charge.highest_blocks == 1 else f"mean of the {charge.highest_blocks} highest"
    only = " of the published blocks" if charge.only_s is not None else ""
    rolling = ", rolling," if charge.rolling else ""
    yield f"{highest} {charge.minutes or demand_minutes} min mean{rolling}{only} in {_names(charge.periods)}"
    if charge.round_up_kw:
        yield f"up to whole {charge.unit}"
    if charge.round_kw is not None:
        yield f"rounded to {'0.01' if charge.round_kw is KwRounding.TWO_DECIMALS else 'whole'} {charge.unit}"
    yield from (str(rule) for rule in (charge.look_back, charge.ratchet) if rule is not None)
    if charge.at_least_kw is not None:
        yield f"at least {charge.at_least_kw} {charge.unit}"
    if charge.load_factor is not None:
        cap = f"ceil(kWh / (24 h x days x {charge.load_factor}))"
        yield f"always {cap}" if charge.cap_alone is CapAlone.ALWAYS else f"at most {cap}"
    if charge.cap_alone is CapAlone.WITHOUT_HOURS:
        yield "just that where there are no such hours"
    if charge.tiers_kw:
        yield f"in tiers up to {_limits(charge.tiers_kw)} {charge.unit}"
    if charge.in_months:
        yield f"in {months_in_words(charge.in_months)} only"


def _names(periods: tuple[tuple[int, str], ...]) -> str:
    return ", ".join(name for _, name in periods)


def _limits(limits: tuple[Decimal, ...]) -> str:
    return ", ".join(f"{limit:f}" for limit in limits)
