"""Can this be what a meter shows? Rules by name, on the device, in the probe and for any protocol alike.

    rule            what it asks
    ranges          every value on its own: no 15 MV, no 3 Hz, no negative or absurd counter, no 10^-40 V
    apparent_power  S² = P² + Q², in total, within 2 %
    sum_of_phases   the phases add up to the total, within 2 %
    power_factor    the power factor is P / S, within 0.03
    volts_and_amps  S of a phase is U × I of that phase, within 5 %

A value that cannot be is `IMPOSSIBLE`: the registers are not what the profile takes them for; the meter is left out.
One that should not be is `DOUBTFUL`: harmonics, values of two moments, or a wrong transformer; the reading is kept.
`NO_VALUE` is what the meter itself marks as such. It is never zero.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.quantity import PHASES, QUANTITIES

Values = Mapping[str, Decimal | None]


class Plausibility(StrEnum):
    """From good to bad."""

    PLAUSIBLE = "plausible"
    NO_VALUE = "no value"
    DOUBTFUL = "doubtful"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found about some quantities, in words."""

    rule: str
    quantities: tuple[str, ...]
    verdict: Plausibility
    said: str


@dataclass(frozen=True, slots=True)
class Limits:
    """`[usual_low, usual_high]` is plausible, `[lowest, highest]` possible; below `finest` only zero is."""

    usual_low: Decimal
    usual_high: Decimal
    lowest: Decimal
    highest: Decimal
    finest: Decimal = Decimal("1e-20")


def _limits(usual_low: str, usual_high: str, lowest: str, highest: str, finest: str = "1e-20") -> Limits:
    return Limits(*(Decimal(limit) for limit in (usual_low, usual_high, lowest, highest, finest)))


LIMITS_BY_UNIT = {
    "V": _limits("80", "480", "0", "4e5", "1e-3"),
    "A": _limits("-6000", "6000", "-1e5", "1e5"),
    "W": _limits("-5e7", "5e7", "-1e9", "1e9"),
    "var": _limits("-5e7", "5e7", "-1e9", "1e9"),
    "VA": _limits("-5e7", "5e7", "-1e9", "1e9"),
    "1": _limits("-1.001", "1.001", "-2", "100"),  # four quadrants coded in ±2, or percent: doubtful, not impossible
    "Wh": _limits("0", "1e12", "0", "1e14"),
    "varh": _limits("0", "1e12", "0", "1e14"),
}
FREQUENCY_USUAL = (Decimal(45), Decimal(65))
FREQUENCY_POSSIBLE = (Decimal(40), Decimal(70))
QUIET_VA = Decimal(100)
"""Below this power a meter's own noise is larger than what the rules of sums allow."""


def judge(values: Values, checks: Sequence[str]) -> tuple[Finding, ...]:
    """Everything the named rules have to say about one meter's values of one moment, in base units."""
    return tuple(finding for check in checks for finding in RULES[check](values))


def verdict_on(quantity: str, value: Decimal | None, findings: Sequence[Finding]) -> Plausibility:
    """The worst that was found about one quantity."""
    if value is None:
        return Plausibility.NO_VALUE
    about = {finding.verdict for finding in findings if quantity in finding.quantities}
    return next((v for v in (Plausibility.IMPOSSIBLE, Plausibility.DOUBTFUL) if v in about), Plausibility.PLAUSIBLE)


def impossible(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.verdict is Plausibility.IMPOSSIBLE)


def _ranges(values: Values) -> Iterator[Finding]:
    for name, value in values.items():
        if value is None:
            continue
        unit = QUANTITIES[name].unit
        verdict = _of_frequency(value) if unit == "Hz" else _within(value, LIMITS_BY_UNIT[unit])
        if verdict is not Plausibility.PLAUSIBLE:
            yield Finding("ranges", (name,), verdict, f"{name} of {shown(value)} {unit}".removesuffix(" 1"))


def _within(value: Decimal, limits: Limits) -> Plausibility:
    if not limits.lowest <= value <= limits.highest or 0 < abs(value) < limits.finest:
        return Plausibility.IMPOSSIBLE
    return Plausibility.PLAUSIBLE if limits.usual_low <= value <= limits.usual_high else Plausibility.DOUBTFUL


