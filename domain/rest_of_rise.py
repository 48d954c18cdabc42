"""A rise over several intervals of which some are known: what is left belongs to the others, and nothing vanishes.

A thinned cycle, or the first one after an outage, tells of several intervals at once; `measure` spreads its energy.
When a part of them had arrived before (a lost reply, a stream that reorders), only the rest is spread, evenly and
estimated, over the intervals that nobody knows, so that all of them together are what the registers rose by.

    known intervals   what is left   outcome
    none              everything     as `measure` spread it
    some              zero or more   spread over the unknown ones
    some              less than zero refused: `EnergyDisagrees`
    all               zero           nothing new: it came again
    all               anything else  refused: `EnergyDisagrees`

One interval's measurement that is not what the ledger has of it is refused, too (`contradiction`).

What counts is the first word about each interval, which a correction does not change: the rise is what was read, and a
correction says that it was read wrongly. Where all intervals are known, their corrected energy may add up to it, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.errors import EnergyDisagrees
from domain.measurement import Extra, ExtraRegister, Measurement, Quality, spread

Words = tuple[Measurement, Measurement]
"""The first word about an interval, and the one that holds now."""


def rest_of_rise(risen: Sequence[Measurement], known: Sequence[Words | None]) -> tuple[Measurement | None, ...]:
    """Of each interval of a rise what is new about it; None where it is known.

    Raises `EnergyDisagrees` where no energy of the unknown intervals makes the sum right.
    """
    if not any(known):
        return tuple(risen)
    unknown = [i for i, words in enumerate(known) if words is None]
    if not unknown:
        if not any(_adds_up(risen, [words[which] for words in known if words]) for which in (0, 1)):
            raise _disagrees(risen, known)
        return (None,) * len(risen)
    first = [words[0] for words in known if words]
    left = {name: _total(risen, of) - _total(first, of) for name, of in REGISTERS.items() if _has(risen, name)}
    if min(left.values()) < 0:
        raise _disagrees(risen, known)
    parts = {name: spread(amount, len(unknown)) for name, amount in left.items()}
    found: list[Measurement | None] = [None] * len(risen)
    for n, i in enumerate(unknown):
        of = {name: amounts[n] for name, amounts in parts.items()}
        extra = Extra(of.get("export_wh"), of.get("capacitive_varh"))
        found[i] = replace(
            risen[i], energy_wh=of["wh"], reactive_varh=of["varh"], quality=Quality.ESTIMATED, extra=extra
        )
    return tuple(found)


def contradiction(measured: Measurement, words: Words | None, thinned: bool) -> EnergyDisagrees | None:
    """Why one interval's measurement cannot be taken for a repetition; None where it can, or nothing is known.

    Where a thinned upload came first (`thinned`), its estimate has the energy of this measurement in it already.
    """
    if words is None or any(_same(measured, word) for word in words):
        return None
    first = words[0]
    if thinned and first.quality is Quality.ESTIMATED:
        return None
    how = "estimated" if first.quality is Quality.ESTIMATED else "measured"
    return EnergyDisagrees(
        f"meter {measured.meter}: {measured.energy_wh} Wh and {measured.reactive_varh} varh were read from "
        f"{measured.start.isoformat()} on, but {first.energy_wh} Wh and {first.reactive_varh} varh are in the ledger, "
        f"{how}; most likely the device's clock was wrong: correct the interval if this is the right energy"
    )


def _same(one: Measurement, other: Measurement) -> bool:
    return (one.energy_wh, one.reactive_varh, one.extra) == (other.energy_wh, other.reactive_varh, other.extra)


def _of_extra(name: ExtraRegister) -> Callable[[Measurement], int]:
    return lambda one: one.extra.of(name)


REGISTERS: dict[str, Callable[[Measurement], int]] = {
    "wh": lambda one: one.energy_wh,
    "varh": lambda one: one.reactive_varh,
    "export_wh": _of_extra("export_wh"),
    "capacitive_varh": _of_extra("capacitive_varh"),
}


def _total(several: Sequence[Measurement], of: Callable[[Measurement], int]) -> int:
    return sum(of(one) for one in several)


def _has(several: Sequence[Measurement], name: str) -> bool:
    """Whether all of them tell of a register."""
    if name == "export_wh":
        return all(one.extra.has("export_wh") for one in several)
    return name != "capacitive_varh" or all(one.extra.has("capacitive_varh") for one in several)


def _adds_up(risen: Sequence[Measurement], known: Sequence[Measurement]) -> bool:
    """Registers that the known intervals do not all tell of cannot be compared."""
    compared = [of for name, of in REGISTERS.items() if _has(risen, name) and _has(known, name)]
    return all(_total(risen, of) == _total(known, of) for of in compared)


def _disagrees(risen: Sequence[Measurement], known: Sequence[Words | None]) -> EnergyDisagrees:
    first, last = risen[0], risen[-1]
    told = [words[0] for words in known if words]
    estimated = sum(one.quality is Quality.ESTIMATED for one in told)
    both = [f"{_total(of, REGISTERS['wh'])} Wh and {_total(of, REGISTERS['varh'])} varh" for of in (risen, told)]
    return EnergyDisagrees(
        f"meter {first.meter}: the registers rose by {both[0]} over the {len(risen)} intervals from "
        f"{first.start.isoformat()} to the one at {last.start.isoformat()}, but {len(told)} of them, {estimated} "
        f"estimated, are in the ledger with {both[1]}; correct those intervals so that they add up, then replay it"
    )