def _of_frequency(value: Decimal) -> Plausibility:
    if value == 0:  # without voltage there is none to measure
        return Plausibility.DOUBTFUL
    if not FREQUENCY_POSSIBLE[0] <= value <= FREQUENCY_POSSIBLE[1]:
        return Plausibility.IMPOSSIBLE
    usual = FREQUENCY_USUAL[0] <= value <= FREQUENCY_USUAL[1]
    return Plausibility.PLAUSIBLE if usual else Plausibility.DOUBTFUL


def _apparent_power(values: Values) -> Iterator[Finding]:
    active, reactive, apparent = (values.get(f"{kind}_power") for kind in ("active", "reactive", "apparent"))
    if active is None or reactive is None or apparent is None or abs(apparent) < QUIET_VA:
        return
    squares = active * active + reactive * reactive
    if abs(apparent * apparent - squares) > apparent * apparent * 2 / 100:
        said = f"S is {shown(apparent)} VA, but √(P² + Q²) is {shown(squares.sqrt())} VA"
        yield _doubt("apparent_power", ("active_power", "reactive_power", "apparent_power"), said)


def _sum_of_phases(values: Values) -> Iterator[Finding]:
    for name in ("active_power", "reactive_power"):
        total, phases = values.get(name), [values.get(f"{name}_{phase}") for phase in PHASES]
        known = [phase for phase in phases if phase is not None]
        if total is None or len(known) < len(phases):
            continue
        allowed = max(sum((abs(phase) for phase in known), Decimal(0)) * 2 / 100, QUIET_VA / 5)
        if abs(total - sum(known)) > allowed:
            unit = QUANTITIES[name].unit
            said = f"{name} is {shown(total)} {unit}, but its phases add up to {shown(sum(known, Decimal(0)))} {unit}"
            yield _doubt("sum_of_phases", (name, *(f"{name}_{phase}" for phase in PHASES)), said)


def _power_factor(values: Values) -> Iterator[Finding]:
    factor, active, apparent = (values.get(name) for name in ("power_factor", "active_power", "apparent_power"))
    if factor is None or active is None or apparent is None or abs(apparent) < QUIET_VA:
        return
    if abs(abs(factor) - abs(active / apparent)) > Decimal("0.03"):
        said = f"the power factor is {shown(factor)}, but P / S is {shown(active / apparent)}"
        yield _doubt("power_factor", ("power_factor", "active_power", "apparent_power"), said)


def _volts_and_amps(values: Values) -> Iterator[Finding]:
    for phase in PHASES:
        names = tuple(f"{name}_{phase}" for name in ("voltage", "current", "apparent_power"))
        volts, amps, apparent = (values.get(name) for name in names)
        if volts is None or amps is None or apparent is None or abs(apparent) < QUIET_VA:
            continue
        product = abs(volts * amps)
        if abs(product - abs(apparent)) > abs(apparent) * 5 / 100:
            yield _doubt(
                "volts_and_amps", names, f"S of {phase} is {shown(apparent)} VA, but U × I {shown(product)} VA"
            )


def _doubt(rule: str, quantities: tuple[str, ...], said: str) -> Finding:
    return Finding(rule, quantities, Plausibility.DOUBTFUL, said)


def shown(value: Decimal) -> str:
    """A value as a person reads it: grouped, with the digits that matter, and powers of ten only where they must be."""
    if value == 0:
        return "0"
    if not Decimal("1e-4") <= abs(value) < Decimal("1e15"):
        return f"{value:.3e}"
    decimals = max(0, 3 - max(0, value.adjusted()))
    return f"{value:,.{decimals}f}"


RULES: Mapping[str, Callable[[Values], Iterator[Finding]]] = {
    "ranges": _ranges,
    "apparent_power": _apparent_power,
    "sum_of_phases": _sum_of_phases,
    "power_factor": _power_factor,
    "volts_and_amps": _volts_and_amps,
}
